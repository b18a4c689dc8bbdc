"""The Jensen–Shannon critic with the readout of NWJ."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mibench import Tags, register_estimator

from ._classification import jensen_shannon
from .nwj import NWJ

if TYPE_CHECKING:
    from torch import Tensor

    from ._scores import Averages, Scores


@register_estimator("js")
@dataclass(frozen=True)
class JensenShannon(NWJ):
    """Î = 1 + E_joint[T] − E_marginal[exp(T)] nats, with T trained as a classifier of joint against marginal rows.

    Takes any number of blocks of shape ``(n, d)``; pairing, splits and report are those of
    :class:`~mibench.estimators.neural.mine.MINE`. T is trained, and its best step selected, by E_joint[ln σ(T)] +
    E_marginal[ln σ(−T)], the f-GAN objective of the Jensen–Shannon divergence, whose optimum is the logarithm of the
    density ratio and whose gradients are bounded; the value is the NWJ bound of that T, a lower bound whatever T is.
    (Public code often reports the objective itself, or −ln of a batch's mean of exp(T), as if it were this bound.)

    Bias: downwards.

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
        S. Nowozin, B. Cseke and R. Tomioka, f-GAN, NIPS 2016. DOI 10.48550/arXiv.1606.00709
        B. Poole et al., On Variational Bounds of Mutual Information, ICML 2019. DOI 10.48550/arXiv.1905.06922

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="js:max_steps=300").nats < 0.5
        True
    """

    version = 1
    tags = Tags(deterministic=False, direction="lower bound", requires=("torch",), install="mibench[neural]")

    def criterion(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """E_joint[ln σ(T)] + E_marginal[ln σ(−T)]."""
        return jensen_shannon(joint, marginal)

    def loss(self, joint: "Scores", marginal: "Averages", memory: dict[str, "Tensor"]) -> "Tensor":
        """Minus the criterion."""
        return -self.criterion(joint, marginal)
