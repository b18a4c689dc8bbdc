"""Blocks of several columns that are jointly Gaussian or jointly Student."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from mibench import Block, Task, Truth, register_task

from ._elliptical import (
    draw_chi_scale,
    draw_equicorrelated,
    equicorrelated_form,
    equicorrelated_nats,
    pair_nats,
    student_entropy,
    student_log_density,
)

_COVER = "Cover & Thomas 2006, Theorem 8.4.1, DOI 10.1002/047174882X"
_ARELLANO = "Arellano-Valle, Contreras-Reyes & Genton 2013, DOI 10.1111/j.1467-9469.2011.00774.x"

Structure = Literal["dense", "sparse"]


@dataclass(frozen=True)
class _Scatter:
    """The scatter matrix of X and Y, in the form that its square root and its inverse need: no matrix is built.

    ``dense``: every two of the D columns have correlation ρ. ``sparse``: the first ``pairs`` columns of X and of Y have
    correlation ρ, pair by pair; all else is independent.
    """

    dim_x: int
    dim_y: int
    structure: Structure
    rho: float
    pairs: int

    @property
    def nats(self) -> float:
        """I = −½ ln(det Σ/(det Σ_x·det Σ_y))."""
        if self.structure == "sparse":
            return self.pairs * pair_nats(self.rho)

        joint = equicorrelated_nats(self.dim_x + self.dim_y, self.rho)
        return joint - equicorrelated_nats(self.dim_x, self.rho) - equicorrelated_nats(self.dim_y, self.rho)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X and Y, Gaussian, shapes ``(n, dim_x)`` and ``(n, dim_y)``."""
        if self.structure == "dense":
            z = draw_equicorrelated(n, self.dim_x + self.dim_y, self.rho, rng)
        else:
            z = rng.standard_normal((n, self.dim_x + self.dim_y))
        x, y = z[:, : self.dim_x], z[:, self.dim_x :]
        if self.structure == "sparse":
            k = slice(self.pairs)
            y[:, k] = self.rho * x[:, k] + math.sqrt((1 - self.rho) * (1 + self.rho)) * y[:, k]
        return x, y

    def forms(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return zᵀΣ⁻¹z of the rows of (x, y), of x, and of y."""
        if self.structure == "dense":
            return tuple(equicorrelated_form(z, self.rho) for z in (np.hstack([x, y]), x, y))
        alone_x, alone_y = (x**2).sum(axis=1), (y**2).sum(axis=1)
        a, b = x[:, : self.pairs], y[:, : self.pairs]
        rest = (1 - self.rho) * (1 + self.rho)
        extra = ((self.rho**2 * (a**2 + b**2) - 2 * self.rho * a * b) / rest).sum(axis=1)
        return alone_x + alone_y + extra, alone_x, alone_y


def _scatter(dim_x: int, dim_y: int, structure: Structure, rho: float, pairs: int | None) -> _Scatter:
    for name, value in (("dim_x", dim_x), ("dim_y", dim_y)):
        if value < 1:
            raise ValueError(f"{name} is {value}; allowed: 1 or more")
    if structure == "dense":
        least = -1 / (dim_x + dim_y - 1)
        if pairs is not None:
            raise ValueError(f"pairs is {pairs}; allowed with structure=dense: none")
    else:
        least = -1.0
        if pairs is None or not 0 <= pairs <= min(dim_x, dim_y):
            raise ValueError(f"pairs is {pairs}; allowed with structure=sparse: from 0 to {min(dim_x, dim_y)}")
    if not least < rho < 1:
        raise ValueError(f"rho is {rho}; allowed: more than {least:.4g} and less than 1")
    return _Scatter(dim_x, dim_y, structure, rho, pairs or 0)


@register_task("multivariate-normal")
@dataclass(frozen=True)
class MultivariateNormal(Task):
    """I(X; Y) = ½ ln(det Σ_x·det Σ_y/det Σ) nats for jointly Gaussian blocks of shapes ``(n, dim_x)``, ``(n, dim_y)``.

    All columns have variance 1. ``dense``: every two have correlation ρ, so that
    det Σ = (1 − ρ)^(D−1)·(1 + (D − 1)ρ) for D columns. ``sparse``: the first ``pairs`` columns of X and Y are
    correlated pair by pair, I = −½·pairs·ln(1 − ρ²), the others are noise.

    Args:
        dim_x: the columns of X.
        dim_y: the columns of Y.
        structure: ``dense`` or ``sparse``.
        rho: the correlation ρ.
        pairs: the number of correlated pairs, with ``sparse``.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, Beyond normal: on the evaluation of mutual
        information estimators, NeurIPS 2023. arXiv:2306.11078

    Example:
        >>> from mibench import get_task
        >>> round(get_task("multivariate-normal:dim_x=2,dim_y=2,structure=dense,rho=0.5").truth.nats, 6)
        0.293893
        >>> round(get_task("multivariate-normal:dim_x=5,dim_y=5,structure=sparse,rho=0.8,pairs=2").truth.nats, 6)
        1.021651
    """

    dim_x: int
    dim_y: int
    structure: Structure
    rho: float
    pairs: int | None = None

    family = "multivariate-normal"

    def __post_init__(self) -> None:
        _ = self._scatter  # refuses what is out of range

    @cached_property
    def _scatter(self) -> _Scatter:
        return _scatter(self.dim_x, self.dim_y, self.structure, self.rho, self.pairs)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous."""
        return Block(self.dim_x), Block(self.dim_y)

    @cached_property
    def truth(self) -> Truth:
        """Half the log ratio of the determinants."""
        return Truth(abs(self._scatter.nats), "closed form", _COVER)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw from the square root of the scatter."""
        return self._scatter.draw(n, rng)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return I − ½(zᵀΣ⁻¹z − xᵀΣ_x⁻¹x − yᵀΣ_y⁻¹y), shape ``(n,)``."""
        joint, alone_x, alone_y = self._scatter.forms(*blocks)
        return self._scatter.nats - 0.5 * (joint - alone_x - alone_y)


@register_task("multivariate-student")
@dataclass(frozen=True)
class MultivariateStudent(Task):
    """I(X; Y) = I_Gauss + g(dim_x) + g(dim_y) − g(dim_x + dim_y) nats: jointly Student blocks with one χ² for all.

    g(d) = −ln Γ((ν+d)/2) + (ν+d)/2·[ψ((ν+d)/2) − ψ(ν/2)] + ln Γ(ν/2), from the entropy of a Student vector; I_Gauss is
    the information of Gaussians of the same scatter. Blocks have shapes ``(n, dim_x)`` and ``(n, dim_y)``. With the
    identity as scatter (ρ = 0) they are uncorrelated, and far rows are far in both.

    Args:
        dim_x: the columns of X.
        dim_y: the columns of Y.
        nu: the degrees of freedom ν, from 0.5 to 1000; 1 is Cauchy.
        structure: of the scatter, ``dense`` or ``sparse``, as in ``multivariate-normal``.
        rho: the correlation of the scatter.
        pairs: the number of correlated pairs, with ``sparse``.

    References:
        R. B. Arellano-Valle, J. E. Contreras-Reyes and M. G. Genton, Shannon entropy and mutual information for
        multivariate skew-elliptical distributions, Scandinavian J. Statistics 40, 42–62, 2013.
        DOI 10.1111/j.1467-9469.2011.00774.x

    Example:
        >>> from mibench import get_task
        >>> round(get_task("multivariate-student:dim_x=1,dim_y=1,nu=1").truth.nats, 6)
        0.224171
    """

    dim_x: int
    dim_y: int
    nu: float
    structure: Structure = "dense"
    rho: float = 0.0
    pairs: int | None = None

    family = "student"
    traits = frozenset({"heavy-tailed"})

    def __post_init__(self) -> None:
        if not 0.5 <= self.nu <= 1000:
            raise ValueError(f"nu is {self.nu}; allowed: from 0.5 to 1000")
        _ = self._scatter  # refuses what is out of range

    @cached_property
    def _scatter(self) -> _Scatter:
        return _scatter(self.dim_x, self.dim_y, self.structure, self.rho, self.pairs)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous."""
        return Block(self.dim_x), Block(self.dim_y)

    @cached_property
    def truth(self) -> Truth:
        """The Gaussian part and the difference of the entropies."""
        x, y, joint = (student_entropy(dim, self.nu) for dim in (self.dim_x, self.dim_y, self.dim_x + self.dim_y))
        return Truth(self._scatter.nats + x + y - joint, "closed form", _ARELLANO)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw Gaussians and divide each row by √(χ²/ν)."""
        x, y = self._scatter.draw(n, rng)
        scale = draw_chi_scale(n, self.nu, rng)
        return x / scale, y / scale

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log ratio of the three Student densities, shape ``(n,)``."""
        dims = self.dim_x + self.dim_y, self.dim_x, self.dim_y
        joint, x, y = (
            student_log_density(form, dim, self.nu)
            for form, dim in zip(self._scatter.forms(*blocks), dims, strict=True)
        )
        return self._scatter.nats + joint - x - y
