"""The parts of a class's Google-style docstring."""

import inspect
import re
from dataclasses import dataclass, field

_SECTION = re.compile(r"(Args|Attributes|Example|Examples|Note|Notes|Raises|References|Returns|Yields):")
#: Where one reference ends and the next begins: after a DOI, and before a number in brackets.
_BETWEEN_REFERENCES = re.compile(r"(?:(?<=\d)|(?<=\d\.)) +(?=(?:[A-Z]\. ?-?)+ ?[A-Z][a-z])|(?<=\S) +(?=\[\d+\] )")
_ENTRY = re.compile(r"(\w+(?:, \w+)*)(?: \([^)]*\))?: ")


@dataclass(frozen=True)
class Docstring:
    """A docstring, split: each part is text without line breaks other than between paragraphs.

    Attributes:
        summary: the first paragraph.
        body: the paragraphs after it.
        arguments: what the section ``Args``, or else ``Attributes``, says of each parameter.
        references: each entry of the section ``References``.
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
            summary,
            tuple(body),
            _entries(sections.get("Args") or sections.get("Attributes", [])),
            tuple(_references(sections.get("References", []))),
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


def _references(lines: list[str]) -> list[str]:
    return [entry for text in _paragraphs(lines) for entry in _BETWEEN_REFERENCES.sub("\n", text).splitlines()]


def _entries(lines: list[str]) -> dict[str, str]:
    """Read ``name: meaning``; ``a, b: meaning`` goes to both."""
    entries: dict[str, str] = {}
    names: list[str] = []
    for line in inspect.cleandoc("\n".join(lines)).splitlines():
        start = _ENTRY.match(line)
        if start:
            names = start.group(1).split(", ")
        for name in names:
            entries[name] = line[start.end() :] if start else f"{entries[name]} {line.strip()}"
    return {name: text.strip() for name, text in entries.items()}
