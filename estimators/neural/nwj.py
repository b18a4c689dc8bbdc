"""The bound of Nguyen, Wainwright and Jordan (NWJ) on mutual information."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mibench import Tags, register_estimator

from ._neural import ShiftsEstimator

if TYPE_CHECKING:
    from torch import Tensor

    from ._scores import Averages, Scores


@register_estimator("nwj")
@dataclass(frozen=True)
class NWJ(ShiftsEstimator):
    """Î = 1 + E_joint[T] − E_marginal[exp(T)] nats, maximised over critics T (the f-divergence bound of KL).

    Takes any number of blocks of shape ``(n, d)``; pairing, splits and report are those of
    :class:`~mibench.estimators.neural.mine.MINE`. The best critic is the logarithm of the density ratio itself, without
    a free constant. Unlike the Donsker–Varadhan bound, which is never below it for the same critic, the held-out value
    is unbiased for a lower bound; its variance grows like exp(I)/n, which ``effective_sample_size`` shows. In the
    notation f = 1 + T of the references it reads E_joint[f] − E_marginal[exp(f − 1)].

    Cost: O(``max_steps`` · ``batch_size``) critic passes at most, and n²/25 for the report (n²/5 below 1000 rows).

    Args:
        hidden: units in each hidden layer.
        layers: hidden layers.
        critic: ``joint``, a perceptron on all blocks, or ``separable``, Σ_k Π_b f_b(z_b)_k.
        batch_size: rows in a gradient step.
        learning_rate: of Adam.
        max_steps: the most gradient steps.
        patience: steps without a better validation value after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.
        scaling: of every column by its training rows: see :class:`~mibench.estimators.neural.mine.MINE`.
        standardize: the older form of ``scaling``, which it replaces: true is ``standard``, false ``none``.
        shuffles: rows of the product of marginals for each row of a batch.

    References:
        X. Nguyen, M. J. Wainwright and M. I. Jordan, Estimating divergence functionals and the likelihood ratio by
        convex risk minimization, IEEE Trans. Inf. Theory 56(11), 2010. DOI 10.1109/TIT.2010.2068870
        B. Poole et al., On Variational Bounds of Mutual Information, ICML 2019. DOI 10.48550/arXiv.1905.06922

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="nwj:max_steps=300").nats < 0.5
        True
    """

    version = 2
    tags = Tags(deterministic=False, direction="lower bound", requires=("torch",), install="mibench[neural]")

    def bound(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """1 + E_joint[T] − E_marginal[exp(T)]."""
        return 1 + joint.mean() - marginal.log_mean_exp().exp()
