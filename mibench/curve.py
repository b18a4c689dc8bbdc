"""Learning curves: a method trained on fresh draws of a task, step by step, against the true value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .api import missing_requirements
from .errors import InputError, MissingExtraError
from .estimator import Estimator
from .jsonable import to_json
from .registry import version_of
from .streams import stream
from .task import Task

#: The share of the truth whose first crossing is noted.
REACH = 0.9


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        seed: of the draws and of the method.
        nats: the value the method gives in the end.
        curve: (step, nats) pairs.
    """

    seed: int
    nats: float
    curve: tuple[tuple[float, float], ...]

    def first_reaching(self, nats: float) -> int | None:
        """The first step whose value is at least *nats*, or None."""
        return next((int(step) for step, value in self.curve if value >= nats), None)


@dataclass(frozen=True)
class LearningCurve:
    """The trainings of one method on one task, by seed, and the task's truth."""

    task: str
    estimator: str
    truth_nats: float
    truth_method: str
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, task: Task, estimator: Estimator, runs: Sequence[Run]) -> "LearningCurve":
        """Put the runs beside the truth; the estimator shows the parameters that differ from their defaults."""
        return cls(task.spec, estimator.label, task.truth.nats, task.truth.method, tuple(runs))

    def to_record(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        return {
            "task": self.task,
            "estimator": self.estimator,
            "truth_nats": self.truth_nats,
            "truth_method": self.truth_method,
            "runs": [
                {
                    "seed": run.seed,
                    "nats": to_json(run.nats),
                    "first_step_at_90_percent": run.first_reaching(REACH * self.truth_nats),
                    "curve": [[int(step), to_json(value)] for step, value in run.curve],
                }
                for run in self.runs
            ],
        }


def check_learner(estimator: Estimator, task: Task) -> None:
    """Raise where the method cannot be trained on the task at all.

    Raises:
        MissingExtraError: a package is missing; the message says which.
        InputError: the method learns no curve, or takes fewer blocks than the task has.
    """
    missing = missing_requirements(estimator)
    if missing:
        raise MissingExtraError(missing)
    if type(estimator).learning_curve is Estimator.learning_curve:
        estimator.learning_curve(lambda n: (), rng=np.random.default_rng(0))
    limit = estimator.tags.max_blocks
    if limit is not None and len(task.blocks) > limit:
        raise InputError(f"{task.name} has {len(task.blocks)} blocks; allowed for {estimator.name}: {limit}")


def learn(task: Task, estimator: Estimator, seed: int, steps: int | None = None) -> Run:
    """Train once on fresh draws; all methods see the same stream of draws of a task and seed."""
    draws = stream("curve-draws", task.spec, version_of(task), seed)
    own = stream("curve", estimator.spec, task.spec, version_of(task), seed)
    found = estimator.learning_curve(lambda n: task.check_sample(task.draw(n, draws), n), steps=steps, rng=own)
    return Run(seed, found.nats, tuple(found.curve or ()))
