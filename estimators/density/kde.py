"""Kernel density estimates, each sample's from the others, inserted into the definition."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError

from .._columns import standardize
from ._bandwidth import improved_sheather_jones
from .gaussian import orthonormal_basis

#: Distances computed at a time.
_CHUNK = 2**21


@register_estimator("kde")
@dataclass(frozen=True)
class KernelDensity(Estimator):
    """Î = (1/n) Σ_i ln[f̂₋ᵢ(z_i) / Π_b f̂₋ᵢ(z_{i,b})] nats, f̂₋ᵢ(z) = 1/(n−1) Σ_{j≠i} N(z; z_j, h²Σ̂) from the others.

    Blocks have shape ``(n, d)``; N is the Gaussian density. The kernel of a density has the shape of its covariance Σ̂
    (joint, or of the block), so that no linear map of a block changes the value, and the width h(D) of its own
    number D of columns. Columns that depend linearly on others of their block are left out. Takes any number of blocks.

    Bias: that of the densities' smoothing, which cancels in part between the joint density and the margins, and for
    Gaussian data up to the difference of the widths, as smoothing inflates all covariances alike. Leaving out each
    sample's own kernel makes isolated samples count as unlikely ones: without it the value grows with the number of
    columns, to ln n and more. Beyond a few columns it is of little use. Cost: O(n²·D) time, O(n) memory at a time.

    Args:
        bandwidth: ``silverman``: h = (4/((D + 2)·n))^{1/(D+4)}, the best for Gaussian data, as Moon et al. take it.
            ``scott``: h = n^{−1/(D+4)}. ``isj``: the improved Sheather–Jones plug-in of each column [3], by which that
            column is divided, in the joint density and the margins alike; the kernel is then N(0, I), its covariance
            that of the columns no longer.

    References:
        [1] Y.-I. Moon, B. Rajagopalan and U. Lall, Estimation of mutual information using kernel density estimators,
        Phys. Rev. E 52, 2318–2321, 1995. DOI 10.1103/PhysRevE.52.2318
        [2] B. W. Silverman, Density Estimation for Statistics and Data Analysis, Chapman and Hall, 1986.
        DOI 10.1201/9781315140919
        [3] Z. I. Botev, J. F. Grotowski and D. P. Kroese, Kernel density estimation via diffusion, Annals of Statistics
        38, 2916–2957, 2010. DOI 10.1214/10-AOS799

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:dim=1,mi=1").sample(1000)
        >>> abs(estimate(x, y, estimator="kde").nats - 1) < 0.2
        True
    """

    bandwidth: Literal["silverman", "scott", "isj"] = "silverman"

    tags = Tags(invariances=frozenset({"permutation", "scaling", "swap"}))

    def prepare(self) -> None:
        """Import scipy's special functions and decompositions."""
        import scipy.fft
        import scipy.linalg
        import scipy.special  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate from the log densities that the other samples give each sample."""
        if self.bandwidth == "isj":
            scaled = [_by_own_width(block) for block in blocks]
            density = log_kernel_mean(np.hstack(scaled)) - sum(log_kernel_mean(block) for block in scaled)
        else:
            n, width = len(blocks[0]), sum(block.shape[1] for block in blocks)
            if n <= width:  # all rows lie in a plane of fewer dimensions, where there is no joint density
                raise InputError(f"{self.name}: n is {n} with {width} columns in all; allowed: {width + 1} or more")
            bases = [orthonormal_basis(block) for block in blocks]
            density = self._log_density(np.hstack(bases)) - sum(self._log_density(basis) for basis in bases)
        n = len(density)
        return Estimate(float(density.mean()), stderr=float(density.std(ddof=1)) / math.sqrt(n))

    def _log_density(self, block: np.ndarray) -> np.ndarray:
        """Return ln f̂₋ᵢ at each row, but for what the joint density and the margins have in common."""
        from scipy.linalg import qr

        n, d = block.shape
        q, r = qr(block, mode="economic")
        width = (4 / ((d + 2) * n)) ** (1 / (d + 4)) if self.bandwidth == "silverman" else n ** (-1 / (d + 4))
        volume = d * math.log(width) + float(np.log(np.abs(np.diag(r))).sum())
        return log_kernel_mean(q * (math.sqrt(n) / width)) - volume


def _by_own_width(block: np.ndarray) -> np.ndarray:
    scaled = standardize(block, block)
    return scaled / [improved_sheather_jones(column) for column in scaled.T]


def log_kernel_mean(points: np.ndarray) -> np.ndarray:
    """Return ln[1/(n−1) Σ_{j≠i} exp(−½|z_i − z_j|²)] of each of the *points*, of shape ``(n, d)``. O(n²·d) time."""
    n = len(points)
    centred = points - points.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    logs = np.empty(n)
    rows = max(_CHUNK // n, 1)
    for start in range(0, n, rows):
        own = np.arange(start, min(start + rows, n))
        exponents = centred[own] @ centred.T
        exponents -= squares / 2
        exponents -= squares[own, np.newaxis] / 2
        exponents[np.arange(len(own)), own] = -np.inf
        nearest = exponents.max(axis=1)
        exponents -= nearest[:, np.newaxis]
        logs[own] = nearest + np.log(np.exp(exponents, out=exponents).sum(axis=1))
    return logs - math.log(n - 1)
