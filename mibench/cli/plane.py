"""``mibench plane``: layers of a network in training in the information plane, estimates beside the truth."""

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import mibench

from .app import app
from .options import JsonOption, PluginOption, WideOption, complete_estimator
from .output import print_json, print_table, print_text, tracked
from .table import Column

if TYPE_CHECKING:
    from mibench.information_plane import Plane

#: What is shown first where not all fits: who, which layer, where it starts and ends, then the errors.
_PRIORITIES = (0, 0, 1, 1, 3, 3, 5, 2, 6, 4)


@app.command("plane")
def plane_command(
    net: Annotated[
        str, typer.Argument(metavar="NET", help="The network: binary, quantised, noisy or linear.")
    ] = "binary",
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            "-e", "--estimator", metavar="SPEC", help="An estimator; repeatable.", autocompletion=complete_estimator
        ),
    ] = None,
    n: Annotated[int, typer.Option("-n", "--samples", min=2, metavar="N", help="Rows of a sample.")] = 1000,
    seeds: Annotated[int, typer.Option(min=1, help="Average over the seeds 0 … N−1.")] = 1,
    layer: Annotated[list[int] | None, typer.Option(metavar="N", help="Only this layer; repeatable.")] = None,
    epoch: Annotated[list[int] | None, typer.Option(metavar="N", help="Only this epoch; repeatable.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the figures go.")] = Path(),
    plugin: PluginOption = None,
    as_json: JsonOption = False,
    wide: WideOption = False,
) -> None:
    """Draw what each layer of a network says of its input and its target, epoch by epoch, beside what estimators say.

    Lines are the true values, which are known for all networks; points are estimates from samples of N rows. Writes
    FOLDER/plane-NET.svg and FOLDER/plane-NET.html.
    """
    from mibench import plane_view
    from mibench.files import check_folder

    check_folder(output)

    found = mibench.plane(
        net, estimator or (), n=n, seeds=seeds, layers=layer, epochs=epoch, plugins=plugin or (),
        track=partial(tracked, quiet=as_json),
    )  # fmt: skip
    files = plane_view.save_chart(found, output / found.name)
    if as_json:
        print_json({**found.to_record(), "files": [str(file) for file in files]})
        return
    print_text(f"The truth of the {found.net} network: each layer's number at its epochs, the last in brackets")
    typer.echo(plane_view.text_plot(found, width=min(shutil.get_terminal_size().columns, 100)))
    columns = [
        Column(head, number=place > 0, priority=priority)
        for place, (head, priority) in enumerate(zip(plane_view.heads(found), _PRIORITIES, strict=True))
    ]
    print_table(columns, list(plane_view.summary(found)), _title(found), wide=wide)
    for trace in found.traces:
        if trace.failures:
            print_text(f"{trace.label}: {len(trace.failures)} estimates failed, the first: {trace.failures[0]}")
    print_text(f"wrote {' and '.join(map(str, files))}")


def _title(found: "Plane") -> str:
    if not found.traces:
        return "Nats"
    return f"Nats; samples of {found.n:,} rows, {found.seeds} of each layer and epoch"
