"""Mutual information by invertible flows to a Gaussian pair (MIENF)."""

import math
from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError

from .._columns import scale
from .._held_out import PARTS, Fold, folds


@register_estimator("mienf")
@dataclass(frozen=True)
class MIENF(Estimator):
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
        couplings: coupling layers of each flow; each moves one half of the columns, in turn.
        hidden: units in each hidden layer of a coupling's network.
        layers: its hidden layers.
        batch_size: rows in a gradient step.
        learning_rate: of Adam.
        max_steps: the most gradient steps.
        patience: steps without a better validation likelihood after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.

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

    couplings: int = 4
    hidden: int = 32
    layers: int = 2
    batch_size: int = 256
    learning_rate: float = 0.003
    max_steps: int = 1500
    patience: int = 200
    averaging: float = 0.98

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
        least = {"couplings": 0, "hidden": 1, "layers": 1, "batch_size": 1, "max_steps": 0, "patience": 1}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: {lowest} or more")
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate is {self.learning_rate}; allowed: a finite number of more than 0")
        if not 0 <= self.averaging < 1:
            raise ValueError(f"averaging is {self.averaging}; allowed: at least 0 and less than 1")

    def prepare(self) -> None:
        """Import torch."""
        from . import _flows  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Fit flows on some rows, and correlate the images of others."""
        from ..density.gaussian import wishart_bias
        from ._training import seeded_torch

        n = len(blocks[0])
        if n < 5 * PARTS:
            raise InputError(f"mienf: n is {n}; allowed: at least {5 * PARTS} ({PARTS} parts of 5 rows)")
        values, rows, steps = [], [], 0
        with seeded_torch(rng):
            for fold in folds(n, rng):
                correlations, taken = self._correlations(blocks, fold)
                if correlations.max() ** 2 >= 1:
                    raise InputError("mienf: the blocks determine one another; allowed: finite information")
                bias = len(correlations) * wishart_bias(len(fold.report), [1, 1])
                values.append(-0.5 * float(np.log1p(-(correlations**2)).sum()) - bias)
                rows.append(len(fold.report))
                steps += taken
        nats = float(np.average(values, weights=rows))
        return Estimate(nats, diagnostics={"report_size": sum(rows), "gradient_steps": steps})

    def _correlations(self, blocks: tuple[np.ndarray, ...], fold: Fold) -> tuple[np.ndarray, int]:
        """Return the r_j of one split's report rows, and the gradient steps taken."""
        import torch

        from ..neural._training import as_tensor
        from ._flows import GaussianPair, canonical, paired_correlations
        from ._training import Batches, fit

        scores = [scale(block, block[fold.train], "normal-scores") for block in blocks]
        start = canonical(*(block[fold.train] for block in scores))
        steps = 0
        if max(block.shape[1] for block in blocks) == 1 or not self.couplings:
            images = [block[fold.report] @ matrix for block, matrix in zip(scores, start[:2], strict=True)]
            return paired_correlations(*images), steps
        model = GaussianPair(start, self.couplings, self.hidden, self.layers)
        train, validation, report = ([as_tensor(block[part]) for block in scores] for part in fold)
        batches = Batches(train, self.batch_size)
        steps = fit(
            model,
            lambda pair: -pair.log_density(*batches()).mean(),
            lambda pair: -pair.log_density(*validation).mean(),
            learning_rate=self.learning_rate,
            max_steps=self.max_steps,
            patience=self.patience,
            averaging=self.averaging,
        ).steps
        with torch.no_grad():
            images = [image.double().numpy() for image in model(*report)]
        return paired_correlations(*images), steps
