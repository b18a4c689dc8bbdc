"""``mibench curve``: an estimator trained on fresh draws, drawn beside the true value."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import mibench

from .app import app
from .options import JsonOption, PluginOption
from .output import tracked


@app.command("curve")
def curve_command(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="The spec of a task, or the name of a suite such as 'article'.")
    ],
    estimator: Annotated[
        str | None, typer.Option("-e", "--estimator", metavar="SPEC", help="The estimator to train, such as 'mine'.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Train this many times, with seeds 0 … N−1.")] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Gradient steps; by default the estimator's own number.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the figures go.")] = Path(),
    plugin: PluginOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train an estimator on fresh draws of a task and draw its learning curve beside the true value.

    Every step sees new samples, so that nothing is overfitted and the remaining error is the estimator's own.
    Writes FOLDER/NAME.svg and FOLDER/NAME.html.
    """
    from mibench.curve_view import save_chart, text_plot, text_summary
    from mibench.files import check_folder

    check_folder(output)

    track = partial(tracked, description="training", quiet=as_json)
    curve = mibench.curve(task, estimator, seeds=seeds, steps=steps, plugins=plugin or (), track=track)
    files = save_chart(curve, output / curve.name)
    if as_json:
        typer.echo(json.dumps({**curve.to_record(), "files": [str(file) for file in files]}))
        return
    typer.echo(f"{curve.estimator} on {curve.task}")
    typer.echo(text_plot(curve, width=min(shutil.get_terminal_size().columns, 100)))
    for line in (*text_summary(curve), f"wrote {' and '.join(map(str, files))}"):
        typer.echo(line)
