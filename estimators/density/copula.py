"""The information of the copula: every column is replaced by its normal scores, and another estimator takes over."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator

from .._columns import normal_scores
from .._wrapper import Wrapper
from ..neighbors.ksg import KSG


@register_estimator("copula")
@dataclass(frozen=True)
class Copula(Wrapper):
    """Î(X; Y) = Î_base(Φ⁻¹(R_X/(n + 1)); Φ⁻¹(R_Y/(n + 1))) nats, R being the ranks of each column of ``(n, d)`` blocks.

    Mutual information, and total correlation, are unchanged by an increasing map of a column: they belong to the
    copula. What the base sees has standard normal margins, whatever their tails and units were, so that its value no
    longer depends on them. Tied values share their middle rank, so that discrete columns stay discrete. Takes what the
    base takes.

    Bias: the base's on the copula; the normal scores have no tails beyond ±Φ⁻¹(n/(n + 1)). The ranks depend on all
    rows: a base that trains knows of its held-out rows between which others they lie in each column, but nothing of
    the dependence. Cost: O(n·D·log n) for D columns in all, and the base's.

    Args:
        base: the estimator of what is left.

    References:
        A. Sklar, Fonctions de répartition à n dimensions et leurs marges, Publ. Inst. Statist. Univ. Paris 8, 229–231,
        1959.
        R. B. Nelsen, An Introduction to Copulas, 2nd edition, Springer, 2006. DOI 10.1007/0-387-28678-0

    Example:
        >>> import numpy as np
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:dim=1,mi=1").sample(500)
        >>> found = estimate(x, y, estimator="copula:base=(ksg)").nats
        >>> estimate(np.exp(9 * x), y**3, estimator="copula:base=(ksg)").nats == found
        True
    """

    base: Estimator = KSG()  # noqa: RUF009  (it is frozen)

    def get_tags(self) -> Tags:
        """Return the base's; increasing maps of a column change nothing."""
        tags = self.base.get_tags()
        return dataclasses.replace(tags, invariances=tags.invariances | {"monotone", "scaling"})

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate from the normal scores."""
        return self.base.estimate(*(normal_scores(block, block) for block in blocks), rng=rng)
