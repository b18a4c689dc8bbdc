"""A uniform signal with uniform noise."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task


@register_task("uniform-noise")
@dataclass(frozen=True)
class AdditiveNoise(Task):
    """I(X; Y) = ε − ln 2ε nats for ε ≤ ½, else 1/4ε: X uniform on (0, 1), Y = X + N, N uniform on (−ε, ε).

    X and Y have shape ``(n, 1)``. I = h(Y) − h(N): the sum of two independent uniform variables has a trapezoidal
    density, and its two slopes add min(ε, 1/4ε) to the logarithm of the longer interval.

    Args:
        epsilon: half the width of the noise, more than 0.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, Beyond normal: on the evaluation of mutual
        information estimators, NeurIPS 2023. arXiv 2306.11078

    Example:
        >>> from mibench import get_task
        >>> round(get_task("uniform-noise:epsilon=0.1").truth.nats, 6)
        1.709438
    """

    epsilon: float = 0.1
    family = "uniform-noise"

    def __post_init__(self) -> None:
        if not 0 < self.epsilon < math.inf:
            raise ValueError(f"epsilon is {self.epsilon}; allowed: a finite number of more than 0")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous and scalar."""
        return Block(1), Block(1)

    @cached_property
    def truth(self) -> Truth:
        """ε − ln 2ε, or 1/4ε where the noise is wider than the signal."""
        wide = self.epsilon > 0.5
        nats = 1 / (4 * self.epsilon) if wide else self.epsilon - math.log(2 * self.epsilon)
        return Truth(nats, "closed form", "Czyż et al. 2023, arXiv 2306.11078")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X and N uniform; Y = X + N."""
        x = rng.random((n, 1))
        return x, x + rng.uniform(-self.epsilon, self.epsilon, (n, 1))
