"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer


def complete_estimator(incomplete: str) -> list[str]:
    """Return the names of estimators that start with *incomplete*; imports none of them."""
    from mibench import list_estimators

    return [name for name in list_estimators() if name.startswith(incomplete)]


def complete_name(incomplete: str) -> list[str]:
    """Return the names of all that can be shown that start with *incomplete*; imports none of it."""
    from mibench import catalog

    return [name for name in catalog.names() if name.startswith(incomplete)]


def load_plugins(files: list[Path] | None) -> None:
    """Register what plugin files bring."""
    from mibench import load_plugin

    for file in files or []:
        load_plugin(file)


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
WideOption = Annotated[bool, typer.Option("--wide", help="Show every column, below each other where they do not fit.")]
PluginOption = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE.py", help="A file of estimators or tasks to load first; repeatable."),
]
