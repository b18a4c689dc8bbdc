"""Mixtures of discrete and continuous distributions: beside each other, and one inside the other."""

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

from ._elliptical import pair_log_ratio, pair_nats

_GAO = "Gao, Kannan, Oh & Viswanath 2017, section 5, DOI 10.48550/arXiv.1709.06212"


@register_task("uniform-overlap")
@dataclass(frozen=True)
class UniformOverlap(Task):
    """I(X; Y) = ln M − (M − 1)/M · ln 2 nats for X uniform on 0 … M − 1 and Y uniform on [X, X + 2].

    X, discrete, and Y, continuous, have shape ``(n, 1)``. Two neighbouring values of X share half of their range of Y,
    so p(y) is 1/M inside [1, M] and half of it in the first and the last unit.

    Args:
        levels: the number M of values of X, from 2 to 1000.

    References:
        W. Gao, S. Kannan, S. Oh and P. Viswanath, Estimating mutual information for discrete-continuous mixtures,
        NeurIPS 2017, experiment II. DOI 10.48550/arXiv.1709.06212

    Example:
        >>> from mibench import get_task
        >>> round(get_task("uniform-overlap:levels=5").truth.nats, 13)
        1.0549201679861
    """

    levels: int = 5

    family = "mixture"

    def __post_init__(self) -> None:
        if not 2 <= self.levels <= 1000:
            raise ValueError(f"levels is {self.levels}; allowed: from 2 to 1000")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X, discrete, and Y, continuous, of one dimension."""
        return Block(1, "discrete"), Block(1, "continuous")

    @cached_property
    def truth(self) -> Truth:
        """The closed form."""
        nats = math.log(self.levels) - (self.levels - 1) / self.levels * math.log(2)
        return Truth(nats, "closed form", _GAO)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X uniform on the integers and add a uniform number from 0 to 2."""
        x = rng.integers(self.levels, size=(n, 1)).astype(np.float64)
        return x, x + 2 * rng.random((n, 1))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln M − ln of the number of values x with y in [x, x + 2], shape ``(n,)``."""
        y = blocks[1][:, 0]
        inside = (y > 1) & (y < self.levels)
        return math.log(self.levels) - np.where(inside, math.log(2), 0.0)


@register_task("gaussian-atoms")
@dataclass(frozen=True)
class GaussianAtoms(Task):
    """I(X; Y) = w·(I_g − ln w) + (1 − w)·[ln 2 − h(a) − ln(1 − w)] nats: Gaussian pairs mixed with pairs of signs.

    X and Y, mixed, have shape ``(n, 1)``. With probability w the pair is Gaussian of correlation ρ, so that
    I_g = −½ ln(1 − ρ²); otherwise both are ±1, uniform, and equal with probability a; h is the binary entropy in nats.
    A row shows which part it is from, which alone is worth −w·ln w − (1 − w)·ln(1 − w).

    Args:
        rho: the correlation of the Gaussian part, −1 < rho < 1.
        agreement: the probability a that the signs agree, between 0 and 1.
        share: the probability w of the Gaussian part, between 0 and 1.

    References:
        W. Gao, S. Kannan, S. Oh and P. Viswanath, Estimating mutual information for discrete-continuous mixtures,
        NeurIPS 2017, experiment I. DOI 10.48550/arXiv.1709.06212

    Example:
        >>> from mibench import get_task
        >>> round(get_task("gaussian-atoms").truth.nats, 6)
        1.292362
    """

    rho: float = 0.9
    agreement: float = 0.9
    share: float = 0.5

    family = "mixture"

    def __post_init__(self) -> None:
        if not -1 < self.rho < 1:
            raise ValueError(f"rho is {self.rho}; allowed: more than -1 and less than 1")
        for name in ("agreement", "share"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: more than 0 and less than 1")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, mixed, of one dimension."""
        return Block(1, "mixed"), Block(1, "mixed")

    @cached_property
    def truth(self) -> Truth:
        """The closed form."""
        from scipy.special import entr

        a, w = self.agreement, self.share
        signs = math.log(2) - float(entr(a) + entr(1 - a))
        return Truth(w * (pair_nats(self.rho) - math.log(w)) + (1 - w) * (signs - math.log1p(-w)), "closed form", _GAO)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw both parts and choose between them row by row."""
        x, z = rng.standard_normal((2, n, 1))
        y = self.rho * x + math.sqrt((1 - self.rho) * (1 + self.rho)) * z
        sign = 2.0 * rng.integers(2, size=(n, 1)) - 1
        other = np.where(rng.random((n, 1)) < self.agreement, sign, -sign)
        gaussian = rng.random((n, 1)) < self.share
        return np.where(gaussian, x, sign), np.where(gaussian, y, other)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log density ratio of the part each row is from, shape ``(n,)``."""
        x, y = blocks[0][:, 0], blocks[1][:, 0]
        a, w = self.agreement, self.share
        gaussian = pair_log_ratio(x, y, self.rho) - math.log(w)
        signs = np.where(x == y, math.log(2 * a), math.log(2 * (1 - a))) - math.log1p(-w)
        return np.where((np.abs(x) == 1) & (np.abs(y) == 1), signs, gaussian)


