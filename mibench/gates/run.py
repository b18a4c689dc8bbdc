"""The gates from end to end: from a command's arguments to a report."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mibench.errors import MeasurementError, MibenchError, StoreError
from mibench.suite import Suite, load_suite
from mibench.text import counted

from .accuracy.baseline import accept as accept_baseline
from .accuracy.baseline import release_file
from .accuracy.report import report_accepted, report_accuracy
from .accuracy.results import compare_results, drift_since, run_head
from .accuracy.rule import Rule
from .cost.benchmark_json import compare_benchmarks
from .cost.interpreters import Pair, compare_runtimes, cost_cells
from .cost.report import report_benchmarks, report_runtime
from .report import Report
from .verdict import COST_TOLERANCE, ERROR_TOLERANCE

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Selection:
    """The cells to measure: a suite, or parts of it (None: all).

    Attributes:
        suite: the suite's name or TOML file.
        estimators, tasks: spec strings.
        samples: sample sizes.
        seeds: the number of seeds.
        plugins: the plugin files that the measuring processes load.
    """

    suite: str
    estimators: Sequence[str] | None = None
    tasks: Sequence[str] | None = None
    samples: Sequence[int] | None = None
    seeds: int | None = None
    plugins: tuple[Path, ...] = ()

    @property
    def is_part(self) -> bool:
        """True if less than the whole suite is chosen."""
        return any((self.estimators, self.tasks, self.samples, self.seeds))

    @cached_property
    def grid(self) -> Suite:
        """The suite with the choices put in."""
        return load_suite(self.suite).replace(
            estimators=tuple(self.estimators) if self.estimators else None,
            tasks=tuple(self.tasks) if self.tasks else None,
            samples=tuple(self.samples) if self.samples else None,
            seeds=self.seeds,
        )


def gate_accuracy(
    baseline: Path,
    head: Path | None,
    selection: Selection,
    *,
    accept: bool = False,
    release: bool = False,
    workers: int | None = None,
    tell: Tell = lambda line: None,
    tolerance: float = ERROR_TOLERANCE,
    min_change: float = 0.01,
    exact: bool = False,
) -> Report:
    """Judge the results in *head*, or of a run of the selection, by a baseline; with *accept* they become it.

    Raises:
        StoreError: a file that is missing or damaged.
        MeasurementError: nothing was measured, or not all that a new baseline needs.
        MibenchError: *release* without *accept*.
    """
    if release and not accept:
        raise MibenchError("release is given without accept; allowed: both, which make the new baseline the release's")
    name = selection.suite if head is not None else selection.grid.name
    file = baseline / f"{name}.jsonl" if baseline.is_dir() or not baseline.suffix else baseline
    if not accept and not file.exists():
        raise StoreError(f"baseline {str(file)!r} does not exist; --accept writes the first one")
    part = selection.grid if head is None and selection.is_part else None
    rule = Rule(tolerance=tolerance, min_change=min_change, exact=exact)

    def judged(results: Path, what: str) -> Report:
        if accept:
            changed = accept_baseline(file, results, keep_others=part is not None, release=release)
            return report_accepted(file, changed, drift_since(release_file(file), results, rule, part))
        outcome = compare_results(file, results, rule, part)
        return report_accuracy(outcome, f"{file} against {what}", drift_since(release_file(file), results, rule, part))

    if head is not None:
        return judged(head, str(head))
    with tempfile.TemporaryDirectory(prefix="mibench-gate-") as folder:
        store = Path(folder) / "head.sqlite"
        grid = selection.grid
        cells = len(grid.build_estimators()) * len(grid.build_tasks()) * len(grid.samples) * grid.seeds
        tell(f"{counted(cells, 'cell')} to run, none of them reused")
        gaps = run_head(grid, store, selection.plugins, workers)
        for gap in gaps:
            tell(gap)
        if gaps and accept:
            raise MeasurementError(f"no baseline written: {gaps[0]}")
        return judged(store, "this run")


def gate_runtime(
    base: Path, head: Path, selection: Selection, tell: Tell = lambda line: None, tolerance: float = COST_TOLERANCE
) -> Report:
    """Judge the cost of the selection's cells in the *head* interpreter by that in the *base* interpreter.

    Raises:
        MeasurementError: an interpreter fails, or there is no cell that both can run.
    """
    pair = Pair(base, head, selection.plugins)
    return report_runtime(compare_runtimes(pair, cost_cells(selection.grid), tolerance, tell))


def gate_benchmarks(base: Path, head: Path, tolerance: float = COST_TOLERANCE) -> Report:
    """Judge one file of pytest-benchmark by another.

    Raises:
        MeasurementError: a file that cannot be used, or files of two machines.
    """
    return report_benchmarks(compare_benchmarks(base, head, tolerance))
