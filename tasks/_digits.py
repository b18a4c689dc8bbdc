"""Handwritten digits: the 1,797 images that come with scikit-learn, without the outer columns of pixels."""

import functools
import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench.errors import AssetError, InputError

REFERENCE = "Alpaydin & Kaynak 1998, DOI 10.24432/C50P49 (the images)"
#: Rows and columns of an image.
SHAPE = (8, 6)
#: The digest of pixels and classes, as bytes.
_SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"


@dataclass(frozen=True, eq=False)
class Digits:
    """The images, ordered by class.

    The first and the last column of the 8×8 pixels are left out: they are blank in nearly every image (three pixels
    in all of them), so that samples would have constant columns. The images stay all different, and every pixel left
    is blank in at most 88 % of them.

    Attributes:
        images: shape ``(1797, 48)``, whole numbers from 0 to 16.
        classes: the digit that each shows, shape ``(1797,)``.
    """

    images: np.ndarray
    classes: np.ndarray

    @cached_property
    def counts(self) -> np.ndarray:
        """Numbers of images that show each digit, shape ``(10,)``: from 174 to 183."""
        return np.bincount(self.classes)

    @cached_property
    def weights(self) -> np.ndarray:
        """The probability of each image, shape ``(1797,)``: the class is uniform, and so is the image within it."""
        return 1 / (10 * self.counts[self.classes])

    @cached_property
    def _numbers(self) -> dict[bytes, int]:
        return {image.astype(np.uint8).tobytes(): number for number, image in enumerate(self.images)}

    def draw(self, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw the number of an image of each of *classes*, uniformly and with replacement."""
        first = np.cumsum(self.counts) - self.counts
        return first[classes] + rng.integers(self.counts[classes])

    def find(self, rows: np.ndarray) -> np.ndarray:
        """Return the numbers of the images that *rows* hold, shape ``(n,)``.

        Raises:
            InputError: a row is none of them.
        """
        whole = rows.astype(np.uint8)
        keys = [row.tobytes() for row in whole]
        strange = [i for i, key in enumerate(keys) if key not in self._numbers]
        strange += np.flatnonzero((whole != rows).any(axis=1)).tolist()
        if strange:
            raise InputError(f"row {strange[0]} is none of the {len(self.images)} images of digits")
        return np.array([self._numbers[key] for key in keys])


@functools.cache
def load() -> Digits:
    """Return the digits, from scikit-learn's own files.

    Raises:
        AssetError: they are not the images that the truths are made for.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels, classes = found.images.astype(np.uint8), found.target.astype(np.uint8)
    digest = hashlib.sha256(pixels.tobytes() + classes.tobytes()).hexdigest()
    if digest != _SHA256:
        raise AssetError(f"scikit-learn's digits have SHA-256 {digest}, not {_SHA256}; install another version of it")
    order = np.argsort(classes, kind="stable")
    images = pixels[order, :, 1:7].reshape(len(classes), -1).astype(np.float64)
    return Digits(images, classes[order].astype(np.int64))
