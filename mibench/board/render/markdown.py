"""A board, and the index of boards, as Markdown."""

from collections.abc import Sequence

from ..document import INDEX_CAPTION, IndexEntry, document
from ..model import Board, Definition
from ..table import Table, anchor, escape, to_markdown


def render(board: Board, figures: str | None = None, files: Sequence[str] = ()) -> str:
    """Return the board as Markdown.

    Args:
        board: the view-model.
        figures: the folder of the SVG figures relative to the page, None for a page without.
        files: names of the files beside the page that hold the same board and its results.
    """
    page = document(board)
    parts = [f"# {page.title}", *map(escape, page.opening), *_links(files), _table_section(page.glance, 2)]
    if figures is not None:
        parts.append("## Figures")
        for item in page.figures:
            parts += [f"### {item.title}", f"![{item.title}]({figures}/{item.key}.svg)", escape(item.caption)]
    parts.append("## Families")
    for family in page.families:
        parts += [_table_section(table, 3) for table in family.tables]
    parts += ["## Tasks", _captioned(page.truths)]
    for task in page.tasks:
        title = f"### {_anchor(anchor('task', task.label))}`{task.label}`"
        parts += [title, *_definition(task.entry.definition, brief=True), _details(task.detail)]
    parts += [_table_section(table, 2) for table in page.comparisons]
    parts.append("## Estimators")
    for estimator in page.estimators:
        title = f"### {_anchor(anchor('estimator', estimator.label))}`{estimator.label}`"
        version = f"Version {estimator.version}. Full specification: `{estimator.spec}`"
        parts += [title, *_definition(estimator.definition), version]
    parts += ["## How it was made", _bullets(page.made), "```sh\n" + "\n".join(page.commands) + "\n```"]
    parts += ["## How to read it", _bullets(page.method)]
    return "\n\n".join(parts) + "\n"


def render_index(entries: Sequence[IndexEntry]) -> str:
    """Return the index: each suite with its summary, its ranks and its files."""
    parts = ["# Leaderboards", INDEX_CAPTION]
    for entry in entries:
        parts += [f"## [{entry.suite}]({entry.suite}.md)", *map(escape, entry.opening)]
        parts += [to_markdown(entry.ranks, links=False), *_links(entry.files)]
    return "\n\n".join(parts) + "\n"


def _links(files: Sequence[str]) -> list[str]:
    return ["Also as " + ", ".join(f"[{name}]({name})" for name in files) + "."] if files else []


def _anchor(name: str) -> str:
    return f'<a id="{name}"></a>'


def _table_section(table: Table, level: int) -> str:
    return f"{'#' * level} {table.title}\n\n{_captioned(table)}"


def _captioned(table: Table) -> str:
    return f"{escape(table.caption)}\n\n{to_markdown(table)}"


def _details(table: Table) -> str:
    return f"<details><summary>{table.title}</summary>\n\n{_captioned(table)}\n\n</details>"


def _definition(definition: Definition, brief: bool = False) -> list[str]:
    if definition.missing:
        return [definition.missing]
    parts = [_prose(definition.summary)]
    if not brief:
        parts += [_prose(text) for text in definition.paragraphs]
        parts += [_bullets([f"{name}: {value}" for name, value in definition.facts])]
    if definition.parameters and not brief:
        rows = [f"| `{name}` | `{value}` | {_prose(meaning)} |" for name, value, meaning in definition.parameters]
        parts.append("\n".join(["| Parameter | Value | Meaning |", "|---|---|---|", *rows]))
    if not brief:
        parts += [_prose(reference) for reference in definition.references]
    return [part for part in parts if part]


def _prose(text: str) -> str:
    """Escape a docstring's prose, its ``code`` left as code."""
    pieces = text.split("``")
    return "".join(f"`{piece}`" if index % 2 else escape(piece) for index, piece in enumerate(pieces))


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_prose(line)}" for line in lines)
