"""Low-dimensional dependence in high-dimensional blocks: mixed by reflections, bent by couplings."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Transformed, Truth, register_task
from mibench.streams import stream

from ._orthogonal import Orthogonal
from .gaussian import Gaussian


def _reflections(count: int, dim: int, *name: str | int) -> Orthogonal:
    """Draw *count* reflections of all *dim* columns from the stream of that name."""
    vectors = stream("reflections", dim, *name).standard_normal((count, dim))
    norms = np.sqrt(np.add.accumulate(vectors**2, axis=1)[:, -1:] / 2)
    return Orthogonal(tuple(vectors / norms), np.ones(dim))


@register_task("hidden-structure")
@dataclass(frozen=True)
class HiddenStructure(Task):
    """I(X; Y) = ``mi`` nats in s pairs of directions of X and Y, the other dim − s directions of each being noise.

    X and Y have shape ``(n, dim)`` and are standard Gaussian. s pairs of Gaussians of correlation √(1 − exp(−2·mi/s))
    and noise columns are mixed, in each block by a product of 16 random reflections of its own, so that every column
    holds a little of the signal. The mixing can be undone, so the information stays. Cost of a draw: O(n·dim).

    Args:
        dim: the columns of X and of Y, from 2 to 10,000.
        signal_dims: the number s of informative pairs of directions.
        mi: the mutual information in nats, from 0 to 30 a pair.
        number: which reflections.

    References:
        G. Gowri, X.-K. Lun, A. M. Klein and P. Yin, Approximating mutual information of high-dimensional variables
        using learned representations, NeurIPS 2024. arXiv:2409.02732

    Example:
        >>> from mibench import get_task
        >>> get_task("hidden-structure:dim=100,signal_dims=2,mi=1").truth.nats
        1.0
    """

    dim: int
    signal_dims: int
    mi: float
    number: int = 0

    family = "hidden-structure"
    traits = frozenset({"low-rank"})

    def __post_init__(self) -> None:
        if not 2 <= self.dim <= 10_000:
            raise ValueError(f"dim is {self.dim}; allowed: from 2 to 10000")
        if not 1 <= self.signal_dims <= self.dim:
            raise ValueError(f"signal_dims is {self.signal_dims}; allowed: from 1 to {self.dim}")
        _ = self._pairs  # refuses an information out of range

    @cached_property
    def _pairs(self) -> Gaussian:
        return Gaussian(dim=self.signal_dims, mi=self.mi)

    @cached_property
    def _mixing(self) -> tuple[Orthogonal, Orthogonal]:
        return _reflections(16, self.dim, "x", self.number), _reflections(16, self.dim, "y", self.number)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of dimension ``dim``."""
        return Block(self.dim), Block(self.dim)

    @cached_property
    def truth(self) -> Truth:
        """Truth of the informative pairs."""
        return self._pairs.truth

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the informative pairs and the noise, and mix them."""
        x, y = self._pairs.draw(n, rng)
        noise = rng.standard_normal((2, n, self.dim - self.signal_dims))
        first, second = self._mixing
        return first.apply(np.hstack([x, noise[0]])), second.apply(np.hstack([y, noise[1]]))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray | None:
        """Return the log density ratio of the informative pairs, shape ``(n,)``."""
        first, second = self._mixing
        x, y = first.undo(blocks[0]), second.undo(blocks[1])
        return self._pairs.pointwise(x[:, : self.signal_dims], y[:, : self.signal_dims])


@register_task("coupling")
@dataclass(frozen=True)
class Coupling(Transformed):
    """Each block bent by couplings a ↦ (a, b + strength·tanh(a·W)·V): smooth, random and undone by subtraction.

    The columns of a block are split in two halves, and each half is moved in turn by a function of the other:
    invertible on all of ℝ^d whatever the function, so that I(f(X); g(Y)) = I(X; Y) nats. Blocks of shape ``(n, d)``
    stay so, d ≥ 2. W and V are drawn once, from a stream named by ``seed``; they have 4 hidden units. Cost:
    O(n·d·layers).

    Args:
        base: the task whose blocks are mapped; those have two or more columns.
        layers: how many couplings, from 1 to 20.
        strength: the size of the moves, in deviations of the columns.
        seed: which functions.
        only: the number of the one block that is mapped, counted from 1; none for all.

    References:
        L. Dinh, J. Sohl-Dickstein and S. Bengio, Density estimation using Real NVP, ICLR 2017. arXiv:1605.08803

    Example:
        >>> from mibench import get_task
        >>> get_task("coupling:base=(hidden-structure:dim=50,signal_dims=2,mi=1)").truth.nats
        1.0
    """

    layers: int = 4
    strength: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.layers <= 20:
            raise ValueError(f"layers is {self.layers}; allowed: from 1 to 20")
        if not 0 <= self.strength <= 10:
            raise ValueError(f"strength is {self.strength}; allowed: from 0 to 10")
        narrow = [i for i, block in enumerate(self.base.blocks) if self.maps(i) and block.dim < 2]
        if narrow:
            raise ValueError(f"block {narrow[0] + 1} of {self.base.label} has one column; allowed: 2 or more")

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Move the halves in turn."""
        image = block.copy()
        for layer in range(self.layers):
            self._move(image, number, layer, 1.0)
        return image

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Move them back, the last first."""
        image = block.copy()
        for layer in reversed(range(self.layers)):
            self._move(image, number, layer, -1.0)
        return image

    def _move(self, image: np.ndarray, number: int, layer: int, sign: float) -> None:
        half = image.shape[1] // 2
        held, moved = (image[:, :half], image[:, half:]) if layer % 2 == 0 else (image[:, half:], image[:, :half])
        rng = stream("coupling", self.seed, number, layer, image.shape[1])
        inner = 1.5 * rng.standard_normal((held.shape[1], 4)) / math.sqrt(held.shape[1])
        outer = rng.standard_normal((4, moved.shape[1]))
        for w, v in zip(inner.T, outer, strict=True):
            along = np.zeros(len(image))
            for column, weight in zip(held.T, w, strict=True):
                along += column * weight
            moved += sign * self.strength * np.tanh(along)[:, np.newaxis] * (v / 2)
