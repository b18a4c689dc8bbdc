"""scikit-learn's ``mutual_info_regression``, for comparison."""

from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator

from ._peers import library_seed, refusals, release, require_neighbors


@register_estimator("scikit-learn")
@dataclass(frozen=True)
class ScikitLearn(Estimator):
    """Î(X; Y) = max(0, ψ(k) + ψ(n) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩) nats: ``mutual_info_regression`` as it comes.

    The KSG estimator (type 1) on two blocks of shape ``(n, 1)``: ψ is the digamma function, n_x and n_y count the
    samples strictly nearer than the k-th neighbour in the joint space. The library scales each column to unit
    variance, adds noise of 1e-10, and returns 0 for a negative value, so near independence it is biased upwards. It
    looks at the columns of a wider block one at a time, never jointly, so a block of more columns is unsupported.

    Bias: as KSG's, downwards for strong dependence; never below 0. Cost: O(n log n) with a k-d tree.

    Args:
        k: the number of neighbours, ``n_neighbors`` of the library.

    References:
        F. Pedregosa et al., Scikit-learn: machine learning in Python, J. Machine Learning Research 12, 2825–2830,
        2011. A. Kraskov, H. Stögbauer and P. Grassberger, Estimating mutual information, Physical Review E 69,
        066138, 2004. DOI 10.1103/PhysRevE.69.066138

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:rho=0.9").sample(1000)
        >>> round(estimate(x, y, estimator="scikit-learn").nats, 1)
        0.8
    """

    k: int = 3
    tags = Tags(
        max_blocks=2,
        max_dim=1,
        deterministic=False,
        invariances=frozenset({"permutation", "scaling", "swap"}),
        requires=("sklearn",),
        install="scikit-learn",
    )
    expected_failures = {"check_raw_values": "the library clips its values at 0"}

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")

    def fingerprint(self) -> str:
        """Return the library's release."""
        return release("scikit-learn")

    def prepare(self) -> None:
        """Import the library."""
        import sklearn.feature_selection  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Call ``mutual_info_regression`` with x as the one feature and y as the target."""
        from sklearn.feature_selection import mutual_info_regression

        x, y = blocks
        require_neighbors(self.name, self.k, len(x))
        with refusals(self.name):
            found = mutual_info_regression(
                x, y[:, 0], discrete_features=False, n_neighbors=self.k, random_state=library_seed(rng)
            )
        return Estimate(found[0])
