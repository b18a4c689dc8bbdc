"""Assignments: what a worker is told to do, and nothing besides."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from mibench.runner.job import Job, Work
from mibench.streams import estimator_seed


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One piece of work for a worker. It never holds a truth; for an estimate alone, not even the task.

    Attributes:
        token: what the worker's messages about it must carry.
        work: what is asked for.
        home: whose code is needed.
        announce: whether to say when imports and ``prepare`` are over, since they have a limit of their own.
        memory_mb: the memory limit.
        global_seed: seeds the global generators, so that nothing depends on the cells before.
        device: where to run.
        estimator, lifted: the estimator's spec, and whether its chain rule is meant.
        stream: the seed of the estimator's own random stream, for an estimate alone.
        dims: the columns of each block.
        task, task_version, n, seed, protocol: of the sample, where one is to be drawn.
    """

    token: str = field(default_factory=lambda: secrets.token_hex(16))
    work: Work
    home: tuple[str, ...]
    announce: bool
    memory_mb: float
    global_seed: int
    device: str = ""
    estimator: str = ""
    lifted: bool = False
    stream: str = ""
    dims: tuple[int, ...] = ()
    n: int = 0
    task: str = ""
    task_version: str = ""
    seed: int = 0
    protocol: str = ""

    @classmethod
    def of(cls, job: Job, work: Work, home: tuple[str, ...], announce: bool) -> "Assignment":
        """Return what a worker must know to do this part of a job."""
        values: dict[str, Any] = {"n": job.n, "dims": job.dims, "memory_mb": job.memory_mb, "announce": announce}
        if work in ("cell", "estimate"):
            values |= {"estimator": job.estimator, "lifted": job.lifted, "device": job.device}
        if work != "estimate":
            values |= {"task": job.task, "task_version": job.task_version, "seed": job.seed, "protocol": job.protocol}
        if work == "estimate":
            values["stream"] = f"{estimator_seed(job.estimator, job.task, job.task_version, job.n, job.seed):x}"
        return cls(work=work, home=home, global_seed=int(job.key[:8], 16), **values)

    @property
    def subject(self) -> tuple[Any, ...]:
        """What is built and prepared for it, once in each worker."""
        return (self.estimator, self.lifted) if self.estimator else (self.task,)
