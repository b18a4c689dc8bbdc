"""Archimedean copulas, Clayton, Gumbel and Frank: dependence with uniform marginals."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Truth, register_task

from .copulas import EDGE, Copula, check_range


@register_task("clayton")
@dataclass(frozen=True)
class Clayton(Copula):
    """TC = Σ_{k<m} ln(1 + kθ) + m(θ + 1) − (m + 1/θ)·[ψ(m + 1/θ) − ψ(1/θ)] nats: dependence among low values.

    The copula (Σ u_i^−θ − m + 1)^(−1/θ), that of a multivariate Pareto distribution turned upside down; for two blocks
    ln(1 + θ) − θ/(1 + θ). Blocks have shape ``(n, 1)``, uniform.

    Args:
        theta: θ, from 0.01 to 100; Kendall's τ is θ/(θ + 2).
        dim: the number m of blocks.

    References:
        G. A. Darbellay and I. Vajda, Entropy expressions for multivariate continuous distributions, IEEE Trans. Inf.
        Theory 46(2), 709–712, 2000. DOI 10.1109/18.825848

    Example:
        >>> from mibench import get_task
        >>> round(get_task("clayton:theta=2").truth.nats, 6)  # ln 3 − 2/3
        0.431946
    """

    theta: float
    dim: int = 2

    traits = frozenset({"tail-dependent"})

    def __post_init__(self) -> None:
        check_range("theta", self.theta, 0.01, 100)
        check_range("dim", self.dim, 2, 1000)

    @cached_property
    def truth(self) -> Truth:
        """The closed form, from 1 + ΣE_i/V with E exponential and V gamma."""
        from scipy.special import digamma

        theta, m, shape = self.theta, self.dim, 1 / self.theta
        norm = float(np.log1p(theta * np.arange(m)).sum())
        nats = norm + m * (theta + 1) - (m + shape) * float(digamma(m + shape) - digamma(shape))
        return Truth(nats, "closed form", "Darbellay & Vajda 2000, DOI 10.1109/18.825848")

    def _draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw by the frailty V ~ Gamma(1/θ): u_i = (1 + E_i/V)^(−1/θ)."""
        frailty = np.maximum(rng.standard_gamma(1 / self.theta, (n, 1)), 1e-300)
        columns: np.ndarray = np.exp(-np.log1p(rng.exponential(size=(n, self.dim)) / frailty) / self.theta)
        return columns

    def _log_density(self, u: np.ndarray) -> np.ndarray:
        theta, m = self.theta, self.dim
        logs = -np.log(u)
        powers = np.logaddexp.reduce(theta * logs, axis=1)
        total = powers + np.log1p(-(m - 1) * np.exp(-powers))
        norm = float(np.log1p(theta * np.arange(m)).sum())
        ratios: np.ndarray = norm + (theta + 1) * logs.sum(axis=1) - (m + 1 / theta) * total
        return ratios


