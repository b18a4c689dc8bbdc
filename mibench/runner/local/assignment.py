"""Assignments: what a worker is told to do, and nothing besides."""

import os
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from mibench.runner.job import Pack, Work
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
        streams: the seeds of the estimator's own random streams, for estimates alone.
        dims: the columns of each block.
        task, task_version, n, seeds, protocol: of the samples, where they are to be drawn.
    """

    token: str = field(default_factory=lambda: os.urandom(16).hex())
    work: Work
    home: tuple[str, ...]
    announce: bool
    memory_mb: float
    global_seed: int
    device: str = ""
    estimator: str = ""
    lifted: bool = False
    streams: tuple[str, ...] = ()
    dims: tuple[int, ...] = ()
    n: int = 0
    task: str = ""
    task_version: str = ""
    seeds: tuple[int, ...] = ()
    protocol: str = ""

    @classmethod
    def of(cls, jobs: Pack, work: Work, home: tuple[str, ...], prepared: Container[tuple[Any, ...]]) -> "Assignment":
        """Return what a worker must know to do this part of a job, or of a pack of them.

        It announces the end of its preparations where its subject is not among those that are *prepared*.
        """
        job = jobs[0]
        values: dict[str, Any] = {"n": job.n, "dims": job.dims, "memory_mb": job.memory_mb}
        if work in ("cell", "estimate"):
            values |= {"estimator": job.estimator, "lifted": job.lifted, "device": job.device}
        if work != "estimate":
            values |= {"task": job.task, "task_version": job.task_version, "protocol": job.protocol}
            values["seeds"] = tuple(item.seed for item in jobs)
        if work == "estimate":
            names = job.estimator, job.task, job.task_version, job.n
            values["streams"] = tuple(f"{estimator_seed(*names, item.seed):x}" for item in jobs)
        subject = _subject(values.get("estimator", ""), job.lifted, job.task)
        return cls(work=work, home=home, announce=subject not in prepared, global_seed=int(job.key[:8], 16), **values)

    @property
    def subject(self) -> tuple[Any, ...]:
        """Key of what is built and prepared for it, once in each worker."""
        return _subject(self.estimator, self.lifted, self.task)


def _subject(estimator: str, lifted: bool, task: str) -> tuple[Any, ...]:
    return (estimator, lifted) if estimator else (task,)
