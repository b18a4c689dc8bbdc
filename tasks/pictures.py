"""Maps that draw a picture of each row: where a spot is, where a rectangle is and how large."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mibench import Block, Transformed, register_task
from mibench.errors import InputError


@dataclass(frozen=True)
class _Picture(Transformed):
    """Base of the maps that draw a picture of ``side``² pixels; a subclass draws its rows and its columns.

    The picture is the outer product of a column profile and a row profile, each a function of half of the columns.
    """

    side: int = 8

    family = "images"
    traits = frozenset({"image", "manifold"})
    #: How many columns of the base a picture is drawn of, and the fewest and most rows of pixels.
    _columns: ClassVar[int]
    _sides: ClassVar[tuple[int, int]]

    def __post_init__(self) -> None:
        super().__post_init__()
        least, most = self._sides
        if not least <= self.side <= most:
            raise ValueError(f"side is {self.side}; allowed: from {least} to {most}")
        wrong = [i for i, b in enumerate(self.base.blocks) if self.maps(i) and b.dim != self._columns]
        if wrong:
            raise ValueError(
                f"block {wrong[0] + 1} of {self.base.label} has {self.base.blocks[wrong[0]].dim} column(s); "
                f"allowed: {self._columns}"
            )

    def image_dim(self, dim: int) -> int:
        """Return ``side``²."""
        return self.side**2

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return the pictures, row by row of pixels."""
        if not (block.min() > 0 and block.max() < 1):
            raise InputError(
                f"{self.name}: block {number + 1} of {self.base.label} goes from {block.min():g} to {block.max():g}; "
                "allowed: between 0 and 1, such as the uniform columns that normal-cdf makes"
            )
        down, across = self._profile(block[:, 0::2]), self._profile(block[:, 1::2])
        return (down[:, :, np.newaxis] * across[:, np.newaxis, :]).reshape(len(block), -1)

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return the columns that the pictures were drawn of, from the row and the column of the brightest pixel."""
        pictures = block.reshape(-1, self.side, self.side)
        i, j = np.divmod(block.argmax(axis=1), self.side)
        rows = np.arange(len(block))
        down, across = self._read(pictures[rows, :, j]), self._read(pictures[rows, i, :])
        return np.stack([down, across], axis=2).reshape(len(block), -1)

    @abstractmethod
    def _profile(self, columns: np.ndarray) -> np.ndarray:
        """Return the brightness along one side, shape ``(n, side)``, for half of the columns."""

    @abstractmethod
    def _read(self, profile: np.ndarray) -> np.ndarray:
        """Return the columns of which *profile*, or a multiple of it by a brightest pixel, is drawn."""


@register_task("blobs")
@dataclass(frozen=True)
class Blobs(_Picture):
    """Two columns as the place of a round spot in a picture; I(f(U); g(V)) = I(U; V) nats, since it can be read back.

    The pixel in row i and column j of the picture of (u₁, u₂) is exp(−((i − a₁)² + (j − a₂)²)/2w²) with
    a = u·(side − 1). The logarithm of the ratio of two neighbouring pixels, (2(a₁ − i) − 1)/2w² downwards, gives the
    place, so the map is smooth and injective on all of the plane; ``inverse`` reads it from the brightest pixel and
    its neighbour, to rounding. Rendering in whole grey levels would break that: a spot could then be moved a little
    without a change of the picture. Here pixels are float64; the faintest, 15 deviations off in row and column, is
    e⁻²²⁵ and does not vanish.

    A block of shape ``(n, 2)``, uniform on (0, 1) as ``normal-cdf`` gives it, becomes one of shape ``(n, side²)`` that
    lies on a surface; a sample outside (0, 1) is refused. Cost of a draw: the base's and O(n·side²).

    Args:
        base: the task whose blocks are drawn; those have two columns.
        side: the rows and columns of the picture, from 4 to 16.
        width: the deviation w of the spot, in pixels, from 1 to 1.5; above, neighbouring pixels are so alike that the
            side² columns do not count as linearly independent in float64.
        only: the number of the one block that is drawn, counted from 1; none for all.

    References:
        I. Butakov, A. Tolmachev, S. Malanchuk, A. Neopryatnaya, A. Frolov and K. Andreev, Information bottleneck
        analysis of deep neural networks via lossy compression, ICLR 2024. arXiv:2305.08013 (such tests)

    Example:
        >>> from mibench import get_task
        >>> get_task("blobs:base=(normal-cdf:base=(gaussian:dim=2,mi=1))").truth.nats
        1.0
    """

    width: float = 1.0

    _columns = 2
    _sides = 4, 16

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.width <= 1.5:
            raise ValueError(f"width is {self.width}; allowed: from 1 to 1.5")

    def _profile(self, columns: np.ndarray) -> np.ndarray:
        from scipy.special import exp10  # NumPy's exponential rounds by the processor

        z = (np.arange(self.side) - columns * (self.side - 1)) / self.width
        values: np.ndarray = exp10(-z * z / (2 * math.log(10)))
        return values

    def _read(self, profile: np.ndarray) -> np.ndarray:
        first = np.minimum(profile.argmax(axis=1), self.side - 2)
        rows = np.arange(len(profile))
        logs = np.log(profile[rows, first + 1] / profile[rows, first])
        places: np.ndarray = first + 0.5 + self.width**2 * logs
        return places[:, np.newaxis] / (self.side - 1)


@register_task("rectangles")
@dataclass(frozen=True)
class Rectangles(_Picture):
    """Four columns as top, left, height and width of a filled rectangle; I(f(U); g(V)) = I(U; V) nats: it can be read.

    A pixel is the share of its unit square that the rectangle covers, which is exact antialiasing. The rectangle
    begins at side·u₁ and side·u₂, has a height and width of 2 + (side/2 − 1)·u, u = u₃ and u₄, and is continued at the
    opposite edge where it leaves the picture. Being 2 pixels long or more it covers some pixel whole, and along the
    row and the column of that one the sum is its length, and the share of the first pixel says where in it the
    rectangle begins. So the map is injective, and ``inverse`` undoes it to rounding. Were pixels only filled or blank,
    a rectangle would be known to a pixel and the information that of rounded columns, which is less.

    A block of shape ``(n, 4)``, uniform on (0, 1) as ``normal-cdf`` gives it, becomes one of shape ``(n, side²)``;
    pixels are exactly 0 and 1 with positive probability, so that its kind is mixed. A sample outside (0, 1) is
    refused. Cost of a draw: the base's and O(n·side²).

    Args:
        base: the task whose blocks are drawn; those have four columns.
        side: the rows and columns of the picture, from 6 to 64.
        only: the number of the one block that is drawn, counted from 1; none for all.

    References:
        I. Butakov, A. Tolmachev, S. Malanchuk, A. Neopryatnaya, A. Frolov and K. Andreev, Information bottleneck
        analysis of deep neural networks via lossy compression, ICLR 2024. arXiv:2305.08013 (such tests)

    Example:
        >>> from mibench import get_task
        >>> get_task("rectangles:base=(normal-cdf:base=(gaussian:dim=4,mi=1))").truth.nats
        1.0
    """

    _columns = 4
    _sides = 6, 64

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The base's; the pictures of continuous columns are mixed."""
        return tuple(
            Block(block.dim, "mixed") if self.maps(number) and block.kind == "continuous" else block
            for number, block in enumerate(super().blocks)
        )

    @property
    def tags(self) -> frozenset[str]:
        """The base's and its own, of which one kind."""
        return super().tags - {"continuous", "discrete", "mixed"} | {Block.joined(self.blocks).kind}

    def _profile(self, columns: np.ndarray) -> np.ndarray:
        start = self.side * columns[:, :1]
        end = start + 2 + (self.side / 2 - 1) * columns[:, 1:]
        cells = np.arange(2 * self.side)
        shares = np.maximum(np.minimum(end, cells + 1) - np.maximum(start, cells), 0.0)
        return shares[:, : self.side] + shares[:, self.side :]

    def _read(self, profile: np.ndarray) -> np.ndarray:
        filled = profile > 0
        first = (filled & ~np.roll(filled, 1, axis=1)).argmax(axis=1)
        start = first + 1 - profile[np.arange(len(profile)), first]
        length = profile.sum(axis=1)
        return np.stack([start / self.side, (length - 2) / (self.side / 2 - 1)], axis=1)
