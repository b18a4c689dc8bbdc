"""From what a person asks for to a plan, and from a plan to attempts in a store."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mibench.api import missing_requirements
from mibench.errors import EngineError, MissingExtraError, SuiteError
from mibench.estimator import Estimator
from mibench.plugin import load_plugin
from mibench.store import Store
from mibench.suite import Suite, load_suite, parse_memory
from mibench.task import Task

from .config import WorkerConfig
from .execute import Summary, default_workers, execute
from .job import Engine
from .plan import Plan, Planned, parse_shard
from .pool import LocalPool
from .view import LineView, LiveView, View


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to run; a field that is None leaves the suite's own choice.

    Attributes:
        suite: a suite, its name, or the path of a TOML file.
        estimators, tasks: spec strings, grids allowed, or objects; they replace the suite's own.
        samples, seeds, timeout_s, memory: as in a suite; *memory* is a size such as ``2GB``.
        plugins: plugin files to load first.
        shard: ``i/n``, to run the i-th of n parts.
    """

    suite: str | Path | Suite
    estimators: Sequence[str | Estimator] | None = None
    tasks: Sequence[str | Task] | None = None
    samples: Sequence[int] | None = None
    seeds: int | None = None
    timeout_s: float | None = None
    memory: str | None = None
    plugins: Sequence[str | Path] = ()
    shard: str | None = None

    def plan(self) -> tuple[Plan, list[str]]:
        """Return the plan and a notice for every estimator of the suite's own that lacks a package.

        Raises:
            MissingExtraError: an estimator that was asked for by name lacks one.
        """
        for path in self.plugins:
            load_plugin(path)
        suite = self.suite if isinstance(self.suite, Suite) else load_suite(self.suite)
        suite = suite.replace(
            estimators=_specs(self.estimators),
            tasks=_specs(self.tasks),
            samples=tuple(self.samples) if self.samples else None,
            seeds=self.seeds,
            timeout_s=self.timeout_s,
            memory_mb=None if self.memory is None else parse_memory(self.memory),
        )
        estimators = suite.build_estimators()
        lacking = {item.spec: reason for item in estimators if (reason := missing_requirements(item))}
        if lacking and self.estimators:
            raise MissingExtraError(next(iter(lacking.values())))
        if len(lacking) == len(estimators):
            raise SuiteError(f"suite {suite.name!r}: none of its estimators can run: {'; '.join(lacking.values())}")
        plan = Plan(
            suite,
            [item for item in estimators if item.spec not in lacking],
            suite.build_tasks(),
            parse_shard(self.shard) if self.shard else (1, 1),
        )
        return plan, [f"left out: {reason}" for reason in lacking.values()]


def _specs(things: Sequence[str | Estimator | Task] | None) -> tuple[str, ...] | None:
    if not things:
        return None
    if isinstance(things, str):
        raise SuiteError(f"estimators or tasks is the string {things!r}; allowed: a list of specs")
    return tuple(thing if isinstance(thing, str) else thing.spec for thing in things)


def run_plan(
    plan: Plan,
    store: Store,
    *,
    workers: int | None = None,
    plugins: Sequence[str | Path] = (),
    scheduler: str | None = None,
    fresh: bool = False,
    cells: Iterable[Planned] | None = None,
    progress: bool = True,
) -> Summary:
    """Run what of a plan the store does not hold, or the given cells of it.

    Args:
        plan: what to run.
        store: where the attempts go.
        workers: how many worker processes, one for every core by default.
        plugins: plugin files that the workers load.
        scheduler: the address of a dask.distributed scheduler, to run there.
        fresh: whether to run every cell again, whatever the store holds.
        cells: the cells to run, by default all that are missing.
        progress: whether to show the progress on standard error.
    """
    if workers is not None and workers < 1:
        raise EngineError(f"workers is {workers}; allowed: 1 or more")
    done = set() if fresh or cells is not None else store.reusable(plan.suite.timeout_s, plan.suite.memory_mb)
    reused, missing = 0, []
    for cell in plan.cells() if cells is None else cells:
        if cell.key in done:
            reused += 1
        else:
            missing.append(cell)
    count = min(workers or default_workers(), max(1, len(missing)))
    config = WorkerConfig.of(plan.estimators, plan.tasks, plugins)

    def start() -> Engine:
        if scheduler is None:
            return LocalPool(config, count)
        from .cluster import Cluster

        return Cluster(config, scheduler)

    return execute(plan, missing, reused, store, start, _view(plan, missing, count, progress))


def _view(plan: Plan, missing: list[Planned], workers: int, progress: bool) -> View:
    labels = {item.spec: item.label for item in plan.estimators}
    totals = Counter(labels[cell.pair.cell.estimator] for cell in missing)
    kind = View if not progress else LiveView if sys.stderr.isatty() else LineView
    return kind(totals, labels, workers)
