"""Mutual information by invertible flows to a Gaussian pair (MIENF)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mibench import Tags, register_estimator
from mibench.errors import InputError

from .._held_out import Fold
from ._generative import GenerativeEstimator


@register_estimator("mienf")
@dataclass(frozen=True)
class MIENF(GenerativeEstimator):
    """Î = −½ Σ_j ln(1 − r_j²) nats, r_j the correlation of f(X)_j and g(Y)_j, by flows f, g to a joint Gaussian.

    Two blocks of shape ``(n, d)``. Invertible maps leave the information as it is: I(X; Y) = I(f(X); g(Y)). f and g are
    trained together by maximum likelihood, so that (f(X), g(Y)) is a Gaussian in canonical form, in which column j of
    one correlates with column j of the other and with nothing else (the tridiagonal form of the reference); its
    information is the sum above. Columns become normal scores first, which take heavy tails away: trained on raw
    Student data the likelihood runs off, and so does the value. Each flow is affine coupling layers and an affine map;
    training starts at the canonical correlation analysis of the scores, which is the Gaussian-copula estimate, and
    keeps the step with the largest likelihood of the validation rows. Blocks of one column need no coupling: there the
    map to a Gaussian is the normal score itself, nothing is trained, and all that is seen is the correlation of scores.

    The r_j are sample correlations of rows that took no part in fitting (three fifths of the rows fit, one selects, one
    reports; below 1000 rows each fifth reports in turn), and the expected error of the sum on Gaussian pairs of that
    many rows is taken off (Misra et al.). The reference evaluates the fitted correlations instead.

    Bias: an estimate of a model, not a bound. Where no pair of maps makes the blocks jointly Gaussian (the class is
    narrow: a square turned by 45° is not in it) the value is off even for n → ∞, downwards if f(X) and g(Y) are
    Gaussian each by itself; on finite samples held-out correlations fall short of the best.

    Cost: O(``max_steps`` · ``batch_size`` · ``couplings`` · ``hidden``²) time at most, and O(n·d² + d³).

    Args:
        hidden: units in each hidden layer of a coupling's network.
        layers: its hidden layers.
        batch_size: rows in a gradient step.
        learning_rate: of Adam.
        max_steps: the most gradient steps.
        patience: steps without a better validation likelihood after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.
        couplings: coupling layers of each flow; each moves one half of the columns, in turn.

    References:
        I. Butakov et al., Mutual Information Estimation via Normalizing Flows, NeurIPS 2024.
        DOI 10.48550/arXiv.2403.02187
        L. Dinh, J. Sohl-Dickstein and S. Bengio, Density estimation using Real NVP, ICLR 2017.
        DOI 10.48550/arXiv.1605.08803
        N. Misra, H. Singh and E. Demchuk, J. Multivariate Analysis 92, 324–342, 2005. DOI 10.1016/j.jmva.2003.10.003

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> x, z = np.random.default_rng(0).normal(size=(2, 1000, 2))
        >>> y = np.exp(x + z)  # I = ln 2 = 0.69
        >>> 0.5 < estimate(x, y, estimator="mienf:max_steps=100").nats < 0.9
        True
    """

    hidden: int = 32
    layers: int = 2
    batch_size: int = 256
    learning_rate: float = 0.003
    max_steps: int = 1500
    patience: int = 200
    averaging: float = 0.98
    couplings: int = 4

    least_report: ClassVar[int] = 5

    tags = Tags(
        max_blocks=2,
        kinds=frozenset({"continuous"}),
        deterministic=False,
        invariances=frozenset({"scaling", "monotone"}),
        requires=("torch",),
        install="mibench[neural]",
    )
    expected_failures = {
        "check_uncorrelated_dependence": "one-dimensional blocks become normal scores, and it sees their correlation "
        "alone: no pair of invertible maps makes a turned square jointly Gaussian",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.couplings < 0:
            raise ValueError(f"couplings is {self.couplings}; allowed: 0 or more")

    def value(self, scaled: Sequence[np.ndarray], fold: Fold) -> tuple[float, int]:
        """Fit flows on some rows, and correlate the images of others."""
        from ..density.gaussian import wishart_bias
        from ._flows import paired_correlations

        images, steps = self._images(scaled, fold)
        correlations = paired_correlations(*images)
        if (correlations**2).max() >= 1:
            raise InputError("mienf: the blocks determine one another; allowed: finite information")
        bias = len(correlations) * wishart_bias(len(fold.report), [1, 1])
        return -0.5 * float(np.log1p(-(correlations**2)).sum()) - bias, steps

    def _images(self, scaled: Sequence[np.ndarray], fold: Fold) -> tuple[list[np.ndarray], int]:
        """Return the images of one split's report rows, and the gradient steps taken."""
        import torch

        from ..neural._training import as_tensor
        from ._flows import GaussianPair, canonical
        from ._training import Batches

        start = canonical(*(block[fold.train] for block in scaled))
        if max(block.shape[1] for block in scaled) == 1 or not self.couplings:
            return [block[fold.report] @ matrix for block, matrix in zip(scaled, start[:2], strict=True)], 0
        model = GaussianPair(start, self.couplings, self.hidden, self.layers)
        train, validation, report = ([as_tensor(block[part]) for block in scaled] for part in fold)
        batches = Batches(train, self.batch_size)
        steps = self.fit(
            model,
            lambda pair: -pair.log_density(*batches()).mean(),
            lambda pair: -pair.log_density(*validation).mean(),
        ).steps
        with torch.no_grad():
            return [image.double().numpy() for image in model(*report)], steps
