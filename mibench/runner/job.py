"""A job: one cell with every attempt field that is known before it runs."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from mibench.attempt import Attempt
from mibench.protocol import Outcome
from mibench.store.database import now

#: What a worker can be asked for: a whole cell; its sample; the estimate on a sample; the truth of a task.
Work = Literal["cell", "sample", "estimate", "truth"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One cell to run; its fields are those of the :class:`mibench.attempt.Attempt` it becomes, and these.

    Attributes:
        estimator_home, task_home: whose code they are; see :mod:`mibench.runner.homes`.
        dims: the number of columns of each block.
        heavy: whether the estimator requires modules that take long to import.
        ask_truth: it is the truth of the task that is asked for, and no cell.
    """

    key: str
    suite: str
    estimator: str
    estimator_version: str
    estimator_origin: str
    task: str
    task_version: str
    family: str
    truth_nats: float
    truth_stderr: float
    n: int
    seed: int
    lifted: bool
    timeout_s: float
    memory_mb: float
    protocol: str = ""
    device: str = ""
    estimator_home: tuple[str, ...] = ()
    task_home: tuple[str, ...] = ()
    dims: tuple[int, ...] = ()
    heavy: bool = False
    ask_truth: bool = False

    @property
    def stages(self) -> tuple[Work, ...]:
        """Stages of the job, one worker each; code of different homes shares none, but in a stream.

        A stream's batches are drawn as the estimator asks for them, so that both must be in one process.
        """
        if self.ask_truth:
            return ("truth",)
        return ("cell",) if self.protocol or self.estimator_home == self.task_home else ("sample", "estimate")

    @property
    def home(self) -> tuple[str, ...]:
        """Home of the code of the whole cell."""
        return tuple(sorted({*self.estimator_home, *self.task_home}))

    def to_attempt(self, outcome: Outcome, environment: str, output: str = "") -> Attempt:
        """Return the attempt with what happened, finished now."""
        values = vars(self)
        known = {name: values[name] for name in _FIELDS}
        return Attempt(**known, **vars(outcome), output=output, environment=environment, finished_at=now())

    def to_record(self) -> dict[str, Any]:
        """Return the job as JSON can hold it."""
        return dict(vars(self))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Job":
        """Undo :meth:`to_record`."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in record.items()}
        return cls(**values)


#: Cells that are run together: of one estimator, task and sample size.
Pack: TypeAlias = tuple[Job, ...]


def single_jobs(units: Iterable[Job | Pack]) -> Iterator[Job]:
    """Yield the jobs of packs one by one."""
    for unit in units:
        yield from (unit,) if isinstance(unit, Job) else unit


_FIELDS = [item.name for item in dataclasses.fields(Job) if item.name in {x.name for x in dataclasses.fields(Attempt)}]


class Engine(Protocol):
    """Engine that turns jobs into attempts: the local pool, or a cluster.

    Attributes:
        environments: the descriptions of the environments that its attempts refer to, by hash.
    """

    environments: dict[str, dict[str, Any]]

    def run(self, jobs: Iterable[Job | Pack]) -> Iterator[Attempt]:
        """Yield the attempt of every job, alone or in packs, as each ends."""

    def stop(self) -> None:
        """Start nothing more; :meth:`run` ends when what runs has finished."""

    def close(self) -> None:
        """Stop at once whatever still runs."""
