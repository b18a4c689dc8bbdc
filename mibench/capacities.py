"""Capacity and entanglement of trained β-VAEs: TC(z) and I(x; z) by what the encoder transmits, and estimates."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputError, MissingExtraError
from .estimator import Estimator
from .jsonable import to_json
from .plugin import load_plugin
from .protocol import FixedSample
from .registry import TASKS, get_estimator, get_task
from .spec import Spec
from .streams import stream

#: The task whose encoders are drawn, and its two quantities.
TASK = "disentanglement"
PAIRS = ("tc", "xz")
#: What is known, among the estimators; then the oracles, which see the encoder.
TRUTH = "truth"
ORACLES = {"stratified": "minibatch, stratified (oracle)", "weighted": "minibatch, weighted (oracle)"}
#: Minibatches of an oracle, and the sprites of each.
_BATCHES, _SIZE = 4, 256


@dataclass(frozen=True)
class Trace:
    """One estimator's means over encoders trained alike, with other seeds, or the truth; NaN where there is none.

    Attributes:
        label: the estimator, the oracle, or ``truth``.
        tc, xz: TC(z) and I(x; z) in nats, one value a training.
        failures: the message of each estimate that did not come about.
    """

    label: str
    tc: tuple[float, ...]
    xz: tuple[float, ...]
    failures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Capacities:
    """The encoders by their rate.

    Attributes:
        n: rows of a sample.
        trainings: how the encoders were trained, by rate.
        rates: the mean E KL(q(z|x) ‖ p) of each, in nats, which training holds at C.
        truth: what is known.
        oracles: estimates from minibatches that look into the encoder.
        traces: one an estimator.
    """

    n: int
    trainings: tuple[str, ...]
    rates: tuple[float, ...]
    truth: Trace
    oracles: tuple[Trace, ...]
    traces: tuple[Trace, ...] = ()

    def to_record(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        record: dict[str, Any] = to_json(self)
        return record


def disentangle(
    estimators: Sequence[str | Estimator] = (),
    *,
    n: int = 1000,
    plugins: Sequence[str | Path] = (),
    track: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> Capacities:
    """Return TC(z) and I(x; z) of encoders trained to several capacities, beside estimates from samples.

    Each estimate is that of the cell of the same estimator, task and n, seed 0, on a board; the mean is over encoders
    trained alike.

    Args:
        estimators: estimators or their spec strings, grids allowed; none for the truth alone.
        n: rows of a sample.
        plugins: plugin files to load first.
        track: wraps the list of the (estimator, task) to do, to show progress.

    Raises:
        SpecError: no such estimator.
        InputError: n below 2.
        MissingExtraError: a package is missing; the message says which.

    Example:
        >>> found = disentangle()
        >>> low, high = found.truth.tc[0], found.truth.tc[-1]
        >>> 0 < low < 0.05 < 1 < high
        True
    """
    for file in plugins:
        load_plugin(file)
    if n < 2:
        raise InputError(f"n is {n}; allowed: 2 or more")
    chosen = [item for text in estimators for item in _built(text)]
    for item in chosen:
        if missing := item.missing():
            raise MissingExtraError(missing)
    known: Any = TASKS.get(TASK)
    tasks: dict[tuple[str, str], list[Any]] = {
        (training, pair): [get_task(f"{TASK}:asset={training}-{seed},pair={pair}") for seed in range(known.seeds)]
        for training in known.trainings
        for pair in PAIRS
    }
    cells = [(item, place) for item in chosen for place in tasks]
    means: dict[str, dict[tuple[str, str], float]] = {item.label: {} for item in chosen}
    failures: dict[str, list[str]] = {item.label: [] for item in chosen}
    for item, place in track(cells):
        means[item.label][place], failed = _estimated(item, tasks[place], n)
        failures[item.label] += failed
    rates = [_mean(task.posterior.mean_divergence for task in tasks[training, "tc"]) for training in known.trainings]
    return Capacities(
        n, tuple(known.trainings), tuple(rates),
        _trace(TRUTH, {place: _mean(task.truth.nats for task in several) for place, several in tasks.items()}),
        tuple(
            _trace(label, {place: _from_minibatches(several, sampling) for place, several in tasks.items()})
            for sampling, label in ORACLES.items()
        ),
        tuple(_trace(label, values, failures[label]) for label, values in means.items()),
    )  # fmt: skip


def _estimated(estimator: Estimator, tasks: Sequence[Any], n: int) -> tuple[float, list[str]]:
    """Return the mean estimate over tasks, NaN where any failed, and the messages of those."""
    protocol, values, failed = FixedSample(n), [], []
    for task in tasks:
        refused = protocol.refusal(estimator, task)
        outcome = None if refused else protocol.run(estimator, task, 0)
        if outcome is not None and outcome.status == "ok" and outcome.nats is not None:
            values.append(outcome.nats)
        else:
            failed.append(f"{task.label}: {refused or (outcome and (outcome.message or outcome.status))}")
    return (math.nan if failed else _mean(values)), failed


def _from_minibatches(tasks: Sequence[Any], sampling: str) -> float:
    return _mean(
        task.minibatch(_SIZE, stream("minibatch", task.spec, number), sampling)
        for task in tasks
        for number in range(_BATCHES)
    )


def _trace(label: str, values: dict[tuple[str, str], float], failures: Sequence[str] = ()) -> Trace:
    tc, xz = (tuple(value for (_, pair), value in values.items() if pair == wanted) for wanted in PAIRS)
    return Trace(label, tc, xz, tuple(failures))


def _mean(values: Iterable[float]) -> float:
    all_values = list(values)
    return float(sum(all_values) / len(all_values))


def _built(estimator: str | Estimator) -> list[Estimator]:
    if isinstance(estimator, Estimator):
        return [estimator]
    return [get_estimator(str(spec)) for spec in Spec.parse(estimator).expand()]
