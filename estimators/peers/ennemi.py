"""The library ennemi, for comparison."""

from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator

from ._peers import refusals, release, require_neighbors


@register_estimator("ennemi")
@dataclass(frozen=True)
class Ennemi(Estimator):
    """Î(X; Y) = ψ(k) + ψ(n) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩ nats: ennemi's ``estimate_mi`` as it comes.

    The KSG estimator (type 1) on two blocks of shape ``(n, 1)``: ψ is the digamma function, n_x and n_y count the
    samples nearer than the k-th neighbour in the joint space (less 1e-12, which stands for "strictly"). With
    ``preprocess`` the library scales each column to unit variance and adds noise of 1e-10 from a fixed seed. It takes
    the columns of a wider block one at a time, never jointly, so a block of more columns is unsupported.

    Bias: as KSG's, downwards for strong dependence. Cost: O(n log n) with k-d trees.

    Args:
        k: the number of neighbours.
        preprocess: scale the columns and break ties, as the library does by default.

    References:
        P. Laarne, M. A. Zaidan and T. Nieminen, ennemi: non-linear correlation detection with mutual information,
        SoftwareX 14, 100686, 2021. DOI 10.1016/j.softx.2021.100686

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:rho=0.9").sample(1000)
        >>> round(estimate(x, y, estimator="ennemi").nats, 1)
        0.8
    """

    k: int = 3
    preprocess: bool = True
    tags = Tags(
        max_blocks=2,
        max_dim=1,
        invariances=frozenset({"permutation", "scaling", "swap"}),
        requires=("ennemi",),
        install="mibench[peers]",
    )
    expected_failures = {
        "check_typed_failure": "the library does not rescale values as small as 1e-100 and returns −inf for them"
    }

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")

    def fingerprint(self) -> str:
        """Return the library's release."""
        return release("ennemi")

    def prepare(self) -> None:
        """Import the library."""
        import ennemi  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Call ``estimate_mi`` on one thread."""
        import ennemi

        x, y = blocks
        require_neighbors(self.name, self.k, len(x))
        with refusals(self.name):
            nats = ennemi.estimate_mi(y[:, 0], x[:, 0], k=self.k, preprocess=self.preprocess, max_threads=1).item()
        return Estimate(nats)
