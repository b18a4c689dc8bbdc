"""The protocol of a stream: training on fresh draws at every step, against a true value that follows a schedule."""

import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from mibench.errors import InputError, MibenchError
from mibench.estimator import Estimator, Learner
from mibench.meter import Meter
from mibench.spec import Specified
from mibench.streams import stream
from mibench.task import SCALE_FLOOR, Task

from .outcome import Outcome, of_estimate

#: The share of a level's steps, the last ones, that its error is taken over: at first the estimator follows the change.
SETTLED = 0.75
#: The stretches of a level whose means give its standard error.
BATCHES = 10
#: The steps at the end of a level that papers report apart.
LAST = 500


class Level(NamedTuple):
    """Level of a stream: the values of an estimator at one strength of the task.

    Attributes:
        first_step: the first of its steps, counted from 1.
        truth_nats: the true value.
        nats: the mean of the curve over the last three quarters of the steps.
        error_nats: the mean distance of the curve from the truth over the same steps.
        sd_nats: the standard deviation of the curve over the same steps.
        stderr_nats: the standard error of ``nats``, by the means of ten stretches of the same steps, which follow one
            another closely; NaN of fewer than twenty.
        last_nats, last_sd_nats: mean and standard deviation over the last 500 steps of the level.
    """

    first_step: int
    truth_nats: float
    nats: float
    error_nats: float
    sd_nats: float
    stderr_nats: float
    last_nats: float
    last_sd_nats: float

    @classmethod
    def of(cls, first_step: int, truth: float, settled: np.ndarray) -> "Level":
        """Return the level whose settled values are *settled*."""
        means = [part.mean() for part in np.array_split(settled, BATCHES)] if len(settled) >= 2 * BATCHES else []
        last = settled[-LAST:]
        return cls(
            first_step, truth, float(settled.mean()), float(np.abs(settled - truth).mean()), _spread(settled),
            float(np.std(means, ddof=1) / math.sqrt(BATCHES)) if means else math.nan, float(last.mean()), _spread(last),
        )  # fmt: skip


