"""Estimates of what the layers of a network in training say of its input and its target, beside the truth."""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from .errors import InputError, MissingExtraError
from .estimator import Estimator
from .information_plane import TRUTH, Plane, Point, Trace
from .plane_view import save_chart
from .plugin import load_plugin
from .protocol import FixedSample
from .registry import TASKS, get_estimator, get_task
from .spec import Spec

#: The task whose networks are drawn.
TASK = "information-plane"
PAIRS = ("xt", "ty")


def plane(
    net: str = "binary",
    estimators: Sequence[str | Estimator] = (),
    *,
    n: int = 1000,
    seeds: int = 1,
    layers: Sequence[int] | None = None,
    epochs: Sequence[int] | None = None,
    output: str | Path | None = None,
    plugins: Sequence[str | Path] = (),
    track: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> Plane:
    """Return what each layer of a network in training says of its input and its target, beside estimates of it.

    Each estimate is that of the cell of the same estimator, task, n and seed on a board.

    Args:
        net: a network of the task ``information-plane``: ``binary``, ``quantised``, ``noisy`` or ``linear``.
        estimators: estimators or their spec strings, grids allowed; none for the truth alone.
        n: rows of a sample.
        seeds: samples of each layer and epoch, whose estimates are averaged.
        layers: only these; all by default.
        epochs: only these; all by default.
        output: a folder to draw the plane to, as SVG and HTML.
        plugins: plugin files to load first.
        track: wraps the list of the (estimator, layer, epoch) to do, to show progress.

    Raises:
        SpecError: no such network, layer, epoch or estimator.
        InputError: n below 2, no seeds, or an estimator that cannot take the layers.
        MissingExtraError: a package is missing; the message says which.

    Example:
        >>> import mibench
        >>> found = mibench.plane("quantised", layers=[1], epochs=[0])
        >>> round(found.truth.points[0].xt, 4)  # ln 4096
        8.3178
    """
    for file in plugins:
        load_plugin(file)
    for name, value, least in (("n", n, 2), ("seeds", seeds, 1)):
        if value < least:
            raise InputError(f"{name} is {value}; allowed: {least} or more")
    known: Any = TASKS.get(TASK)
    tasks = {
        (layer, epoch): [get_task(f"{TASK}:net={net},layer={layer},epoch={epoch},pair={pair}") for pair in PAIRS]
        for layer in sorted(set(layers or known.layers))
        for epoch in sorted(set(known.epochs if epochs is None else epochs))
    }
    chosen = [item for text in estimators for item in _built(text)]
    protocol = FixedSample(n)
    for item in chosen:
        if missing := item.missing():
            raise MissingExtraError(missing)
        refused = [protocol.refusal(item, task) for pair in tasks.values() for task in pair]
        if any(refused):
            raise InputError(next(filter(None, refused)))
        item.prepare()
    found: dict[str, list[Point]] = {item.label: [] for item in chosen}
    failures: dict[str, list[str]] = {item.label: [] for item in chosen}
    for item, place in track([(item, place) for item in chosen for place in tasks]):
        means = []
        for task in tasks[place]:
            outcomes = [protocol.run(item, task, seed) for seed in range(seeds)]
            values = [outcome.nats for outcome in outcomes if outcome.status == "ok" and outcome.nats is not None]
            failures[item.label] += [
                f"{task.label}: {outcome.message or outcome.status}" for outcome in outcomes if outcome.status != "ok"
            ]
            means.append(sum(values) / len(values) if values else math.nan)
        found[item.label].append(Point(*place, *means))
    truth = Trace(TRUTH, tuple(Point(*place, *(task.truth.nats for task in pair)) for place, pair in tasks.items()))
    traces = tuple(Trace(label, tuple(points), tuple(failures[label])) for label, points in found.items())
    whole = Plane(net, n, seeds, truth, traces)
    if output is not None:
        save_chart(whole, Path(output) / whole.name)
    return whole


def _built(estimator: str | Estimator) -> list[Estimator]:
    if isinstance(estimator, Estimator):
        return [estimator]
    return [get_estimator(str(spec)) for spec in Spec.parse(estimator).expand()]
