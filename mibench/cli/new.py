"""``mibench new``: an installable package with an estimator and its test, to start from."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .app import app


class Kind(StrEnum):
    """The kinds of things to start."""

    ESTIMATOR = "estimator"


@app.command()
def new(
    kind: Annotated[Kind, typer.Argument(help="What to start.")],
    name: Annotated[str, typer.Argument(help="Its name: lower-case words joined by hyphens.")],
    folder: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Where.  [default: ./mibench-NAME]")
    ] = None,
) -> None:
    """Write a working, installable package with an estimator and its test."""
    from mibench.scaffold import write_package

    target = folder or Path(f"mibench-{name}")
    for path in write_package(kind.value, name, target):
        typer.echo(f"wrote {path}")
    place = target if target.is_absolute() else f"./{target}"
    typer.echo(
        f"\nIt works as it stands: replace the estimator in it by yours.\n"
        f"  pip install -e {place}\n"
        f"  pytest {place}\n"
        f"  mibench check {name}\n"
        f"  mibench run quick -e {name} -e ksg -e zero\n"
        f"  mibench leaderboard quick -o leaderboard"
    )
