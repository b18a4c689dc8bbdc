"""The library infomeasure, for comparison."""

from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator

from ._peers import library_seed, refusals, release, require_neighbors


@register_estimator("infomeasure")
@dataclass(frozen=True)
class Infomeasure(Estimator):
    """Î = ψ(k) + (m − 1)·ψ(n) − Σ_b ⟨ψ(n_b + 1)⟩ nats: infomeasure's ``mutual_information`` with ``ksg_id=1``.

    The KSG estimator (type 1) on m ≥ 2 blocks of shape ``(n, d)``: ψ is the digamma function, n_b counts the samples
    strictly nearer in block b than the k-th neighbour in the joint space. The library adds noise of 1e-10 and leaves
    the columns' scales as they are. Its type 2 is not offered: it takes the joint radius in
    every block, which is not the estimator of that name.

    Bias: as KSG's, downwards for strong dependence and many columns. Cost: O(n log n) with k-d trees in few
    dimensions, up to O(n²) in many.

    Args:
        k: the number of neighbours.

    References:
        C. M. Büth, K. Acharya and M. Zanin, infomeasure: a comprehensive Python package for information theory
        measures and estimators, Scientific Reports 15, 2025. DOI 10.1038/s41598-025-14053-5
        A. Kraskov, H. Stögbauer and P. Grassberger, Estimating mutual information, Physical Review E 69, 066138, 2004.
        DOI 10.1103/PhysRevE.69.066138

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:rho=0.9").sample(1000)
        >>> abs(estimate(x, y, estimator="infomeasure").nats - 0.83) < 0.1
        True
    """

    k: int = 4
    tags = Tags(
        deterministic=False,
        invariances=frozenset({"permutation", "swap"}),
        requires=("infomeasure",),
        install="mibench[peers]",
    )

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")

    def fingerprint(self) -> str:
        """Return the library's release."""
        return release("infomeasure")

    def prepare(self) -> None:
        """Import the library."""
        import infomeasure  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Call ``mutual_information`` with the metric approach."""
        import infomeasure

        require_neighbors(self.name, self.k, len(blocks[0]))
        with refusals(self.name):
            found = infomeasure.mutual_information(
                *blocks, approach="metric", ksg_id=1, k=self.k, base="e", seed=library_seed(rng)
            )
        return Estimate(found)
