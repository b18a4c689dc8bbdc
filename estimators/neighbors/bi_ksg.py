"""Gao, Oh and Viswanath: the bias-improved KSG estimate, with Euclidean balls."""

import math
from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError


@register_estimator("bi-ksg")
@dataclass(frozen=True)
class BIKSG(Estimator):
    """Î = ψ(k) + (m−1) ln N + Σ_b ln c_{d_b} − ln c_D − Σ_b⟨ln n_b⟩ nats, with Euclidean distances in every space.

    m ≥ 2 blocks of shape ``(N, d_b)`` (the paper has two), D columns in all; c_d = π^(d/2)/Γ(1 + d/2) is the volume of
    the unit ball. n_b is the number of other samples of block b up to the distance of the k-th neighbour in the joint
    space. A Euclidean ball of the joint space is smaller than the product of balls of that radius in the blocks, which
    the volumes correct for, and ln n_b takes the place of KSG's ψ(n_b + 1). It is that of the paper's published code
    with the norm of 2; the code's own default is the max-norm, under which the volumes cancel.

    Repeated values are told apart as by ``ksg:ties=jitter``.

    Bias: towards 0, growing with the true value, as KSG's, but upwards for weak dependence in many columns: on
    independent standard normals, n = 2000, the mean is 0.01 nat for 3 + 3 columns and 0.30 for 5 + 5.

    Cost: O(n log n) for few dimensions, else O(n²·D) time, O(n·D) memory.

    Args:
        k: number of neighbours, 1 or more; more than k samples are needed.
        standardize: divide every column by its standard deviation: units then do not matter.

    References:
        W. Gao, S. Oh and P. Viswanath, Demystifying fixed k-nearest neighbor information estimators, IEEE Trans.
        Information Theory 64, 5629–5661, 2018. DOI 10.1109/TIT.2018.2807481

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:mi=1").sample(2000)
        >>> round(estimate(x, y, estimator="bi-ksg").nats, 1)
        1.0
    """

    k: int = 5
    standardize: bool = True

    tags = Tags(invariances=frozenset({"permutation", "scaling", "swap"}))

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")

    def prepare(self) -> None:
        """Compile the searches."""
        from . import _euclidean  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Find the k-th neighbour in the joint space, count up to it in the blocks, average ln.

        Raises:
            InputError: no more than ``k`` samples.
        """
        from ._euclidean import count_neighbors, log_unit_ball
        from ._ksg import digamma, mean_of
        from ._ties import scale_columns

        n, m = len(blocks[0]), len(blocks)
        if n <= self.k:
            raise InputError(f"bi-ksg: n is {n} with k={self.k}; allowed: more than k samples")
        scaled, jittered = scale_columns(blocks, self.standardize, jitter=True)
        dims = [block.shape[1] for block in blocks]
        terms = [float(digamma(self.k)), (m - 1) * math.log(n), -log_unit_ball(sum(dims)), *map(log_unit_ball, dims)]
        terms += [-mean_of(np.log, counts) for counts in count_neighbors(scaled, self.k)]
        return Estimate(math.fsum(terms), diagnostics={"jittered_columns": jittered})
