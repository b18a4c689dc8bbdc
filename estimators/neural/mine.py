"""Mutual information neural estimation (MINE)."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mibench import Tags, register_estimator

from ._neural import ShiftsEstimator

if TYPE_CHECKING:
    from torch import Tensor

    from ._scores import Averages, Scores


@register_estimator("mine")
@dataclass(frozen=True)
class MINE(ShiftsEstimator):
    """Î = E_joint[T] − ln E_marginal[exp(T)] nats, maximised over critics T (the Donsker–Varadhan bound).

    Takes any number of blocks of shape ``(n, d)``. Rows of the product of marginals are made by moving the blocks of a
    batch, which is in random order, round by distinct numbers of rows, so that no two blocks of a row come from the
    same sample. The gradient of the logarithm is corrected by a moving average of E[exp(T)]; values are plain.

    Three fifths of the rows train, one fifth selects the step, one fifth reports; below 1000 rows each fifth reports in
    turn, and the estimate is the mean of the five bounds, weighted by rows. A report averages exp(T) over all
    off-diagonal pairs of two blocks, or 64 cyclic shifts of more. Such a held-out value is a lower bound in the
    population only: on a sample, ln of a mean scatters, and it errs upwards where few pairs carry the mean, which
    ``effective_sample_size`` shows. Warned of: a value beyond ln of the pairs, a mean of few pairs, joint rows that
    score above the pairs that should be like them, and a value near what the ranks of the training rows can carry.

    Cost: O(``max_steps`` · ``batch_size``) critic passes at most, and n²/25 for the report (n²/5 below 1000 rows).
    ``neural:mine-fast`` stops earlier, ``neural:mine-thorough`` later.

    Args:
        hidden: units in each hidden layer.
        layers: hidden layers.
        critic: ``joint``, a perceptron on all blocks, or ``separable``, Σ_k Π_b f_b(z_b)_k.
        batch_size: rows in a gradient step.
        learning_rate: of Adam.
        max_steps: the most gradient steps.
        patience: steps without a better validation value after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.
        scaling: of every column by its training rows: ``standard`` deviations from the mean, ``normal-scores`` of the
            ranks (under which no row is far from the others), or ``none``.
        standardize: the older form of ``scaling``, which it replaces: true is ``standard``, false ``none``.
        shuffles: rows of the product of marginals for each row of a batch.
        ema_rate: the weight of the newest batch in the moving average; 1 gives the plain gradient.

    References:
        M. I. Belghazi et al., Mutual Information Neural Estimation, ICML 2018, arXiv:1801.04062.
        DOI 10.48550/arXiv.1801.04062
        M. D. Donsker and S. R. S. Varadhan, Comm. Pure Appl. Math. 36 (1983) 183. DOI 10.1002/cpa.3160360204

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="mine:max_steps=300").nats < 0.5
        True
    """

    ema_rate: float = 0.1

    version = 3
    tags = Tags(deterministic=False, direction="lower bound", requires=("torch",), install="mibench[neural]")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.ema_rate <= 1:
            raise ValueError(f"ema_rate is {self.ema_rate}; allowed: more than 0 and at most 1")

    def bound(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """E_joint[T] − ln E_marginal[exp(T)]."""
        return joint.mean() - marginal.log_mean_exp()

    def loss(self, joint: "Scores", marginal: "Averages", memory: dict[str, "Tensor"]) -> "Tensor":
        """E_marginal[exp(T)] / a − E_joint[T], with the moving average a first moved on by this batch.

        A batch's own E[exp(T)] in the denominator of the gradient of ln E[exp(T)] biases it; a is held constant in the
        gradient, and kept as a logarithm.
        """
        log_mean = marginal.log_mean_exp()
        average = log_mean.detach()
        if "log_average" in memory and self.ema_rate < 1:
            kept = memory["log_average"] + math.log1p(-self.ema_rate)
            average = kept.logaddexp(average + math.log(self.ema_rate))
        memory["log_average"] = average
        return (log_mean - average).exp() - joint.mean()
