"""Mixtures in many dimensions: concentric Gaussians of several widths, and signal among independent rows."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

from ._elliptical import chi_rule, pair_nats
from .multivariate import MultivariateNormal

_CZYZ = "quadrature; the distributions: Czyż et al. 2025, arXiv:2310.10240"


@register_task("concentric")
@dataclass(frozen=True)
class Concentric(Task):
    """I(X; Y) = h(R-mixture) − (1/k) Σ_j h(N(0, j²·I_d)) nats: X Gaussian of a width that Y tells, one of 1 … k.

    X has shape ``(n, dim_x)``, Y ``(n, 1)``: Y = j + 0.01·Z with j uniform on 1 … k, X = j·N(0, I_d). Two values of j
    are a hundred deviations of Y apart, so that Y tells j but for e^−1250, and I = I(X; j): a quadrature over the
    radius of X, good to 1e-9.

    Args:
        dim_x: the columns d of X.
        components: the number k of widths, from 2 to 100.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, On the properties and estimation of pointwise
        mutual information profiles, TMLR 2025. arXiv:2310.10240

    Example:
        >>> from mibench import get_task
        >>> few, many = (get_task(f"concentric:dim_x={d},components=5").truth.nats for d in (3, 25))
        >>> few < many < 1.6095  # ln 5
        True
    """

    dim_x: int
    components: int

    family = "gaussian-mixture"

    def __post_init__(self) -> None:
        if self.dim_x < 1:
            raise ValueError(f"dim_x is {self.dim_x}; allowed: 1 or more")
        if not 2 <= self.components <= 100:
            raise ValueError(f"components is {self.components}; allowed: from 2 to 100")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X of ``dim_x`` columns and Y of one, continuous."""
        return Block(self.dim_x), Block(1)

    def _log_width_ratio(self, square: np.ndarray, width: np.ndarray) -> np.ndarray:
        """Return ln p(x | j) − ln p(x) for ‖x‖² = *square* and j = *width*."""
        j = np.arange(1, self.components + 1)
        parts = -0.5 * square[:, np.newaxis] / j**2 - self.dim_x * np.log(j)
        evidence = np.logaddexp.reduce(parts, axis=1) - math.log(self.components)
        return -0.5 * square / width**2 - self.dim_x * np.log(width) - evidence

    @cached_property
    def truth(self) -> Truth:
        """By a quadrature over ‖x‖/j, which is χ distributed, for each width j."""
        r, mass = chi_rule(self.dim_x)
        widths = np.arange(1, self.components + 1, dtype=np.float64)
        nats = [float(mass @ self._log_width_ratio((j * r) ** 2, np.full_like(r, j))) for j in widths]
        return Truth(math.fsum(nats) / self.components, "quadrature", _CZYZ)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the width, and both blocks."""
        width = rng.integers(1, self.components + 1, size=(n, 1))
        return width * rng.standard_normal((n, self.dim_x)), width + 0.01 * rng.standard_normal((n, 1))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log ratio of X's density at the width that Y tells, shape ``(n,)``."""
        x, y = blocks
        return self._log_width_ratio((x**2).sum(axis=1), np.clip(np.rint(y[:, 0]), 1, self.components))


@register_task("inliers")
@dataclass(frozen=True)
class Inliers(Task):
    """I(X; Y) = E ln((1 − q)·r + q) nats: correlated pairs among noise columns, independent in a share q of the rows.

    X and Y have shape ``(n, dim)``. With probability 1 − q a row is that of ``multivariate-normal``, sparse, with two
    pairs of correlation ρ and density ratio r; otherwise X and Y are independent, standard Gaussian. ln r =
    c + ρ·(E₁ − E₂) in the first case and c + ρ/(1 + ρ)·E₁ − ρ/(1 − ρ)·E₂ in the second, c = −ln(1 − ρ²), with E
    exponential: densities in closed form, and I a one-dimensional quadrature, good to 1e-10, the same in every ``dim``.

    Args:
        dim: the columns of X and of Y, at least 2.
        rho: the correlation ρ, between 0 and 1.
        share: the share q of independent rows, from 0 to 1.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, On the properties and estimation of pointwise
        mutual information profiles, TMLR 2025. arXiv:2310.10240

    Example:
        >>> from mibench import get_task
        >>> five, many = (get_task(f"inliers:dim={d},rho=0.8,share=0.2").truth.nats for d in (5, 25))
        >>> five == many
        True
    """

    dim: int
    rho: float
    share: float

    family = "gaussian-mixture"

    def __post_init__(self) -> None:
        if self.dim < 2:
            raise ValueError(f"dim is {self.dim}; allowed: 2 or more")
        for name in ("rho", "share"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: more than 0 and less than 1")

    @cached_property
    def _signal(self) -> MultivariateNormal:
        return MultivariateNormal(dim_x=self.dim, dim_y=self.dim, structure="sparse", rho=self.rho, pairs=2)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of dimension ``dim``."""
        return Block(self.dim), Block(self.dim)

    def _mixed(self, log_ratio: np.ndarray) -> np.ndarray:
        """Return ln((1 − q)·r + q)."""
        mixed: np.ndarray = np.logaddexp(math.log1p(-self.share) + log_ratio, math.log(self.share))
        return mixed

    @cached_property
    def truth(self) -> Truth:
        """By quadratures over a·E₁ − b·E₂, of density exp(−t/a)/(a + b) for t > 0 and exp(t/b)/(a + b) for t < 0."""
        rho = self.rho
        top = 2 * pair_nats(rho)
        nodes, weights = np.polynomial.legendre.leggauss(40)
        e = (np.arange(60)[:, np.newaxis] + (nodes + 1) / 2).ravel()
        mass = np.tile(weights / 2, 60) * np.exp(-e)

        def mean(a: float, b: float) -> float:
            above, below = mass @ self._mixed(top + a * e), mass @ self._mixed(top - b * e)
            return float(a * above + b * below) / (a + b)

        signal, noise = mean(rho, rho), mean(rho / (1 + rho), rho / (1 - rho))
        return Truth((1 - self.share) * signal + self.share * noise, "quadrature", _CZYZ)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the correlated rows and replace Y in a share of them."""
        x, y = self._signal.draw(n, rng)
        other = rng.standard_normal((n, self.dim))
        return x, np.where(rng.random((n, 1)) < self.share, other, y)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln((1 − q)·r(x, y) + q), shape ``(n,)``."""
        return self._mixed(self._signal.pointwise(*blocks))
