"""Result files of base and head: reading them, restricting them to a grid, comparing them."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mibench.errors import MeasurementError, MibenchError, StoreError
from mibench.registry import recorded_estimator
from mibench.store import read_frame
from mibench.suite import Suite

from .pairs import PAIR, pair
from .rule import AccuracyResult, Rule, judge

if TYPE_CHECKING:
    import pandas as pd

#: Random permutations of the tests of drift, which decide nothing.
DRIFT_PERMUTATIONS = 9_999

_COLUMNS = [*PAIR, "status", "nats", "truth_nats", "finished_at", "ordered_at"]


def compare_results(baseline: Path, head: Path, rule: Rule, grid: Suite | None = None) -> AccuracyResult:
    """Judge the results in *head* by those in *baseline*.

    Args:
        baseline: a store, SQLite or JSONL.
        head: another.
        rule: when a comparison is a regression.
        grid: cells of the baseline outside this suite's grid are left out; None keeps all, so that a cell that the
            head did not measure is missing.

    Raises:
        MeasurementError: the head holds no result.
        StoreError: a file that is missing or damaged.
    """
    if not baseline.exists():
        raise StoreError(f"baseline {str(baseline)!r} does not exist; --accept writes the first one")
    measured = read_frame(head, _COLUMNS)
    if not (measured["status"] != "unsupported").any():
        raise MeasurementError(f"nothing measured: {str(head)!r} holds no result")
    base = read_frame(baseline, _COLUMNS)
    return judge(pair(base if grid is None else within(base, grid), measured), is_deterministic, rule)


def drift_since(release: Path, head: Path, rule: Rule, grid: Suite | None = None) -> AccuracyResult | None:
    """Judge the results in *head* by those of the last release; None where there is no file of them.

    Cells on one side only are passed over: since a release, estimators and tasks come and go.
    """
    if not release.exists():
        return None
    base, measured = read_frame(release, _COLUMNS), read_frame(head, _COLUMNS)
    pairs = pair(base if grid is None else within(base, grid), measured)
    return judge(dataclasses.replace(pairs, missing=()), is_deterministic, rule, permutations=DRIFT_PERMUTATIONS)


def within(frame: "pd.DataFrame", suite: Suite) -> "pd.DataFrame":
    """Return the rows whose cell is in a suite's grid."""
    estimators = [estimator.spec for estimator in suite.build_estimators()]
    tasks = [task.spec for task in suite.build_tasks()]
    inside = frame["estimator"].isin(estimators) & frame["task"].isin(tasks)
    return frame[inside & frame["n"].isin(suite.samples) & (frame["seed"] < suite.seeds)]


def is_deterministic(spec: str) -> bool:
    """Return whether an estimator is tagged as deterministic; False for one not installed."""
    try:
        return recorded_estimator(spec).get_tags().deterministic
    except MibenchError:
        return False


def run_head(suite: Suite, store: Path, plugins: Sequence[Path], workers: int | None) -> list[str]:
    """Run every cell of *suite* anew into *store*; return a line for whatever kept it from being whole."""
    from mibench.runner.request import Request, run_request

    left_out: list[str] = []
    _, summary = run_request(Request(suite=suite, plugins=plugins), store, left_out.append, workers=workers, fresh=True)
    return [*left_out, "stopped before all was measured"] if summary.stopped else left_out
