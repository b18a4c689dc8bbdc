"""The difference of entropies (DoE)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mibench import Tags, register_estimator

from ._likelihood import HeadEstimator, HeldOut

if TYPE_CHECKING:
    from torch import Tensor


@register_estimator("doe")
@dataclass(frozen=True)
class DoE(HeadEstimator):
    """Î = −(1/r) Σ_i ln q(y_i) + (1/r) Σ_i ln q(y_i | x_i) nats: a difference of cross-entropies on r held-out rows.

    Takes two blocks of shape ``(n, d)``: y continuous, x of any kind; more are lifted by the chain rule. q(y) and
    q(y | x) are of one family, whose parameters are learnt, or given by a perceptron of x. All densities are of scaled
    columns, since increasing maps of a column leave I unchanged. q(y | x) is the density of the residual of a linear
    regression of y on x, made white, and training starts at the linear Gaussian model; the reference works on plain
    columns, without mixtures.

    Three fifths of the rows train, one fifth selects the step by the likelihood, one fifth reports; below 1000 rows
    each fifth reports in turn. Bias: each cross-entropy is at least the entropy, their difference is neither a lower
    bound nor an upper bound. Where q(y | x) is the harder one to learn, as in many columns or few rows, it errs
    downwards; where q(y) is, upwards. Unlike lower bounds from samples of the product of marginals, it has no ceiling
    in ln n.

    Cost: O(``max_steps`` · ``batch_size``) passes at most and O(n·d²) for the linear model.

    Args:
        hidden: units in each hidden layer of the network that maps x to the parameters of q(y | x).
        layers: hidden layers.
        batch_size: rows in a gradient step.
        learning_rate: of Adam.
        max_steps: the most gradient steps; 0 leaves the linear Gaussian model.
        patience: steps without a better validation likelihood after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.
        scaling: of every column by its training rows: ``smooth-scores``, a smooth increasing map that makes it about
            standard normal, or ``standard`` deviations from the mean.
        head: the family of the densities: ``gaussian``, ``logistic``, or ``mixture`` of Gaussians.
        components: Gaussians of a mixture.

    References:
        D. McAllester and K. Stratos, Formal Limitations on the Measurement of Mutual Information, AISTATS 2020.
        DOI 10.48550/arXiv.1811.04251

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="doe:max_steps=100").nats < 0.5
        True
    """

    tags = Tags(
        max_blocks=2,
        kinds=frozenset({"continuous"}),
        deterministic=False,
        requires=("torch",),
        install="mibench[neural]",
    )

    @property
    def fits_marginal(self) -> bool:
        """True: the value needs q(y)."""
        return True

    def terms(self, held_out: HeldOut) -> "Tensor":
        """Return ln q(y_i | x_i) − ln q(y_i) of every report row."""
        return held_out.joint - held_out.marginal
