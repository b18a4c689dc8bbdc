"""Mesner and Shalizi: mutual information of mixed data, with every tie of a distance counted."""

import math
from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError


@register_estimator("mesner-shalizi")
@dataclass(frozen=True)
class MesnerShalizi(Estimator):
    """Î = ⟨ψ(k̃)⟩ + (m−1) ψ(N) − Σ_b⟨ψ(n_b)⟩ nats, with k̃ and n_b the numbers of samples *up to* the k-th neighbour.

    m ≥ 2 blocks of shape ``(N, d_b)``; max-norm distances |x − x′| = max_c |x_c − x′_c|. ρ is the distance of a sample
    to its k-th neighbour in the joint space, k̃ the number of other samples up to ρ there (k, or more where several are
    equally far, on atoms and on grids alike), and n_b the number of other samples up to ρ in block b alone. It is the
    paper's estimate of I(X; Y | Z) without Z, whose neighbours are then all N samples.

    The paper takes max(Î, 0) at the end; here the value is raw, so that its mean over samples can be judged. It gives
    two categories the distance 0 or 1, which is what numbers 0 and 1 have; other codes of more than two categories
    are taken as numbers here.

    Bias: towards 0, in continuous data more than KSG's: the k-th neighbour lies on the edge of one of the intervals
    that it is counted in. On discrete data like the plug-in estimate. Cost: as KSG's: O(n log n) for few dimensions,
    else O(n²·D) time for D columns in all, O(n·D) memory.

    Args:
        k: number of neighbours, 1 or more; more than k samples are needed.
        standardize: divide every column by its standard deviation, which the paper does not: units then do not matter,
            but rounding breaks some of the ties of a grid.

    References:
        O. C. Mesner and C. R. Shalizi, Conditional mutual information estimation for mixed, discrete and continuous
        data, IEEE Trans. Information Theory 67, 464–484, 2021, Algorithm 1. DOI 10.1109/TIT.2020.3024886

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian-atoms").sample(2000)
        >>> round(estimate(x, y, estimator="mesner-shalizi").nats, 1)  # true value: 1.292
        1.1
    """

    k: int = 5
    standardize: bool = False

    tags = Tags(invariances=frozenset({"permutation", "swap"}))

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")

    def prepare(self) -> None:
        """Compile the searches."""
        from . import _ksg  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Count the samples up to the k-th neighbour in every space; average ψ.

        Raises:
            InputError: no more than ``k`` samples.
        """
        from ._ksg import count_neighbors, digamma, mean_digamma
        from ._ties import scale_columns

        n, m = len(blocks[0]), len(blocks)
        if n <= self.k:
            raise InputError(f"mesner-shalizi: n is {n} with k={self.k}; allowed: more than k samples")
        scaled, _ = scale_columns(blocks, self.standardize, jitter=False)
        found = count_neighbors(scaled, self.k, "up to")
        terms = [mean_digamma(found.within), (m - 1) * float(digamma(n))]
        terms += [-mean_digamma(counts) for counts in found.counts]
        tied = int(np.count_nonzero(found.within > self.k))
        return Estimate(math.fsum(terms), diagnostics={"regime": found.regime, "samples_with_ties": tied})
