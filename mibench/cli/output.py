"""Tables and JSON on standard output, for terminals and for pipes."""

import json
from collections.abc import Collection, Sequence
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mibench.jsonable import to_json

#: Prose is no wider than this.
PROSE_WIDTH = 100
_UNLIMITED = 100_000


def print_json(data: Any) -> None:
    """Print *data* as indented JSON; numbers that are not finite become null."""
    typer.echo(json.dumps(to_json(data), indent=2, ensure_ascii=False))


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], title: str = "", right: Collection[str] = ()
) -> None:
    """Print a table that fits the terminal; into a pipe, one line a row, whole and without frames.

    Args:
        headers: the heading of each column; the first column is never broken.
        rows: the texts of each row.
        title: a line above.
        right: headings of columns to align right.
    """
    console = Console(highlight=False)
    piped = not console.is_terminal
    table = Table(box=None if piped else SIMPLE_HEAD, pad_edge=False, padding=(0, 2 if piped else 1, 0, 0))
    for index, header in enumerate(headers):
        table.add_column(
            header, justify="right" if header in right else "left", no_wrap=piped or index == 0, overflow="fold"
        )
    for row in rows:
        table.add_row(*map(Text, row))
    if title:
        print_text(title)
    if not piped:
        console.print(table)
        return
    plain = Console(width=_UNLIMITED, highlight=False, no_color=True)
    with plain.capture() as captured:
        plain.print(table)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())


def print_text(text: str, indent: int = 0) -> None:
    """Print a paragraph, broken at the width of the terminal."""
    import textwrap

    console = Console()
    width = min(console.width, PROSE_WIDTH)
    margin = " " * indent
    typer.echo(textwrap.fill(text, width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False))
