"""A uniform variable with noise of another law added to it, or multiplied with it."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from mibench import Block, Task, Truth, register_task

_COVER = "h(Y) − h(N): Cover & Thomas 2006, section 8.5, DOI 10.1002/047174882X"


def entropy_by_quadrature(density: Callable[[float], float], knots: Sequence[float]) -> float:
    """Return −∫ p ln p in nats by adaptive Gauss–Kronrod quadrature between *knots*, at which p may have kinks."""
    from scipy.integrate import quad

    def integrand(y: float) -> float:
        p = density(y)
        return -p * math.log(p) if p > 0 else 0.0

    pieces = [
        quad(integrand, low, high, epsabs=1e-13, epsrel=1e-12, limit=400)[0]
        for low, high in itertools.pairwise(knots)
        if high > low
    ]
    return math.fsum(pieces)


class _Law(NamedTuple):
    """A law of noise of scale 1: its distribution and log density, its entropy, where it may end, and its draws."""

    distribution: Callable[[np.ndarray], np.ndarray]
    log_density: Callable[[np.ndarray], np.ndarray]
    entropy: float
    support: tuple[float, float]
    draw: Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def _gaussian(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    values: np.ndarray = ndtr(z)
    return values


_LAWS: dict[str, _Law] = {
    "gaussian": _Law(
        _gaussian,
        lambda z: -0.5 * z**2 - 0.5 * math.log(2 * math.pi),
        0.5 * math.log(2 * math.pi * math.e),
        (-12.0, 12.0),
        lambda rng, shape: rng.standard_normal(shape),
    ),
    "uniform": _Law(
        lambda z: np.clip(0.5 * (z + 1), 0, 1),
        lambda z: np.where(np.abs(z) <= 1, -math.log(2), -np.inf),
        math.log(2),
        (-1.0, 1.0),
        lambda rng, shape: rng.uniform(-1, 1, shape),
    ),
    "laplace": _Law(
        lambda z: np.where(z < 0, 0.5 * np.exp(np.minimum(z, 0)), 1 - 0.5 * np.exp(-np.maximum(z, 0))),
        lambda z: -np.abs(z) - math.log(2),
        1 + math.log(2),
        (-40.0, 40.0),
        lambda rng, shape: rng.laplace(size=shape),
    ),
    "exponential": _Law(
        lambda z: -np.expm1(-np.maximum(z, 0)),
        lambda z: np.where(z >= 0, -z, -np.inf),
        1.0,
        (0.0, 40.0),
        lambda rng, shape: rng.exponential(size=shape),
    ),
}


@register_task("additive-noise")
@dataclass(frozen=True)
class AdditiveNoise(Task):
    """I(X; Y) = d·[h(Y₁) − h(N)] nats for X uniform on [0, 1] and Y = X + s·N with noise N of a given law.

    X and Y have shape ``(n, dim)``: d independent columns. Y₁ has the density (F(y/s) − F((y − 1)/s)), F being the
    distribution of N; its entropy is an adaptive quadrature, good to 1e-11. Standard laws: Gaussian; uniform on
    [−1, 1], for which h(Y₁) − h(N) is 1/(4s) for 2s ≥ 1 and s − ln 2s below; Laplace; exponential.

    Args:
        noise: the law of N.
        noise_scale: s, from 1e-4 to 1e4.
        dim: the number d of columns.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, section 8.5.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("additive-noise:noise=uniform,noise_scale=1").truth.nats, 10)
        0.25
    """

    noise: Literal["gaussian", "uniform", "laplace", "exponential"]
    noise_scale: float
    dim: int = 1

    family = "additive-noise"

    def __post_init__(self) -> None:
        if not 1e-4 <= self.noise_scale <= 1e4:
            raise ValueError(f"noise_scale is {self.noise_scale}; allowed: from 0.0001 to 10000")
        if self.dim < 1:
            raise ValueError(f"dim is {self.dim}; allowed: 1 or more")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of dimension ``dim``."""
        return Block(self.dim), Block(self.dim)

    @property
    def _law(self) -> _Law:
        return _LAWS[self.noise]

    def _density(self, y: Any) -> np.ndarray:
        """The density of a column of Y; from the upper tail where that is the smaller, so that nothing cancels."""
        low, high = (y - 1) / self.noise_scale, y / self.noise_scale
        if self.noise in ("gaussian", "laplace"):  # symmetric: use the side below 0
            turn = low > 0
            low, high = np.where(turn, -high, low), np.where(turn, -low, high)
        if self.noise == "exponential":
            tail = np.exp(-np.maximum(low, 0)) - np.exp(-np.maximum(high, 0))
            return np.where(high > 0, tail, 0.0)
        return self._law.distribution(high) - self._law.distribution(low)

    @cached_property
    def truth(self) -> Truth:
        """The entropy of a column of Y less that of the noise, d times."""
        s, (low, high) = self.noise_scale, self._law.support
        knots = sorted({edge + s * end for edge in (0.0, 1.0) for end in (low, low / 8, 0.0, high / 8, high)})
        nats = entropy_by_quadrature(lambda y: float(self._density(np.float64(y))), knots)
        return Truth(self.dim * (nats - self._law.entropy - math.log(s)), "quadrature", _COVER)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X uniform and add the noise."""
        x = rng.random((n, self.dim))
        return x, x + self.noise_scale * self._law.draw(rng, (n, self.dim))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return Σ_c ln p_N(y_c − x_c) − ln p(y_c), shape ``(n,)``."""
        x, y = blocks
        noise = (y - x) / self.noise_scale
        if self.noise in ("uniform", "exponential"):  # rounding must not lead out of the support
            noise = np.clip(noise, *self._law.support)
        given = self._law.log_density(noise) - math.log(self.noise_scale)
        return np.sum(given - np.log(self._density(y)), axis=1)


