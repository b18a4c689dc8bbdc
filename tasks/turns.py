"""Maps that turn each block as a whole: a random rotation, and a spiral that turns further outside than inside."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Transformed, register_task
from mibench.streams import stream

from ._orthogonal import Orthogonal


@register_task("rotation")
@dataclass(frozen=True)
class Rotation(Transformed):
    """Each block by an orthogonal matrix of its own, X ↦ X·Q; I(XQ; YR) = I(X; Y) nats, since it can be turned back.

    Blocks of shape ``(n, d)`` stay so; those of one column at most change their sign. The matrices are drawn once,
    uniformly (Haar), from a stream named by ``seed``, the block's number and its dimension. Cost of a draw: the base's
    and O(n·d²).

    Args:
        base: the task whose blocks are mapped.
        seed: which matrices.
        only: the number of the one block that is mapped, counted from 1; none for all.

    References:
        G. W. Stewart, The efficient generation of random orthogonal matrices with an application to condition
        estimators, SIAM J. Numer. Anal. 17(3), 1980. DOI 10.1137/0717034

    Example:
        >>> from mibench import get_task
        >>> get_task("rotation:base=(gaussian:dim=3,mi=1),seed=2").label
        'gaussian:dim=3,mi=1.0 » rotation:seed=2'
    """

    seed: int = 0

    @cached_property
    def _turns(self) -> list[Orthogonal]:
        dims = [block.dim for block in self.base.blocks]
        return [Orthogonal.draw(dim, stream("rotation-map", self.seed, i, dim)) for i, dim in enumerate(dims)]

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return X·Q."""
        return self._turns[number].apply(block)

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return Y·Qᵀ."""
        return self._turns[number].undo(block)


@register_task("spiral")
@dataclass(frozen=True)
class Spiral(Transformed):
    """Each row turned in a plane by an angle that grows with its length, θ = speed·‖x‖²/d radians.

    The length is left as it is, so the row can be turned back by the same angle: the map is invertible on all of ℝ^d,
    and I(f(X); g(Y)) = I(X; Y) nats. The plane is that of the first two columns in the first block, of the second and
    third in the second block (in the first two where there is no third), and so on in turn. Blocks of shape ``(n, d)``
    stay so, d ≥ 2. Cost of a draw: the base's and O(n·d).

    Args:
        base: the task whose blocks are mapped; those have two or more columns.
        speed: radians for a mean square of 1 over the columns.
        only: the number of the one block that is mapped, counted from 1; none for all.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, Beyond normal: on the evaluation of mutual
        information estimators, NeurIPS 2023. arXiv:2306.11078

    Example:
        >>> from mibench import get_task
        >>> get_task("spiral:base=(normal-cdf:base=(gaussian:dim=3,mi=1))").label
        'gaussian:dim=3,mi=1.0 » normal-cdf » spiral'
    """

    speed: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        narrow = [i for i, block in enumerate(self.base.blocks) if self.maps(i) and block.dim < 2]
        if narrow:
            raise ValueError(f"block {narrow[0] + 1} of {self.base.label} has one column; allowed: 2 or more")

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Turn each row by its angle."""
        return self._turned(block, number, self.speed)

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Turn each row back."""
        return self._turned(block, number, -self.speed)

    def _turned(self, block: np.ndarray, number: int, speed: float) -> np.ndarray:
        dim = block.shape[1]
        first = number % (dim - 1)
        angle = speed / dim * np.add.accumulate(block**2, axis=1)[:, -1]
        cos, sin = np.cos(angle), np.sin(angle)
        x, y = block[:, first], block[:, first + 1]
        image = block.copy()
        image[:, first], image[:, first + 1] = cos * x - sin * y, sin * x + cos * y
        return image
