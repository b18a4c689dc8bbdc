"""Columns brought to one location and scale, at whatever magnitude they come."""

from typing import Literal

import numpy as np

Scaling = Literal["standard", "normal-scores", "none"]


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


def _exponent(values: np.ndarray) -> np.ndarray:
    """Return the power of two that brings the largest value of each column to about 1, without changing a digit."""
    return np.frexp(np.abs(values).max(axis=0))[1]
