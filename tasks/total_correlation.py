"""Many scalar blocks of known total correlation: correlated Gaussians, and dependence without correlation."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from mibench import Block, Task, Truth, register_task

from ._elliptical import draw_equicorrelated, equicorrelated_nats

_COVER = "Cover & Thomas 2006, Theorem 8.4.1, DOI 10.1002/047174882X"
_TRAPEZOID = "entropy of the trapezoidal density of a sum of two uniforms"
_ARELLANO = "Arellano-Valle, Contreras-Reyes & Genton 2013, DOI 10.1111/j.1467-9469.2011.00774.x"


def _loadings(dim: int, largest: float) -> np.ndarray:
    return largest * (dim - np.arange(dim)) / dim


def _ar1_nats(dim: int, rho: float) -> float:
    return -0.5 * (dim - 1) * (math.log1p(-rho) + math.log1p(rho))


def _draw_ar1(n: int, dim: int, rho: float, rng: np.random.Generator) -> np.ndarray:
    x = rng.standard_normal((n, dim))
    x[:, 1:] *= math.sqrt((1 - rho) * (1 + rho))
    for i in range(1, dim):
        x[:, i] += rho * x[:, i - 1]
    return x


def _factor_nats(dim: int, loading: float) -> float:
    common = _loadings(dim, loading) ** 2
    return -0.5 * float(np.log1p((common / (1 - common)).sum()) + np.log1p(-common).sum())


def _draw_factor(n: int, dim: int, loading: float, rng: np.random.Generator) -> np.ndarray:
    weights = _loadings(dim, loading)
    return rng.standard_normal((n, 1)) * weights + rng.standard_normal((n, dim)) * np.sqrt(1 - weights**2)


def _rotated_uniform_nats(dim: int, angle: float) -> float:
    theta = math.radians(angle)
    return (dim // 2) * (2 * math.log(math.cos(theta)) + math.tan(theta))


def _draw_rotated_uniform(n: int, dim: int, angle: float, rng: np.random.Generator) -> np.ndarray:
    u = rng.uniform(-math.sqrt(3), math.sqrt(3), (n, dim))
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    first, second = u[:, 0 : dim - 1 : 2].copy(), u[:, 1:dim:2].copy()
    u[:, 0 : dim - 1 : 2], u[:, 1:dim:2] = cos * first - sin * second, sin * first + cos * second
    return u


def _student_nats(dim: int, nu: float) -> float:
    from scipy.special import digamma, gammaln

    base, one, all_ = nu / 2, (nu + 1) / 2, (nu + dim) / 2
    norms = gammaln(all_) + (dim - 1) * gammaln(base) - dim * gammaln(one)
    moments = dim * one * (digamma(one) - digamma(base)) - all_ * (digamma(all_) - digamma(base))
    return float(norms + moments)


def _draw_student(n: int, dim: int, nu: float, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((n, dim)) / np.sqrt(rng.chisquare(nu, (n, 1)) / nu)


def _gaussian_ratio(x: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return −½[ln det Σ + xᵀΣ⁻¹x − xᵀx] for standard Gaussians of covariance Σ."""
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, x.T)
    ratios: np.ndarray = 0.5 * (x**2 - white.T**2).sum(axis=1) - np.log(np.diag(factor)).sum()
    return ratios


def _equicorrelated_ratio(x: np.ndarray, rho: float) -> np.ndarray:
    return _gaussian_ratio(x, (1 - rho) * np.eye(x.shape[1]) + rho)


def _ar1_ratio(x: np.ndarray, rho: float) -> np.ndarray:
    index = np.arange(x.shape[1])
    return _gaussian_ratio(x, np.float64(rho) ** np.abs(index[:, np.newaxis] - index))


def _factor_ratio(x: np.ndarray, loading: float) -> np.ndarray:
    weights = _loadings(x.shape[1], loading)
    return _gaussian_ratio(x, np.diag(1 - weights**2) + np.outer(weights, weights))


