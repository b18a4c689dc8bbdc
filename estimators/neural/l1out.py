"""The leave-one-out upper bound (L1Out)."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mibench import Tags, register_estimator

from ._likelihood import HeadEstimator, HeldOut

if TYPE_CHECKING:
    from torch import Tensor


@register_estimator("l1out")
@dataclass(frozen=True)
class L1Out(HeadEstimator):
    """Î = (1/r) Σ_i ln [q(y_i | x_i) / (1/(r − 1)) Σ_{j≠i} q(y_i | x_j)] nats, with q learnt and r rows held out.

    Takes two blocks of shape ``(n, d)``: y continuous, x of any kind; more are lifted by the chain rule. q(y) is thus
    the mixture of the conditional densities at the other rows: with the true conditional density an upper bound in
    expectation, the sharper the larger r; with a learnt one it is no bound. At high information no other row's density
    reaches y_i, and the value exceeds the truth by far, with a large variance; wrong tails of q do the same. All
    densities are of scaled columns, since increasing maps of a column leave I unchanged.

    Three fifths of the rows train, one fifth selects the step by the likelihood, one fifth reports; below 1000 rows
    each fifth reports in turn. Bias: upwards at high information, for lack of rows; otherwise that of q: neither a
    lower bound nor an upper bound. Cost: O(``max_steps`` · ``batch_size``) passes at most, and O(n²·d/25) times the
    components for the report.

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
        B. Poole et al., On Variational Bounds of Mutual Information, ICML 2019, equation 13.
        DOI 10.48550/arXiv.1905.06922

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="l1out:max_steps=100").nats < 0.5
        True
    """

    tags = Tags(
        max_blocks=2,
        kinds=frozenset({"continuous"}),
        deterministic=False,
        requires=("torch",),
        install="mibench[neural]",
    )

    def terms(self, held_out: HeldOut) -> "Tensor":
        """Return ln q(y_i | x_i) − ln mean_{j≠i} q(y_i | x_j) of every report row."""
        import torch

        sums = []
        for start, chunk in held_out.pairs():  # rows i of x, columns j of y
            chunk.diagonal(start).fill_(-math.inf)
            sums.append(torch.logsumexp(chunk, dim=0))
        rows = len(held_out.joint)
        return held_out.joint - torch.logsumexp(torch.stack(sums), dim=0) + math.log(rows - 1)