@register_task("zero-inflated-poisson")
@dataclass(frozen=True)
class ZeroInflatedPoisson(Task):
    """I(X; Y) = ∫ e⁻ˣ Σ_k P(k|x)·ln(P(k|x)/P(k)) dx nats for X ~ Exp(1) and Y | X = 0 or Poisson(X).

    X, continuous, and Y, discrete, have shape ``(n, 1)``. Y is 0 with probability ``inflation`` = p whatever X, and
    Poisson(X) otherwise, so that P(k|x) = p·[k = 0] + (1 − p)·e⁻ˣxᵏ/k! and P(k) = p·[k = 0] + (1 − p)·2^−(k+1).

    The value (1 − p)·(2·ln 2 − γ − Σ_k 2⁻ᵏ·ln k) = (1 − p)·0.3012 that is printed for it is I(X; Y, S), S telling an
    inflated zero from a Poisson zero. Nobody sees S: the information is less by P(Y = 0)·I(X; S | Y = 0).

    Args:
        inflation: the probability p of an inflated zero, at least 0 and less than 1.

    References:
        W. Gao, S. Kannan, S. Oh and P. Viswanath, Estimating mutual information for discrete-continuous mixtures,
        NeurIPS 2017, experiment III. DOI 10.48550/arXiv.1709.06212

    Example:
        >>> from mibench import get_task
        >>> round(get_task("zero-inflated-poisson:inflation=0").truth.nats, 4)
        0.3012
        >>> get_task("zero-inflated-poisson:inflation=0.15").truth.nats < 0.85 * 0.3012
        True
    """

    inflation: float = 0.15

    family = "mixture"

    def __post_init__(self) -> None:
        if not 0 <= self.inflation < 1:
            raise ValueError(f"inflation is {self.inflation}; allowed: at least 0 and less than 1")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X, continuous, and Y, discrete, of one dimension."""
        return Block(1, "continuous"), Block(1, "discrete")

    def _ratio(self, x: np.ndarray | np.float64, k: np.ndarray) -> np.ndarray:
        """Return ln P(k|x) − ln P(k), elementwise."""
        from scipy.special import gammaln, xlogy

        p, zero = self.inflation, k == 0
        poisson = -x + xlogy(k, x) - gammaln(k + 1)
        given = np.where(zero, np.log(p + (1 - p) * np.exp(-x)), math.log1p(-p) + poisson)
        alone = np.where(zero, math.log(p + (1 - p) / 2), math.log1p(-p) - (k + 1) * math.log(2))
        ratios: np.ndarray = given - alone
        return ratios

    @cached_property
    def truth(self) -> Truth:
        """By adaptive quadrature over x of the sum over k."""
        from scipy.integrate import quad
        from scipy.stats import poisson

        p, k = self.inflation, np.arange(400.0)

        def integrand(x: float) -> float:
            given = (1 - p) * poisson.pmf(k, x)
            given[0] += p
            return float(math.exp(-x) * (given * self._ratio(np.float64(x), k)).sum())

        points = [0.0, 1e-3, 0.1, 1.0, 5.0, 15.0, 40.0, 90.0]
        pieces = [
            quad(integrand, low, high, epsabs=1e-13, epsrel=1e-12, limit=400)[0]
            for low, high in itertools.pairwise(points)
        ]
        return Truth(math.fsum(pieces), "quadrature", _GAO)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X exponential, Y Poisson, and set Y to 0 where it is inflated."""
        x = rng.exponential(size=(n, 1))
        y = rng.poisson(x).astype(np.float64)
        return x, np.where(rng.random((n, 1)) < self.inflation, 0.0, y)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln P(y|x) − ln P(y), shape ``(n,)``."""
        return self._ratio(blocks[0][:, 0], blocks[1][:, 0])
