"""Requests for a run, their plans, and running a plan into a store."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mibench.device import CPU, check_device
from mibench.errors import EngineError, MissingExtraError, SuiteError
from mibench.estimator import Estimator
from mibench.plugin import load_plugin
from mibench.store import Store
from mibench.suite import Suite, load_suite, parse_memory
from mibench.task import Task

from .config import WorkerConfig
from .execute import Summary, default_workers, execute
from .job import Engine
from .local.pool import LocalPool
from .plan import Missing, Plan, Planned, parse_shard
from .truths import learn_truths
from .view import View, choose_view


@dataclass(frozen=True, kw_only=True)
class Request:
    """Request for a run; a field that is None leaves the suite's own choice.

    Attributes:
        suite: a suite, its name, or the path of a TOML file.
        estimators, tasks: spec strings, grids allowed, or objects; they replace the suite's own.
        samples, seeds, timeout_s, memory: as in a suite; *memory* is a size such as ``2GB``.
        plugins: plugin files to load first.
        shard: ``i/n``, to run the i-th of n parts.
        device: where to run the estimators that can run there: ``cpu`` or ``cuda``.
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
    device: str = CPU

    def plan(self) -> Plan:
        """Return the plan, with a notice for every estimator of the suite's own that lacks a package.

        Raises:
            MissingExtraError: an estimator that was asked for by name lacks one.
        """
        gpu = check_device(self.device)
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
        lacking = {item.spec: reason for item in estimators if (reason := item.missing())}
        if lacking and self.estimators:
            raise MissingExtraError(next(iter(lacking.values())))
        if len(lacking) == len(estimators):
            raise SuiteError(f"suite {suite.name!r}: none of its estimators can run: {'; '.join(lacking.values())}")
        return Plan(
            suite,
            [item for item in estimators if item.spec not in lacking],
            suite.build_tasks(),
            parse_shard(self.shard) if self.shard else (1, 1),
            tuple(map(Path, self.plugins)),
            (*(f"left out: {reason}" for reason in lacking.values()), *self._device_notices(estimators)),
            self.device,
            gpu,
        )

    def _device_notices(self, estimators: Sequence[Estimator]) -> list[str]:
        """Return what is to be said of estimators that do not run on the device; raise where none does."""
        others = [item.label for item in estimators if self.device not in item.get_tags().devices]
        if others and len(others) == len(estimators):
            raise EngineError(f"device is {self.device!r}, on which none of the estimators runs; allowed for them: cpu")
        return [f"on the CPU, as they do not run on {self.device}: {', '.join(others)}"] if others else []


def _specs(things: Sequence[str | Estimator | Task] | None) -> tuple[str, ...] | None:
    if not things:
        return None
    if isinstance(things, str):
        raise SuiteError(f"estimators or tasks is the string {things!r}; allowed: a list of specs")
    return tuple(thing if isinstance(thing, str) else thing.spec for thing in things)


def run_request(
    request: Request,
    path: str | Path,
    notify: Callable[[str], None],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    fresh: bool = False,
    progress: bool = True,
) -> tuple[Plan, Summary]:
    """Plan a request, hand its notices to *notify*, and run it into the store at *path*; see :func:`run_plan`."""
    plan = request.plan()
    for notice in plan.notices:
        notify(notice)
    with Store(path) as store:
        return plan, run_plan(plan, store, workers=workers, scheduler=scheduler, fresh=fresh, progress=progress)


def run_plan(
    plan: Plan,
    store: Store,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    fresh: bool = False,
    cells: Sequence[Planned] | None = None,
    progress: bool = True,
) -> Summary:
    """Run what of a plan the store does not hold, or the given cells of it.

    Args:
        plan: what to run.
        store: where the attempts go.
        workers: how many worker processes, one for every core by default.
        scheduler: the address of a dask.distributed scheduler, to run there.
        fresh: whether to run every cell again, whatever the store holds.
        cells: the cells to run, by default all that are missing.
        progress: whether to show the progress on standard error.
    """
    if workers is not None and workers < 1:
        raise EngineError(f"workers is {workers}; allowed: 1 or more")
    if cells is not None:
        missing = Missing.of(plan, cells)
    elif fresh:
        missing = plan.missing()
    else:
        missing = plan.missing(store.reusable(plan.suite.timeout_s, plan.suite.memory_mb), store.cells())
    count = min(workers or default_workers(), max(1, missing.total))
    learn_truths(missing.pairs, plan.suite)
    able = [pair for pair in missing.pairs if not pair.refusal]
    config = WorkerConfig.of([pair.estimator for pair in able], [pair.task for pair in able], plan.plugins, plan.gpu)

    def start() -> Engine:
        if scheduler is None:
            return LocalPool(config, count)
        from .dask.cluster import Cluster

        return Cluster(config, scheduler)

    return execute(missing, store, start, _view(missing, count, progress), count)


def _view(missing: Missing, workers: int, progress: bool) -> View:
    labels = {item.spec: item.label for item in missing.plan.estimators}
    totals: Counter[str] = Counter()
    for (pair, _), count in missing.counts.items():
        totals[labels[pair.cell.estimator]] += count
    return (choose_view() if progress else View)(totals, labels, workers)