def _rotated_uniform_ratio(x: np.ndarray, angle: float) -> np.ndarray:
    """Return ln(1/12) − Σ ln p(xᵢ) for each pair, p a trapezoid on ±(a + b), flat on ±(a − b); −∞ off the square."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    a, b = math.sqrt(3) * cos, math.sqrt(3) * sin
    ratios = np.zeros(len(x))
    for i in range(0, x.shape[1] - 1, 2):
        pair = x[:, i], x[:, i + 1]
        inside = np.maximum(np.abs(cos * pair[0] + sin * pair[1]), np.abs(cos * pair[1] - sin * pair[0]))
        ratios += np.where(inside <= math.sqrt(3) * (1 + 1e-12), -math.log(12), -np.inf)
        for value in pair:
            edge = np.maximum((a + b - np.abs(value)) / (4 * a * b), 1e-300) if b > 0 else np.inf
            ratios -= np.log(np.minimum(edge, 1 / (2 * a)))
    return ratios


def _student_ratio(x: np.ndarray, nu: float) -> np.ndarray:
    from scipy.special import gammaln

    dim = x.shape[1]
    norms = gammaln((nu + dim) / 2) + (dim - 1) * gammaln(nu / 2) - dim * gammaln((nu + 1) / 2)
    joint = (nu + dim) / 2 * np.log1p((x**2).sum(axis=1) / nu)
    ratios: np.ndarray = norms - joint + (nu + 1) / 2 * np.log1p(x**2 / nu).sum(axis=1)
    return ratios


class _Kind(NamedTuple):
    """A distribution: its parameter, and functions of the number of blocks (or the sample) and the parameter."""

    parameter: str
    default: float
    allowed: Callable[[int, float], bool]
    words: str
    nats: Callable[[int, float], float]
    draw: Callable[[int, int, float, np.random.Generator], np.ndarray]
    ratio: Callable[[np.ndarray, float], np.ndarray]
    reference: str


_KINDS = {
    "equicorrelated": _Kind(
        "rho",
        0.5,
        lambda dim, rho: rho < 1 and 1 + (dim - 1) * rho > 0,
        "less than 1 and more than -1/(dim - 1)",
        equicorrelated_nats,
        draw_equicorrelated,
        _equicorrelated_ratio,
        _COVER,
    ),
    "ar1": _Kind(
        "rho",
        0.5,
        lambda dim, rho: -1 < rho < 1,
        "more than -1 and less than 1",
        _ar1_nats,
        _draw_ar1,
        _ar1_ratio,
        _COVER,
    ),
    "factor": _Kind(
        "loading",
        0.9,
        lambda dim, x: 0 <= x < 1,
        "at least 0 and less than 1",
        _factor_nats,
        _draw_factor,
        _factor_ratio,
        _COVER,
    ),
    "rotated-uniform": _Kind(
        "angle",
        45.0,
        lambda dim, angle: 0 <= angle <= 45,
        "from 0 to 45 degrees",
        _rotated_uniform_nats,
        _draw_rotated_uniform,
        _rotated_uniform_ratio,
        _TRAPEZOID,
    ),
    "student": _Kind(
        "nu",
        5.0,
        lambda dim, nu: 1 <= nu <= 1000,
        "from 1 to 1000",
        _student_nats,
        _draw_student,
        _student_ratio,
        _ARELLANO,
    ),
}


@register_task("total-correlation")
@dataclass(frozen=True)
class TotalCorrelation(Task):
    """TC(X₁; …; X_m) = Σᵢ h(Xᵢ) − h(X₁, …, X_m) nats for m = ``dim`` scalar blocks.

    Every block has shape ``(n, 1)``. A ``kind`` has one parameter, and refuses those of the others:

    - ``equicorrelated`` (``rho``): standard Gaussians, each pair of correlation ρ;
      TC = −½[(m − 1) ln(1 − ρ) + ln(1 + (m − 1)ρ)].
    - ``ar1`` (``rho``): a stationary Gaussian chain, Xᵢ₊₁ = ρXᵢ + √(1 − ρ²)·Zᵢ; TC = −(m − 1)/2 · ln(1 − ρ²).
    - ``factor`` (``loading``): Xᵢ = λᵢU + √(1 − λᵢ²)·Zᵢ with one common Gaussian factor U and loadings that fall
      linearly, λᵢ = loading · (m − i)/m for i = 0 … m − 1; TC = −½[ln(1 + Σᵢ λᵢ²/(1 − λᵢ²)) + Σᵢ ln(1 − λᵢ²)].
    - ``rotated-uniform`` (``angle``): independent uniforms of unit variance, the pairs (X₁, X₂), (X₃, X₄), … turned by
      θ = ``angle`` degrees; where m is odd, the last is left alone. TC = ⌊m/2⌋ · (2 ln cos θ + tan θ), at 45° and
      m = 2 it is 1 − ln 2. Uncorrelated at every angle.
    - ``student`` (``nu``): the multivariate t distribution with ν degrees of freedom and identity dispersion: a
      Gaussian vector of independent entries over √(χ²_ν/ν). Uncorrelated, yet the common scale makes
      TC = ln[Γ((ν+m)/2) Γ(ν/2)^(m−1) / Γ((ν+1)/2)^m] + m(ν+1)/2·[ψ((ν+1)/2) − ψ(ν/2)]
      − (ν+m)/2·[ψ((ν+m)/2) − ψ(ν/2)].

    In the population the Gaussian formula finds 0 in the last two (in ``student`` from ν > 2 on, where there is a
    covariance). TC = 0 belongs to the family ``independence``, any other to ``total-correlation``.

    Args:
        dim: the number m of blocks, at least 2.
        kind: the distribution.
        rho: a correlation below 1 and above −1/(m − 1) in ``equicorrelated``, above −1 in ``ar1``; 0.5 by default.
        loading: the largest loading, at least 0 and less than 1; 0.9 by default.
        angle: the angle in degrees, from 0 to 45; 45 by default.
        nu: the degrees of freedom, from 1 to 1000 (a variance exists above 2); 5 by default.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, Theorem 8.4.1.
        DOI 10.1002/047174882X
        R. B. Arellano-Valle, J. E. Contreras-Reyes and M. G. Genton, Shannon entropy and mutual information for
        multivariate skew-elliptical distributions, Scand. J. Stat. 40(1), 2013. DOI 10.1111/j.1467-9469.2011.00774.x

    Example:
        >>> from mibench import get_task
        >>> round(get_task("total-correlation:dim=3,kind=ar1,rho=0.5").truth.nats, 6)
        0.287682
        >>> round(get_task("total-correlation:dim=2,kind=rotated-uniform").truth.nats, 6)
        0.306853
        >>> round(get_task("total-correlation:dim=3,kind=student").truth.nats, 6)
        0.046489
    """

    dim: int
    kind: Literal["equicorrelated", "ar1", "factor", "rotated-uniform", "student"]
    rho: float | None = None
    loading: float | None = None
    angle: float | None = None
    nu: float | None = None

    family = "total-correlation"

    def __post_init__(self) -> None:
        if self.dim < 2:
            raise ValueError(f"dim is {self.dim}; allowed: 2 or more")
        if self.kind not in _KINDS:
            raise ValueError(f"kind is {self.kind!r}; allowed: {', '.join(_KINDS)}")
        kind = _KINDS[self.kind]
        for name in ("rho", "loading", "angle", "nu"):
            value = getattr(self, name)
            if name != kind.parameter and value is not None:
                raise ValueError(
                    f"{name} is {value}; allowed in kind={self.kind}: none, its parameter is {kind.parameter}"
                )
        if getattr(self, kind.parameter) is None:
            object.__setattr__(self, kind.parameter, kind.default)
        if not kind.allowed(self.dim, self._value):
            raise ValueError(f"{kind.parameter} is {self._value}; allowed in kind={self.kind}: {kind.words}")

    @property
    def _value(self) -> float:
        return float(getattr(self, _KINDS[self.kind].parameter))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """``dim`` continuous scalars."""
        return (Block(1),) * self.dim

    @cached_property
    def truth(self) -> Truth:
        """The kind's closed form."""
        kind = _KINDS[self.kind]
        return Truth(abs(kind.nats(self.dim, self._value)), "closed form", kind.reference)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw the vector of all blocks and split it."""
        sample = _KINDS[self.kind].draw(n, self.dim, self._value, rng)
        return tuple(np.hsplit(sample, self.dim))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the kind's log density ratio."""
        return _KINDS[self.kind].ratio(np.hstack(blocks), self._value)

    @property
    def tags(self) -> frozenset[str]:
        """The tags of its blocks; Student's t is ``heavy-tailed`` as well."""
        return super().tags | ({"heavy-tailed"} if self.kind == "student" else set())
