"""Columns brought to one location and scale, at whatever magnitude they come."""

from typing import Literal

import numpy as np

Scaling = Literal["standard", "normal-scores", "none"]

#: Knots of the smooth scores, and how many deviations out the outer ones stand at most.
_KNOTS, _OUTER_SCORE = 11, 2.5
_EPS = float(np.finfo(np.float64).eps)


def scale(values: np.ndarray, known: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Return the columns of *values*, ``(n, d)``, scaled as the rows in *known*, ``(m, d)``, say.

    ``standard`` centres and divides by the standard deviation; ``normal-scores`` takes :func:`normal_scores` first, so
    that ties and held-out rows are at unit variance as well; ``none`` changes nothing.
    """
    if scaling == "none":
        return values
    if scaling == "normal-scores":
        values, known = normal_scores(values, known), normal_scores(known, known)
    return standardize(values, known)


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation along the first axis, where squares would overflow or vanish as well."""
    exponent = _exponent(values)
    scaled = np.ldexp(values, -exponent)
    return np.ldexp(scaled.mean(axis=0), exponent), np.ldexp(scaled.std(axis=0), exponent)


def standardize(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the columns of *values* less the mean of *known*'s, over their standard deviation where it is not 0.

    Infinite, without a warning, where a value lies beyond float64's range of deviations.
    """
    exponent = _exponent(known)
    scaled = np.ldexp(known, -exponent)
    deviation = scaled.std(axis=0)
    with np.errstate(over="ignore"):
        return (np.ldexp(values, -exponent) - scaled.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def normal_scores(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return Φ⁻¹((r + ½) / (m + 1)) for the mid-rank r of each value among the m of its column in *known*.

    r is the number of known values below plus half the number that are equal: a value that occurs often keeps one
    score, its middle one, so the columns of a discrete variable stay discrete. A value between two known ones, or
    beyond them all, gets the score of that place; all scores lie within ±Φ⁻¹(1 − 1/(2m + 2)).

    The map is increasing, so it takes no information away but what lies between two neighbouring known values, and adds
    none. It depends on *known* alone: rows that were held out stay independent of it, and a lower bound on their
    information remains one. Only comparisons are made: the scores are the same to the last digit for any increasing map
    of a column, 1e-300 or 1e300 times it among them. O(d·(n + m)·log m) time.

    Reference: B. L. van der Waerden, Order tests for the two-sample problem and their power, Indag. Math. 14 (1952).
    """
    from scipy.special import ndtri

    ranks = np.empty(values.shape)
    for c, column in enumerate(np.sort(known, axis=0).T):
        below, up_to = (np.searchsorted(column, values[:, c], side) for side in ("left", "right"))
        ranks[:, c] = (below + up_to) / 2
    return ndtri((ranks + 0.5) / (len(known) + 1))


def smooth_scores(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return each column of *values* mapped so that *known*'s is about standard normal, by a map fit for densities.

    :func:`normal_scores` takes one value on all that lies between two known ones, so the scores of held-out rows have
    no density. This map is continuous and strictly increasing: the monotone cubic interpolant of normal scores at 11
    quantiles of *known*, the outer ones 5 rows from the ends and at most 2.5 deviations out, in the coordinate asinh of
    deviations from the median over the quartiles' distance. In it the map is extended linearly, so that tails that fall
    as a power stay within a few deviations. Information is unchanged. O(d·(n + m·log m)) time.

    Reference: F. N. Fritsch and R. E. Carlson, Monotone Piecewise Cubic Interpolation, SIAM J. Numer. Anal. 17 (1980).
    DOI 10.1137/0717021
    """
    from scipy.interpolate import PchipInterpolator
    from scipy.special import ndtr, ndtri

    exponent = _exponent(known)
    unit = np.ldexp(known, -exponent)
    low, middle, high = np.quantile(unit, [0.25, 0.5, 0.75], axis=0)
    deviation = np.where(high > low, high - low, unit.std(axis=0))
    with np.errstate(over="ignore"):
        wide = (np.ldexp(values, -exponent) - middle) / np.where(deviation > 0, deviation, 1.0)
    wide, unit = np.arcsinh(wide), np.arcsinh((unit - middle) / np.where(deviation > 0, deviation, 1.0))
    top = min(_OUTER_SCORE, float(-ndtri(min(5.5 / (len(known) + 1), 0.4))))
    scores = np.linspace(-top, top, _KNOTS)
    found = standardize(values, known)
    for c in range(values.shape[1]):
        knots, first = np.unique(np.quantile(unit[:, c], ndtr(scores)), return_index=True)
        if len(knots) < 2 or (np.diff(knots) < _EPS * np.abs(knots).max()).any():
            continue
        height = scores[first]
        inside = np.clip(wide[:, c], knots[0], knots[-1])
        slopes = np.diff(height) / np.diff(knots)
        beyond = wide[:, c] - inside
        found[:, c] = PchipInterpolator(knots, height)(inside) + beyond * np.where(beyond < 0, slopes[0], slopes[-1])
    return found


def _exponent(values: np.ndarray) -> np.ndarray:
    """Return the power of two that brings the largest value of each column to about 1, without changing a digit."""
    return np.frexp(np.abs(values).max(axis=0))[1]
