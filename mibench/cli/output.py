"""Tables and JSON on standard output, for terminals and for pipes."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from rich.console import Console

from mibench.jsonable import to_json
from mibench.text import json_text, plain_text

from .table import Column, break_text, fit, plain

#: Prose is no wider than this.
PROSE_WIDTH = 100


def print_json(data: Any) -> None:
    """Print *data* as indented JSON; numbers that are not finite become null."""
    typer.echo(json_text(json.dumps(to_json(data), indent=2, ensure_ascii=False)))


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str = "", wide: bool = False) -> None:
    """Print a table that fits the terminal; into a pipe, one line a row and every column.

    Args:
        columns: the heads; their priorities say what is shown where not all of them fit.
        rows: the texts of each row.
        title: a line above.
        wide: whether every column is shown, one below the other where they do not fit side by side.
    """
    if title:
        print_text(title)
    rows = [list(map(plain_text, row)) for row in rows]
    console = Console()
    if not console.is_terminal:
        lines, hidden = plain(columns, rows), []
    else:
        fitted = fit(columns, rows, console.width, wide)
        lines, hidden = fitted.lines, fitted.hidden
    for line in lines:
        typer.echo(line)
    if hidden:
        count = f"{len(hidden)} more column{'s' if len(hidden) > 1 else ''}"
        print_text(f"({count} with --wide or on a wider terminal: {', '.join(hidden)})")


def print_text(text: str, indent: int = 0) -> None:
    """Print a paragraph, broken at the width of the terminal."""
    margin = " " * indent
    for line in break_text(plain_text(text), max(min(Console().width, PROSE_WIDTH) - indent, 20)):
        typer.echo(margin + line)


def print_item(lead: str, text: str, indent: int) -> None:
    """Print a text after its lead, which is *indent* wide; in a terminal it is broken below its beginning."""
    console, text = Console(), plain_text(text)
    lines = break_text(text, max(console.width - indent, 20)) if console.is_terminal else [text]
    for number, line in enumerate(lines):
        typer.echo((" " * indent if number else lead) + line)


def print_note(text: str) -> None:
    """Print a line on standard error."""
    typer.echo(f"mibench: {plain_text(' '.join(text.split()))}", err=True)


def tracked(items: Sequence[Any], description: str = "estimating", quiet: bool = False) -> Iterable[Any]:
    """Go through *items* and show how far it is, on a standard error that is a terminal."""
    from rich.progress import track

    console = Console(stderr=True)
    return track(items, description, console=console, transient=True, disable=quiet or not console.is_terminal)
