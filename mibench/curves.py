"""Learning curves: an estimator trained on fresh draws of a task, step by step, beside the true value."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InputError, MeasurementError, MissingExtraError, SpecError, UnknownNameError, did_you_mean
from .estimator import Estimator
from .jsonable import to_json
from .protocol import Stream, parse_protocol
from .registry import get_estimator, get_task, list_tasks
from .suite import Suite, list_suites, load_suite
from .task import Task

#: The share of the truth whose first crossing is noted.
REACH = 0.9


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        seed: of the draws and of the estimator.
        nats: the estimator's final value.
        curve: (step, nats) pairs.
    """

    seed: int
    nats: float
    curve: tuple[tuple[float, float], ...]

    def first_reaching(self, nats: float) -> int | None:
        """Return the first step whose value is at least *nats*, or None."""
        return next((int(step) for step, value in self.curve if value >= nats), None)


@dataclass(frozen=True)
class LearningCurve:
    """The trainings of one estimator on one task, by seed, beside the true value.

    Attributes:
        task, estimator: spec and label.
        truth_nats: the true value, the mean over all levels.
        truth_method: how it is known.
        runs: the trainings.
        name: what its files are called.
        levels: (first step, true value) of each level of a schedule.
    """

    task: str
    estimator: str
    truth_nats: float
    truth_method: str
    runs: tuple[Run, ...]
    name: str = ""
    levels: tuple[tuple[int, float], ...] = ()

    @classmethod
    def of(
        cls, task: Task, estimator: Estimator, runs: Sequence[Run], name: str = "", protocol: Stream | None = None
    ) -> "LearningCurve":
        """Put the runs beside the truth; the estimator shows the parameters that differ from their defaults."""
        protocol, name = protocol or Stream(), name or f"{task.name}-{estimator.name}"
        truth, _ = protocol.truth(task)
        each = protocol.steps or 0
        levels = tuple((each * i + 1, level.truth.nats) for i, level in enumerate(protocol.levels(task)))
        return cls(task.spec, estimator.label, truth, task.truth.method, tuple(runs), name, levels)

    @property
    def last_truth(self) -> float:
        """The true value of the last steps."""
        return self.levels[-1][1] if self.levels else self.truth_nats

    def truth_at(self, step: float) -> float:
        """Return the true value that a step was trained on."""
        return next((truth for first, truth in reversed(self.levels) if step >= first), self.truth_nats)

    def to_record(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        return {
            "task": self.task,
            "estimator": self.estimator,
            "truth_nats": self.truth_nats,
            "truth_method": self.truth_method,
            **({"levels": [list(level) for level in self.levels]} if len(self.levels) > 1 else {}),
            "runs": [
                {
                    "seed": run.seed,
                    "nats": to_json(run.nats),
                    "first_step_at_90_percent": run.first_reaching(REACH * self.last_truth),
                    "curve": [[int(step), to_json(value)] for step, value in run.curve],
                }
                for run in self.runs
            ],
        }


def check_learner(estimator: Estimator, task: Task, protocol: Stream | None = None) -> None:
    """Raise where the estimator cannot be trained on the task at all.

    Raises:
        MissingExtraError: a package is missing; the message says which.
        InputError: the estimator learns no curve, or takes fewer blocks than the task has.
    """
    missing = estimator.missing()
    if missing:
        raise MissingExtraError(missing)
    refused = (protocol or Stream()).refusal(estimator, task)
    if refused:
        raise InputError(refused)


def learn(task: Task, estimator: Estimator, seed: int, protocol: Stream | None = None) -> Run:
    """Train once on fresh draws; all estimators see the same stream of draws of a task and seed.

    Raises:
        MeasurementError: the training failed.
    """
    outcome = (protocol or Stream()).run(estimator, task, seed)
    if outcome.curve is None:
        raise MeasurementError(f"{estimator.label}: {outcome.message}")
    return Run(seed, float(outcome.diagnostics["final_nats"]), outcome.curve)


def train(
    task: str | Task,
    estimator: str | Estimator | None,
    seeds: int | None = None,
    steps: int | None = None,
    track: Callable[[range], Iterable[int]] = iter,
) -> LearningCurve:
    """Train an estimator once a seed and return the learning curve.

    Args:
        task: a task, its spec, or the name or TOML file of a suite of the stream protocol, which brings what is not
            given.
        estimator: an estimator that learns, or its spec.
        seeds: how many trainings; by default the suite's number, or one.
        steps: gradient steps, at each level of a schedule; by default the suite's or the estimator's own number.
        track: wraps the seeds, to show progress.

    Raises:
        UnknownNameError: no task or suite of that name.
        SpecError: no estimator given, for a task; or a suite that is no single learning curve.
        InputError, MissingExtraError: see :func:`check_learner`.
    """
    name, protocol = "", Stream(steps=steps)
    if isinstance(task, str) and task not in list_tasks() and (task in list_suites() or task.endswith(".toml")):
        suite = load_suite(task)
        protocol = _stream_of(suite, estimator, steps)
        name, task, estimator, seeds = (
            suite.name,
            suite.tasks[0],
            estimator or suite.estimators[0],
            seeds or suite.seeds,
        )
    elif isinstance(task, str) and ":" not in task and task not in list_tasks():
        raise UnknownNameError(f"unknown task {task!r}{did_you_mean(task, [*list_tasks(), *list_suites()])}")
    if estimator is None:
        raise SpecError(f"estimator is missing for the task {str(task)!r}; allowed: -e SPEC, such as -e mine")
    problem = get_task(task) if isinstance(task, str) else task
    learner = get_estimator(estimator) if isinstance(estimator, str) else estimator
    check_learner(learner, problem, protocol)
    learner.prepare()
    runs = [learn(problem, learner, seed, protocol) for seed in track(range(seeds or 1))]
    return LearningCurve.of(problem, learner, runs, name, protocol)


def _stream_of(suite: Suite, estimator: str | Estimator | None, steps: int | None) -> Stream:
    """Return the protocol of a suite that is one learning curve; another estimator trains on batches of its own."""
    protocol = parse_protocol(suite.protocol, 0)
    if not isinstance(protocol, Stream):
        raise SpecError(f"suite {suite.name!r} has samples of fixed size; allowed: a suite of the stream protocol")
    counts = len(suite.build_tasks()), 1 if estimator else len(suite.build_estimators())
    if counts != (1, 1):
        raise SpecError(
            f"suite {suite.name!r} has {counts[0]} tasks and {counts[1]} estimators; allowed for a curve: one of each "
            f"(mibench run {suite.name} runs them all)"
        )
    batch = None if estimator else protocol.batch
    return Stream(batch=batch, mi=protocol.mi, steps=steps or protocol.steps)
