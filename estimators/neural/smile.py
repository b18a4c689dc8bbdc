"""The smoothed mutual information lower-bound estimator (SMILE)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mibench import Tags, register_estimator

from ._classification import jensen_shannon
from ._neural import ShiftsEstimator

if TYPE_CHECKING:
    from torch import Tensor

    from ._scores import Averages, Scores


@register_estimator("smile")
@dataclass(frozen=True)
class SMILE(ShiftsEstimator):
    """Î = E_joint[T] − ln E_marginal[clip(exp(T), e^−τ, e^τ)] nats, with T trained as a classifier.

    Takes any number of blocks of shape ``(n, d)``; pairing, splits and report are those of
    :class:`~mibench.estimators.neural.mine.MINE`. T is trained, and its best step selected, by the Jensen–Shannon
    objective E_joint[ln σ(T)] + E_marginal[ln σ(−T)], whose optimum is the logarithm of the density ratio; the value
    clips exp(T) in the mean over marginal rows alone, which keeps the variance of that mean below exp(2τ)/n. No bound,
    despite its name (it is one for τ → ∞ only): where the density ratio exceeds exp(τ) clipping lowers the subtracted
    mean, and the value errs upwards; where it is below exp(−τ), clipping raises it. The bias does not vanish with n.

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
        tau: the clipping threshold τ of T in nats.

    References:
        J. Song and S. Ermon, Understanding the Limitations of Variational Mutual Information Estimators, ICLR 2020.
        DOI 10.48550/arXiv.1910.06222

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="smile:max_steps=300").nats < 0.5
        True
    """

    tau: float = 5.0

    tags = Tags(deterministic=False, direction="estimate", requires=("torch",), install="mibench[neural]")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tau <= 0:
            raise ValueError(f"tau is {self.tau}; allowed: more than 0")

    def bound(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """E_joint[T] − ln E_marginal[clip(exp(T), e^−τ, e^τ)]."""
        return joint.mean() - marginal.log_mean_exp(lambda t: t.clamp(-self.tau, self.tau))

    def criterion(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """E_joint[ln σ(T)] + E_marginal[ln σ(−T)]."""
        return jensen_shannon(joint, marginal)

    def loss(self, joint: "Scores", marginal: "Averages", memory: dict[str, "Tensor"]) -> "Tensor":
        """Minus the criterion."""
        return -self.criterion(joint, marginal)
