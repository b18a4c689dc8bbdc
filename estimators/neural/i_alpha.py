"""The interpolation between InfoNCE and TUBA."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mibench import Tags, register_estimator

from .._held_out import report_sizes
from ._neural import RowsEstimator
from ._reliability import Report

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ._critics import WithBaseline
    from ._scores import Averages, Scores


@register_estimator("i-alpha")
@dataclass(frozen=True)
class IAlpha(RowsEstimator):
    """Î = 1 + E[T(x, y) − ln(α·m + 1 − α)] − E[m′/(α·m′ + 1 − α)] nats, T = f − ln a(x), maximised over f and a.

    Takes two blocks of shape ``(n, d)``; more are lifted by the chain rule. m is the mean of exp(T(x_i, ·)) over K = r
    − 1 partners among which y_i is one, m′ over as many among which it is not, r the rows: those of the report (or of
    the batch), each once. For α = 1 it is InfoNCE of K partners, the last term being 1; for α = 0 TUBA, whose variance
    comes with it. A lower bound that cannot exceed ln(K/α): see :meth:`ceiling`. The baseline a is a perceptron of the
    first block. Public code often takes m over the same K partners in both terms: then the second expectation is not
    over an independent y, and the value may exceed I.

    Bias: downwards, the more the nearer I comes to the ceiling.

    Cost: of the separable critic O(``max_steps`` · ``batch_size``) passes at most, and twice n²/25 inner products for
    the report (n²/5 below 1000 rows); of the joint one O(``max_steps`` · ``batch_size``²) and twice n²/25 passes.

    Args:
        hidden: units in each hidden layer, and in the separable critic's outputs.
        layers: hidden layers.
        critic: ``separable``, the inner product ⟨f(x), g(y)⟩ of two perceptrons, or ``joint``, one perceptron on both.
        batch_size: rows in a gradient step.
        learning_rate: of Adam.
        max_steps: the most gradient steps.
        patience: steps without a better validation value after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.
        scaling: of every column by its training rows: see :class:`~mibench.estimators.neural.mine.MINE`.
        standardize: the older form of ``scaling``, which it replaces: true is ``standard``, false ``none``.
        alpha: the interpolation, from 0 (TUBA) to 1 (InfoNCE).

    References:
        B. Poole et al., On Variational Bounds of Mutual Information, ICML 2019. DOI 10.48550/arXiv.1905.06922
        Equation 16.

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="i-alpha:max_steps=300").nats < 0.5
        True
    """

    alpha: float = 0.5

    tags = Tags(
        max_blocks=2, deterministic=False, direction="lower bound", requires=("torch",), install="mibench[neural]"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha is {self.alpha}; allowed: 0 to 1")

    def ceiling(self, n: int) -> float:
        """ln((report batch − 1)/α); with folds, the mean over the rows."""
        sizes = report_sizes(n)
        return self._ceiling([size for size in sizes if size > 1])

    def bound(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """1 + E[T − ln(α·m + 1 − α)] − E[m′/(α·m′ + 1 − α)]."""
        others, partners = marginal.rows_log_mean_exp(), marginal.pairs // joint.pairs
        mean = joint.values - math.log(partners)
        if partners > 1:
            mean = mean.logaddexp(marginal.rows_log_mean_exp(leave=1) + math.log1p(-1 / partners))
        gained = joint.mean(lambda t: t - self._mixed(mean))
        return 1 + gained - (others - self._mixed(others)).exp().mean(dim=1)

    def diagnostics(self, nats: float, reports: Sequence[Report]) -> dict[str, Any]:
        """Return also the ceiling."""
        ceiling = self._ceiling([part.rows for part in reports])
        return {**super().diagnostics(nats, reports), "ceiling": ceiling}

    def _ceiling(self, sizes: Sequence[int]) -> float:
        if self.alpha == 0 or not sizes:
            return math.inf
        return sum(size * math.log((size - 1) / self.alpha) for size in sizes) / sum(sizes)

    def _mixed(self, log_mean: "Tensor") -> "Tensor":
        """Return ln(α·m + 1 − α) of ln m, without overflow."""
        if self.alpha in (0, 1):
            return self.alpha * log_mean
        return (log_mean + math.log(self.alpha)).logaddexp(log_mean.new_tensor(math.log1p(-self.alpha)))

    def _critic(self, dims: Sequence[int], replicates: int, generator: "torch.Generator") -> "WithBaseline":
        from ._critics import with_baseline

        critic = super()._critic(dims, replicates, generator)
        return with_baseline(critic, dims, self.hidden, 0, replicates, generator)