@register_task("multiplicative-noise")
@dataclass(frozen=True)
class MultiplicativeNoise(Task):
    """I(X; Y) = h(Y) − h(N) − E ln X nats for X uniform on (0, 1] and Y = X·N: noise whose size is the signal.

    X and Y have shape ``(n, 1)``; E ln X = −1. With N standard Gaussian, X and Y are uncorrelated and Y has the density
    E₁(y²/2)/√(8π), E₁ being the exponential integral. With N = exp(s·Z) lognormal, ln Y = ln X + s·Z has the density
    exp(w + s²/2)·Φ(−(w + s²)/s). The entropies are adaptive quadratures, good to 1e-10.

    Args:
        noise: ``gaussian``, or ``lognormal``.
        noise_scale: s of the lognormal law, from 0.01 to 10; for Gaussian noise, whose size carries no information, 1.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, section 8.6.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("multiplicative-noise:noise=gaussian").truth.nats, 4)
        0.3397
    """

    noise: Literal["gaussian", "lognormal"] = "gaussian"
    noise_scale: float = 1.0

    family = "multiplicative-noise"

    def __post_init__(self) -> None:
        if not 0.01 <= self.noise_scale <= 10:
            raise ValueError(f"noise_scale is {self.noise_scale}; allowed: from 0.01 to 10")
        if self.noise == "gaussian" and self.noise_scale != 1:
            raise ValueError(f"noise_scale is {self.noise_scale}; allowed with noise=gaussian: 1")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of one dimension."""
        return Block(1), Block(1)

    def _log_density(self, y: Any) -> np.ndarray:
        """Return the log density of Y, or of w = ln Y under lognormal noise."""
        from scipy.special import exp1, log_ndtr

        if self.noise == "gaussian":
            logs: np.ndarray = np.log(exp1(y * y / 2)) - 0.5 * math.log(8 * math.pi)
        else:
            logs = y + self.noise_scale**2 / 2 + log_ndtr(-(y + self.noise_scale**2) / self.noise_scale)
        return logs

    @cached_property
    def truth(self) -> Truth:
        """By quadrature of the entropy."""
        noise = 0.5 * math.log(2 * math.pi * math.e)

        def density(y: float) -> float:
            return math.exp(float(self._log_density(np.float64(y))))

        if self.noise == "gaussian":
            half = entropy_by_quadrature(density, [1e-300, 1e-60, 1e-20, 1e-8, 1e-4, 0.01, 0.1, 1.0, 4.0, 12.0])
            nats = 2 * half - noise + 1
        else:
            s = self.noise_scale
            knots = sorted({-45.0 - 2 * s * s, -20.0, -5.0, -s, 0.0, s, 4 * s, 13 * s})
            nats = entropy_by_quadrature(density, knots) - noise - math.log(s)
        return Truth(nats, "quadrature", _COVER)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X uniform and multiply it with the noise."""
        x, z = 1 - rng.random((n, 1)), rng.standard_normal((n, 1))
        return x, x * (z if self.noise == "gaussian" else np.exp(self.noise_scale * z))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln p(y|x) − ln p(y), shape ``(n,)``."""
        x, y = blocks[0][:, 0], blocks[1][:, 0]
        if self.noise == "gaussian":
            given = -0.5 * (y / x) ** 2 - np.log(x) - 0.5 * math.log(2 * math.pi)
            return given - self._log_density(y)
        w = np.log(y)
        given = (
            -0.5 * ((w - np.log(x)) / self.noise_scale) ** 2 - 0.5 * math.log(2 * math.pi) - math.log(self.noise_scale)
        )
        return given - self._log_density(w)
