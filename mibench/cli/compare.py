"""``mibench compare``: two stores, two versions of one estimator, or two estimators."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import mibench

from .app import app
from .options import JsonOption, PluginOption, WideOption
from .output import print_table, print_text
from .table import Column

if TYPE_CHECKING:
    from mibench.stats.compare import Comparison


#: What is shown first where not all fits.
_PRIORITIES = {
    "On": 0, "Difference": 0, "Verdict": 0, "n": 1, "95 % interval": 2, "Level": 3, "Adjusted p": 4, "Failures": 5,
    "Pairs": 6,
}  # fmt: skip


@app.command()
def compare(
    first: Annotated[
        str, typer.Argument(metavar="A", help="A store, or an estimator: ksg:k=3, or ksg@1 for a version.")
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="What to compare it with, of the same kind.")],
    store: Annotated[
        Path, typer.Option(metavar="PATH", help="The results of two estimators: .sqlite or .jsonl.")
    ] = Path("mibench.sqlite"),
    suite: Annotated[str, typer.Option(metavar="SUITE", help="Only the cells of this suite.")] = "",
    cells: Annotated[bool, typer.Option("--cells", help="Show each task at each n as well.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown instead of tables.")] = False,
    as_json: JsonOption = False,
    wide: WideOption = False,
    plugin: PluginOption = None,
) -> None:
    """Compare the scores of two estimators, versions or stores on the same data, seed by seed."""
    from mibench.board import comparison

    found = mibench.compare(first, second, store, suite=suite, plugins=plugin or ())
    if as_json:
        typer.echo(comparison.render_json(found), nl=False)
    elif markdown:
        typer.echo(comparison.render_markdown(found), nl=False)
    else:
        for item in found:
            _show(item, cells, wide)


def _show(item: "Comparison", cells: bool, wide: bool) -> None:
    from mibench.board import comparison

    table = comparison.table(item, cells)
    print_text(comparison.conclusion(item))
    columns = [Column(column.title, column.kind == "number", _PRIORITIES[column.title]) for column in table.columns]
    print_table(columns, [[entry.text for entry in row] for row in table.rows], wide=wide)
    print_text(comparison.CAPTION)
