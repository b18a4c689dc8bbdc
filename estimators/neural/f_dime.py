"""Discriminative estimators of mutual information by variational f-divergences (f-DIME)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from mibench import Tags, register_estimator

from ._classification import jensen_shannon
from ._neural import ShiftsEstimator

if TYPE_CHECKING:
    from torch import Tensor

    from ._scores import Averages, Scores

Divergence = Literal["kl", "gan", "hd"]


@register_estimator("f-dime")
@dataclass(frozen=True)
class FDIME(ShiftsEstimator):
    """Î = E_joint[T] nats, T = ln (f*)′ of a discriminator D trained by an f-divergence's variational form.

    Takes any number of blocks of shape ``(n, d)``; pairing, splits and report are those of
    :class:`~mibench.estimators.neural.mine.MINE`. The three objectives, and T, whose optimum is the logarithm of the
    density ratio in each:

    - ``kl``: E_joint[ln D] − E_marginal[D] + 1, T = ln D: the NWJ bound trains, and is selected by as
      :class:`~mibench.estimators.neural.nwj.NWJ` is; its mean of D is left out of the value;
    - ``gan``: E_joint[ln(1 − D)] + E_marginal[ln D], T = ln((1 − D)/D): a classifier, DEMI at α = ½;
    - ``hd`` (Hellinger): 2 − E_joint[D] − E_marginal[1/D], T = −2 ln D.

    The network gives T, so D needs no activation. Marginal rows are derangements of a batch: no row keeps its partner.
    (With permutations that have fixed points the value is capped near ln batch, as the authors show.) The plug-in of a
    learned density ratio: of low variance, and no bound.

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
        divergence: ``kl``, ``gan`` or ``hd``.

    References:
        N. A. Letizia, N. Novello and A. M. Tonello, Mutual Information Estimation via f-Divergence and Data
        Derangements, NeurIPS 2024. DOI 10.48550/arXiv.2305.20025

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="f-dime:max_steps=300").nats < 0.5
        True
    """

    divergence: Divergence = "gan"

    tags = Tags(deterministic=False, direction="estimate", requires=("torch",), install="mibench[neural]")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.divergence not in (allowed := get_args(Divergence)):
            raise ValueError(f"divergence is {self.divergence!r}; allowed: {', '.join(allowed)}")

    def bound(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """E_joint[T]."""
        return joint.mean()

    def criterion(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """The objective; of ``kl``, as it is where one of the marginal pairs is a joint one."""
        if self.divergence == "kl":
            from ._scores import Skewed

            marginal = Skewed(joint, marginal, 1 / marginal.pairs)
        return self.objective(joint, marginal)

    def loss(self, joint: "Scores", marginal: "Averages", memory: dict[str, "Tensor"]) -> "Tensor":
        """Minus the objective."""
        return -self.objective(joint, marginal)

    def objective(self, joint: "Averages", marginal: "Averages") -> "Tensor":
        """Return the variational form of the divergence, ``(R,)``, in terms of T."""
        if self.divergence == "kl":
            return 1 + joint.mean() - marginal.log_mean_exp().exp()
        if self.divergence == "gan":
            return jensen_shannon(joint, marginal)
        of_joint, of_marginal = joint.log_mean_exp(lambda t: -t / 2), marginal.log_mean_exp(lambda t: t / 2)
        return 2 - of_joint.exp() - of_marginal.exp()
