"""The discriminative estimator of mutual information (DEMI)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mibench import Tags, register_estimator

from ._classification import jensen_shannon
from ._neural import ShiftsEstimator

if TYPE_CHECKING:
    from torch import Tensor

    from ._scores import Averages, Scores


@register_estimator("demi")
@dataclass(frozen=True)
class DEMI(ShiftsEstimator):
    """Î = E_joint[L] + ln((1 − α)/α) nats, L the log-odds that a row is a joint one, α the share of joint rows.

    Takes any number of blocks of shape ``(n, d)``; pairing, splits and report are those of
    :class:`~mibench.estimators.neural.mine.MINE`. L is trained, and its best step selected, by the log-likelihood
    α·E_joint[ln σ(L)] + (1 − α)·E_marginal[ln σ(−L)], whose optimum is L = ln p/q + ln(α/(1 − α)) for joint p and
    product q; the critic is T = L − ln(α/(1 − α)), so the value is E_joint[T]. The plug-in of a learned density ratio,
    no bound: an overconfident classifier errs upwards. At α = ½ it is ``f-dime:divergence=gan``.

    Bias: of either sign.

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
        prior: the share α of joint rows, by weight.

    References:
        R. Liao, D. Moyer, P. Golland and W. M. Wells, DEMI: Discriminative Estimator of Mutual Information, 2020.
        DOI 10.48550/arXiv.2010.01766

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="demi:max_steps=300").nats < 0.5
        True
    """

    prior: float = 0.5

    tags = Tags(deterministic=False, direction="estimate", requires=("torch",), install="mibench[neural]")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.prior < 1:
            raise ValueError(f"prior is {self.prior}; allowed: more than 0 and less than 1")

    def bound(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """E_joint[T]."""
        return joint.mean()

    def criterion(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """α·E_joint[ln σ(L)] + (1 − α)·E_marginal[ln σ(−L)]."""
        return jensen_shannon(joint, marginal, self.prior)

    def loss(self, joint: "Scores", marginal: "Averages", memory: dict[str, "Tensor"]) -> "Tensor":
        """Minus the criterion."""
        return -self.criterion(joint, marginal)