@register_task("gumbel")
@dataclass(frozen=True)
class Gumbel(Copula):
    """I(U; V) = E ln(S + θ − 1) + γ − 1 nats, S of density e⁻ˢ(1 − 1/θ + s/θ): dependence among high values.

    The copula exp(−[(−ln u)^θ + (−ln v)^θ]^(1/θ)). S = −ln C(U, V) and W = (ln U/ln C)^θ are independent and W is
    uniform, from which the density, the formula and the draws follow. U and V have shape ``(n, 1)``.

    Args:
        theta: θ, from 1, independence, to 50; Kendall's τ is 1 − 1/θ.

    References:
        C. Genest and L.-P. Rivest, Statistical inference procedures for bivariate Archimedean copulas, J. American
        Statistical Association 88, 1034–1043, 1993. DOI 10.1080/01621459.1993.10476372

    Example:
        >>> from mibench import get_task
        >>> get_task("gumbel:theta=1").truth.nats
        0.0
        >>> round(get_task("gumbel:theta=2").truth.nats, 4)
        0.3754
    """

    theta: float

    traits = frozenset({"tail-dependent"})

    def __post_init__(self) -> None:
        check_range("theta", self.theta, 1, 50)

    @cached_property
    def truth(self) -> Truth:
        """By adaptive quadrature over S."""
        from scipy.integrate import quad

        theta = self.theta
        if theta == 1:
            return Truth(0.0, "closed form", "independent by construction")

        def integrand(s: float) -> float:
            return math.exp(-s) * (1 - 1 / theta + s / theta) * math.log(s + theta - 1)

        mean = quad(integrand, 0, 2, epsabs=1e-14, limit=400)[0] + quad(integrand, 2, 60, epsabs=1e-14, limit=400)[0]
        nats = mean + float(np.euler_gamma) - 1
        return Truth(nats, "quadrature", "Genest & Rivest 1993, DOI 10.1080/01621459.1993.10476372")

    def _draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw S, exponential or with probability 1/θ gamma of shape 2, and W uniform."""
        one, two = rng.exponential(size=(2, n))
        s = one + np.where(rng.random(n) < 1 / self.theta, two, 0.0)
        w = rng.random(n)
        shares = np.stack([w, 1 - w], axis=1) ** (1 / self.theta)
        columns: np.ndarray = np.exp(-s[:, np.newaxis] * shares)
        return columns

    def _log_density(self, u: np.ndarray) -> np.ndarray:
        theta = self.theta
        if theta == 1:
            return np.zeros(len(u))
        x = -np.log(u)
        s = np.exp(np.logaddexp.reduce(theta * np.log(x), axis=1) / theta)
        inner = (theta - 1) * np.log(x).sum(axis=1) + (1 - 2 * theta) * np.log(s) + np.log(s + theta - 1)
        ratios: np.ndarray = -s + x.sum(axis=1) + inner
        return ratios


@register_task("frank")
@dataclass(frozen=True)
class Frank(Copula):
    """I(U; V) = ∫∫ c·ln c du dv nats with c = θ(1 − e^−θ)e^(−θ(u+v)) / (1 − e^−θ − (1 − e^−θu)(1 − e^−θv))².

    Symmetric dependence without tail dependence. U and V have shape ``(n, 1)``, uniform. The integral is a
    Gauss–Legendre quadrature over panels of the square, good to 1e-10.

    Args:
        theta: θ, from −50 to 50; negative for negative dependence, 0 for independence.

    References:
        M. J. Frank, On the simultaneous associativity of F(x, y) and x + y − F(x, y), Aequationes Mathematicae 19,
        194–226, 1979. DOI 10.1007/BF02189866

    Example:
        >>> from mibench import get_task
        >>> abs(get_task("frank:theta=5").truth.nats - get_task("frank:theta=-5").truth.nats) < 1e-12
        True
    """

    theta: float

    def __post_init__(self) -> None:
        check_range("theta", self.theta, -50, 50)

    @cached_property
    def truth(self) -> Truth:
        """By a tensor Gauss–Legendre quadrature over panels of width 2/θ or less."""
        if self.theta == 0:
            return Truth(0.0, "closed form", "independent by construction")
        theta = abs(self.theta)
        nodes, weights = np.polynomial.legendre.leggauss(40)
        panels = np.linspace(0, 1, 2 + math.ceil(theta / 2))
        half, middle = np.diff(panels) / 2, (panels[1:] + panels[:-1]) / 2
        points = (middle[:, np.newaxis] + half[:, np.newaxis] * nodes).ravel()
        mass = (half[:, np.newaxis] * weights).ravel()
        total = 0.0
        for u, weight in zip(points, mass, strict=True):
            logs = _frank_log_density(np.full_like(points, u), points, theta)
            total += weight * float((mass * np.exp(logs) * logs).sum())
        return Truth(total, "quadrature", "Frank 1979, DOI 10.1007/BF02189866")

    def _draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw U and P uniform and invert P(V ≤ v | U) = P."""
        u, p = np.maximum(rng.random((2, n)), EDGE)
        if self.theta == 0:
            return np.stack([u, p], axis=1)
        theta = abs(self.theta)
        other = np.log1p(-p) - theta * u
        v = (np.logaddexp(other, np.log(p)) - np.logaddexp(other, np.log(p) - theta)) / theta
        return np.stack([u, v if self.theta > 0 else 1 - v], axis=1)

    def _log_density(self, u: np.ndarray) -> np.ndarray:
        if self.theta == 0:
            return np.zeros(len(u))
        second = u[:, 1] if self.theta > 0 else 1 - u[:, 1]
        return _frank_log_density(u[:, 0], second, abs(self.theta))


def _frank_log_density(u: np.ndarray, v: np.ndarray, theta: float) -> np.ndarray:
    """Return ln c(u, v) for θ > 0; the denominator is a sum of positive terms, so that nothing cancels."""
    first = -theta * u + np.log(-np.expm1(-theta * (1 - u)))
    second = -theta * v + np.log(-np.expm1(-theta * u))
    top = math.log(theta) + math.log(-math.expm1(-theta))
    logs: np.ndarray = top - theta * (u + v) - 2 * np.logaddexp(first, second)
    return logs
