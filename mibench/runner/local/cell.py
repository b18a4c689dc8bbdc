"""Running cells inside a worker, each estimator prepared once."""

import functools
import gc
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from mibench.cell import chain_rule
from mibench.device import on_device
from mibench.estimator import Estimator, check_blocks
from mibench.meter import resident_bytes
from mibench.protocol import FixedSample, Outcome, parse_protocol
from mibench.registry import get_estimator, get_task
from mibench.task import Task

from . import linux
from .assignment import Assignment

#: Memory an earlier cell left behind is given back to the system when there is more of it than this.
_LEFTOVER_BYTES = 16_000_000

_task = functools.cache(get_task)
_estimator = functools.cache(get_estimator)


class CellRunner:
    """The estimators and tasks a worker has built, each estimator prepared once.

    Args:
        load: loads the code of the worker's home, before the first cell.
    """

    def __init__(self, load: Callable[[], None]) -> None:
        self._load = load
        self._loaded = False
        self._setup_s: dict[str, float] = {}

    @functools.cached_property
    def _resident(self) -> int:
        return resident_bytes()

    def run(self, assignment: Assignment, files: list[int], ready: Callable[[], None]) -> list[Outcome]:
        """Return what came of an assignment: one outcome a cell, or one of all that have failed together.

        *ready* is called once imports and ``prepare`` are over.

        Args:
            assignment: what to do.
            files: the open file a sample is written to or read from, if any.
            ready: called before the limited part.
        """
        with on_device(assignment.device):
            return self._run(assignment, files, ready)

    def _run(self, assignment: Assignment, files: list[int], ready: Callable[[], None]) -> list[Outcome]:
        known: dict[str, Any] = {}
        try:
            if not self._loaded:
                self._load()
                self._loaded = True
            if assignment.work == "estimate":
                return self._estimate(assignment, files[0], ready)
            task = _task(assignment.task)
            if assignment.work == "cell":
                estimator = _estimator(assignment.estimator)
                known["setup_s"] = self._prepare(self._lifted(assignment))
            ready()
            if assignment.work == "truth":
                nats, stderr = parse_protocol(assignment.protocol, assignment.n).truth(task)
                return [Outcome(status="ok", nats=nats, stderr=stderr)]
            if assignment.work == "sample":
                return [self._sample(assignment, task, files[0])]
            protocol, seeds = parse_protocol(assignment.protocol, assignment.n), assignment.seeds
            how: dict[str, Any] = {"task_version": assignment.task_version, "between": self._tidy}
            if len(seeds) == 1 or not isinstance(protocol, FixedSample):
                outcomes = [protocol.run(estimator, task, seeds[0], **how)]
            else:
                outcomes = protocol.run_many(estimator, task, seeds, **how)
            return [replace(outcome, **known) for outcome in outcomes]
        except BaseException as error:  # other people's code may raise anything, SystemExit too
            return [Outcome.of_error(error, **known)]

    def _estimate(self, assignment: Assignment, file: int, ready: Callable[[], None]) -> list[Outcome]:
        """Estimate on samples that another process has drawn; nothing here or above knows of which task they are."""
        estimator = self._lifted(assignment)
        setup_s = self._prepare(estimator)
        samples = [check_blocks(*blocks) for blocks in _read(file, assignment)]
        rngs = [np.random.default_rng(int(seed, 16)) for seed in assignment.streams]
        ready()
        self._tidy()
        protocol = FixedSample(assignment.n)
        if len(samples) == 1:
            outcomes = [protocol.estimate(estimator, samples[0], rngs[0])]
        else:
            outcomes = protocol.estimate_many(estimator, samples, rngs)
        return [replace(outcome, setup_s=setup_s) for outcome in outcomes]

    def _sample(self, assignment: Assignment, task: Task, file: int) -> Outcome:
        start = time.perf_counter()
        with open(file, "wb", closefd=False) as out:
            for seed in assignment.seeds:
                for block in FixedSample(assignment.n).draw(task, seed, assignment.task_version):
                    out.write(block.data)
        seconds = (time.perf_counter() - start) / len(assignment.seeds)
        return Outcome(status="ok", nats=0.0, sample_s=seconds)

    def _lifted(self, assignment: Assignment) -> Estimator:
        return _estimator(chain_rule(assignment.estimator) if assignment.lifted else assignment.estimator)

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


def _read(file: int, assignment: Assignment) -> list[list[np.ndarray]]:
    """Return the blocks of each sample that :meth:`CellRunner._sample` has written."""
    n, dims = assignment.n, assignment.dims
    with open(file, "rb", closefd=False) as source:
        source.seek(0)
        return [[np.fromfile(source, np.float64, n * dim).reshape(n, dim) for dim in dims] for _ in assignment.streams]
