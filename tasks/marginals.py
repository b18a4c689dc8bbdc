"""Uniform marginals turned into any others by their quantile function."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from mibench import Transformed, register_task
from mibench.errors import InputError

from ._invert import invert_increasing


class _Marginal(NamedTuple):
    """A distribution: its quantile and its distribution function, both of the values, the shape and the block."""

    quantile: Callable[[np.ndarray, float, int], np.ndarray]
    cdf: Callable[[np.ndarray, float, int], np.ndarray]
    shape: float | None = None
    heavy: bool = False


def _exp(x: np.ndarray) -> np.ndarray:
    """Return eˣ; NumPy's own exponential rounds by the processor."""
    from scipy.special import expm1

    values: np.ndarray = 1 + expm1(x)
    return values


def _log1p(x: np.ndarray) -> np.ndarray:
    from scipy.special import log1p

    values: np.ndarray = log1p(x)
    return values


def _ndtri(u: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    values: np.ndarray = ndtri(u)
    return values


def _ndtr(x: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    values: np.ndarray = ndtr(x)
    return values


def _laplace_quantile(u: np.ndarray, shape: float, number: int) -> np.ndarray:
    return np.copysign(_log1p(-np.abs(2 * u - 1)), 2 * u - 1)


def _laplace_cdf(x: np.ndarray, shape: float, number: int) -> np.ndarray:
    tail = 0.5 * np.exp(-np.abs(x))
    return np.where(x < 0, tail, 1 - tail)


#: (weight, mean) of two unit Gaussians, in the blocks of odd and of even number.
_MODES = (((0.3, 0.0), (0.7, 5.0)), ((0.5, -1.0), (0.5, 3.0)))


def _bimodal_cdf(x: np.ndarray, shape: float, number: int) -> np.ndarray:
    (w, a), (v, b) = _MODES[number % 2]
    return w * _ndtr(x - a) + v * _ndtr(x - b)


def _bimodal_quantile(u: np.ndarray, shape: float, number: int) -> np.ndarray:
    z, means = _ndtri(u), [mean for _, mean in _MODES[number % 2]]
    return invert_increasing(lambda x: _bimodal_cdf(x, shape, number), u, z + min(means), z + max(means))


_MARGINALS = {
    "normal": _Marginal(lambda u, shape, i: _ndtri(u), lambda x, shape, i: _ndtr(x)),
    "exponential": _Marginal(lambda u, shape, i: -_log1p(-u), lambda x, shape, i: -np.expm1(-x)),
    "laplace": _Marginal(_laplace_quantile, _laplace_cdf),
    "lognormal": _Marginal(
        lambda u, shape, i: _exp(shape * _ndtri(u)), lambda x, shape, i: _ndtr(np.log(x) / shape), 1.0, True
    ),
    "pareto": _Marginal(
        lambda u, shape, i: _exp(-_log1p(-u) / shape), lambda x, shape, i: -np.expm1(-shape * np.log(x)), 2.0, True
    ),
    "cauchy": _Marginal(
        lambda u, shape, i: -np.cos(math.pi * u) / np.sin(math.pi * u),
        lambda x, shape, i: np.arctan2(1.0, -x) / math.pi,
        heavy=True,
    ),
    "bimodal": _Marginal(_bimodal_quantile, _bimodal_cdf),
}


@register_task("marginals")
@dataclass(frozen=True)
class Marginals(Transformed):
    """Each uniform column u by the quantile function of another distribution, u ↦ F⁻¹(u); I(F⁻¹(U); V) = I(U; V) nats.

    Blocks of shape ``(n, d)`` stay so. The base's columns must be uniform on (0, 1), such as those of ``normal-cdf``;
    a sample that leaves the interval is refused. Every F⁻¹ is invertible on it, and u is F of the image:

    - ``normal``: Φ⁻¹(u).
    - ``exponential``: −ln(1 − u).
    - ``laplace``: −sign(u − ½)·ln(1 − |2u − 1|).
    - ``lognormal``: exp(σ·Φ⁻¹(u)), σ = ``shape``; 1 by default.
    - ``pareto``: (1 − u)^(−1/α), α = ``shape``; 2 by default.
    - ``cauchy``: tan(π(u − ½)) = −cot πu.
    - ``bimodal``: two Gaussians of variance 1, of weights 0.3 and 0.7 at 0 and 5 in the first block (third, …), of
      equal weights at −1 and 3 in the second (fourth, …); the quantile by bisection.

    Cost of a draw: the base's and O(n·d).

    Args:
        base: the task whose blocks are mapped.
        to: the distribution of each column of the image.
        shape: the parameter of ``lognormal`` and ``pareto``, more than 0.
        only: the number of the one block that is mapped, counted from 1; none for all.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, Beyond normal: on the evaluation of mutual
        information estimators, NeurIPS 2023. arXiv:2306.11078

    Example:
        >>> from mibench import get_task
        >>> task = get_task("marginals:base=(normal-cdf:base=(gaussian:rho=0.75)),to=cauchy")
        >>> task.label, sorted(task.tags)
        ('gaussian:rho=0.75 » normal-cdf » marginals:to=cauchy', ['continuous', 'heavy-tailed'])
    """

    to: Literal["normal", "exponential", "laplace", "lognormal", "pareto", "cauchy", "bimodal"] = "exponential"
    shape: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.to not in _MARGINALS:
            raise ValueError(f"to is {self.to!r}; allowed: {', '.join(_MARGINALS)}")
        default = _MARGINALS[self.to].shape
        if default is None and self.shape is not None:
            raise ValueError(f"shape is {self.shape}; allowed with to={self.to}: none")
        if self.shape is not None and not 0 < self.shape < math.inf:
            raise ValueError(f"shape is {self.shape}; allowed: more than 0, finite")
        if self.shape is None:
            object.__setattr__(self, "shape", default)

    @property
    def tags(self) -> frozenset[str]:
        """The base's, and ``heavy-tailed`` for lognormal, Pareto and Cauchy columns."""
        return super().tags | ({"heavy-tailed"} if _MARGINALS[self.to].heavy else set())

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return the quantiles."""
        if not (block.min() > 0 and block.max() < 1):
            raise InputError(
                f"{self.name}: block {number + 1} of {self.base.label} reaches from {block.min():g} to "
                f"{block.max():g}; allowed: between 0 and 1, such as the uniform columns that normal-cdf makes"
            )
        return _MARGINALS[self.to].quantile(block, self.shape or 0.0, number)

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return the values of the distribution function."""
        return _MARGINALS[self.to].cdf(block, self.shape or 0.0, number)
