"""Running one cell inside a worker: prepare, sample, estimate, each timed apart."""

import errno
import functools
import gc
import resource
import time
import traceback
from collections.abc import Callable
from typing import Any

from mibench.cell import chain_rule
from mibench.estimator import Estimate, Estimator, check_blocks
from mibench.jsonable import to_json
from mibench.registry import get_estimator, get_task
from mibench.streams import estimator_stream, sample_stream
from mibench.task import Task

from . import linux

#: The most characters of a message and of a traceback that are kept.
MESSAGE_CHARACTERS = 2_000
TRACEBACK_CHARACTERS = 8_000
_TORCH_OUT_OF_MEMORY = "DefaultCPUAllocator", "CUDA out of memory"
_MEGABYTE = 1e6
#: Memory an earlier cell left behind is given back to the system when there is more of it than this.
_LEFTOVER_BYTES = 16_000_000


class CellRunner:
    """The estimators and tasks a worker has built, each estimator prepared once."""

    def __init__(self) -> None:
        self._setup_s: dict[str, float] = {}

    @functools.cached_property
    def _resident(self) -> int:
        return linux.resident_bytes()

    def run(self, job: dict[str, Any], ready: Callable[[], None]) -> dict[str, Any]:
        """Return what happened as the fields of an attempt; call *ready* once ``prepare`` is over."""
        outcome: dict[str, Any] = {}
        try:
            estimator = self._prepared(job)
            outcome["setup_s"] = self._setup_s[estimator.spec]
            ready()
            outcome.update(self._measured(estimator, job, outcome))
        except BaseException as error:  # an estimator may raise anything, SystemExit too
            outcome.update(describe(error))
        return outcome

    def _prepared(self, job: dict[str, Any]) -> Estimator:
        estimator = _estimator(chain_rule(job["estimator"]) if job["lifted"] else job["estimator"])
        if estimator.spec not in self._setup_s:
            start = time.perf_counter()
            estimator.prepare()
            self._setup_s[estimator.spec] = time.perf_counter() - start
        return estimator

    def _measured(self, estimator: Estimator, job: dict[str, Any], outcome: dict[str, Any]) -> dict[str, Any]:
        names = job["task"], job["task_version"], job["n"], job["seed"]
        start = time.perf_counter()
        task = _task(job["task"])
        blocks = check_blocks(*task.check_sample(task.draw(job["n"], sample_stream(*names)), job["n"]))
        outcome["sample_s"] = time.perf_counter() - start
        rng = estimator_stream(job["estimator"], *names)
        self._tidy()
        linux.reset_peak()
        resident = linux.resident_bytes()
        wall, cpu = time.perf_counter(), cpu_seconds()
        try:
            estimate = estimator.estimate(*blocks, rng=rng)
        finally:
            outcome["wall_s"] = time.perf_counter() - wall
            outcome["cpu_s"] = cpu_seconds() - cpu
            outcome["peak_mb"] = max(0, linux.peak_bytes() - resident) / _MEGABYTE
        return _value(estimator, estimate)

    def _tidy(self) -> None:
        if linux.resident_bytes() > self._resident + _LEFTOVER_BYTES:
            gc.collect()
            linux.libc().malloc_trim(0)
            del self._resident
            self._resident  # noqa: B018  (measures anew)


@functools.cache
def _estimator(spec: str) -> Estimator:
    return get_estimator(spec)


@functools.cache
def _task(spec: str) -> Task:
    return get_task(spec)


def cpu_seconds() -> float:
    """Return the CPU time of this process, all its threads, and the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _value(estimator: Estimator, estimate: Any) -> dict[str, Any]:
    if not isinstance(estimate, Estimate):
        raise TypeError(f"{estimator.name}.estimate returned {_shown(estimate)}; allowed: an Estimate")
    fields = {
        "nats": estimate.nats,
        "stderr": estimate.stderr,
        "diagnostics": to_json(estimate.diagnostics, nonfinite="text"),
        "curve": None if estimate.curve is None else [(float(step), float(nats)) for step, nats in estimate.curve],
    }
    if estimate.finite:
        return {**fields, "status": "ok"}
    return {**fields, "status": "nonfinite", "message": f"the estimate is {estimate.nats}"}


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        text = "a value without a repr"
    return f"{text[:100]} ({type(value).__name__})"


def describe(error: BaseException) -> dict[str, Any]:
    """Return the status, message and traceback of an exception, which may itself misbehave."""
    try:
        message = f"{type(error).__name__}: {error}"
    except Exception:
        message = type(error).__name__
    try:
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except Exception:
        trace = ""
    return {
        "status": "oom" if _is_out_of_memory(error, message) else "error",
        "message": message[:MESSAGE_CHARACTERS],
        "traceback": trace[-TRACEBACK_CHARACTERS:],
    }


def _is_out_of_memory(error: BaseException, message: str) -> bool:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    return isinstance(error, RuntimeError) and any(words in message for words in _TORCH_OUT_OF_MEMORY)
