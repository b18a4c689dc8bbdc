"""A mean of Gaussian rows and one of them: what a learner's output tells of one training example."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task


@register_task("gaussian-mean")
@dataclass(frozen=True)
class GaussianMean(Task):
    """I(W; Z_1) = (d/2) ln(k/(k − 1)) nats for the mean W of k rows Z_i ~ N(0, 1_d), and the first of them.

    The simplest learner: W is what was learnt, Z_1 a training example, and their mutual information bounds how far the
    training error is from the test error (see ``docs/generalisation.md``). W is scaled by √k. Both blocks have shape
    ``(n, d)``; columns pair up, each pair Gaussian of correlation 1/√k.

    Args:
        rows: the number k of training examples, at least 2.
        dim: d.

    References:
        Y. Bu, S. Zou and V. V. Veeravalli, Tightening mutual information-based bounds on generalization error, IEEE
        JSAIT 1(1), 2020. DOI 10.1109/JSAIT.2020.2991139 (section IV.A)

    Example:
        >>> from mibench import get_task
        >>> round(get_task("gaussian-mean:rows=2").truth.nats, 4)  # ½ ln 2
        0.3466
    """

    rows: int
    dim: int = 1

    family = "generalisation"

    def __post_init__(self) -> None:
        if self.rows < 2:
            raise ValueError(f"rows is {self.rows}; allowed: 2 or more")
        if self.dim < 1:
            raise ValueError(f"dim is {self.dim}; allowed: 1 or more")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The mean, scaled, and the first row, continuous."""
        return Block(self.dim), Block(self.dim)

    @cached_property
    def truth(self) -> Truth:
        """In closed form."""
        nats = -0.5 * self.dim * math.log1p(-1 / self.rows)
        return Truth(nats, "closed form", "Bu et al. 2020, DOI 10.1109/JSAIT.2020.2991139, section IV.A")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the first row, and the sum of the others at once."""
        first, others = rng.standard_normal((2, n, self.dim))
        return (first + math.sqrt(self.rows - 1) * others) / math.sqrt(self.rows), first

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln p(w|z) − ln p(w), shape ``(n,)``."""
        w, z = blocks
        rest = 1 - 1 / self.rows
        ratios: np.ndarray = (0.5 * (w**2 - (w - z / math.sqrt(self.rows)) ** 2 / rest - math.log(rest))).sum(axis=1)
        return ratios
