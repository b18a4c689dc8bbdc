"""Samples the checks run on, of a kind that the estimator takes, and what summarises repeated estimates."""

import functools

import numpy as np

from mibench.api import estimate
from mibench.block import Block
from mibench.cell import too_wide
from mibench.estimator import Estimator, Kind
from mibench.streams import stream

from .verdict import NotClaimed

#: Samples an estimate is made of, and how many estimates a statistical check makes.
SAMPLES, SEEDS = 1000, 8


def take_kind(estimator: Estimator) -> Kind:
    """Return the kind of block the checks hand to *estimator*: the first it takes."""
    kinds: tuple[Kind, ...] = ("continuous", "discrete", "mixed")
    return next(kind for kind in kinds if kind in estimator.get_tags().kinds)


def take_kinds(estimator: Estimator) -> tuple[Kind, Kind]:
    """Return the kinds of the two blocks the checks hand to *estimator*."""
    if estimator.get_tags().one_of_each_kind:
        return "discrete", "continuous"
    return take_kind(estimator), take_kind(estimator)


def as_kind(values: np.ndarray, kind: Kind) -> np.ndarray:
    """Turn standard Gaussian *values* into *kind*: as they are, cut into quarters, or cut off below 0."""
    if kind == "discrete":
        return np.digitize(values, [-0.6745, 0.0, 0.6745]).astype(np.float64)
    return np.maximum(values, 0.0) if kind == "mixed" else values


def gaussian_pair(rho: float, seed: int, n: int = SAMPLES, dim: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Draw *dim* pairs of correlation *rho*; the same *seed* gives the same x, and the same noise, at every *rho*."""
    x, noise = stream("conformance", n, dim, seed).standard_normal((2, n, dim))
    return x, rho * x + np.sqrt(1 - rho**2) * noise


def pair(estimator: Estimator, rho: float, seed: int = 0, n: int = SAMPLES, dim: int = 1) -> tuple[np.ndarray, ...]:
    """Draw :func:`gaussian_pair` as a kind that *estimator* takes."""
    return tuple(map(as_kind, gaussian_pair(rho, seed, n, dim), take_kinds(estimator)))


def value(estimator: Estimator, *blocks: np.ndarray, seed: int = 0) -> float:
    """Estimate as a user would, in nats."""
    return estimate(*blocks, estimator=estimator, seed=seed).nats


def margin(values: np.ndarray) -> float:
    """Return how far the mean of *values* may be from its expectation: more has probability 1e-4, for normal errors."""
    return _t_quantile(len(values) - 1) * float(np.std(values, ddof=1) / np.sqrt(len(values)))


@functools.cache
def _t_quantile(freedom: int) -> float:
    """Return the one-sided 1e-4 quantile of Student's t."""
    from scipy.stats import t

    return float(t.isf(1e-4, freedom))


def require(claimed: bool, promise: str) -> None:
    """Raise :class:`NotClaimed` where a promise is not made."""
    if not claimed:
        raise NotClaimed(promise)


def require_three_blocks(estimator: Estimator) -> None:
    """Raise :class:`NotClaimed` where a third block is not taken, not even joined to another by the chain rule."""
    require(not estimator.get_tags().one_of_each_kind, "more than two blocks")
    require(too_wide(estimator, [Block(1)] * 3) is None, "more than two blocks")


def require_columns(estimator: Estimator) -> None:
    """Raise :class:`NotClaimed` where blocks of two columns are not taken."""
    require(takes_columns(estimator, 2), "blocks of two or more columns")


def takes_columns(estimator: Estimator, dim: int) -> bool:
    """Return whether its tags allow blocks of *dim* columns."""
    widest = estimator.get_tags().max_dim
    return widest is None or widest >= dim
