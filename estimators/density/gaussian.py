"""The closed form for Gaussian data: what canonical correlation analysis gives."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError

_EPS = float(np.finfo(np.float64).eps)


@register_estimator("gaussian")
@dataclass(frozen=True)
class Gaussian(Estimator):
    """Î = ½(Σ_b ln det Σ̂_b − ln det Σ̂) nats: the maximum-likelihood value if the blocks are jointly Gaussian.

    Σ̂_b is the covariance of block b, of shape ``(n, d)``, and Σ̂ that of all together. For two blocks it equals
    −½ Σ_i ln(1 − ρ̂_i²) over the canonical correlations. Takes any number of blocks; n must exceed the columns of all
    blocks together. On data that are not Gaussian it sees linear dependence only: with Gaussian margins it then falls
    short of the truth, in the population.

    No covariance is formed, which would lose half of the digits: with Q_b the orthonormal basis of the centred block
    (from its QR decomposition) and R the triangle of (Q_1, …, Q_m), Î = −Σ_i ln |R_ii|. Columns that depend
    linearly on others of their block add nothing and are left out; where blocks determine one another to within
    rounding, the value is infinite.

    Bias: upwards, for Gaussian data of any Σ exactly ½[Σ_b g(d_b) − g(Σ_b d_b)] with g(d) = Σ_{i<d} ψ((n − 1 − i)/2),
    the expected ln det of a Wishart matrix [1, 2], which ``correction=wishart`` takes off. The standard error is
    the delta method's, from each sample's influence ½(Σ_b z_bᵀΣ̂_b⁻¹z_b − zᵀΣ̂⁻¹z); it needs fourth moments but no
    normality. Cost: O(n·D²) time and O(n·D) memory for D columns in all.

    Args:
        correction: ``none``, or ``wishart``: the exact small-sample correction for Gaussian data.

    References:
        [1] N. Misra, H. Singh and E. Demchuk, Estimation of the entropy of a multivariate normal distribution,
        J. Multivariate Analysis 92, 324–342, 2005. DOI 10.1016/j.jmva.2003.10.003
        [2] R. A. A. Ince et al., A statistical framework for neuroimaging data analysis based on mutual information
        estimated via a Gaussian copula, Human Brain Mapping 38, 1541–1573, 2017. DOI 10.1002/hbm.23471

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:dim=1,mi=20").sample(1000)
        >>> abs(estimate(x, y, estimator="gaussian").nats - 20) < 0.1
        True
    """

    correction: Literal["none", "wishart"] = "none"

    tags = Tags(invariances=frozenset({"permutation", "scaling", "swap"}))
    expected_failures = {
        "check_typed_failure": "blocks that determine one another share infinite information, and it says so",
        "check_uncorrelated_dependence": "it sees correlation alone, and misses dependence without it",
    }

    def prepare(self) -> None:
        """Import scipy's decompositions."""
        import scipy.linalg  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate from the QR decomposition of the blocks' orthonormal bases."""
        n = len(blocks[0])
        bases = [orthonormal_basis(block) for block in blocks]
        dims = [basis.shape[1] for basis in bases]
        if n <= sum(dims):
            columns = sum(block.shape[1] for block in blocks)
            raise InputError(f"gaussian: n is {n} with {columns} columns in all; allowed: n of at least {columns + 1}")
        q, r = np.linalg.qr(np.hstack(bases))
        sines = np.abs(np.diag(r))
        if sines.min(initial=1.0) <= 10 * _EPS:
            warning = "the blocks determine one another linearly, to within rounding: infinite information"
            return Estimate(math.inf, diagnostics={"warning": warning})
        nats = -float(np.log(sines).sum())
        if self.correction == "wishart":
            nats -= wishart_bias(n, dims)
        influence = sum(_leverages(basis) for basis in bases) - _leverages(q)
        diagnostics = _dropped(blocks, dims)
        return Estimate(nats, stderr=float(influence.std()) * math.sqrt(n) / 2, diagnostics=diagnostics)


def orthonormal_basis(block: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the centred columns, of shape ``(n, rank)``."""
    from scipy.linalg import qr

    scaled = np.ldexp(block, -np.frexp(np.abs(block).max(axis=0))[1])
    centred = scaled - scaled.mean(axis=0)
    norms = np.linalg.norm(centred, axis=0)
    q, r, _ = qr(centred / np.where(norms > 0, norms, 1), mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(r))
    return q[:, : np.count_nonzero(diagonal > max(block.shape) * _EPS)]


def _leverages(basis: np.ndarray) -> np.ndarray:
    """Return zᵀΣ̂⁻¹z/n of each sample: the squared norms of the rows of an orthonormal basis."""
    return np.einsum("ij,ij->i", basis, basis)


def _dropped(blocks: tuple[np.ndarray, ...], dims: list[int]) -> dict[str, str]:
    poor = [
        f"block {number} has {block.shape[1]} columns but rank {dim}"
        for number, (block, dim) in enumerate(zip(blocks, dims, strict=True), start=1)
        if dim < block.shape[1]
    ]
    return {"warning": "; ".join(poor) + ": redundant columns left out"} if poor else {}


def wishart_bias(n: int, dims: list[int]) -> float:
    """Return the expected error in nats on n Gaussian samples of blocks of *dims* columns, whatever their covariance.

    (n − 1)Σ̂ is Wishart with n − 1 degrees of freedom, and E ln det W = ln det Σ + d ln 2 + Σ_{i<d} ψ((n − 1 − i)/2).
    """
    from scipy.special import digamma

    def expected(dim: int) -> float:
        return float(digamma((n - 1 - np.arange(dim)) / 2).sum())

    return (sum(map(expected, dims)) - expected(sum(dims))) / 2
