"""Checks of estimates against known values: the unit, the scale, the spread, more than two blocks, raw values.

A check of a mean allows what its docstring tolerates and a margin: the one-sided 1e-4 quantile of Student's t, in
standard errors of the mean. An estimator at the edge of the tolerance with normal errors fails with probability below
1e-4 a mean, two-sided 2e-4; one within it, less often still. Samples and seeds are fixed.
"""

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mibench.estimator import Estimator

from .known import ROWS, known_kind, known_pair, known_triple
from .samples import SEEDS, margin, require, require_three_blocks, value
from .verdict import check

#: True values in nats that a value is compared with; the largest that 8 letters carry is 2.08.
LADDER = (0.2, 0.5, 1.0, 1.8)
#: Seeds and rows of the estimates on independent blocks.
NULL_SEEDS, NULL_ROWS = 24, 2000
#: The largest standard deviation at n = 1000, in nats, and the 1e-4 quantile of χ² with 28 degrees of freedom.
MAX_SD, CHI2_QUANTILE = 0.12, 64.66


class _Tolerance(NamedTuple):
    """Tolerance of a mean about a true value, as a share of it and in nats."""

    share: float
    nats: float

    def at(self, truth: float) -> float:
        return self.share * truth + self.nats


_NEAR, _LOOSE = _Tolerance(0.2, 0.05), _Tolerance(0.35, 0.1)
_NULL, _NULL_LOOSE = _Tolerance(0.0, 0.02), _Tolerance(0.0, 0.1)


def _require_in_range(found: Sequence[float], truth: float, direction: str, near: _Tolerance, loose: _Tolerance) -> str:
    """Return what is wrong with the mean of *found*, or an empty string; a bound may be loose on its own side."""
    values = np.asarray(found)
    below = loose if direction == "lower bound" else near
    above = loose if direction == "upper bound" else near
    low, high = truth - below.at(truth) - margin(values), truth + above.at(truth) + margin(values)
    if low <= values.mean() <= high:
        return ""
    return f"at a true value of {truth:.3f} nats the mean is {values.mean():.3f}; allowed: {low:.3f} to {high:.3f}"


@functools.lru_cache(maxsize=8)
def ladder(estimator: Estimator) -> dict[float, list[float]]:
    """Return 8 estimates at each true value of :data:`LADDER` that lies well below the estimator's ceiling."""
    kind, ceiling = known_kind(estimator), estimator.ceiling(ROWS)
    truths = [nats for nats in LADDER if ceiling is None or nats <= 0.7 * ceiling]
    return {
        nats: [value(estimator, *known_pair(kind, nats, seed), seed=seed) for seed in range(SEEDS)] for nats in truths
    }


@check(failing="Its values are not in nats, or not on the scale of the true value.")
def check_calibration(estimator: Estimator) -> None:
    """Means at I = 0.2, 0.5, 1 and 1.8 nats, n = 1000, agree with these values.

    Tolerates 0.05 nat + 20 % of the true value, for a bound 0.1 nat + 35 % on its own side. Values above 0.7 of the
    estimator's ceiling are left out. A result in bits is 44 % too large.
    """
    found = ladder(estimator)
    direction = estimator.get_tags().direction
    wrong = [_require_in_range(values, nats, direction, _NEAR, _LOOSE) for nats, values in found.items()]
    wrong = [text for text in wrong if text]
    if not wrong:
        return
    ratios = {np.mean(values) / nats * math.log(2) for nats, values in found.items()}
    hint = " (the ratio of bits to nats)" if all(abs(ratio - 1) < 0.05 for ratio in ratios) else ""
    raise AssertionError("; ".join(wrong) + hint)


@check(failing="Its values scatter so much from one sample to the next that a single one says little.")
def check_spread(estimator: Estimator) -> None:
    """The standard deviation over samples of 1000 rows is at most 0.12 nat.

    Pooled over the true values of :func:`check_calibration`, about their own means. An estimator whose deviation is
    just 0.12 nat fails with probability 1e-4; one of 0.3 nat passes with probability below 1 %.
    """
    found = ladder(estimator).values()
    freedom = sum(len(values) - 1 for values in found)
    require(freedom > 0, "values at the true values of this check: its ceiling is too low")
    from scipy.stats import chi2

    pooled = math.sqrt(sum(float(np.var(values)) * len(values) for values in found) / freedom)
    allowed = MAX_SD * math.sqrt(chi2.isf(1e-4, freedom) / freedom)
    assert pooled <= allowed, f"the standard deviation at n = {ROWS} is {pooled:.3f} nats; allowed: {allowed:.3f}"


