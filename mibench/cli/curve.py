"""``mibench curve``: a method trained on fresh draws, drawn against the true value."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from mibench.errors import SpecError, UnknownNameError, did_you_mean

from .app import app


@app.command("curve")
def curve_command(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="The spec of a task, or the name of a recipe such as 'article'.")
    ],
    estimator: Annotated[
        str | None, typer.Option("-e", "--estimator", metavar="SPEC", help="The method to train, such as 'mine'.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Train this many times, with seeds 0 … N−1.")] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Gradient steps; by default the method's own number.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the figures go.")] = Path(),
    plugin: Annotated[
        list[Path] | None, typer.Option(metavar="FILE.py", help="A file that registers estimators or tasks.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the curve as JSON instead of drawing it.")] = False,
) -> None:
    """Train a method on fresh draws of a task and draw its learning curve against the true value.

    Every step sees samples never seen before, so nothing can be overfitted and what is left is the method's own
    error. Writes FOLDER/NAME.svg and FOLDER/NAME.html.
    """
    from mibench.curve import LearningCurve, check_learner, learn
    from mibench.curve_view import save_chart, text_plot, text_summary
    from mibench.plugin import load_plugin
    from mibench.recipe import list_recipes, load_recipe
    from mibench.registry import get_estimator, get_task, list_tasks

    for file in plugin or ():
        load_plugin(file)
    name = ""
    if task in list_recipes():
        recipe = load_recipe(task)
        task, estimator, seeds = recipe.task, estimator or recipe.estimator, seeds or recipe.seeds
        name = recipe.name
    elif task.partition(":")[0] not in list_tasks():
        raise UnknownNameError(f"unknown task {task!r}{did_you_mean(task, [*list_tasks(), *list_recipes()])}")
    if estimator is None:
        raise SpecError(f"estimator is missing for the task {task!r}; allowed: -e SPEC, such as -e mine")
    problem, method = get_task(task), get_estimator(estimator)
    check_learner(method, problem)
    method.prepare()
    runs = [learn(problem, method, seed, steps) for seed in _tracked(range(seeds or 1), quiet=as_json)]
    curve = LearningCurve.of(problem, method, runs)
    files = save_chart(curve, output / (name or f"{problem.name}-{method.name}"))
    if as_json:
        typer.echo(json.dumps({**curve.to_record(), "files": [str(file) for file in files]}))
        return
    typer.echo(f"{curve.estimator} on {curve.task}")
    typer.echo(text_plot(curve, width=min(shutil.get_terminal_size().columns, 100)))
    for line in (*text_summary(curve), f"wrote {' and '.join(map(str, files))}"):
        typer.echo(line)


def _tracked(seeds: range, quiet: bool) -> Iterable[int]:
    from rich.console import Console
    from rich.progress import track

    return track(seeds, description="training", console=Console(stderr=True), transient=True, disable=quiet)