@dataclass(frozen=True)
class Stream(Specified):
    """Training on fresh draws: *steps* batches at each value of a schedule, one after another.

    Args:
        batch: the rows of a batch; None for as many as the estimator asks for.
        mi: the true values in nats that the task is brought to in turn (:meth:`mibench.task.Task.at`), joined by
            slashes: ``2/4/6/8/10``. Brackets would make a grid of five protocols, as everywhere in specs. None leaves
            the task as it is.
        steps: the steps at each value; None for the estimator's own number, where there is one value.
    """

    name = "stream"

    batch: int | None = None
    mi: str | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        for key in ("batch", "steps"):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise ValueError(f"{key} is {value}; allowed: 1 or more")
        if self.mi is not None:
            object.__setattr__(self, "mi", "/".join(map(_number_text, self.schedule)))
        if self.steps is None and len(self.schedule) > 1:
            raise ValueError("steps is missing; allowed: a whole number, as mi has several values")

    @property
    def schedule(self) -> tuple[float, ...]:
        """The true values in turn; none where the task stays as it is."""
        if self.mi is None:
            return ()
        try:
            values = tuple(float(part) + 0.0 for part in self.mi.split("/"))
        except ValueError:
            values = ()
        if not values or not all(0 <= value < math.inf for value in values):
            raise ValueError(f"mi is {self.mi!r}; allowed: numbers of at least 0 joined by slashes, such as 2/4/6")
        return values

    @property
    def n(self) -> int:
        """The sample size that a cell shows: the rows of a batch, or 0 where the estimator chooses."""
        return self.batch or 0

    def levels(self, task: Task) -> list[Task]:
        """Return the tasks that are drawn from in turn."""
        return [task.at(mi) for mi in self.schedule] or [task]

    def truth(self, task: Task) -> tuple[float, float]:
        """Return the mean true value over the schedule, and its standard error."""
        truths = [level.truth for level in self.levels(task)]
        stderr = math.sqrt(math.fsum(truth.stderr**2 for truth in truths)) / len(truths)
        return math.fsum(truth.nats for truth in truths) / len(truths), stderr

    def refusal(self, estimator: Estimator, task: Task) -> str | None:
        """Return why the estimator cannot be trained on the task so, or None where it can."""
        if not isinstance(estimator, Learner):
            return f"{estimator.name} learns no curve; allowed: an estimator that trains in steps, such as a neural one"
        limit = estimator.get_tags().max_blocks
        if limit is not None and len(task.blocks) > limit:
            return f"{task.name} has {len(task.blocks)} blocks; allowed for {estimator.name}: {limit}"
        asked = getattr(estimator, "batch_size", self.batch)
        if self.batch is not None and asked != self.batch:
            return f"{estimator.name} trains on batches of {asked}; allowed under {self.label}: batch_size={self.batch}"
        try:
            self.levels(task)
        except MibenchError as error:
            return str(error)
        return None

    def run(
        self,
        estimator: Estimator,
        task: Task,
        seed: int,
        *,
        task_version: str | None = None,
        between: Callable[[], None] = lambda: None,
    ) -> Outcome:
        """Execute one cell: train on fresh draws; return what came of it and raise nothing.

        The value is the mean of the curve over the settled steps of every level, against :meth:`truth`. The diagnostics
        hold the ``levels`` and ``final_nats``, the estimator's own value; drawing is no part of the cost.

        Args:
            estimator: a prepared estimator that is a :class:`~mibench.estimator.Learner`.
            task: the task.
            seed: the cell's seed. All estimators see the same draws of a task and seed.
            task_version: the version that names the random streams, by default the task's own.
            between: called before the training begins.
        """
        known: dict[str, Any] = {}
        try:
            refused = self.refusal(estimator, task)
            if refused or not isinstance(estimator, Learner):
                raise InputError(refused)
            version = task.full_version if task_version is None else task_version
            levels = self.levels(task)
            draws = Draws(levels, stream("curve-draws", task.spec, version, seed), self.batch, self.steps)
            own = stream("curve", estimator.spec, task.spec, version, seed)
            between()
            meter = Meter()
            try:
                with meter:
                    steps = None if self.steps is None else self.steps * len(levels)
                    found = estimator.learning_curve(draws, steps=steps, rng=own)
            finally:
                known = {
                    "sample_s": draws.wall_s,
                    "wall_s": max(0.0, meter.wall_s - draws.wall_s),
                    "cpu_s": max(0.0, meter.cpu_s - draws.cpu_s),
                    "peak_mb": meter.peak_mb,
                }
            return replace(self._judged(of_estimate(estimator, found, "learning_curve"), task.truth.nats), **known)
        except BaseException as error:  # an estimator may raise anything, SystemExit too
            return Outcome.of_error(error, **known)

    def _judged(self, outcome: Outcome, truth_nats: float) -> Outcome:
        levels = self.judge(outcome.curve or (), truth_nats)
        nats = math.fsum(level.nats for level in levels) / len(levels)
        finite = math.isfinite(nats)
        return replace(
            outcome,
            status="ok" if finite else "nonfinite",
            nats=nats,
            stderr=None,
            message="" if finite else f"the curve's mean is {nats}",
            diagnostics={
                **outcome.diagnostics,
                "final_nats": outcome.nats,
                "levels": [level._asdict() for level in levels],
            },
        )

    def judge(self, curve: Sequence[tuple[float, float]], truth_nats: float) -> list[Level]:
        """Return what a learning curve came to at each level; *truth_nats* is the task's own, where none is scheduled.

        Raises:
            TypeError: the curve has no value at some level.
        """
        if not len(curve):
            raise TypeError("the learning curve is empty; allowed: a (step, nats) pair for every step")
        steps, values = np.array(curve, dtype=float).T
        each = self.steps or int(steps[-1])
        levels = []
        for number, truth in enumerate(self.schedule or (truth_nats,)):
            first = each * number + 1
            settled = values[(steps >= first + (1 - SETTLED) * each) & (steps < first + each)]
            if not len(settled):
                raise TypeError(
                    f"the learning curve has no value at steps {first} to {first + each - 1}; allowed: one at each"
                )
            levels.append(Level.of(first, truth, settled))
        return levels

    def score(self, curve: Sequence[tuple[float, float]], truth_nats: float) -> float:
        """Return the mean over levels of min(mean |Î − I| / max(I, 0.1 nat), 1); 1 for a curve that is not whole."""
        try:
            levels = self.judge(curve, truth_nats)
        except TypeError:
            return 1.0
        scores = [min(level.error_nats / max(level.truth_nats, SCALE_FLOOR), 1.0) for level in levels]
        return math.fsum(scores) / len(scores)


class Draws:
    """The sampler of one training: each call is the next step's batch, drawn from the task of its level.

    Attributes:
        wall_s, cpu_s: what drawing has cost.
    """

    def __init__(self, levels: Sequence[Task], rng: np.random.Generator, batch: int | None, steps: int | None) -> None:
        self._levels, self._rng, self._batch, self._steps = levels, rng, batch, steps
        self._calls = itertools.count()
        self.wall_s = self.cpu_s = 0.0

    def __call__(self, n: int) -> Sequence[np.ndarray]:
        """Return the batch of the next step."""
        if self._batch is not None and n != self._batch:
            raise InputError(f"the estimator draws batches of {n}; allowed under this protocol: {self._batch}")
        done = next(self._calls)
        level = 0 if self._steps is None else min(done // self._steps, len(self._levels) - 1)
        return self._draw(self._levels[level], n)

    def pilot(self, n: int) -> Sequence[np.ndarray]:
        """Return *n* rows of the first level that no step is trained on, for statistics taken beforehand."""
        return self._draw(self._levels[0], n)

    def _draw(self, task: Task, n: int) -> Sequence[np.ndarray]:
        wall, cpu = time.perf_counter(), time.process_time()
        sample = task.check_sample(task.draw(n, self._rng), n)
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu
        return sample


def _spread(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else math.nan


def _number_text(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
