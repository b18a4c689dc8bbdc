"""A job on its way through workers: its stage, its sample, and what it has cost so far."""

import os

from mibench.protocol import Outcome
from mibench.runner.job import Job, Pack, Work


class Flight:
    """A job, or a pack of them, being run.

    Attributes:
        jobs: the jobs, which differ in key and seed alone.
        fresh: whether each of its workers must have run nothing before.
        output: what has been printed on its behalf.
        spent_s: the share of its time limit that earlier stages have used.
    """

    def __init__(self, unit: Job | Pack, fresh: bool = False) -> None:
        self.jobs: Pack = (unit,) if isinstance(unit, Job) else unit
        self.fresh = fresh
        self.output, self.spent_s = "", 0.0
        self._stages = list(self.job.stages)
        self._sample_s: float | None = None
        self._data = os.memfd_create("mibench-sample") if len(self._stages) > 1 else None

    @property
    def job(self) -> Job:
        """The first job, which has all but key and seed in common with the others."""
        return self.jobs[0]

    @property
    def limit_s(self) -> float:
        """Seconds left of the time limits of all jobs together."""
        return max(0.0, sum(job.timeout_s for job in self.jobs) - self.spent_s)

    @property
    def work(self) -> Work:
        """Stage that its worker is asked for now."""
        return self._stages[0]

    @property
    def heavy(self) -> bool:
        """True if that takes modules that take long to import."""
        return self.job.heavy and self.work in ("cell", "estimate")

    @property
    def home(self) -> tuple[str, ...]:
        """Home whose code that worker holds."""
        if self.work == "cell":
            return self.job.home
        return self.job.estimator_home if self.work == "estimate" else self.job.task_home

    @property
    def files(self) -> tuple[int, ...]:
        """The open file that the sample is written to and read from, if it is not drawn where it is used."""
        return () if self._data is None else (self._data,)

    @property
    def subject(self) -> tuple[Work, str]:
        """Culprit of a failure now: the estimator, or the task."""
        return self.work, self.job.task if self.work in ("sample", "truth") else self.job.estimator

    def advance(self, outcome: Outcome, seconds: float) -> bool:
        """Note that a stage has succeeded; return whether another follows."""
        if len(self._stages) == 1:
            return False
        self._stages.pop(0)
        self._sample_s, self.spent_s = outcome.sample_s, self.spent_s + seconds
        return True

    def whole(self, outcome: Outcome) -> Outcome:
        """Return the outcome of the last stage with what is known of the earlier ones."""
        if self._sample_s is None:
            return outcome
        return Outcome(**{**vars(outcome), "sample_s": self._sample_s})

    def close(self) -> None:
        """Give up the sample."""
        if self._data is not None:
            os.close(self._data)
            self._data = None
