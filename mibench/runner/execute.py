"""Running a plan: cells to an engine, attempts to the store and to the view."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from mibench import environment
from mibench.attempt import FAILURES, Attempt
from mibench.protocol import Outcome
from mibench.store import Store

from .job import Engine, Pack
from .plan import Missing
from .view import View, failure_line


@dataclass
class Summary:
    """Summary of a run.

    Attributes:
        total: the cells of the grid, or of the shard.
        reused: how many stood in the store already.
        statuses: how many were run, by estimator and status.
        stopped: whether it was stopped before all were run.
        messages: the first message of each estimator and status of a failure, with its cell.
    """

    total: int
    reused: int
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    stopped: bool = False
    messages: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def run(self) -> int:
        """Number of cells that were run."""
        return sum(self.statuses.values())

    @property
    def failed(self) -> int:
        """Number of those that failed."""
        return sum(count for (_, status), count in self.statuses.items() if status in FAILURES)

    def record(self, attempt: Attempt) -> None:
        """Count an attempt."""
        kind = attempt.estimator, attempt.status
        self.statuses[kind] += 1
        if attempt.status in FAILURES:
            self.messages.setdefault(kind, attempt.message or f"{attempt.task}, n = {attempt.n}, seed {attempt.seed}")

    def failure_lines(self, labels: Mapping[str, str]) -> list[str]:
        """Return one line for each estimator and status of a failure: how many, and the first message."""
        return [
            failure_line(labels.get(spec, spec), status, self.statuses[spec, status], message)
            for (spec, status), message in self.messages.items()
        ]


def default_workers() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0))


def execute(missing: Missing, store: Store, start: Callable[[], Engine], view: View, workers: int = 1) -> Summary:
    """Run the missing cells of a plan on the engine that *start* starts, each attempt stored as it comes.

    Packs of cells are made for that number of *workers*.
    """
    plan, summary = missing.plan, Summary(missing.total + missing.reused, missing.reused)
    if not missing.total:
        return summary
    count = sum(cells for (pair, _), cells in missing.counts.items() if not pair.refusal)
    description = environment.capture()
    here = store.add_environment(description)
    run = store.start_run(plan.suite.name, plan.suite.definition(), here)

    def record(attempt: Attempt) -> None:
        store.append(attempt, run)
        summary.record(attempt)
        view.update(attempt)

    engine = start() if count else None
    try:
        for pair in missing.pairs:
            pair.fields  # noqa: B018  (a truth that cannot be computed stops the run before it begins)
        with view:
            for cell in missing.cells(refused=True):
                record(plan.job(cell).to_attempt(Outcome(status="unsupported", message=cell.pair.refusal or ""), here))
            if engine:
                jobs = (tuple(map(plan.job, cells)) for cells in missing.packs(workers))
                summary.stopped = _run_jobs(jobs, count, store, engine, view, record)
    finally:
        if engine:
            engine.close()
    store.finish_run(run, "stopped" if summary.stopped else "complete")
    return summary


def _run_jobs(
    jobs: Iterable[Pack],
    count: int,
    store: Store,
    engine: Engine,
    view: View,
    record: Callable[[Attempt], None],
) -> bool:
    known: set[str] = set()
    with _stoppable(engine, view) as stopped:
        for attempt in engine.run(jobs):
            count -= 1
            if attempt.environment in engine.environments.keys() - known:
                store.add_environment(engine.environments[attempt.environment])
                known.add(attempt.environment)
            record(attempt)
        return bool(stopped) and count > 0


@contextmanager
def _stoppable(engine: Engine, view: View) -> Iterator[list[int]]:
    """Let the first Ctrl-C end the run when what runs has finished; the second stops at once."""
    stopped: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return

    def stop(number: int, _: object) -> None:
        if stopped:
            raise KeyboardInterrupt
        stopped.append(number)
        engine.stop()
        view.say("stopping: what runs is finished first; Ctrl-C again stops at once")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
