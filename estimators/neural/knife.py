"""Kernelised neural differential entropy estimation (KNIFE)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mibench import Tags, register_estimator

from ._likelihood import HeldOut, LikelihoodEstimator

if TYPE_CHECKING:
    from torch import Tensor

    from ._conditional import Family


@register_estimator("knife")
@dataclass(frozen=True)
class KNIFE(LikelihoodEstimator):
    """Î = ĥ(Y) − ĥ(Y | X) nats, ĥ(Y) = −(1/r) Σ_i ln Σ_m w_m κ(y_i; a_m, S_m) on r held-out rows; w, a, S are learnt.

    Takes two blocks of shape ``(n, d)``: y continuous, x of any kind; more are lifted by the chain rule. κ is the
    Gaussian kernel; ĥ(Y | X) is the same with w_m(x), a_m(x) and S_m(x) from a perceptron. The kernels start about
    training rows; their covariances are diagonal in coordinates in which y, or the residual of its linear regression on
    x, is white, where the reference learns triangular factors for each. All densities are of scaled columns, since
    increasing maps of a column leave I unchanged.

    Three fifths of the rows train, one fifth selects the step by the likelihood, one fifth reports; below 1000 rows
    each fifth reports in turn. Bias: each term is an upper bound of its entropy in the population; their difference is
    neither a lower bound nor an upper bound. Few rows or many columns make ĥ(Y | X) the worse one, and the value err
    downwards.

    Cost: O(``max_steps`` · ``batch_size`` · ``kernels``) at most, with O(n·d²) for the linear model.

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
        kernels: how many of them each density has.

    References:
        G. Pichler et al., A Differential Entropy Estimator for Training Neural Networks, ICML 2022.
        DOI 10.48550/arXiv.2202.06618

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="knife:max_steps=100").nats < 0.5
        True
    """

    kernels: int = 32

    spread: ClassVar[float] = 0.8
    tags = Tags(
        max_blocks=2,
        kinds=frozenset({"continuous"}),
        deterministic=False,
        requires=("torch",),
        install="mibench[neural]",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kernels < 1:
            raise ValueError(f"kernels is {self.kernels}; allowed: 1 or more")

    @property
    def fits_marginal(self) -> bool:
        """True: the value needs q(y)."""
        return True

    def family(self, dim: int) -> "Family":
        """Return mixtures of Gaussian kernels."""
        from ._conditional import Family

        return Family("gaussian", self.kernels, dim)

    def terms(self, held_out: HeldOut) -> "Tensor":
        """Return ln q(y_i | x_i) − ln q(y_i) of every report row."""
        return held_out.joint - held_out.marginal
