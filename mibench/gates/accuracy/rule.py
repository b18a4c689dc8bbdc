"""The rule of the accuracy gate: paired results → comparisons and a verdict."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mibench.stats.interval import holm

from ..verdict import ERROR_TOLERANCE, Verdict, worst
from .failures import FailureCount, count_failures
from .pairs import Pairs
from .permutation import PERMUTATIONS
from .power import ErrorTable, Evidence, weigh

#: The level of each family of tests: per estimator (errors and failures), and per cell.
ALPHA = 0.005
#: Adjusted p-values of more and of less error.
Adjusted = tuple[np.ndarray, np.ndarray]

#: The smallest change of an RMSE that matters, in nats.
MIN_CHANGE = 0.01


@dataclass(frozen=True)
class Rule:
    """When a comparison is a regression, or an improvement.

    Attributes:
        tolerance: δ; a ratio of RMSEs below 1 + δ is never red.
        min_change: nor is a change of RMSE below this, in nats.
        exact: a changed value of a deterministic estimator is a regression.
        alpha: the level of each family of tests.
        sensitivity_ratios: further RMSE ratios for which the report says whether the test would have detected them.
    """

    tolerance: float = ERROR_TOLERANCE
    min_change: float = MIN_CHANGE
    exact: bool = False
    alpha: float = ALPHA
    sensitivity_ratios: tuple[float, ...] = (1.25, 1.5, 2.0, 4.0)


@dataclass(frozen=True)
class Comparison:
    """The errors of one estimator, over all its cells (``task`` is None) or on one (task, n).

    Attributes:
        pairs: the number of seeds (over all cells) that succeeded on both sides.
        base_rmse, head_rmse: in nats; over all cells the mean of the cells'.
        ratio: of the RMSEs; over all cells the geometric mean of the cells'.
        p: the permutation test's p-value, adjusted by Holm within its family; None where base and head are equal.
        p_less: the same for less error in the head.
        detectable: the smallest of the rule's ratios that the test would have detected, None where it is none of them.
    """

    estimator: str
    task: str | None
    n: int | None
    pairs: int
    base_rmse: float
    head_rmse: float
    ratio: float
    p: float | None
    p_less: float | None
    detectable: float | None
    verdict: Verdict


@dataclass(frozen=True)
class FailureComparison:
    """The failures of one estimator.

    ``p`` is adjusted by Holm together with the estimators' errors; None where the same pairs failed on both sides. More
    failures than before, but too few to be sure, are inconclusive.
    """

    count: FailureCount
    p: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Change:
    """Cells of a deterministic estimator whose value or success is not what it was.

    ``largest`` is the largest difference in nats, None where no changed cell has a value on both sides.
    """

    estimator: str
    task: str
    n: int
    seeds: int
    largest: float | None


@dataclass(frozen=True)
class AccuracyResult:
    """The outcome of an accuracy gate."""

    rule: Rule
    estimators: tuple[Comparison, ...]
    cells: tuple[Comparison, ...]
    failures: tuple[FailureComparison, ...]
    changes: tuple[Change, ...]
    missing: tuple[str, ...]
    permutations: int

    @property
    def verdict(self) -> Verdict:
        """The worst verdict.

        A single cell can only add a regression; sensitivity to the tolerance is required of the per-estimator test
        alone.
        """
        found = [item.verdict for item in self.estimators]
        found += [item.verdict for item in self.failures]
        found += [item.verdict for item in self.cells if item.verdict is Verdict.REGRESSION]
        found += [Verdict.REGRESSION for _ in self.changes if self.rule.exact]
        found += [Verdict.ERROR for _ in self.missing]
        return worst(found)


def judge(
    pairs: Pairs,
    deterministic: Callable[[str], bool],
    rule: Rule | None = None,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> AccuracyResult:
    """Judge *pairs* by *rule* and return the comparisons with their verdicts.

    A comparison whose two sides are equal, pair for pair, needs no test: its p-value would be 1 whatever the
    permutations, so it is a pass and does not count in Holm's correction. (Permutations leave the unordered pairs as
    they are, so that this choice keeps the tests exact.) Any other is a pass only where the test would have detected
    1 + δ: where it would have been significant, Holm's correction included, had that ratio been planted in these data.

    Args:
        pairs: the paired results of base and head.
        deterministic: whether the estimator of a spec gives the same value for the same data.
        rule: when a comparison is a regression.
        permutations: the number of random permutations.
        seed: the seed of the permutations.
    """
    rule = rule or Rule()
    table = ErrorTable.of(pairs.frame)
    ratios = (1 + rule.tolerance, *(ratio for ratio in rule.sensitivity_ratios if ratio > 1 + rule.tolerance))
    evidence = weigh(table, ratios, np.random.default_rng(seed), permutations)
    estimators, cells, failures = decide(table, evidence, ratios, count_failures(pairs.frame), rule)
    return AccuracyResult(
        rule=rule,
        estimators=estimators,
        cells=cells,
        failures=failures,
        changes=tuple(_changes(pairs.frame, deterministic)),
        missing=pairs.missing,
        permutations=permutations,
    )


def decide(
    table: ErrorTable, evidence: Evidence, ratios: tuple[float, ...], counts: list[FailureCount], rule: Rule
) -> tuple[tuple[Comparison, ...], tuple[Comparison, ...], tuple[FailureComparison, ...]]:
    """Return the comparisons of estimators, cells and failures that follow from the tests, Holm's correction included.

    Args:
        table: the paired errors.
        evidence: the tests on them.
        ratios: those planted in *evidence*.
        counts: the failures of each estimator.
        rule: when a comparison is a regression.
    """
    tested = [count.p if count.only_base + count.only_head else np.nan for count in counts]
    adjusted, level = _holm(np.concatenate([evidence.p, tested]), rule.alpha)
    cell_adjusted, cell_level = _holm(evidence.cell_p, rule.alpha)
    less, cell_less = (_holm(p, rule.alpha)[0] for p in (evidence.p_less, evidence.cell_p_less))
    width = len(table.estimators)
    return (
        tuple(_estimators(table, evidence, (adjusted[:width], less), _Sensitivity(ratios, level), rule)),
        tuple(_cells(table, evidence, (cell_adjusted, cell_less), _Sensitivity(ratios, cell_level), rule)),
        tuple(_failures(counts, adjusted[width:], rule)),
    )


def _holm(p: np.ndarray, alpha: float) -> tuple[np.ndarray, float]:
    """Adjust the p-values that are not NaN; return them with the level the smallest of them is held to."""
    tested = ~np.isnan(p)
    adjusted = np.full(p.shape, np.nan)
    adjusted[tested] = holm(p[tested])
    return adjusted, alpha / max(int(tested.sum()), 1)


@dataclass(frozen=True)
class _Sensitivity:
    ratios: tuple[float, ...]
    level: float

    def smallest(self, planted_p: np.ndarray) -> float | None:
        return next((ratio for ratio, p in zip(self.ratios, planted_p, strict=True) if p <= self.level), None)


def _estimators(
    table: ErrorTable,
    evidence: Evidence,
    adjusted: Adjusted,
    sensitivity: _Sensitivity,
    rule: Rule,
) -> Iterator[Comparison]:
    for index, name in enumerate(table.estimators):
        measured = table.pairs[:, index] > 0
        rmse = [
            float(side[measured, index].mean()) if measured.any() else math.nan
            for side in (table.base_rmse, table.head_rmse)
        ]
        detectable = sensitivity.smallest(evidence.planted_p[:, index])
        where = (name, None, None, int(table.pairs[:, index].sum()))
        yield _compare(where, rmse, evidence.log_ratio[index], [p[index] for p in adjusted], detectable, rule)


def _cells(
    table: ErrorTable,
    evidence: Evidence,
    adjusted: Adjusted,
    sensitivity: _Sensitivity,
    rule: Rule,
) -> Iterator[Comparison]:
    for row, column in np.argwhere(table.pairs > 0):
        task, n = table.keys[row]
        rmse = [float(side[row, column]) for side in (table.base_rmse, table.head_rmse)]
        detectable = sensitivity.smallest(evidence.planted_cell_p[:, row, column])
        where = (table.estimators[column], task, n, int(table.pairs[row, column]))
        yield _compare(
            where, rmse, evidence.cell_log_ratio[row, column], [p[row, column] for p in adjusted], detectable, rule
        )


def _compare(
    where: tuple[str, str | None, int | None, int],
    rmse: Sequence[float],
    log_ratio: float,
    adjusted: Sequence[float],
    detectable: float | None,
    rule: Rule,
) -> Comparison:
    ratio, change = math.exp(log_ratio), rmse[1] - rmse[0]
    p, less = (None if math.isnan(value) else float(value) for value in adjusted)
    equal = p is None and where[3] > 0
    if p is not None and p <= rule.alpha and ratio >= 1 + rule.tolerance and change >= rule.min_change:
        verdict = Verdict.REGRESSION
    elif less is not None and less <= rule.alpha and ratio <= 1 / (1 + rule.tolerance) and -change >= rule.min_change:
        verdict = Verdict.IMPROVED
    elif equal or detectable == 1 + rule.tolerance:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.INCONCLUSIVE
    return Comparison(*where, rmse[0], rmse[1], ratio, p, less, detectable, verdict)


def _failures(counts: list[FailureCount], adjusted: np.ndarray, rule: Rule) -> Iterator[FailureComparison]:
    for count, p in zip(counts, adjusted, strict=True):
        if count.only_base + count.only_head == 0:
            yield FailureComparison(count, None, Verdict.PASS)
        elif p <= rule.alpha:
            yield FailureComparison(count, float(p), Verdict.REGRESSION)
        else:
            more = count.only_head > count.only_base
            yield FailureComparison(count, float(p), Verdict.INCONCLUSIVE if more else Verdict.PASS)


def _changes(frame: pd.DataFrame, deterministic: Callable[[str], bool]) -> Iterator[Change]:
    for estimator, own in frame[frame["changed"]].groupby("estimator"):
        if not deterministic(str(estimator)):
            continue
        for (task, n), group in own.groupby(["task", "n"]):
            largest = (group["head_nats"] - group["base_nats"]).abs().max()
            yield Change(
                str(estimator), str(task), int(str(n)), len(group), None if math.isnan(largest) else float(largest)
            )
