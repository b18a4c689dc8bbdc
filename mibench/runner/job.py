"""A job: one cell with every attempt field that is known before it runs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from mibench.attempt import Attempt
from mibench.protocol import Outcome
from mibench.store.database import now


@dataclass(frozen=True, kw_only=True)
class Job:
    """One cell to run; its fields are those of the :class:`mibench.attempt.Attempt` it becomes."""

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

    def to_attempt(self, outcome: Outcome, environment: str, output: str = "") -> Attempt:
        """Return the attempt with what happened, finished now."""
        return Attempt(**vars(self), **vars(outcome), output=output, environment=environment, finished_at=now())

    def to_record(self) -> dict[str, Any]:
        """Return the job as JSON can hold it."""
        return dict(self.__dict__)


class Engine(Protocol):
    """What turns jobs into attempts: the local pool, or a cluster.

    Attributes:
        environments: the descriptions of the environments that its attempts refer to, by hash.
    """

    environments: dict[str, dict[str, Any]]

    def run(self, jobs: Iterable[Job]) -> Iterator[Attempt]:
        """Yield the attempt of every job, as each ends."""

    def stop(self) -> None:
        """Start nothing more; :meth:`run` ends when what runs has finished."""

    def close(self) -> None:
        """Stop at once whatever still runs."""
