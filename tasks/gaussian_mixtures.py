"""Mixtures of Gaussians whose shapes are letters, waves, galaxies and shells."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from mibench import Block, Task, Truth, register_task

_CZYZ = "quadrature; the distributions: Czyż et al. 2025, arXiv:2310.10240"
#: Standard deviations to integrate over beyond a mean, and points in the least of them.
_REACH, _POINTS = 9.0, 5


def _normal_rule(detail: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points and weights for means over a standard Gaussian of functions that vary over 1/*detail*."""
    z, step = np.linspace(-_REACH, _REACH, 1 + 2 * math.ceil(_REACH * _POINTS * max(detail, 1.0)), retstep=True)
    return z, np.exp(-0.5 * z * z) * step / math.sqrt(2 * math.pi)


class PlanarMixture(NamedTuple):
    """Σ_k w_k·N(m_k, C_k) in the plane.

    Attributes:
        weights: shape ``(k,)``.
        means: shape ``(k, 2)``.
        sds: the standard deviations, shape ``(k, 2)``.
        rhos: the correlations, shape ``(k,)``.
    """

    weights: np.ndarray
    means: np.ndarray
    sds: np.ndarray
    rhos: np.ndarray

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw both coordinates, shape ``(n,)`` each."""
        upto = np.cumsum(self.weights)
        part = np.searchsorted(upto / upto[-1], rng.random(n), side="right")
        a, b = rng.standard_normal((2, n))
        rho = self.rhos[part]
        b = rho * a + np.sqrt((1 - rho) * (1 + rho)) * b
        return self.means[part, 0] + self.sds[part, 0] * a, self.means[part, 1] + self.sds[part, 1] * b

    def log_ratio(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return ln p(x, y) − ln p(x) − ln p(y) in nats."""
        return self._log_joint(x, y) - self._log_margin(x, 0) - self._log_margin(y, 1)

    def _log_joint(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        parts = []
        for w, m, s, r in zip(self.weights, self.means, self.sds, self.rhos, strict=True):
            a, b = (x - m[0]) / s[0], (y - m[1]) / s[1]
            rest = (1 - r) * (1 + r)
            norm = math.log(w) - math.log(2 * math.pi * s[0] * s[1]) - 0.5 * math.log(rest)
            parts.append(norm - (a * a - 2 * r * a * b + b * b) / (2 * rest))
        joint: np.ndarray = np.logaddexp.reduce(parts, axis=0)
        return joint

    def _log_margin(self, x: np.ndarray, axis: int) -> np.ndarray:
        parts = [
            math.log(w) - 0.5 * ((x - m[axis]) / s[axis]) ** 2 - math.log(s[axis]) - 0.5 * math.log(2 * math.pi)
            for w, m, s in zip(self.weights, self.means, self.sds, strict=True)
        ]
        margin: np.ndarray = np.logaddexp.reduce(parts, axis=0)
        return margin

    def nats(self) -> float:
        """Return I in nats, by one trapezoidal rule for each part over its own ellipse: good to 1e-9.

        E ln ratio = Σ_k w_k·E_k ln ratio; in the standard coordinates of part k the weight is a Gaussian. The steps
        resolve the narrowest part.
        """
        least = (self.sds * np.sqrt(1 - self.rhos**2)[:, np.newaxis]).min(axis=0)
        total = 0.0
        for w, m, s, r in zip(self.weights, self.means, self.sds, self.rhos, strict=True):
            own = math.sqrt((1 - r) * (1 + r))
            a, mass_a = _normal_rule(max(s[0] / least[0], abs(r) * s[1] / least[1]))
            b, mass_b = _normal_rule(own * s[1] / least[1])
            x = m[0] + s[0] * a[:, np.newaxis] + 0 * b
            y = m[1] + s[1] * (r * a[:, np.newaxis] + own * b)
            total += w * float(mass_a @ self.log_ratio(x, y) @ mass_b)
        return float(total)


def _x(rho: float) -> PlanarMixture:
    return PlanarMixture(np.full(2, 0.5), np.zeros((2, 2)), np.ones((2, 2)), np.array([-rho, rho]))


def _ai() -> PlanarMixture:
    means = [[1, 0], [1, 1], [1, -1], [-0.8, -0.2], [-1.2, 0], [-0.4, 0]]
    variances = [[0.01, 0.2], [0.05, 0.001], [0.05, 0.001], [0.03, 0.001], [0.04, 0.2], [0.04, 0.2]]
    rhos = np.array([0, 0, 0, 0, 0.95, -0.95])
    return PlanarMixture(np.full(6, 1 / 6), np.array(means, float), np.sqrt(variances), rhos)


@register_task("letters")
@dataclass(frozen=True)
class Letters(Task):
    """I(X; Y) = E ln(p(x, y)/(p(x)·p(y))) nats for mixtures of Gaussians in the plane in the shape of letters.

    X and Y have shape ``(n, 1)``. ``X``: two Gaussians of correlations ρ and −ρ = ∓0.9, uncorrelated together. ``AI``:
    six Gaussians that draw an A and an I. The expectation is a quadrature over each part, good to 1e-9.

    Args:
        shape: ``X`` or ``AI``.
        rho: the correlation in an ``X``, between 0 and 1.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, On the properties and estimation of pointwise
        mutual information profiles, TMLR 2025. arXiv:2310.10240

    Example:
        >>> from mibench import get_task
        >>> round(get_task("letters:shape=X").truth.nats, 4)
        0.4084
    """

    shape: Literal["X", "AI"]
    rho: float = 0.9

    family = "gaussian-mixture"

    def __post_init__(self) -> None:
        if not 0 < self.rho < 1:
            raise ValueError(f"rho is {self.rho}; allowed: more than 0 and less than 1")

    @cached_property
    def _mixture(self) -> PlanarMixture:
        return _x(self.rho) if self.shape == "X" else _ai()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of one dimension."""
        return Block(1), Block(1)

    @cached_property
    def truth(self) -> Truth:
        """By quadrature over each part."""
        return Truth(self._mixture.nats(), "quadrature", _CZYZ)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw a part and a point of it."""
        x, y = self._mixture.draw(n, rng)
        return x[:, np.newaxis], y[:, np.newaxis]

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log density ratio of the mixture, shape ``(n,)``."""
        return self._mixture.log_ratio(blocks[0][:, 0], blocks[1][:, 0])


@register_task("waves")
@dataclass(frozen=True)
class Waves(Task):
    """I(X; Y) nats for X a sine wave of one of k stripes, Y the stripe's number modulo 4, both with Gaussian noise.

    X has shape ``(n, 2)``, Y ``(n, 1)``. Before the wave, (X₁, X₂, Y) is a mixture of k Gaussians with means
    1.5·(j, 0, j mod 4) and variances (0.1, 1, 0.1); X becomes (0.1·(X₁ + a·sin(f·X₂)) − 0.8, 0.5·X₂), which can be
    undone. X₂ is independent of all else, so that I is that of (X₁, Y), a quadrature over each part.

    Args:
        components: the number k of stripes, from 2 to 50.
        amplitude: a, at least 0.
        frequency: f, at least 0.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, On the properties and estimation of pointwise
        mutual information profiles, TMLR 2025. arXiv:2310.10240

    Example:
        >>> from mibench import get_task
        >>> straight = get_task("waves:components=12,amplitude=0").truth
        >>> get_task("waves:components=12,amplitude=5").truth == straight
        True
    """

    components: int = 12
    amplitude: float = 5.0
    frequency: float = 3.0

    family = "gaussian-mixture"

    def __post_init__(self) -> None:
        if not 2 <= self.components <= 50:
            raise ValueError(f"components is {self.components}; allowed: from 2 to 50")
        for name in ("amplitude", "frequency"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: at least 0")

    @cached_property
    def _mixture(self) -> PlanarMixture:
        j, k = np.arange(self.components), self.components
        return PlanarMixture(
            np.full(k, 1 / k), 1.5 * np.stack([j, j % 4], axis=1), np.full((k, 2), math.sqrt(0.1)), np.zeros(k)
        )

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X of two columns and Y of one, continuous."""
        return Block(2), Block(1)

    @cached_property
    def truth(self) -> Truth:
        """By quadrature over each part, before the wave."""
        return Truth(self._mixture.nats(), "quadrature", _CZYZ)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the mixture and bend it."""
        first, y = self._mixture.draw(n, rng)
        second = rng.standard_normal(n)
        bent = 0.1 * (first + self.amplitude * np.sin(self.frequency * second)) - 0.8
        return np.stack([bent, 0.5 * second], axis=1), y[:, np.newaxis]

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log density ratio of the mixture before the wave, shape ``(n,)``."""
        x, y = blocks
        straight = (x[:, 0] + 0.8) / 0.1 - self.amplitude * np.sin(self.frequency * 2 * x[:, 1])
        return self._mixture.log_ratio(straight, y[:, 0])


@register_task("two-balls")
@dataclass(frozen=True)
class TwoBalls(Task):
    """I(X; Y) nats for two standard Gaussian balls about ±(1, …, 1)·a/2 in space, X all but the last coordinate.

    X has shape ``(n, dim_x)``, Y ``(n, 1)``. Only the projection of X on (1, …, 1)/√d tells the balls apart, so that I
    is that of a planar mixture with means ±(a·√d/2, a/2): a quadrature, good to 1e-9. Under ``spiral`` it is a galaxy.

    Args:
        distance: a, from 0 to 20.
        dim_x: the columns d of X.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, On the properties and estimation of pointwise
        mutual information profiles, TMLR 2025. arXiv:2310.10240

    Example:
        >>> from mibench import get_task
        >>> galaxy = get_task("spiral:base=(two-balls:distance=3,dim_x=2),only=1,speed=1")
        >>> galaxy.truth.nats < 0.6931  # ln 2
        True
    """

    distance: float
    dim_x: int = 2

    family = "gaussian-mixture"

    def __post_init__(self) -> None:
        if not 0 <= self.distance <= 20:
            raise ValueError(f"distance is {self.distance}; allowed: from 0 to 20")
        if self.dim_x < 1:
            raise ValueError(f"dim_x is {self.dim_x}; allowed: 1 or more")

    @cached_property
    def _mixture(self) -> PlanarMixture:
        mean = np.array([self.distance * math.sqrt(self.dim_x) / 2, self.distance / 2])
        return PlanarMixture(np.full(2, 0.5), np.stack([-mean, mean]), np.ones((2, 2)), np.zeros(2))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X of ``dim_x`` columns and Y of one, continuous."""
        return Block(self.dim_x), Block(1)

    @cached_property
    def truth(self) -> Truth:
        """By quadrature over each part of the planar mixture."""
        if self.distance == 0:
            return Truth(0.0, "closed form", "independent by construction")
        return Truth(self._mixture.nats(), "quadrature", _CZYZ)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the ball and a point of it."""
        centre = (rng.integers(2, size=(n, 1)) - 0.5) * self.distance
        z = centre + rng.standard_normal((n, self.dim_x + 1))
        return z[:, : self.dim_x], z[:, self.dim_x :]

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log density ratio of the planar mixture, shape ``(n,)``."""
        return self._mixture.log_ratio(blocks[0].sum(axis=1) / math.sqrt(self.dim_x), blocks[1][:, 0])
