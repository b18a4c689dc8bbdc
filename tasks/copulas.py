"""Elliptical copulas, Gaussian and t: dependence with uniform marginals."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

from ._elliptical import (
    draw_chi_scale,
    draw_equicorrelated,
    equicorrelated_form,
    equicorrelated_nats,
    student_entropy,
    student_log_density,
)

#: The nearest a sample comes to 0 or 1, so that any quantile of it is finite.
EDGE = 2.0**-54


class Copula(Task):
    """Base of the copulas: blocks of one uniform variable each."""

    family = "copula"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Uniform blocks of one dimension, continuous: as many as the parameter ``dim`` says, or two."""
        return (Block(1),) * vars(self).get("dim", 2)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw from the copula, shape ``(n, 1)`` a block; the ends 0 and 1 are left out."""
        columns = np.clip(self._draw(n, rng), EDGE, 1 - EDGE)
        return tuple(columns[:, [i]] for i in range(columns.shape[1]))

    @abstractmethod
    def _draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw uniform columns, shape ``(n, m)``."""

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln c(u), the log copula density in nats, shape ``(n,)``."""
        return self._log_density(np.hstack(blocks))

    @abstractmethod
    def _log_density(self, u: np.ndarray) -> np.ndarray:
        """Return the log density at the rows of *u*, shape ``(n, m)``."""


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise :class:`ValueError` where a parameter is not between *low* and *high*."""
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}; allowed: from {low:g} to {high:g}")


@register_task("gaussian-copula")
@dataclass(frozen=True)
class GaussianCopula(Copula):
    """TC = −½[(m − 1)·ln(1 − ρ) + ln(1 + (m − 1)ρ)] nats: m uniforms Φ(Z_i) of equicorrelated Gaussians Z.

    Blocks have shape ``(n, 1)``. The information is that of the Gaussians: increasing functions of each variable leave
    it as it is.

    Args:
        rho: the correlation of any two of the Gaussians, −1/(m − 1) < rho < 1.
        dim: the number m of blocks.

    References:
        J. Ma and Z. Sun, Mutual information is copula entropy, Tsinghua Science and Technology 16(1), 51–54, 2011.
        DOI 10.1016/S1007-0214(11)70008-6

    Example:
        >>> from mibench import get_task
        >>> round(get_task("gaussian-copula:rho=0.8").truth.nats, 6)
        0.510826
    """

    rho: float
    dim: int = 2

    def __post_init__(self) -> None:
        check_range("dim", self.dim, 2, 1000)
        if not -1 / (self.dim - 1) < self.rho < 1:
            raise ValueError(f"rho is {self.rho}; allowed: more than {-1 / (self.dim - 1):.4g} and less than 1")

    @cached_property
    def truth(self) -> Truth:
        """Half the log determinant of the correlations, sign turned."""
        return Truth(
            abs(equicorrelated_nats(self.dim, self.rho)),
            "closed form",
            "Ma & Sun 2011, DOI 10.1016/S1007-0214(11)70008-6",
        )

    def _draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        from scipy.special import ndtr

        columns: np.ndarray = ndtr(draw_equicorrelated(n, self.dim, self.rho, rng))
        return columns

    def _log_density(self, u: np.ndarray) -> np.ndarray:
        from scipy.special import ndtri

        return self.truth.nats - 0.5 * (equicorrelated_form(ndtri(u), self.rho) - (ndtri(u) ** 2).sum(axis=1))


@register_task("t-copula")
@dataclass(frozen=True)
class TCopula(Copula):
    """TC = TC_Gauss + ln[Γ((ν+m)/2)·Γ(ν/2)^(m−1)/Γ((ν+1)/2)^m] + m·a·[ψ(a) − ψ(ν/2)] − b·[ψ(b) − ψ(ν/2)] nats.

    a = (ν + 1)/2, b = (ν + m)/2: the copula of m Student variables with ν degrees of freedom, a joint χ² and equal
    correlations ρ. Blocks have shape ``(n, 1)``, uniform. At ρ = 0 they are uncorrelated and dependent: far values come
    together.

    Args:
        rho: the correlation of any two, −1/(m − 1) < rho < 1.
        nu: the degrees of freedom ν, from 0.5 to 1000.
        dim: the number m of blocks.

    References:
        R. B. Arellano-Valle, J. E. Contreras-Reyes and M. G. Genton, Shannon entropy and mutual information for
        multivariate skew-elliptical distributions, Scandinavian J. Statistics 40, 42–62, 2013.
        DOI 10.1111/j.1467-9469.2011.00774.x

    Example:
        >>> from mibench import get_task
        >>> round(get_task("t-copula:rho=0,nu=1").truth.nats, 6)  # ln(4π) − … of the Cauchy pair
        0.224171
    """

    rho: float
    nu: float
    dim: int = 2

    traits = frozenset({"tail-dependent"})

    def __post_init__(self) -> None:
        check_range("nu", self.nu, 0.5, 1000)
        _ = self._gaussian  # refuses rho and dim out of range

    @cached_property
    def _gaussian(self) -> GaussianCopula:
        return GaussianCopula(rho=self.rho, dim=self.dim)

    @cached_property
    def truth(self) -> Truth:
        """The closed form."""
        tails = self.dim * student_entropy(1, self.nu) - student_entropy(self.dim, self.nu)
        reference = "Arellano-Valle, Contreras-Reyes & Genton 2013, DOI 10.1111/j.1467-9469.2011.00774.x"
        return Truth(self._gaussian.truth.nats + tails, "closed form", reference)

    def _draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        from scipy.special import stdtr

        z = draw_equicorrelated(n, self.dim, self.rho, rng)
        columns: np.ndarray = stdtr(self.nu, z / draw_chi_scale(n, self.nu, rng))
        return columns

    def _log_density(self, u: np.ndarray) -> np.ndarray:
        from scipy.special import stdtrit

        t = stdtrit(self.nu, u)
        joint = student_log_density(equicorrelated_form(t, self.rho), self.dim, self.nu) + self._gaussian.truth.nats
        ratios: np.ndarray = joint - student_log_density(t**2, 1, self.nu).sum(axis=1)
        return ratios
