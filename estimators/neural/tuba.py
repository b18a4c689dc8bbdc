"""The bound with a learned baseline (TUBA) on mutual information."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mibench import Tags, register_estimator

from .nwj import NWJ

if TYPE_CHECKING:
    import torch

    from ._critics import WithBaseline


@register_estimator("tuba")
@dataclass(frozen=True)
class TUBA(NWJ):
    """Î = 1 + E_joint[f − ln a(y)] − E_marginal[exp(f)/a(y)] nats, maximised over critics f and baselines a > 0.

    Takes any number of blocks of shape ``(n, d)``, y the last; pairing, splits and report are those of
    :class:`~mibench.estimators.neural.mine.MINE`. By the inequality ln z ≤ z/a + ln a − 1 in the log-partition function
    of f(·, y). With T = f − ln a(y) it is the NWJ bound of T, which a = e, or 1 in our notation, gives: the two differ
    in what is learnt, a perceptron −ln a(y) of the last block beside f, which a separable critic cannot form by itself.
    It is selected and warned of as :class:`~mibench.estimators.neural.nwj.NWJ` is.

    Bias: downwards.

    Cost: O(``max_steps`` · ``batch_size``) critic passes at most, and n²/25 for the report (n²/5 below 1000 rows).

    Args:
        hidden: units in each hidden layer, the baseline's one among them.
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
        D. Barber and F. Agakov, The IM Algorithm, NIPS 2003.
        B. Poole et al., On Variational Bounds of Mutual Information, ICML 2019. DOI 10.48550/arXiv.1905.06922

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="tuba:max_steps=300").nats < 0.5
        True
    """

    version = 1
    tags = Tags(deterministic=False, direction="lower bound", requires=("torch",), install="mibench[neural]")

    def _critic(self, dims: Sequence[int], replicates: int, generator: "torch.Generator") -> "WithBaseline":
        from ._critics import with_baseline

        critic = super()._critic(dims, replicates, generator)
        return with_baseline(critic, dims, self.hidden, -1, replicates, generator)
