"""The Gaussian copula: the closed form for Gaussian data on normal scores."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator

from .._columns import normal_scores
from .gaussian import Gaussian


@register_estimator("gaussian-copula")
@dataclass(frozen=True)
class GaussianCopula(Estimator):
    """Î = ½(Σ_b ln det Σ̂_b − ln det Σ̂) nats, Σ̂ the covariance of the normal scores Φ⁻¹(R/(n + 1)) of each column.

    R are the ranks of the columns of blocks of shape ``(n, d)``; tied values share their middle rank. It is
    ``gaussian`` behind ``copula``, the GCMI of Ince et al., for any number of blocks: exact in the population where the
    copula is Gaussian, whatever the margins, for blocks of any dimension.

    Bias: a lower bound in the population for two blocks of one column, whose scores are Gaussian: of all joint
    distributions with these margins and this correlation, the Gaussian carries the least information. That does not
    hold for several columns, whose scores need not be jointly Gaussian in a block; it is tagged an estimate. Upwards by
    the sampling error of Σ̂, which ``correction=wishart`` takes off as if the scores were Gaussian data. The standard
    error is the delta method's of ``gaussian`` on the scores: that of the ranks is the same for a Gaussian copula [2].
    Cost: O(n·D·log n + n·D²) time, O(n·D) memory for D columns in all.

    Args:
        correction: ``wishart``, as in the original, or ``none``.

    References:
        [1] R. A. A. Ince et al., A statistical framework for neuroimaging data analysis based on mutual information
        estimated via a Gaussian copula, Human Brain Mapping 38, 1541–1573, 2017. DOI 10.1002/hbm.23471
        [2] C. A. J. Klaassen and J. A. Wellner, Efficient estimation in the bivariate normal copula model: normal
        margins are least favourable, Bernoulli 3, 55–77, 1997.

    Example:
        >>> import numpy as np
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:dim=1,mi=1").sample(4000)
        >>> abs(estimate(np.exp(3 * x), np.arctan(y), estimator="gaussian-copula").nats - 1) < 0.1
        True
    """

    correction: Literal["wishart", "none"] = "wishart"

    tags = Tags(invariances=frozenset({"permutation", "scaling", "monotone", "swap"}))
    expected_failures = {
        "check_typed_failure": "blocks that determine one another share infinite information, and it says so",
        "check_uncorrelated_dependence": "it sees correlation of the scores alone, and misses dependence without it",
    }

    def prepare(self) -> None:
        """Import scipy's decompositions and special functions."""
        import scipy.special  # noqa: F401

        Gaussian(self.correction).prepare()

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate from the correlations of the normal scores."""
        return Gaussian(self.correction).estimate(*(normal_scores(block, block) for block in blocks), rng=rng)
