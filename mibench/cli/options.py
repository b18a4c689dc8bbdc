"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mibench.store import Skipped


def complete_estimator(incomplete: str) -> list[str]:
    """Return the names of estimators that start with *incomplete*; imports none of them."""
    from mibench import list_estimators

    return [name for name in list_estimators() if name.startswith(incomplete)]


def complete_name(incomplete: str) -> list[str]:
    """Return the names of all that can be shown that start with *incomplete*; imports none of it."""
    from mibench import describe

    return [name for name in describe.names() if name.startswith(incomplete)]


def load_plugins(files: list[Path] | None) -> None:
    """Register what plugin files bring."""
    from mibench import load_plugin

    for file in files or []:
        load_plugin(file)


def skipping(skip_bad: bool) -> "Skipped | None":
    """Return what notes the bad entries of results, or None where they are errors."""
    from mibench.store import Skipped

    return Skipped() if skip_bad else None


def report_skipped(skipped: "Skipped | None") -> None:
    """Print on standard error what was left out of results; where anything was, exit with 1 once all is done."""
    for line in skipped.lines() if skipped else ():
        typer.echo(f"mibench: {line}", err=True)
    if skipped and skipped.count:
        raise typer.Exit(1)


SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out what is damaged or malformed in the results, and list it.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
WideOption = Annotated[bool, typer.Option("--wide", help="Show every column, below each other where they do not fit.")]
PluginOption = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE.py", help="A file of estimators or tasks to load first; repeatable."),
]
