"""Mixtures of Gaussians in the plane, drawn at random."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task
from mibench.streams import stream

from .gaussian_mixtures import PlanarMixture


@register_task("random-mixture")
@dataclass(frozen=True)
class RandomMixture(Task):
    """I(X; Y) = E ln(p(x, y)/(p(x)·p(y))) nats for a mixture of Gaussians in the plane drawn at random.

    X and Y have shape ``(n, 1)``. The k parts have weights proportional to uniform numbers from 0.2 to 1, means
    3·N(0, I), standard deviations from 0.3 to 1 and correlations from −0.9 to 0.9, drawn once from a stream named by
    ``components`` and ``number``. The expectation is a quadrature over each part, good to 1e-9.

    Args:
        components: the number k of parts, from 1 to 20.
        number: which mixture.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, On the properties and estimation of pointwise
        mutual information profiles, TMLR 2025. arXiv:2310.10240

    Example:
        >>> from mibench import get_task
        >>> first, second = (get_task(f"random-mixture:components=3,number={i}").truth.nats for i in (0, 1))
        >>> first != second
        True
    """

    components: int
    number: int = 0

    family = "random-mixture"

    def __post_init__(self) -> None:
        if not 1 <= self.components <= 20:
            raise ValueError(f"components is {self.components}; allowed: from 1 to 20")
        if self.number < 0:
            raise ValueError(f"number is {self.number}; allowed: at least 0")

    @cached_property
    def _mixture(self) -> PlanarMixture:
        rng, k = stream("random-mixture", self.components, self.number), self.components
        weights = rng.uniform(0.2, 1, k)
        means, sds = 3 * rng.standard_normal((k, 2)), rng.uniform(0.3, 1, (k, 2))
        return PlanarMixture(weights / weights.sum(), means, sds, rng.uniform(-0.9, 0.9, k))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of one dimension."""
        return Block(1), Block(1)

    @cached_property
    def truth(self) -> Truth:
        """By quadrature over each part."""
        return Truth(self._mixture.nats(), "quadrature", "E ln of the density ratio, part by part")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw a part and a point of it."""
        x, y = self._mixture.draw(n, rng)
        return x[:, np.newaxis], y[:, np.newaxis]

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log density ratio of the mixture, shape ``(n,)``."""
        return self._mixture.log_ratio(blocks[0][:, 0], blocks[1][:, 0])
