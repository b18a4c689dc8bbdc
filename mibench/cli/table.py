"""Tables that fit the terminal: columns by priority, texts broken at words, numbers never broken."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

#: Between two columns.
_GAP = 2
#: A text column is not made narrower than this; a longer text is broken at blanks, and a spec at its marks.
_LEAST_TEXT = 16
#: What may stand at the end of a line inside a spec.
_BREAKS = re.compile(r"(?<=[,:=»(/])|(?<=-)(?=[a-z])")


@dataclass(frozen=True)
class Column:
    """The head of a column.

    Attributes:
        title: the heading.
        number: whether it is aligned right and its cells are never broken.
        priority: columns are shown from the smallest up while they fit; of equal ones the leftmost first. 0 is always
            shown.
    """

    title: str
    number: bool = False
    priority: int = 1


@dataclass(frozen=True)
class Fitted:
    """A table that fits: its lines, and the titles of the columns for which there was no room."""

    lines: list[str]
    hidden: list[str]


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, whole: bool = False) -> Fitted:
    """Lay out a table in lines no wider than *width*.

    Args:
        columns: the heads.
        rows: the texts of each row.
        width: of the terminal.
        whole: whether every column is shown: one below the other where they do not fit side by side.
    """
    filled = [index for index, column in enumerate(columns) if column.priority == 0 or any(row[index] for row in rows)]
    columns, rows = [columns[index] for index in filled], [[row[index] for index in filled] for row in rows]
    sizes = [_Size.of(column, [row[index] for row in rows]) for index, column in enumerate(columns)]
    order = sorted(range(len(columns)), key=lambda index: columns[index].priority)
    chosen = list(order) if whole else [index for index in order if columns[index].priority == 0]
    if _least(sizes, chosen) > width:
        shown = order if whole else chosen
        lines = _stacked([columns[index].title for index in sorted(shown)], _picked(rows, sorted(shown)), width)
        return Fitted(lines, [] if whole else _titles(columns, shown))
    for index in [] if whole else order[len(chosen) :]:
        if _least(sizes, [*chosen, index]) > width:
            break
        chosen.append(index)
    chosen.sort()
    widths = _widths([sizes[index] for index in chosen], width)
    lines = _side_by_side([columns[index] for index in chosen], _picked(rows, chosen), widths)
    return Fitted(lines, _titles(columns, chosen))


def plain(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table for a pipe: every column, one line a row."""
    natural = [max(map(cell_len, [column.title, *(row[i] for row in rows)])) for i, column in enumerate(columns)]
    table = [[column.title for column in columns], *rows]
    return [_line(columns, row, natural) for row in table]


def break_text(text: str, width: int) -> list[str]:
    """Break a text at blanks, or within a longer piece at its marks, into lines no wider than *width*."""
    lines, line = [], ""
    for word in text.split():
        for joint, piece in _pieces(word, width):
            if line and cell_len(line + joint + piece) > width:
                lines.append(line)
                line = ""
            line += joint + piece if line else piece
    return [*lines, line]


def _pieces(word: str, width: int) -> Iterator[tuple[str, str]]:
    """Yield the parts of a word that may stand on lines of their own, each with what joins it to the one before."""
    parts = [word] if cell_len(word) <= width else _BREAKS.split(word)
    joint = " "
    for part in parts:
        for piece in chop_cells(part, width):
            yield joint, piece
            joint = ""


@dataclass(frozen=True)
class _Size:
    least: int
    natural: int

    @classmethod
    def of(cls, column: Column, cells: Sequence[str]) -> "_Size":
        head = max(map(cell_len, column.title.split(" ")), default=0)
        natural = max(map(cell_len, cells), default=0)
        if column.number:
            return cls(max(head, natural), max(head, natural))
        natural = max(natural, cell_len(column.title))
        return cls(min(natural, max(head, _LEAST_TEXT)), natural)


def _least(sizes: Sequence[_Size], chosen: Sequence[int]) -> int:
    return sum(sizes[index].least for index in chosen) + _GAP * (len(chosen) - 1)


def _widths(sizes: Sequence[_Size], width: int) -> list[int]:
    """Give every column its least, and the room left to the columns of text, from the left."""
    room = width - sum(size.least for size in sizes) - _GAP * (len(sizes) - 1)
    widths = []
    for size in sizes:
        more = min(size.natural - size.least, room)
        widths.append(size.least + more)
        room -= more
    return widths


def _titles(columns: Sequence[Column], shown: Sequence[int]) -> list[str]:
    return [column.title for index, column in enumerate(columns) if index not in shown]


def _picked(rows: Sequence[Sequence[str]], chosen: Sequence[int]) -> list[list[str]]:
    return [[row[index] for index in chosen] for row in rows]


def _side_by_side(columns: Sequence[Column], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    heads = [break_text(column.title, size) for column, size in zip(columns, widths, strict=True)]
    tallest = max(map(len, heads), default=0)
    lines = _block(columns, [[""] * (tallest - len(head)) + head for head in heads], widths)
    lines.append("─" * (sum(widths) + _GAP * (len(widths) - 1)))
    for row in rows:
        broken = [
            [cell] if column.number else break_text(cell, size)
            for column, cell, size in zip(columns, row, widths, strict=True)
        ]
        lines += _block(columns, broken, widths)
    return lines


def _block(columns: Sequence[Column], cells: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    height = max(map(len, cells), default=0)
    padded = [[*cell, *[""] * (height - len(cell))] for cell in cells]
    return [_line(columns, texts, widths) for texts in zip(*padded, strict=True)]


def _line(columns: Sequence[Column], texts: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for column, text, size in zip(columns, texts, widths, strict=True):
        blank = " " * (size - cell_len(text))
        parts.append(blank + text if column.number else text + blank)
    return (" " * _GAP).join(parts).rstrip()


def _stacked(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """One block a row: a line for each title and its text, and a blank line between two blocks."""
    margin = min(max(map(cell_len, titles), default=0), width // 3)
    lines: list[str] = []
    for row in rows:
        lines += [""] if lines else []
        for title, text in zip(titles, row, strict=True):
            heads, texts = break_text(title, margin), break_text(text, width - margin - _GAP)
            height = max(len(heads), len(texts))
            heads, texts = ([*part, *[""] * (height - len(part))] for part in (heads, texts))
            for head, piece in zip(heads, texts, strict=True):
                lines.append((head + " " * (margin - cell_len(head) + _GAP) + piece).rstrip())
    return lines
