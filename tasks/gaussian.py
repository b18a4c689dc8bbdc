"""Correlated Gaussian pairs: the family every estimator is first tried on."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

#: The most information of one pair whose noise, a factor exp(−30) ≈ 1e-13, float64 still resolves to 0.1 %.
_MAX_NATS = 30.0


@register_task("gaussian")
@dataclass(frozen=True)
class Gaussian(Task):
    """I(X; Y) = −d/2 · ln(1 − ρ²) nats for d independent pairs of standard Gaussians of correlation ρ.

    X and Y have shape ``(n, dim)``; column i of X is correlated with column i of Y alone. The strength is given as the
    correlation ``rho`` of each pair or as the total information ``mi``, one of the two. A pair is drawn as
    Y = ρX + √(1 − ρ²)·Z with 1 − ρ² = exp(−2·mi/dim), so that the noise factor √(1 − ρ²) = exp(−mi/dim) is exact
    however large ``mi`` is.

    ρ = 0 (or ``mi`` = 0) belongs to the family ``independence``, any other to ``gaussian``.

    Args:
        dim: the number of pairs.
        rho: the correlation of each pair, −1 < rho < 1.
        mi: the total mutual information in nats, from 0 to 30 a pair; with more, the noise factor exp(−mi/dim) nears
            the rounding error of float64 and the samples no longer hold the information.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, Example 8.5.1.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("gaussian:dim=2,rho=0.8").truth.nats, 6)
        1.021651
        >>> get_task("gaussian:dim=4,mi=20").truth.nats
        20.0
    """

    dim: int = 1
    rho: float | None = None
    mi: float | None = None

    family = "gaussian"

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise ValueError(f"dim is {self.dim}; allowed: 1 or more")
        if (self.rho is None) == (self.mi is None):
            raise ValueError(f"rho is {self.rho} and mi is {self.mi}; allowed: exactly one of the two")
        if self.rho is not None and not -1 < self.rho < 1:
            raise ValueError(f"rho is {self.rho}; allowed: more than -1 and less than 1")
        if self.mi is not None and not 0 <= self.mi <= _MAX_NATS * self.dim:
            raise ValueError(
                f"mi is {self.mi}; allowed: from 0 to {_MAX_NATS:g} a pair, {_MAX_NATS * self.dim:g} in all"
            )

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of dimension ``dim``."""
        return Block(self.dim), Block(self.dim)

    @cached_property
    def truth(self) -> Truth:
        """−d/2 · ln(1 − ρ²), or ``mi`` as given."""
        if self.mi is not None:
            nats = self.mi
        else:
            rho = self.rho or 0.0
            nats = -0.5 * self.dim * (math.log1p(-rho) + math.log1p(rho))
        return Truth(abs(nats), "closed form", "Cover & Thomas 2006, Example 8.5.1, DOI 10.1002/047174882X")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X and Z standard Gaussian; Y = ρX + √(1 − ρ²)·Z."""
        rho, noise = self._channel
        x, z = rng.standard_normal((2, n, self.dim))
        return x, rho * x + noise * z

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return Σ [Y² − (Y − ρX)²/(1 − ρ²)]/2 − ln √(1 − ρ²) over the pairs."""
        x, y = blocks
        rho, noise = self._channel
        z = (y - rho * x) / noise
        ratios: np.ndarray = (0.5 * (y - z) * (y + z) - math.log(noise)).sum(axis=1)
        return ratios

    @property
    def _channel(self) -> tuple[float, float]:
        """ρ and √(1 − ρ²)."""
        if self.mi is not None:
            return math.sqrt(-math.expm1(-2 * self.mi / self.dim)), math.exp(-self.mi / self.dim)
        rho = self.rho or 0.0
        return rho, math.sqrt((1 - rho) * (1 + rho))
