"""Kozachenko and Leonenko: entropies from distances to the k-th neighbour, and their sum and difference."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError


@register_estimator("kozachenko-leonenko")
@dataclass(frozen=True)
class KozachenkoLeonenko(Estimator):
    """Î = Σ_b Ĥ(Z_b) − Ĥ(Z_1, …, Z_m) nats, with Ĥ = ψ(N) − ψ(k) + ln c_d + d⟨ln ε⟩: the "3H" estimate.

    m ≥ 2 blocks of shape ``(N, d_b)``. ε is a sample's distance to its k-th neighbour in the space of which the entropy
    is taken, d the dimension of that space, and c_d the volume of its unit ball: 2^d for the max-norm, under which all
    of them cancel, π^(d/2)/Γ(1 + d/2) for the Euclidean. Nothing is shared between the terms, so that their errors
    add up, which KSG was made to avoid.

    Repeated values are told apart as by ``ksg:ties=jitter``, without which ln ε is −∞: on discrete data the values
    depend on the size of that noise and mean nothing, so its tags do not allow them.

    Bias: the entropies' do not cancel: in high dimension the joint entropy's is by far the largest, and the value may
    be far too low or too high. Cost: O(n log n) for few dimensions, else O(n²·D) time for D columns in all, and
    O(n·D) memory.

    Args:
        k: number of neighbours, 1 or more; more than k samples are needed.
        norm: ``max`` or ``euclidean``, the same in every space.
        standardize: divide every column by its standard deviation: units then do not matter.

    References:
        [1] L. F. Kozachenko and N. N. Leonenko, Sample estimate of the entropy of a random vector, Problems of
        Information Transmission 23, 95–101, 1987. https://www.mathnet.ru/eng/ppi797
        [2] A. Kraskov, H. Stögbauer and P. Grassberger, Estimating mutual information, Phys. Rev. E 69, 066138, 2004,
        equation 20. DOI 10.1103/PhysRevE.69.066138

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:mi=1").sample(2000)
        >>> round(estimate(x, y, estimator="kozachenko-leonenko").nats, 1)
        1.0
    """

    k: int = 3
    norm: Literal["max", "euclidean"] = "max"
    standardize: bool = True

    tags = Tags(kinds=frozenset({"continuous"}), invariances=frozenset({"permutation", "scaling", "swap"}))

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")

    def prepare(self) -> None:
        """Compile the searches."""
        from . import _ksg  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Find the k-th neighbour in each space; add the entropies.

        Raises:
            InputError: no more than ``k`` samples, or k samples equal to one in a block.
        """
        from ._ksg import digamma
        from ._ties import scale_columns

        n, m = len(blocks[0]), len(blocks)
        if n <= self.k:
            raise InputError(f"kozachenko-leonenko: n is {n} with k={self.k}; allowed: more than k samples")
        scaled, jittered = scale_columns(blocks, self.standardize, jitter=True)
        terms = [(m - 1) * float(digamma(n) - digamma(self.k))]
        for block, sign in [*((block, 1) for block in scaled), (np.hstack(scaled), -1)]:
            terms += [sign * self._mean_log_volume(block)]
        return Estimate(math.fsum(terms), diagnostics={"jittered_columns": jittered})

    def _mean_log_volume(self, block: np.ndarray) -> float:
        """Return ln c_d + d⟨ln ε⟩, less d·ln 2 for the max-norm, which cancels."""
        from ._euclidean import log_unit_ball
        from ._euclidean import nearest_distances as nearest_euclidean
        from ._ksg import nearest_distances

        d, euclidean = block.shape[1], self.norm == "euclidean"
        distances = (nearest_euclidean if euclidean else nearest_distances)(block, self.k)
        if not distances.min() > 0:
            raise InputError(f"kozachenko-leonenko: {self.k + 1} equal rows in one space; allowed: continuous data")
        return (log_unit_ball(d) if euclidean else 0.0) + d * math.fsum(np.log(distances)) / len(block)
