"""Tables of texts, and their Markdown; boards, comparisons, gates and checks are made of them.

Names and messages come from results and may hold anything: they are text, never markup. In prose, what stands between
double backticks is code, as :func:`quoted` makes it.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from mibench.text import plain_text

Kind = Literal["number", "text", "estimator", "task", "family"]
#: Kinds of column that hold names.
NAMES = ("estimator", "task", "family")


@dataclass(frozen=True)
class Column:
    """The head of a column; ``kind`` says how it is set and sorted."""

    title: str
    kind: Kind = "number"


@dataclass(frozen=True)
class Cell:
    """One cell: its text, what it sorts by, whether it is the ``best`` or a ``tie``, the page it links to.

    ``note`` stands behind the name of an estimator or task.
    """

    text: str
    order: float | str = ""
    mark: str = ""
    link: str = ""
    note: str = ""


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


def anchor(*parts: str) -> str:
    """Return the id of a place on a page."""
    return "-".join("".join(char if char.isalnum() or char in "-." else "-" for char in part) for part in parts)


def relative(link: str, page: str, suffix: str) -> str:
    """Return the address of the page called *link* as seen from the page called *page*; both are paths."""
    address = quote(posixpath.relpath(link + suffix, posixpath.dirname(page) or "."), safe="/=")
    return f"./{address}" if ":" in address.partition("/")[0] else address


def quoted(text: str) -> str:
    """Return *text* as code within prose."""
    return f"``{plain_text(text).replace('`', 'ˋ')}``" if text else ""


def escape(text: str, in_table: bool = False) -> str:
    """Escape what Markdown would read as markup: outside code, in one line."""
    text = re.sub(r"([\\`*_\[\]<>|~&])", r"\\\1", plain_text(text).strip())
    text = re.sub(r"(?i)(?<=www)\.|:(?=//)", r"\\\g<0>", text)
    return text if in_table else re.sub(r"^([#+=-]|\d+(?=[.)]))", _escaped_start, text)


def _escaped_start(match: re.Match[str]) -> str:
    """Keep the first character of a line from making it a heading or an item."""
    start = match[0]
    if not start.isdigit():
        return "\\" + start
    follows = match.string[match.end() :]
    return start + ("\\" if re.match(r"[.)](?:\s|$)", follows) else "")


def code(text: str, in_table: bool = False) -> str:
    """Return *text* as code in Markdown."""
    text = plain_text(text)
    if not text.strip():
        return ""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    padding = " " if len(fence) > 1 or text != text.strip() else ""
    text = text.replace("\\|", "\\ |").replace("|", "\\|") if in_table else text
    return f"{fence}{padding}{text}{padding}{fence}"


def prose(text: str, in_table: bool = False) -> str:
    """Return prose as Markdown, what stands between double backticks as code."""
    pieces = text.split("``")
    if len(pieces) % 2 == 0:
        return escape(text, in_table)
    parts = [code(piece, in_table) if index % 2 else _kept(piece, in_table) for index, piece in enumerate(pieces)]
    return "".join(parts).strip()


def _kept(piece: str, in_table: bool) -> str:
    """Escape a piece of prose, the blanks at its ends kept."""
    inner = escape(piece, in_table)
    left = " " if piece[:1].isspace() else ""
    return f"{left}{inner}{' ' if piece[-1:].isspace() and inner else ''}"


def to_markdown(table: Table, href: Callable[[str], str] | None = None) -> str:
    """Return a table's rows in the pipe syntax; *href* gives the address of a page, None leaves links out."""
    rules = ["---:" if column.kind == "number" else "---" for column in table.columns]
    kinds = [column.kind for column in table.columns]
    rows = ([_cell(cell, kind, href) for kind, cell in zip(kinds, row, strict=True)] for row in table.rows)
    return pipe_table([prose(column.title, in_table=True) for column in table.columns], rows, rules)


def pipe_table(heads: Sequence[str], rows: Iterable[Sequence[str]], rules: Sequence[str] = ()) -> str:
    """Return cells that are Markdown already in the pipe syntax."""
    lines = [heads, rules or ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cell(cell: Cell, kind: str, href: Callable[[str], str] | None) -> str:
    if kind in NAMES:
        name = code(cell.text, in_table=True)
        name = f"[{name}]({href(cell.link)})" if href and cell.link and name else name
        return f"{name} {escape(cell.note, in_table=True)}".strip()
    text = prose(cell.text, in_table=True)
    return {"best": f"**{text}**", "tie": f"{text} °"}.get(cell.mark, text)
