"""Learning curves: an estimator trained on fresh draws of a task, step by step, beside the true value."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InputError, MissingExtraError, SpecError, UnknownNameError, did_you_mean
from .estimator import Estimator, Learner
from .jsonable import to_json
from .recipe import list_recipes, load_recipe
from .registry import get_estimator, get_task, list_tasks
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
    """The trainings of one estimator on one task, by seed, and the task's truth; ``name`` is that of its files."""

    task: str
    estimator: str
    truth_nats: float
    truth_method: str
    runs: tuple[Run, ...]
    name: str = ""

    @classmethod
    def of(cls, task: Task, estimator: Estimator, runs: Sequence[Run], name: str = "") -> "LearningCurve":
        """Put the runs beside the truth; the estimator shows the parameters that differ from their defaults."""
        name = name or f"{task.name}-{estimator.name}"
        return cls(task.spec, estimator.label, task.truth.nats, task.truth.method, tuple(runs), name)

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
    as_learner(estimator)
    missing = estimator.missing()
    if missing:
        raise MissingExtraError(missing)
    limit = estimator.get_tags().max_blocks
    if limit is not None and len(task.blocks) > limit:
        raise InputError(f"{task.name} has {len(task.blocks)} blocks; allowed for {estimator.name}: {limit}")


def as_learner(estimator: Estimator) -> Learner:
    """Return *estimator* where it learns in steps; raise :class:`InputError` where it does not."""
    if not isinstance(estimator, Learner):
        raise InputError(
            f"{estimator.name} learns no curve; allowed: an estimator that trains in steps, such as a neural one"
        )
    return estimator


def learn(task: Task, estimator: Estimator, seed: int, steps: int | None = None) -> Run:
    """Train once on fresh draws; all estimators see the same stream of draws of a task and seed."""
    draws = stream("curve-draws", task.spec, task.full_version, seed)
    own = stream("curve", estimator.spec, task.spec, task.full_version, seed)
    found = as_learner(estimator).learning_curve(
        lambda n: task.check_sample(task.draw(n, draws), n), steps=steps, rng=own
    )
    return Run(seed, found.nats, tuple(found.curve or ()))


def train(
    task: str | Task,
    estimator: str | Estimator | None,
    seeds: int | None = None,
    steps: int | None = None,
    track: Callable[[range], Iterable[int]] = iter,
) -> LearningCurve:
    """Train an estimator once a seed and return the learning curve.

    Args:
        task: a task, its spec, or the name of a recipe, which brings what is not given.
        estimator: an estimator that learns, or its spec.
        seeds: how many trainings; by default the recipe's number, or one.
        steps: gradient steps; by default the estimator's own number.
        track: wraps the seeds, to show progress.

    Raises:
        UnknownNameError: no task or recipe of that name.
        SpecError: no estimator given, for a task.
        InputError, MissingExtraError: see :func:`check_learner`.
    """
    name = ""
    if isinstance(task, str) and task in list_recipes():
        recipe = load_recipe(task)
        name, task, estimator, seeds = recipe.name, recipe.task, estimator or recipe.estimator, seeds or recipe.seeds
    elif isinstance(task, str) and ":" not in task and task not in list_tasks():
        raise UnknownNameError(f"unknown task {task!r}{did_you_mean(task, [*list_tasks(), *list_recipes()])}")
    if estimator is None:
        raise SpecError(f"estimator is missing for the task {str(task)!r}; allowed: -e SPEC, such as -e mine")
    problem = get_task(task) if isinstance(task, str) else task
    learner = get_estimator(estimator) if isinstance(estimator, str) else estimator
    check_learner(learner, problem)
    learner.prepare()
    runs = [learn(problem, learner, seed, steps) for seed in track(range(seeds or 1))]
    return LearningCurve.of(problem, learner, runs, name)
