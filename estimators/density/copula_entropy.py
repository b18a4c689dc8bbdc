"""Ma and Sun: mutual information as the negative entropy of the copula, from nearest neighbours of ranks."""

from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError


@register_estimator("copula-entropy")
@dataclass(frozen=True)
class CopulaEntropy(Estimator):
    """Î = Σ_b Ĥ_c(Z_b) − Ĥ_c(Z_1, …, Z_m) nats, with the copula entropy Ĥ_c = ψ(n) − ψ(k) + (D/n) Σ_i ln 2ε_i of ranks.

    Every column of the blocks, of shape ``(n, d)``, is replaced by its ranks over n; ε_i is the max-norm distance of
    sample i to its k-th nearest neighbour among the ranks of the D columns at hand, and Ĥ_c the estimate of Kozachenko
    and Leonenko in that norm. A block of one column has a uniform margin, of entropy 0: for two such blocks Î = −Ĥ_c,
    as Ma and Sun have it. The negative copula entropy of all columns is their total correlation; what the columns of a
    block share among themselves is taken off again, so that any number of blocks of any width can be had. Tied values
    are told apart by tiny noise from a fixed seed, as in ``ksg``: in the population their random ranks share the same
    information.

    Bias: at the faces of the cube, where half of a neighbour's ball lies outside, the density is taken to be too small,
    the entropy too large; inside, the density is taken to be uniform in a ball of k samples. Both lower the joint
    term and raise nothing for blocks of one column, so that the value is too small, the more the dependence draws
    the samples to a thin set. Cost: O(n log n) for a few columns, O(n²·D) for many; O(n·D) memory.

    Args:
        k: number of neighbours, 1 or more; more than k samples are needed.

    References:
        J. Ma and Z. Sun, Mutual information is copula entropy, Tsinghua Science and Technology 16, 51–54, 2011.
        DOI 10.1016/S1007-0214(11)70008-6
        L. F. Kozachenko and N. N. Leonenko, Sample estimate of the entropy of a random vector, Problems of Information
        Transmission 23, 95–101, 1987.

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:dim=1,mi=1").sample(2000)
        >>> abs(estimate(x, y, estimator="copula-entropy").nats - 1) < 0.15
        True
    """

    k: int = 3

    tags = Tags(invariances=frozenset({"permutation", "scaling", "monotone", "swap"}))

    expected_failures = {
        "check_independence": "half of a neighbour's ball at a face of the cube is outside: the entropy is too large"
    }

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")

    def prepare(self) -> None:
        """Compile the searches."""
        import scipy.stats  # noqa: F401

        from ..neighbors import _ksg  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Rank every column, and take the entropies.

        Raises:
            InputError: no more than ``k`` samples.
        """
        from scipy.stats import rankdata

        from ..neighbors._ties import scale_columns

        n = len(blocks[0])
        if n <= self.k:
            raise InputError(f"copula-entropy: n is {n} with k={self.k}; allowed: more than k samples")
        middle = tuple(np.asarray(rankdata(block, axis=0)) for block in blocks)
        told_apart, jittered = scale_columns(middle, True, True)
        ranks = [(np.argsort(np.argsort(block, axis=0), axis=0) + 1) / n for block in told_apart]
        margins = sum(self._entropy(block) for block in ranks if block.shape[1] > 1)
        nats = margins - self._entropy(np.hstack(ranks))
        return Estimate(nats, diagnostics={"jittered_columns": jittered})

    def _entropy(self, ranks: np.ndarray) -> float:
        from scipy.special import digamma

        from ..neighbors._ksg import nearest_distances

        n, d = ranks.shape
        logs = np.log(2 * nearest_distances(ranks, self.k))
        return float(digamma(n) - digamma(self.k) + d * np.sort(logs).mean())
