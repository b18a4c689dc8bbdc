"""Running cells inside a worker, each estimator prepared once."""

import functools
import gc
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mibench.cell import lift_to
from mibench.device import on_device
from mibench.estimator import Estimator
from mibench.meter import resident_bytes
from mibench.protocol import Outcome, parse_protocol
from mibench.registry import get_estimator, get_task
from mibench.runner.job import Job

from . import linux

#: Memory an earlier cell left behind is given back to the system when there is more of it than this.
_LEFTOVER_BYTES = 16_000_000

_task = functools.cache(get_task)
_estimator = functools.cache(get_estimator)


class CellRunner:
    """The estimators and tasks a worker has built, each estimator prepared once."""

    def __init__(self) -> None:
        self._setup_s: dict[str, float] = {}

    @functools.cached_property
    def _resident(self) -> int:
        return resident_bytes()

    def run(self, job: Job, ready: Callable[[], None]) -> Outcome:
        """Return what came of a job; call *ready* once ``prepare`` is over."""
        with on_device(job.device):
            return self._run(job, ready)

    def _run(self, job: Job, ready: Callable[[], None]) -> Outcome:
        known: dict[str, Any] = {}
        try:
            estimator, task = _estimator(job.estimator), _task(job.task)
            known["setup_s"] = self._prepare(lift_to(estimator, len(task.blocks)))
            ready()
        except BaseException as error:  # an estimator may raise anything, SystemExit too
            return Outcome.of_error(error, **known)
        protocol = parse_protocol(job.protocol, job.n)
        outcome = protocol.run(estimator, task, job.seed, task_version=job.task_version, between=self._tidy)
        return replace(outcome, **known)

    def _prepare(self, estimator: Estimator) -> float:
        if estimator.spec not in self._setup_s:
            start = time.perf_counter()
            estimator.prepare()
            self._setup_s[estimator.spec] = time.perf_counter() - start
        return self._setup_s[estimator.spec]

    def _tidy(self) -> None:
        if resident_bytes() > self._resident + _LEFTOVER_BYTES:
            gc.collect()
            linux.libc().malloc_trim(0)
            del self._resident
            self._resident  # noqa: B018  (measures anew)
