"""Mutual information by Fenchel–Legendre optimisation (FLO)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mibench import Tags, register_estimator

from ._neural import RowsEstimator

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ._critics import TwoHeads
    from ._scores import Averages, Scores


@register_estimator("flo")
@dataclass(frozen=True)
class FLO(RowsEstimator):
    """Î = 1 − E_joint[u(x, y) + exp(−u(x, y))·E_y′[exp(g(x, y′) − g(x, y))]] nats, maximised over g and u.

    Takes two blocks of shape ``(n, d)``; more are lifted by the chain rule. The partners y′ of a row are all others of
    the batch, or of the report. For a given g the best u is ln E_y′[exp(g(x, y′) − g(x, y))], under which the value is
    that of InfoNCE with as many partners as there are, and a lower bound of I without a ceiling for fresh ones; at the
    best g, −u is the pointwise information. The mean over partners stands inside no logarithm, so gradient and held-out
    value are unbiased for a lower bound. g and u + g are two critics of one kind: the best u + g is a function of x
    alone, where u itself would have to follow every peak of g, and a row at which it does not decides the value (−3.5
    nats for 3 on 1000 Gaussian rows in 5 + 5 dimensions).

    Bias: downwards.

    Cost: of the separable critic O(``max_steps`` · ``batch_size``) passes at most, and n²/25 inner products for the
    report (n²/5 below 1000 rows); of the joint one O(``max_steps`` · ``batch_size``²) and n²/25 passes.

    Args:
        hidden: units in each hidden layer, and in the separable critics' outputs.
        layers: hidden layers.
        critic: ``separable``, the inner product ⟨f(x), g(y)⟩ of two perceptrons, or ``joint``, one perceptron on both.
        batch_size: rows in a gradient step.
        learning_rate: of Adam.
        max_steps: the most gradient steps.
        patience: steps without a better validation value after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.
        scaling: of every column by its training rows: see :class:`~mibench.estimators.neural.mine.MINE`.
        standardize: the older form of ``scaling``, which it replaces: true is ``standard``, false ``none``.

    References:
        Q. Guo et al., Tight Mutual Information Estimation With Contrastive Fenchel–Legendre Optimization, NeurIPS 2022.
        DOI 10.48550/arXiv.2107.01131

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="flo:max_steps=300").nats < 0.5
        True
    """

    tags = Tags(
        max_blocks=2, deterministic=False, direction="lower bound", requires=("torch",), install="mibench[neural]"
    )

    def bound(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """1 − E_joint[u + exp(−u − g)·E_y′[exp(g)]] with u = v − g, v the second critic's."""
        v, others = joint.second, marginal.rows_log_mean_exp()
        assert v is not None
        return 1 - joint.mean(lambda g: v - g + (others - v).exp())

    def _critic(self, dims: Sequence[int], replicates: int, generator: "torch.Generator") -> "TwoHeads":
        from ._critics import TwoHeads

        first, second = (super(FLO, self)._critic(dims, replicates, generator) for _ in range(2))
        return TwoHeads(first, second)
