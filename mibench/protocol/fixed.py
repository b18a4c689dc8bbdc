"""The protocol of a fixed sample: one sample of a given size, one estimate."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mibench.cell import lift, unsupported
from mibench.duplicates import note_duplicates
from mibench.estimator import Estimator, check_blocks
from mibench.meter import Meter
from mibench.streams import estimator_stream, sample_stream
from mibench.task import Task

from .outcome import Outcome, of_estimate


@dataclass(frozen=True)
class FixedSample:
    """One sample of *n* rows, one estimate."""

    n: int

    def truth(self, task: Task) -> tuple[float, float]:
        """Return the true value and its standard error."""
        return task.truth.nats, task.truth.stderr

    def refusal(self, estimator: Estimator, task: Task) -> str | None:
        """Return why the estimator cannot take the task, or None where it can."""
        return unsupported(estimator, task)

    def run(
        self,
        estimator: Estimator,
        task: Task,
        seed: int,
        *,
        task_version: str | None = None,
        between: Callable[[], None] = lambda: None,
    ) -> Outcome:
        """Execute one cell: draw its sample, estimate; return what came of it and raise nothing.

        Args:
            estimator: a prepared estimator, which is lifted where the task has more blocks than it takes.
            task: the task.
            seed: the cell's seed.
            task_version: the version that names the random streams, by default the task's own.
            between: called after the sample is drawn.
        """
        known: dict[str, Any] = {}
        try:
            version = task.full_version if task_version is None else task_version
            start = time.perf_counter()
            blocks = self.draw(task, seed, version)
            known["sample_s"] = time.perf_counter() - start
            between()
            rng = estimator_stream(estimator.spec, task.spec, version, self.n, seed)
            return replace(self.estimate(lift(estimator, task), blocks, rng), **known)
        except BaseException as error:
            return Outcome.of_error(error, **known)

    def run_many(
        self,
        estimator: Estimator,
        task: Task,
        seeds: Sequence[int],
        *,
        task_version: str | None = None,
        between: Callable[[], None] = lambda: None,
    ) -> list[Outcome]:
        """Execute a pack of cells that differ in their seeds alone, by the estimator's ``estimate_many``.

        Raises:
            Exception: of any kind, where the pack as a whole has failed; its cells are then to be executed one by one.
        """
        version = task.full_version if task_version is None else task_version
        samples, seconds = [], []
        for seed in seeds:
            start = time.perf_counter()
            samples.append(self.draw(task, seed, version))
            seconds.append(time.perf_counter() - start)
        between()
        rngs = [estimator_stream(estimator.spec, task.spec, version, self.n, seed) for seed in seeds]
        outcomes = self.estimate_many(lift(estimator, task), samples, rngs)
        return [replace(outcome, sample_s=spent) for outcome, spent in zip(outcomes, seconds, strict=True)]

    def draw(self, task: Task, seed: int, task_version: str) -> tuple[np.ndarray, ...]:
        """Return the checked sample of a cell: one float64 array of shape ``(n, d)`` a block."""
        rng = sample_stream(task.spec, task_version, self.n, seed)
        return check_blocks(*task.check_sample(task.draw(self.n, rng), self.n))

    def estimate(self, estimator: Estimator, blocks: tuple[np.ndarray, ...], rng: np.random.Generator) -> Outcome:
        """Return the outcome of one estimate on a cell's own sample; an exception of any kind is one too."""
        meter = Meter()
        try:
            with meter:
                estimate = estimator.estimate(*blocks, rng=rng)
            return replace(of_estimate(estimator, note_duplicates(estimate, blocks)), **_cost(meter))
        except BaseException as error:  # an estimator may raise anything, SystemExit too
            return Outcome.of_error(error, **_cost(meter))

    def estimate_many(
        self, estimator: Any, samples: Sequence[tuple[np.ndarray, ...]], rngs: Sequence[np.random.Generator]
    ) -> list[Outcome]:
        """Return the outcomes of estimates made together, each with an equal share of their cost.

        Raises:
            Exception: of any kind, where they failed together.
        """
        meter = Meter()
        with meter:
            found = estimator.estimate_many(samples, rngs)
        if not isinstance(found, list | tuple) or len(found) != len(samples):
            returned = f"{len(found)} values" if isinstance(found, list | tuple) else f"a {type(found).__name__}"
            raise TypeError(
                f"{estimator.name}.estimate_many returned {returned}; allowed: a list of {len(samples)} estimates, "
                "one a sample"
            )
        shared = {"cpu_s": meter.cpu_s / len(found), "wall_s": meter.wall_s / len(found), "peak_mb": meter.peak_mb}
        return [_one_of(estimator, estimate, blocks, shared) for estimate, blocks in zip(found, samples, strict=True)]


def _one_of(estimator: Estimator, estimate: Any, blocks: tuple[np.ndarray, ...], cost: dict[str, Any]) -> Outcome:
    try:
        return replace(of_estimate(estimator, note_duplicates(estimate, blocks), "estimate_many"), **cost)
    except BaseException as error:  # the fields of an estimate may be anything
        return Outcome.of_error(error, **cost)


def _cost(meter: Meter) -> dict[str, Any]:
    return {"cpu_s": meter.cpu_s, "wall_s": meter.wall_s, "peak_mb": meter.peak_mb}
