"""The log-likelihood of a classifier of joint against marginal rows."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ._scores import Averages


def jensen_shannon(joint: "Averages", marginal: "Averages", prior: float = 0.5) -> "Tensor":
    """Return 2α·E_joint[ln σ(T + c)] + 2(1 − α)·E_marginal[ln σ(−T − c)] with c = ln(α/(1 − α)), α = *prior*: ``(R,)``.

    Its optimum is the logarithm of the density ratio, whatever α. At α = ½ it is the objective of the Jensen–Shannon
    divergence.
    """
    from torch.nn.functional import logsigmoid

    offset = math.log(prior / (1 - prior))
    of_joint = joint.mean(lambda t: logsigmoid(t + offset))
    return 2 * prior * of_joint + 2 * (1 - prior) * marginal.mean(lambda t: logsigmoid(-t - offset))
