"""The report of an accuracy gate."""

from collections.abc import Callable
from pathlib import Path

from mibench.errors import MibenchError
from mibench.registry import recorded_estimator, recorded_task
from mibench.spec import Specified

from ..report import Report, Table, optional, percent, with_former_names
from ..verdict import Verdict
from .rule import AccuracyResult, Comparison

_COLUMNS = ("verdict", "pairs", "RMSE base", "RMSE head", "change", "p (Holm)", "detectable")


def report_accuracy(result: AccuracyResult, what: str, drift: AccuracyResult | None = None) -> Report:
    """Lay out *result*; *what* names the two sides, for the summary, and *drift* is since the last release."""
    tables = [
        Table(
            "Estimators",
            ("estimator", *_COLUMNS),
            tuple((_label(recorded_estimator, item.estimator), *_row(item)) for item in result.estimators),
            tuple(item.verdict for item in result.estimators),
        )
    ]
    red = [item for item in result.cells if item.verdict is Verdict.REGRESSION]
    tables += [_cell_table("Cells that got worse", red, folded=False)] if red else []
    tables += _failure_table(result)
    tables += _change_table(result)
    tables += _drift_table(drift)
    tables.append(_cell_table("All cells", list(result.cells), folded=True))
    summary = (
        f"{what}: {sum(item.pairs for item in result.estimators)} pairs, {len(result.estimators)} estimators; red is "
        f"significant (family-wise α = {result.rule.alpha}), at least {100 * result.rule.tolerance:g} % and "
        f"{result.rule.min_change:g} nat more error."
    )
    data = {
        "rule": {
            **with_former_names(result.rule, looks="sensitivity_ratios"),
            "permutations": result.permutations,
            "swaps": result.permutations,
        },
        "estimators": [with_former_names(item, visible="detectable") for item in result.estimators],
        "cells": [with_former_names(item, visible="detectable") for item in result.cells],
        "failures": result.failures,
        "changed": result.changes,
        "missing": result.missing,
        "drift": None if drift is None else drift.estimators,
    }
    notes = (*(f"missing: {line}" for line in result.missing), *_drift_notes(drift))
    return Report("accuracy", result.verdict, summary, tuple(tables), notes, data)


def report_accepted(baseline: Path, changed: int, drift: AccuracyResult | None = None) -> Report:
    """Report that a new baseline was written, how many of its lines changed, and the drift since the last release."""
    summary = f"{baseline} written, {changed} line(s) changed. Commit it, so that the change is seen in review."
    data = {
        "baseline": str(baseline),
        "lines_changed": changed,
        "drift": None if drift is None else drift.estimators,
    }
    return Report("accuracy", Verdict.PASS, summary, tuple(_drift_table(drift)), _drift_notes(drift), data)


def _drift_table(drift: AccuracyResult | None) -> list[Table]:
    """Return the estimators whose errors are not those of the last release; shown, and no part of the verdict."""
    moved = [item for item in drift.estimators if item.p is not None] if drift else []
    if not moved:
        return []
    columns = ("estimator", "verdict", "pairs", "RMSE release", "RMSE now", "change", "p (Holm)")
    rows = tuple((_label(recorded_estimator, item.estimator), *_row(item)[:-1]) for item in moved)
    return [Table("Since the last release", columns, rows, tuple(item.verdict for item in moved))]


def _drift_notes(drift: AccuracyResult | None) -> tuple[str, ...]:
    if drift is None:
        return ()
    worse = [item for item in drift.estimators if item.verdict is Verdict.REGRESSION]
    return tuple(
        f"drift: {_label(recorded_estimator, item.estimator)} has {percent(item.ratio)} error since the last release"
        for item in worse
    )


def _row(item: Comparison) -> tuple[str, ...]:
    if item.pairs and item.p is None:
        detectable = "any (equal)"
    else:
        detectable = "nothing" if item.detectable is None else f"≥ {percent(item.detectable)}"
    return (
        str(item.verdict),
        str(item.pairs),
        optional(item.base_rmse, ".4f"),
        optional(item.head_rmse, ".4f"),
        percent(item.ratio),
        optional(item.p_less if item.verdict is Verdict.IMPROVED else item.p, ".3g"),
        detectable,
    )


def _cell_table(title: str, cells: list[Comparison], folded: bool) -> Table:
    rows = tuple(
        (_label(recorded_estimator, item.estimator), _label(recorded_task, str(item.task)), str(item.n), *_row(item))
        for item in cells
    )
    return Table(title, ("estimator", "task", "n", *_COLUMNS), rows, tuple(item.verdict for item in cells), folded)


def _failure_table(result: AccuracyResult) -> list[Table]:
    shown = [item for item in result.failures if item.count.base or item.count.head]
    if not shown:
        return []
    columns = ("estimator", "verdict", "pairs", "failed base", "failed head", "head alone", "base alone", "p (Holm)")
    rows = tuple(
        (
            _label(recorded_estimator, item.count.estimator),
            str(item.verdict),
            *(
                str(number)
                for number in (
                    item.count.pairs,
                    item.count.base,
                    item.count.head,
                    item.count.only_head,
                    item.count.only_base,
                )
            ),
            optional(item.p, ".3g"),
        )
        for item in shown
    )
    return [Table("Failures", columns, rows, tuple(item.verdict for item in shown))]


def _change_table(result: AccuracyResult) -> list[Table]:
    if not result.changes:
        return []
    verdict = Verdict.REGRESSION if result.rule.exact else Verdict.PASS
    rows = tuple(
        (
            _label(recorded_estimator, item.estimator),
            _label(recorded_task, item.task),
            str(item.n),
            str(item.seeds),
            optional(item.largest, ".3g"),
        )
        for item in result.changes
    )
    columns = ("estimator", "task", "n", "seeds changed", "largest difference (nats)")
    return [Table("Changed values of deterministic estimators", columns, rows, tuple(verdict for _ in rows))]


def _label(build: Callable[[str], Specified], spec: str) -> str:
    """Return the name with the parameters that are not the default's, or the whole spec of what is not installed."""
    try:
        return build(spec).label
    except MibenchError:
        return spec
