"""Tables of texts: columns, cells, and a table's Markdown; boards, comparisons, gates and checks are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text", "estimator", "task"]


@dataclass(frozen=True)
class Column:
    """The head of a column; ``kind`` says how it is set and sorted."""

    title: str
    kind: Kind = "number"


@dataclass(frozen=True)
class Cell:
    """One cell: its text, what it sorts by, whether it is the ``best`` or a ``tie``, what it links to."""

    text: str
    order: float | str = ""
    mark: str = ""
    link: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a title and a caption in plain words."""

    key: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def numbers(*titles: str) -> tuple[Column, ...]:
    """Return columns of numbers."""
    return tuple(Column(title) for title in titles)


def texts(*titles: str) -> tuple[Column, ...]:
    """Return columns of texts."""
    return tuple(Column(title, "text") for title in titles)


def anchor(kind: str, label: str) -> str:
    """Return the id of a section."""
    return f"{kind}-" + "".join(char if char.isalnum() or char in "-." else "-" for char in label)


def escape(text: str) -> str:
    """Escape what Markdown would read as markup outside code."""
    for char in "|*_<":
        text = text.replace(char, "\\" + char)
    return text.replace("``", "`")


def to_markdown(table: Table, links: bool = True) -> str:
    """Return a table's rows in the pipe syntax."""
    heads = [f"`{column.title}`" if ":" in column.title else escape(column.title) for column in table.columns]
    rules = ["---:" if column.kind == "number" else "---" for column in table.columns]
    kinds = [column.kind for column in table.columns]
    rows = [[_cell(cell, kind, links) for kind, cell in zip(kinds, row, strict=True)] for row in table.rows]
    return pipe_table([heads, rules, *rows])


def pipe_table(lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells, already Markdown, in the pipe syntax; the second is the rule."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cell(cell: Cell, kind: str, links: bool) -> str:
    if kind in ("estimator", "task"):
        return _name(cell, links)
    text = escape(cell.text)
    return {"best": f"**{text}**", "tie": f"{text} °"}.get(cell.mark, text)


def _name(cell: Cell, links: bool) -> str:
    label, dagger, _ = cell.text.partition(" †")
    name = f"[`{label}`](#{cell.link})" if links and cell.link else f"`{label}`"
    return name + dagger
