"""Kraskov, Stögbauer and Grassberger: mutual information from nearest neighbours."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError


@register_estimator("ksg")
@dataclass(frozen=True)
class KSG(Estimator):
    """KSG1: Î = ψ(k) + (m−1)ψ(N) − Σ_b⟨ψ(n_b+1)⟩; KSG2: Î = ψ(k) − (m−1)/k + (m−1)ψ(N) − Σ_b⟨ψ(n_b)⟩, in nats.

    m ≥ 2 blocks of shape ``(N, d_b)``; m counts blocks, not dimensions. ψ is the digamma function, ⟨·⟩ the mean over
    the samples, and distances are max-norms |x − x′| = max_c |x_c − x′_c|. In algorithm 1, n_b is the number of other
    samples that are, in block b alone, *nearer* than the k-th neighbour in the joint space of all blocks. In algorithm
    2 each block has a radius of its own, the least that covers all samples no farther in the joint space than the k-th
    neighbour (k of them, unless several are equally far), and n_b is the number of other samples *up to* that radius.

    Bias: towards 0, growing with the true value and the dimension and falling with N: the density is taken to be
    uniform in a neighbourhood of k samples. Algorithm 1 has the smaller variance, algorithm 2 the smaller bias in high
    dimension; more neighbours trade variance for bias.

    Cost: for n samples of D dimensions in all, O(n log n) for small D (a k-d tree; sorted values for blocks of one
    dimension) and O(n²·D) for larger D (brute force); the diagnostics say which. O(n·D) memory. Large samples use as
    many threads as the process has CPUs, or as OMP_NUM_THREADS or NUMBA_NUM_THREADS allow, to the same value.

    Args:
        k: number of neighbours, 1 or more; more than k samples are needed.
        algorithm: 1 or 2, as above.
        standardize: divide every column by its standard deviation. Mutual information does not depend on the scale of
            a column, but the joint distance does: where one block's spread is far larger than the others', its
            distances alone pick the neighbours. On the skewed columns of the example below, whose deviations differ
            12,000-fold, the estimate is 0.188 with scaling and 0.290 without (true value: 0.511).
        ties: ``jitter`` tells repeated values apart: a column in which any value occurs twice is centred, scaled (if
            ``standardize``) and gets noise of 1e-10 standard deviations, from a fixed seed in an order of blocks and
            rows that follows from the values alone. The estimate stays a function of the data, in whatever order rows
            and blocks come; the diagnostics count the columns. Without it the neighbours of integer data are all
            equally far, and the value is far too high. ``none`` leaves ties as they are: the bare estimator, to be held
            against a reference. Use it with ``standardize=false``, as dividing rounds, and rounding breaks some of the
            ties.

    References:
        A. Kraskov, H. Stögbauer and P. Grassberger, "Estimating mutual information", Phys. Rev. E 69, 066138, 2004,
        equations 8, 9, 23 and 24. DOI 10.1103/PhysRevE.69.066138

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(1234)
        >>> a, b = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=800).T
        >>> round(estimate(np.exp(5 * a), np.exp(b), estimator="ksg:k=3").nats, 5)
        0.18815
        >>> round(estimate(np.exp(5 * a), np.exp(b), estimator="ksg:k=3,standardize=false").nats, 4)
        0.2896
    """

    k: int = 5
    algorithm: Literal[1, 2] = 1
    standardize: bool = True
    ties: Literal["jitter", "none"] = "jitter"

    version = 2
    tags = Tags(invariances=frozenset({"permutation", "swap"}))

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")
        if self.algorithm not in (1, 2):
            raise ValueError(f"algorithm is {self.algorithm!r}; allowed: 1 or 2")
        if self.ties not in ("jitter", "none"):
            raise ValueError(f"ties is {self.ties!r}; allowed: jitter or none")

    def prepare(self) -> None:
        """Compile the searches; the machine code is kept on disk, so that it takes seconds once, then half a second."""
        from . import _ksg  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Scale, tell ties apart, count neighbours, average ψ.

        Raises:
            InputError: no more than ``k`` samples.
        """
        from ._ksg import count_neighbors, digamma, mean_digamma
        from ._ties import scale_columns

        n, m = len(blocks[0]), len(blocks)
        if n <= self.k:
            raise InputError(f"ksg: n is {n} with k={self.k}; allowed: more than k samples ({self.k + 1} or more)")
        scaled, jittered = scale_columns(blocks, self.standardize, self.ties == "jitter")
        found = count_neighbors(scaled, self.k, "own" if self.algorithm == 2 else "below")
        diagnostics: dict[str, Any] = {
            "regime": found.regime,
            "threads": found.threads,
            "distance_evaluations": found.distance_evaluations,
            "jittered_columns": jittered,
        }
        shift = 1 if self.algorithm == 1 else 0
        psi_k, psi_n = digamma([self.k, n])
        if self.algorithm == 2:
            psi_k -= (m - 1) / self.k
        means = [mean_digamma(counts + shift) for counts in found.counts]
        return Estimate(math.fsum([psi_k, (m - 1) * psi_n, *(-mean for mean in means)]), diagnostics=diagnostics)
