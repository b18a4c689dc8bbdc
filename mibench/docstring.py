"""The parts of a class's Google-style docstring."""

import inspect
import re
from dataclasses import dataclass, field

_SECTION = re.compile(r"(Args|Attributes|Example|Examples|Note|Notes|Raises|References|Returns|Yields):")
_ENTRY = re.compile(r"(\w+)(?: \([^)]*\))?: ")


@dataclass(frozen=True)
class Docstring:
    """A docstring, split: each part is text without line breaks other than between paragraphs.

    Attributes:
        summary: the first paragraph.
        body: the paragraphs after it.
        arguments: what the section ``Args`` says of each parameter.
        references: the paragraphs of the section ``References``.
    """

    summary: str = ""
    body: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    references: tuple[str, ...] = ()

    @classmethod
    def of(cls, described: type) -> "Docstring":
        """Split the docstring of a class; the one that dataclasses make up counts as none."""
        text = inspect.cleandoc(described.__doc__ or "")
        if text.startswith(f"{described.__name__}("):
            return cls()
        sections = _sections(text)
        summary, *body = _paragraphs(sections[""]) or [""]
        return cls(
            summary, tuple(body), _entries(sections.get("Args", [])), tuple(_items(sections.get("References", [])))
        )


def _sections(text: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for line in text.splitlines():
        heading = _SECTION.fullmatch(line.rstrip())
        if heading:
            current = heading.group(1)
        sections.setdefault(current, []).append("" if heading else line)
    return sections


def _paragraphs(lines: list[str]) -> list[str]:
    joined = "\n".join(lines)
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", joined) if part.strip()]


def _items(lines: list[str]) -> list[str]:
    """Split paragraphs further where a line starts a numbered reference."""
    return _paragraphs([f"\n{line}" if re.match(r"\s*\[\d+\]", line) else line for line in lines])


def _entries(lines: list[str]) -> dict[str, str]:
    entries: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc("\n".join(lines)).splitlines():
        start = _ENTRY.match(line)
        if start:
            name = start.group(1)
            entries[name] = line[start.end() :]
        elif name:
            entries[name] += " " + line.strip()
    return {name: text.strip() for name, text in entries.items()}
