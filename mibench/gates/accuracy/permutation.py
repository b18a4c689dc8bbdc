"""The paired permutation test of base and head errors.

Under no change the base's and the head's error on one (task, n, seed) are exchangeable. The test exchanges them at
random within each such unit, many times, and counts how often the ratio of root mean squared errors (RMSE) is at least
the observed one. Its p-value, (1 + count) / (1 + permutations), is exact whatever the errors' distribution: at
most α of unchanged heads have p ≤ α.

Reference: B. Phipson and G. K. Smyth, Statistical Applications in Genetics and Molecular Biology 9(1), 39, 2010.
DOI 10.2202/1544-6115.1585
"""

from dataclasses import dataclass

import numpy as np

#: Random permutations of a test.
PERMUTATIONS = 99_999

#: An RMSE below this, in nats, counts as this, so that its logarithm exists.
FLOOR = 1e-9

_CHUNK = 8_192
_ROUNDING = 1e-9


@dataclass(frozen=True)
class SquaredErrors:
    """The squared errors of one (task, n), of shape ``(seeds, estimators)``; NaN in both where there is no pair."""

    base: np.ndarray
    head: np.ndarray

    def __post_init__(self) -> None:
        if self.base.shape != self.head.shape or not np.array_equal(np.isnan(self.base), np.isnan(self.head)):
            raise ValueError("base and head squared errors are not paired")

    @property
    def pairs(self) -> np.ndarray:
        """The number of pairs of each estimator."""
        return np.sum(~np.isnan(self.base), axis=0)

    def planted(self, ratio: float) -> "SquaredErrors":
        """Return the same with the head scaled so that its RMSE is exactly *ratio* times the base's."""
        base, head = np.nansum(self.base, axis=0), np.nansum(self.head, axis=0)
        least = FLOOR**2 * self.pairs
        scaled = self.head * (ratio**2 * base / np.maximum(head, least))
        return SquaredErrors(self.base, np.where(head > least, scaled, self.base * ratio**2))

    def log_ratio(self) -> np.ndarray:
        """Return log(RMSE of head / RMSE of base) of each estimator, NaN where there is no pair."""
        base, head = np.nansum(self.base, axis=0), np.nansum(self.head, axis=0)
        return np.where(self.pairs > 0, _log_ratio(base, head, self.pairs), np.nan)

    def permuted(self, exchanged: np.ndarray) -> np.ndarray:
        """Return the log ratios after exchanges, 0/1 of shape ``(count, seeds)``, in shape ``(count, estimators)``."""
        base, head = np.nan_to_num(self.base), np.nan_to_num(self.head)
        choice = np.concatenate([exchanged, 1 - exchanged], axis=1)
        sums = choice @ np.block([[head, base], [base, head]])
        count = base.shape[1]
        return np.where(self.pairs > 0, _log_ratio(sums[:, :count], sums[:, count:], self.pairs), np.nan)


def _log_ratio(base: np.ndarray, head: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    least = FLOOR**2 * np.maximum(pairs, 1)
    return 0.5 * np.log(np.maximum(head, least) / np.maximum(base, least))


@dataclass(frozen=True)
class PermutationTest:
    """The outcome: log RMSE ratios, and one-sided p-values of more and of less error in the head.

    Attributes:
        cell_log_ratio, cell_p, cell_p_less: of each cell, shape ``(cells, estimators)``; NaN where there is no pair.
        log_ratio, p, p_less: of the mean log ratio of each estimator over its cells, shape ``(estimators,)``.
    """

    cell_log_ratio: np.ndarray
    cell_p: np.ndarray
    cell_p_less: np.ndarray
    log_ratio: np.ndarray
    p: np.ndarray
    p_less: np.ndarray


def permutation_test(
    cells: list[SquaredErrors], rng: np.random.Generator, permutations: int = PERMUTATIONS
) -> PermutationTest:
    """Test whether the head's RMSE is larger, or smaller, per cell and, by the mean log ratio, per estimator.

    The permutations of a unit are shared by all estimators (each one's own test is exact all the same) and independent
    of those of any other unit. Time O(permutations · units · estimators), in chunks.

    Args:
        cells: the squared errors of each (task, n), the same estimators in each.
        rng: the source of the permutations.
        permutations: how many; p is never below 1 / (permutations + 1).
    """
    seen = np.array([cell.log_ratio() for cell in cells])
    present = ~np.isnan(seen)
    weights = present / np.maximum(present.sum(axis=0), 1)
    mean = np.where(present.any(axis=0), np.sum(np.nan_to_num(seen) * weights, axis=0), np.nan)
    cell_count, cell_below = np.zeros(seen.shape), np.zeros(seen.shape)
    count, below = np.zeros(mean.shape), np.zeros(mean.shape)
    for start in range(0, permutations, _CHUNK):
        size = min(_CHUNK, permutations - start)
        total = np.zeros((size, seen.shape[1]))
        for index, cell in enumerate(cells):
            drawn = rng.integers(0, 2, size=(size, len(cell.base)), dtype=np.int8).astype(float)
            ratios = cell.permuted(drawn)
            cell_count[index] += np.sum(ratios >= _slack(seen[index], -1), axis=0)
            cell_below[index] += np.sum(ratios <= _slack(seen[index], 1), axis=0)
            total += np.nan_to_num(ratios) * weights[index]
        count += np.sum(total >= _slack(mean, -1), axis=0)
        below += np.sum(total <= _slack(mean, 1), axis=0)
    return PermutationTest(
        cell_log_ratio=seen,
        cell_p=np.where(present, (1 + cell_count) / (1 + permutations), np.nan),
        cell_p_less=np.where(present, (1 + cell_below) / (1 + permutations), np.nan),
        log_ratio=mean,
        p=np.where(np.isnan(mean), np.nan, (1 + count) / (1 + permutations)),
        p_less=np.where(np.isnan(mean), np.nan, (1 + below) / (1 + permutations)),
    )


def _slack(value: np.ndarray, side: int) -> np.ndarray:
    """Return a little less or more than *value*, so that sums that differ by rounding alone count as equal."""
    return value + side * _ROUNDING * np.maximum(1.0, np.abs(value))
