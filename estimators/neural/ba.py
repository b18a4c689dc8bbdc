"""The bound of Barber and Agakov (BA) on mutual information."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from mibench import Tags, register_estimator

from ._likelihood import HeadEstimator, HeldOut

if TYPE_CHECKING:
    from torch import Tensor

Entropy = Literal["neighbors", "gaussian", "marginal"]

#: The neighbour whose distance the entropy is made of.
NEIGHBOR = 3


@register_estimator("ba")
@dataclass(frozen=True)
class BA(HeadEstimator):
    """Î = ĥ(Y) + (1/r) Σ_i ln q(y_i | x_i) nats, with q(y | x) learnt and r rows held out.

    Takes two blocks of shape ``(n, d)``: y continuous, x of any kind; more are lifted by the chain rule. By Gibbs'
    inequality E[ln q(Y | X)] ≤ −h(Y | X), so that with the true h(Y) it is a lower bound for any q, sharp where q is
    the true one. (The reference predicts x from y.) All densities are of scaled columns, since increasing maps of a
    column leave I unchanged; q and its training are those of :class:`~mibench.estimators.neural.doe.DoE`.

    ĥ(Y) is, by ``entropy``: that of the 3rd ``neighbors`` among all n rows, ψ(n) − ψ(3) + ln V_d + (d/n) Σ_i ln ε_i
    (Kozachenko and Leonenko), consistent, but biased by far in ten columns and more, with ½|t|² of rows made white as a
    control variate, so that what is particular to the report rows cancels; ``gaussian``, the cross-entropy of the
    Gaussian fitted to the training rows, at least h(Y), and h(Y) itself in one scaled column; ``marginal``, that of a
    density of y of q's family. A lower bound in the population with ``neighbors``, neither bound with the others.

    Three fifths of the rows train, one fifth selects the step by the likelihood, one fifth reports; below 1000 rows
    each fifth reports in turn. Bias: downwards by the error of q, plus that of ĥ(Y). Cost: O(``max_steps`` ·
    ``batch_size``) passes at most, and a search for neighbours, O(n·log n) in few columns.

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
        entropy: the estimate of h(Y): ``neighbors``, ``gaussian`` or ``marginal``.

    References:
        D. Barber and F. Agakov, The IM Algorithm: A Variational Approach to Information Maximization, NIPS 2003.
        https://papers.nips.cc/paper/2410-information-maximization-in-noisy-channels-a-variational-approach
        B. Poole et al., On Variational Bounds of Mutual Information, ICML 2019. DOI 10.48550/arXiv.1905.06922
        L. F. Kozachenko and N. N. Leonenko, Problems of Information Transmission 23 (1987) 95.

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="ba:max_steps=100").nats < 0.5
        True
    """

    entropy: Entropy = "neighbors"

    tags = Tags(
        max_blocks=2,
        kinds=frozenset({"continuous"}),
        deterministic=False,
        requires=("torch",),
        install="mibench[neural]",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.entropy not in get_args(Entropy):
            raise ValueError(f"entropy is {self.entropy!r}; allowed: {', '.join(get_args(Entropy))}")

    def get_tags(self) -> Tags:
        """Return the class's tags; a lower bound where ĥ(Y) is consistent."""
        return replace(self.tags, direction="lower bound") if self.entropy == "neighbors" else self.tags

    @property
    def fits_marginal(self) -> bool:
        """Whether q(y) is the estimate of h(Y)."""
        return self.entropy == "marginal"

    def terms(self, held_out: HeldOut) -> "Tensor":
        """Return ln q(y_i | x_i) + ĥ(Y) of every report row."""
        if self.fits_marginal:
            return held_out.joint - held_out.marginal
        import torch

        squares = (held_out.white**2).sum(axis=1) / 2
        own = torch.from_numpy(squares[held_out.report]) - held_out.frame.marginal_log_det
        if self.entropy == "gaussian":
            return held_out.joint + own + held_out.white.shape[1] / 2 * math.log(2 * math.pi)
        return held_out.joint + own + (neighbors_entropy(held_out.white) - squares.mean())


def neighbors_entropy(rows: np.ndarray) -> float:
    """Return the entropy in nats of *rows*, ``(n, d)``, by Euclidean distances to the 3rd neighbour.

    Rows that coincide with three others are held to be 1e-10 from them. O(n·log n) time in few columns.
    """
    from scipy.spatial import cKDTree
    from scipy.special import digamma, gammaln

    n, d = rows.shape
    distances = cKDTree(rows).query(rows, [NEIGHBOR + 1])[0]
    ball = d / 2 * math.log(math.pi) - float(gammaln(d / 2 + 1))
    return float(digamma(n) - digamma(NEIGHBOR) + ball + d * np.log(np.maximum(distances, 1e-10)).mean())
