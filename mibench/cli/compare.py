"""``mibench compare``: two stores, two versions of one estimator, or two estimators."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import mibench

from .app import app
from .options import JsonOption, PluginOption
from .output import print_table, print_text

if TYPE_CHECKING:
    from mibench.stats.compare import Comparison


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
    plugin: PluginOption = None,
) -> None:
    """Compare scores seed by seed: is A better than B, worse, or is no difference shown?"""
    from mibench.board import comparison

    found = mibench.compare(first, second, store, suite=suite, plugins=plugin or ())
    if as_json:
        typer.echo(comparison.render_json(found), nl=False)
    elif markdown:
        typer.echo(comparison.render_markdown(found), nl=False)
    else:
        for item in found:
            _show(item, cells)


def _show(item: "Comparison", cells: bool) -> None:
    from mibench.board import comparison

    table = comparison.table(item, cells)
    print_text(comparison.conclusion(item))
    right = [column.title for column in table.columns if column.kind == "number"]
    print_table(
        [column.title for column in table.columns], [[entry.text for entry in row] for row in table.rows], right=right
    )
    print_text(comparison.CAPTION)
