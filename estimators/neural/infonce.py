"""InfoNCE: contrastive prediction as a bound on mutual information."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mibench import Tags, register_estimator

from .._held_out import report_sizes
from ._neural import NeuralEstimator
from ._reliability import Report

if TYPE_CHECKING:
    from torch import Tensor

    from ._scores import Averages, Scores


@register_estimator("infonce")
@dataclass(frozen=True)
class InfoNCE(NeuralEstimator):
    """Î = (1/r) Σ_i [T(x_i, y_i) − ln (1/r) Σ_j exp(T(x_i, y_j))] nats, maximised over critics T.

    Takes two blocks of shape ``(n, d)``; more are lifted by the chain rule. The value says how well the partner of x_i
    is found among r rows, so it cannot exceed ln r, however large I is: see :meth:`ceiling`.

    Three fifths of the rows train, one fifth selects the step, one fifth reports as one batch of r rows; below 1000
    rows each fifth reports in turn, and the estimate is the mean of the five bounds, weighted by rows. Bias: downwards,
    the more the nearer I comes to the ceiling.

    Cost: the separable critic takes O(``max_steps`` · ``batch_size``) passes at most and n²/25 inner products for the
    report (n²/5 below 1000 rows); the joint one O(``max_steps`` · ``batch_size``²) and n²/25 passes.

    Args:
        hidden: units in each hidden layer, and in the separable critic's outputs.
        layers: hidden layers.
        critic: ``separable``, the inner product ⟨f(x), g(y)⟩ of two perceptrons, or ``joint``, one perceptron on both.
        batch_size: rows in a gradient step; training sees a ceiling of its logarithm.
        learning_rate: of Adam.
        max_steps: the most gradient steps.
        patience: steps without a better validation value after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.
        scaling: of every column by its training rows: see :class:`~mibench.estimators.neural.mine.MINE`.
        standardize: the older form of ``scaling``, which it replaces: true is ``standard``, false ``none``.

    References:
        A. van den Oord, Y. Li and O. Vinyals, Representation Learning with Contrastive Predictive Coding, 2018.
        DOI 10.48550/arXiv.1807.03748
        B. Poole et al., On Variational Bounds of Mutual Information, ICML 2019. DOI 10.48550/arXiv.1905.06922

    Example:
        >>> import numpy as np
        >>> from mibench import estimate, get_estimator
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="infonce:max_steps=300").nats < 0.5
        True
        >>> round(get_estimator("infonce").ceiling(1000), 3)  # ln 200
        5.298
    """

    critic: Literal["joint", "separable"] = "separable"

    version = 2
    tags = Tags(
        max_blocks=2, deterministic=False, direction="lower bound", requires=("torch",), install="mibench[neural]"
    )

    def ceiling(self, n: int) -> float:
        """ln(report batch): the whole report part is one batch, of n/5 rows; with folds, the mean over its rows."""
        sizes = report_sizes(n)
        return sum(size * math.log(size) for size in sizes if size) / max(sum(sizes), 1)

    def bound(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """E_i[T_ii] − E_i[ln E_j[exp(T_ij)]]."""
        return joint.mean() - marginal.mean_log_mean_exp()

    def diagnostics(self, nats: float, reports: Sequence[Report]) -> dict[str, Any]:
        """Return also the ceiling."""
        rows = sum(part.rows for part in reports)
        ceiling = sum(part.rows * math.log(part.rows) for part in reports) / rows
        return {**super().diagnostics(nats, reports), "ceiling": ceiling}
