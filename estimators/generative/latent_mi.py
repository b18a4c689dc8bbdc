"""Latent mutual information: nearest neighbours in the codes of autoencoders that predict one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mibench import Tags, register_estimator

from .._columns import standardize
from .._held_out import Fold
from ._generative import GenerativeEstimator

#: The largest standardised value; what lies beyond is cut off.
LARGEST = 10.0


@register_estimator("latent-mi")
@dataclass(frozen=True)
class LatentMI(GenerativeEstimator):
    """Î = Î_KSG(a(X); b(Y)) nats on held-out rows; a, b: codes from which either block predicts both.

    Two blocks of shape ``(n, d)``, of any kind. Encoders a of x and b of y and four decoders are trained on one half of
    the rows to the least ‖x − x̂(a)‖² + ‖y − ŷ(a)‖² + ‖x − x̂(b)‖² + ‖y − ŷ(b)‖², each the mean over columns, so that
    the codes keep what the blocks know of one another; the estimator of Kraskov et al. is applied to the codes of the
    other half. A fifth of the rows, from the first half, selects the step. Columns are standardised by training rows
    and cut off at ±10.

    Differs from the reference: smaller networks and a larger learning rate, so that training takes seconds on a CPU; no
    dropout; codes are linear in the last layer; nats, where its code returns bits; the step is not selected on the rows
    that are reported, as it is there.

    Bias: towards 0 in the population (codes are functions of the blocks, and lose information), and with it for finite
    n (KSG underestimates, the more the higher the code's dimension and the information). It is no lower bound, as KSG
    scatters about its mean. Made for blocks of many columns that depend on one another by a few directions of large
    variance: a direction that is no wider than a hundred independent ones is not found by prediction error.

    The networks' defaults were chosen on Gaussian pairs of 0, 1.8 and, in five dimensions, 2 nats, a square turned by
    45°, and 100 columns of which two directions share 1 nat.

    Cost: O(``max_steps`` · ``batch_size`` · ``hidden`` · (d + ``hidden``)) at most, and O(n²·``latent``).

    Args:
        hidden: units in each hidden layer.
        layers: hidden layers.
        batch_size: rows in a gradient step.
        learning_rate: of Adam.
        max_steps: the most gradient steps.
        patience: steps without a smaller validation error after which training stops.
        averaging: the decay of the moving average of the weights that is selected and reported; 0 takes the weights.
        latent: columns of each code.
        k: number of neighbours.

    References:
        G. Gowri, X.-K. Lun, A. M. Klein and P. Yin, Approximating mutual information of high-dimensional variables
        using learned representations, NeurIPS 2024. DOI 10.48550/arXiv.2409.02732
        A. Kraskov, H. Stögbauer and P. Grassberger, Phys. Rev. E 69, 066138, 2004. DOI 10.1103/PhysRevE.69.066138

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=1000)
        >>> y = x + rng.normal(size=1000)  # I = ln(2)/2 = 0.35
        >>> 0.2 < estimate(x, y, estimator="latent-mi:max_steps=300").nats < 0.5
        True
    """

    hidden: int = 128
    layers: int = 2
    batch_size: int = 256
    learning_rate: float = 0.001
    max_steps: int = 1000
    patience: int = 200
    averaging: float = 0.98
    latent: int = 8
    k: int = 3

    least_report: ClassVar[int] = 4

    tags = Tags(max_blocks=2, deterministic=False, requires=("torch",), install="mibench[neural]")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("latent", "k"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: 1 or more")

    def splits(self, n: int, rng: np.random.Generator) -> list[Fold]:
        """Return one split of *n* rows, of 30, 20 and 50 %."""
        train, validation, report = np.split(rng.permutation(n), [n // 2 - n // 5, n // 2])
        return [Fold(train, validation, report)]

    def scaled(self, block: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the columns less the mean of *known*'s, over their deviation, cut off at ±10."""
        return np.clip(standardize(block, known), -LARGEST, LARGEST)

    def value(self, scaled: Sequence[np.ndarray], fold: Fold) -> tuple[float, int]:
        """Train encoders on one part, and find neighbours in the codes of another.

        Each code is divided by one number, so that both are of one size and no column of little variance is blown up.
        """
        import torch

        from ..neighbors.ksg import KSG
        from ..neural._training import as_tensor
        from ._autoencoder import CrossAutoencoder
        from ._training import Batches

        train, validation, report = ([as_tensor(block[part]) for block in scaled] for part in fold)
        model = CrossAutoencoder([block.shape[1] for block in scaled], self.latent, self.hidden, self.layers)
        batches = Batches(train, self.batch_size)
        steps = self.fit(model, lambda pair: pair.loss(*batches()), lambda pair: pair.loss(*validation)).steps
        with torch.no_grad():
            codes = [code.double().numpy() for code in model.encode(*report)]
        sized = [code / max(float(code.std()), 1e-300) for code in codes]
        return KSG(k=self.k, standardize=False).estimate(*sized, rng=np.random.default_rng(0)).nats, steps
