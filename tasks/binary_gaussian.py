"""A binary (or M-ary) signal in Gaussian noise: a discrete block beside a continuous one."""

import functools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

#: Standard Gaussian mass beyond it is below 1e-37.
_TAIL = 13.0


@register_task("binary-gaussian")
@dataclass(frozen=True)
class BinaryGaussian(Task):
    """I(X; Y) = ln 2 − E[softplus(−2(1 + √v·Z)/v)] nats for X uniform on ±1, Y = X + √v·Z and Z standard Gaussian.

    X and Y have shape ``(n, dim)``: ``dim`` independent uses of the channel, whose information adds up. With ``levels``
    = M the input is uniform on the M equally spaced points aᵢ of pulse-amplitude modulation with mean 0 and mean
    power 1 (for M = 2 these are ±1), and in nats per use

        I = ln M − (1/M) Σᵢ E[ln Σⱼ exp(−(aᵢ − aⱼ)²/(2v) − (aᵢ − aⱼ)·Z/√v)].

    The expectation is an adaptive quadrature, good to 1e-10 nats per use. X is discrete, so ln M bounds the
    information, whatever the noise.

    Args:
        noise_var: the noise variance v, from 1e-6 to 1e6; the signal's power is 1.
        dim: the number of uses.
        levels: the number M of input levels, from 2 to 256.

    References:
        G. Ungerboeck, Channel coding with multilevel/phase signals, IEEE Trans. Inf. Theory 28(1), 1982.
        DOI 10.1109/TIT.1982.1056454

    Example:
        >>> from mibench import get_task
        >>> round(get_task("binary-gaussian:noise_var=0.2").truth.nats, 10)
        0.6587343811
        >>> round(get_task("binary-gaussian:noise_var=1,dim=2").truth.nats, 10)
        0.6736616407
    """

    noise_var: float = 0.2
    dim: int = 1
    levels: int = 2

    family = "channel"

    def __post_init__(self) -> None:
        if not 1e-6 <= self.noise_var <= 1e6:
            raise ValueError(f"noise_var is {self.noise_var}; allowed: from 1e-06 to 1e+06")
        if self.dim < 1:
            raise ValueError(f"dim is {self.dim}; allowed: 1 or more")
        if not 2 <= self.levels <= 256:
            raise ValueError(f"levels is {self.levels}; allowed: from 2 to 256")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X, discrete, and Y, continuous, both of dimension ``dim``."""
        return Block(self.dim, "discrete"), Block(self.dim, "continuous")

    @property
    def _constellation(self) -> np.ndarray:
        """The input levels, shape ``(levels,)``, of mean 0 and mean square 1."""
        return (2.0 * np.arange(self.levels) - (self.levels - 1)) * math.sqrt(3 / (self.levels**2 - 1))

    @cached_property
    def truth(self) -> Truth:
        """``dim`` times the information of one use, by adaptive quadrature."""
        from scipy.integrate import quad

        levels, sd = self._constellation, math.sqrt(self.noise_var)
        steps = (levels[:, np.newaxis] - levels) / sd

        def integrand(z: float) -> float:
            exponents = -steps * (0.5 * steps + z)
            top = exponents.max(axis=1)
            losses = top + np.log(np.exp(exponents - top[:, np.newaxis]).mean(axis=1))
            return float(losses.mean() * math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi))

        integral, _ = quad(integrand, -_TAIL, _TAIL, epsabs=1e-13, epsrel=1e-12, limit=1000)
        return Truth(-self.dim * integral, "quadrature", "Ungerboeck 1982, DOI 10.1109/TIT.1982.1056454")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X uniform on the levels and Z standard Gaussian; Y = X + √v·Z."""
        x = self._constellation[rng.integers(self.levels, size=(n, self.dim))]
        return x, x + math.sqrt(self.noise_var) * rng.standard_normal((n, self.dim))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return Σ ln p(Y|X) − ln[(1/M) Σⱼ p(Y|aⱼ)] over the uses."""
        x, y = blocks
        likelihoods = (-((y - level) ** 2) / (2 * self.noise_var) for level in self._constellation)
        mixture = functools.reduce(np.logaddexp, likelihoods) - math.log(self.levels)
        ratios: np.ndarray = (-((y - x) ** 2) / (2 * self.noise_var) - mixture).sum(axis=1)
        return ratios
