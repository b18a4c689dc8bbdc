"""Sprites: 1,536 pictures of a square or an ellipse, drawn by code from five factors."""

import functools
import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench.errors import AssetError, InputError

#: The factors and the number of values of each; a picture's number counts them up, the last one fastest.
FACTORS = {"shape": 2, "scale": 3, "orientation": 4, "row": 8, "column": 8}
COUNT = math.prod(FACTORS.values())
#: Pixels a side, and subpixels a side of each.
SIDE, FINE = 16, 4
#: Pixels a side of the inner part, which :attr:`Sprites.inner` holds.
INNER = 10
#: The place of the first row and column, and from one to the next, in pixels.
_FIRST, _STEP = 3.65, 1.25
#: The half sizes in pixels; a square has 0.85 of it, an ellipse the half axes 1.2 and 0.65 of it.
_SIZES = (2.0, 3.0, 4.0)
#: The digest of all pixels, as bytes.
_SHA256 = "9b1f82b7ca47fb91dda45e5d3ac00b54413e2b438958a2e08ca6980a9c66ddd9"


@dataclass(frozen=True, eq=False)
class Sprites:
    """The pictures, in the order of their numbers.

    A pixel counts how many of its 4 × 4 subpixels' centres the shape covers, from 0 to 16. Shapes turn by 22.5 degrees
    from orientation to orientation, and are cut off at the edge of the picture.

    Attributes:
        images: shape ``(1536, 256)``, whole numbers from 0 to 16.
        factors: shape ``(1536, 5)``, in the order of :data:`FACTORS`.
    """

    images: np.ndarray
    factors: np.ndarray

    @cached_property
    def inner(self) -> np.ndarray:
        """The inner 10 × 10 pixels, shape ``(1536, 100)``: all different still, and none is blank in 89 % of them.

        Pixels near the corners are blank nearly always, so that samples would have constant columns.
        """
        margin = (SIDE - INNER) // 2
        inside = slice(margin, SIDE - margin)
        return self.images.reshape(COUNT, SIDE, SIDE)[:, inside, inside].reshape(COUNT, -1)

    @cached_property
    def _numbers(self) -> dict[bytes, int]:
        rows = [*self.inner, *self.factors]
        return {row.astype(np.uint8).tobytes(): place % COUNT for place, row in enumerate(rows)}

    def find(self, rows: np.ndarray) -> np.ndarray:
        """Return the numbers of the pictures whose inner pixels or factors *rows* hold, shape ``(n,)``.

        Raises:
            InputError: a row is of none of them.
        """
        whole = rows.astype(np.uint8)
        found = np.array([self._numbers.get(row.tobytes(), -1) for row in whole])
        strange = np.flatnonzero((found < 0) | (whole != rows).any(axis=1))
        if strange.size:
            raise InputError(f"row {strange[0]} is of none of the {COUNT} sprites")
        return found


def draw() -> Sprites:
    """Draw all pictures."""
    factors = np.stack(np.unravel_index(np.arange(COUNT), tuple(FACTORS.values())), axis=1)
    centres = (np.arange(SIDE * FINE) + 0.5) / FINE
    images = np.empty((COUNT, SIDE * SIDE))
    for number, (shape, scale, orientation, row, column) in enumerate(factors):
        down, across = centres[:, np.newaxis] - (_FIRST + _STEP * row), centres - (_FIRST + _STEP * column)
        angle = orientation * math.pi / 8
        u, v = (across * math.cos(angle) + down * math.sin(angle), down * math.cos(angle) - across * math.sin(angle))
        half = _SIZES[scale]
        if shape == 0:
            covered = np.maximum(abs(u), abs(v)) < 0.85 * half
        else:
            covered = (u / (1.2 * half)) ** 2 + (v / (0.65 * half)) ** 2 < 1
        images[number] = covered.reshape(SIDE, FINE, SIDE, FINE).sum(axis=(1, 3)).ravel()
    return Sprites(images, factors.astype(np.float64))


@functools.cache
def load() -> Sprites:
    """Return the pictures.

    Raises:
        AssetError: they are not those that the encoders were trained on: this machine rounds another way.
    """
    sprites = draw()
    digest = hashlib.sha256(sprites.images.astype(np.uint8).tobytes()).hexdigest()
    if digest != _SHA256:
        raise AssetError(f"the sprites drawn here have SHA-256 {digest}, not {_SHA256}; their truths do not hold here")
    return sprites
