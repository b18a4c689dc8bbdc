"""``mibench reproduce``: what a paper prints beside what we measure."""

from pathlib import Path
from typing import Annotated

import typer

import mibench

from .app import app
from .options import WideOption
from .output import print_table, print_text
from .table import Column

#: What is shown first where not all fits.
_PRIORITIES = {"Their name": 0, "Ours − theirs": 1, "Verdict": 0, "Theirs (nats)": 0, "Ours (nats)": 0, "Task": 2}


@app.command("reproduce")
def reproduce_command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A suite with published numbers; --list names them.")
    ] = "",
    full: Annotated[bool, typer.Option("--full", help="Run every cell instead of the suite's short run.")] = False,
    store: Annotated[Path, typer.Option(metavar="PATH", help="The SQLite file attempts go to.")] = Path(
        "mibench.sqlite"
    ),
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Also write FOLDER/NAME.md and NAME.csv.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes; by default one a core.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Name what can be reproduced, and stop.")] = False,
    wide: WideOption = False,
) -> None:
    """Run what a paper ran, and print its numbers beside ours: the difference in standard errors, and a verdict.

    A number agrees where it differs by no more than three standard errors. What the store holds is not run again.
    """
    from mibench import reproduction
    from mibench.files import check_folder

    if listed or not name:
        for known in reproduction.list_reproductions():
            print_text(f"{known}: {mibench.load_suite(known).summary}")
        return
    if output is not None:
        check_folder(output)
    found = mibench.reproduce(name, store, full=full, workers=workers)
    columns = [Column(title, number, _PRIORITIES.get(title, 3)) for title, number in reproduction.COLUMNS]
    print_table(columns, [reproduction.cells_of(row) for row in found.shown], wide=wide)
    print_text(found.summary)
    if not found.whole:
        print_text("a short run: --full runs every cell")
    if output is not None:
        for path in reproduction.write(found, output):
            typer.echo(f"wrote {path}")