@functools.lru_cache(maxsize=8)
def _null(estimator: Estimator) -> list[float]:
    kind = known_kind(estimator)
    return [value(estimator, *known_pair(kind, 0.0, seed, NULL_ROWS), seed=seed) for seed in range(NULL_SEEDS)]


@check(failing="It reports dependence between variables that have none.")
def check_independence(estimator: Estimator) -> None:
    """The mean on 24 independent pairs of 2000 rows is 0.

    Tolerates 0.02 nat, and 0.1 nat below 0 for a lower bound and above 0 for an upper bound.
    """
    wrong = _require_in_range(_null(estimator), 0.0, estimator.get_tags().direction, _NULL, _NULL_LOOSE)
    assert not wrong, wrong


@check(failing="It clips its values, so that their mean over samples is biased and the board cannot see it.")
def check_raw_values(estimator: Estimator) -> None:
    """Values on independent pairs are all different, so none is clipped.

    A value clipped at a limit, such as max(Î, 0), repeats that limit. An unclipped estimator repeats a value with
    probability 0, or nearly so where it counts letters.
    """
    found = _null(estimator)
    values, counts = np.unique(found, return_counts=True)
    often = values[np.argmax(counts)]
    assert counts.max() == 1, (
        f"{counts.max()} of {len(found)} values on independent samples are exactly {often:g}; allowed: raw values, "
        "never clipped"
    )


@check(failing="On three blocks it measures something else than the total correlation.")
def check_total_correlation(estimator: Estimator) -> None:
    """The mean on three dependent blocks, n = 1000, is their total correlation.

    It is not the information of two of them, nor of one about the other two, nor the sum over pairs. Tolerates what
    :func:`check_calibration` does.
    """
    require_three_blocks(estimator)
    kind = known_kind(estimator)
    samples = [known_triple(kind, seed) for seed in range(SEEDS)]
    ceiling = estimator.ceiling(ROWS)
    require(ceiling is None or samples[0][1] <= 0.7 * ceiling * 2, "values as large as this check's: a low ceiling")
    found = [value(estimator, *blocks, seed=seed) for seed, (blocks, _) in enumerate(samples)]
    wrong = _require_in_range(found, samples[0][1], estimator.get_tags().direction, _NEAR, _LOOSE)
    assert not wrong, f"on three blocks, {wrong}"


@check(failing="It leaves rows out or weighs them by their place, so that the order of the data changes the value.")
def check_row_order(estimator: Estimator) -> None:
    """The mean is the same whether the rows are in random order or sorted, so every row counts alike.

    Paired over 8 samples of 1000 rows at I = 0.5 nat, sorted so that the rows that carry most of the dependence come
    last. Tolerates 0.05 nat.
    """
    kind = known_kind(estimator)
    change = []
    for seed in range(SEEDS):
        x, y = known_pair(kind, 0.5, seed, ROWS)
        weight = x * y if kind == "continuous" else x == np.floor(y)
        order = np.argsort(weight[:, 0], kind="stable")
        change.append(value(estimator, x[order], y[order], seed=seed) - value(estimator, x, y, seed=seed))
    allowed = 0.05 + margin(np.array(change))
    moved = float(np.mean(change))
    assert abs(moved) <= allowed, f"sorting the rows moves the mean by {moved:.3f} nats; allowed: ±{allowed:.3f}"


@check(failing="It sees correlation alone, and misses dependence without it.")
def check_uncorrelated_dependence(estimator: Estimator) -> None:
    """Dependence without correlation is seen: at least half of the information of a turned square.

    (X, Y) is uniform on a square turned by 45°: uncorrelated, I = 1 − ln 2 = 0.307 nats; 8 samples of 1000 rows. For
    discrete blocks Y = |X − 3.5| of the 8 letters' X, I = ln 4, uncorrelated. Tolerates half of the true value on the
    lower side, 0.05 nat + 20 % on the upper.
    """
    from mibench.streams import stream

    kind = known_kind(estimator)
    truth = 1 - math.log(2) if kind == "continuous" else math.log(4)
    found = []
    for seed in range(SEEDS):
        rng = stream("conformance-uncorrelated", kind, seed)
        if kind == "continuous":
            u, v = rng.uniform(-1, 1, size=(2, ROWS, 1))
            blocks = u + v, u - v
        else:
            x = rng.integers(8, size=(ROWS, 1)).astype(np.float64)
            y = np.floor(np.abs(x - 3.5))
            blocks = x, y if kind == "discrete" else y + rng.random((ROWS, 1))
        found.append(value(estimator, *blocks, seed=seed))
    half = _Tolerance(0.5, 0.0)
    above = _LOOSE if estimator.get_tags().direction == "upper bound" else _NEAR
    wrong = _require_in_range(found, truth, "lower bound", above, half)
    assert not wrong, f"on uncorrelated blocks, {wrong}"
