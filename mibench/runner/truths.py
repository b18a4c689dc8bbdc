"""Truths of third parties' tasks, computed in worker processes under a cell's limits."""

import math
from collections.abc import Iterable
from typing import Any

from mibench.attempt import Attempt
from mibench.errors import SuiteError
from mibench.suite import Suite

from .config import WorkerConfig
from .homes import BUILT_IN
from .job import Job
from .local.pool import LocalPool
from .plan import Pair


def learn_truths(pairs: Iterable[Pair], suite: Suite) -> None:
    """Give every pair whose task is a third party's the truth of that, which this process then need not compute.

    Raises:
        SuiteError: one cannot be computed within the suite's limits; the message says which and why.
    """
    by_task: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.home[1] != BUILT_IN and pair.learned is None:
            by_task.setdefault(pair.cell.task, []).append(pair)
    if not by_task:
        return
    pool = LocalPool(WorkerConfig.of([], [same[0].task for same in by_task.values()], ()), workers=1)
    try:
        for attempt in pool.run(_job(same[0], suite) for same in by_task.values()):
            truth = _truth(attempt)
            for pair in by_task[attempt.task]:
                pair.learned = truth
    finally:
        pool.close()


def _truth(attempt: Attempt) -> tuple[float, float]:
    what = f"task {attempt.task}: its truth cannot be computed"
    if attempt.status != "ok" or attempt.nats is None or attempt.stderr is None:
        raise SuiteError(f"{what}: {attempt.message}")
    if not (attempt.nats >= 0 and 0 <= attempt.stderr < math.inf):
        raise SuiteError(f"{what}: {attempt.nats} ± {attempt.stderr}; allowed: finite numbers of at least 0")
    return attempt.nats, attempt.stderr


def _job(pair: Pair, suite: Suite) -> Job:
    fields: dict[str, Any] = {
        "key": "0" * 64, "suite": suite.name, "estimator": "", "estimator_version": "", "estimator_origin": "",
        "task": pair.cell.task, "task_version": pair.cell.task_version, "family": "", "truth_nats": 0.0,
        "truth_stderr": 0.0, "n": 0, "seed": 0, "lifted": False, "timeout_s": suite.timeout_s,
        "memory_mb": suite.memory_mb, "task_home": pair.home[1], "protocol": pair.cell.protocol, "ask_truth": True,
    }  # fmt: skip
    return Job(**fields)
