"""Handwritten digits whose classes went through a symmetric channel."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

from . import _digits
from .discrete_channels import SymmetricChannel

_PIXELS = _digits.SHAPE[0] * _digits.SHAPE[1]


def _truth(channel: SymmetricChannel) -> Truth:
    return Truth(channel.truth.nats, channel.truth.method, f"{channel.truth.reference}; {_digits.REFERENCE}")


@register_task("digit-pairs")
@dataclass(frozen=True)
class DigitPairs(Task):
    """I(X; Y) = ln 10 − h(ε) − ε·ln 9 nats for two images of digits whose classes differ with probability ε.

    The class C of X is uniform on the ten digits; that of Y, C', is C, or with probability ε one of the nine others.
    Each image is then drawn uniformly, with replacement, among those of its class (174 to 183 of 1,797), so that
    C → X and C' → Y are independent given the classes. No image occurs in two classes, so C = c(X) and C' = c(Y), and
    the chain X − C − C' − Y gives I(X; Y) = I(C; C'), that of a symmetric channel, whatever the sizes of the classes.
    h(ε) = −ε·ln ε − (1 − ε)·ln(1 − ε).

    X and Y are discrete, of shape ``(n, 48)``: 8×6 pixels with values 0 … 16. The outer columns of the 8×8 pixels,
    nearly always blank, are left out. As 1,797 images repeat, an estimator can also learn them by heart.

    Args:
        mi: the mutual information in nats, from 0 to ln 10 = 2.3026; ε solves the equation.

    References:
        E. Alpaydin and C. Kaynak, Optical recognition of handwritten digits, UCI Machine Learning Repository, 1998.
        DOI 10.24432/C50P49

        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, section 7.2.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> get_task("digit-pairs:mi=1.5").truth.nats
        1.5
    """

    mi: float

    family = "images"
    traits = frozenset({"image"})

    def __post_init__(self) -> None:
        _ = self._channel  # refuses an information out of range

    @cached_property
    def _channel(self) -> SymmetricChannel:
        return SymmetricChannel(levels=10, mi=self.mi)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Two images, discrete, of 48 pixels."""
        return Block(_PIXELS, "discrete"), Block(_PIXELS, "discrete")

    @cached_property
    def truth(self) -> Truth:
        """That of the classes."""
        return _truth(self._channel)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the classes, and an image of each."""
        digits = _digits.load()
        first, second = (classes[:, 0].astype(np.int64) for classes in self._channel.draw(n, rng))
        return digits.images[digits.draw(first, rng)], digits.images[digits.draw(second, rng)]

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln p(c'|c) + ln 10 of the classes of the images, shape ``(n,)``."""
        digits = _digits.load()
        return self._channel.pointwise(*(digits.classes[digits.find(block)][:, np.newaxis] for block in blocks))


@register_task("digit-label")
@dataclass(frozen=True)
class DigitLabel(Task):
    """I(L; Y) = ln 10 − h(ε) − ε·ln 9 nats for an image Y of a digit and its label L, wrong with probability ε.

    The class C of Y is uniform on the ten digits and Y uniform among its images; L is C, or with probability ε one of
    the nine others. No image occurs in two classes, so C = c(Y) and I(L; Y) = I(L; C), that of a symmetric channel.
    h(ε) = −ε·ln ε − (1 − ε)·ln(1 − ε).

    L, discrete, has shape ``(n, 1)``; Y, discrete, ``(n, 48)``: 8×6 pixels with values 0 … 16.

    Args:
        error: the error rate ε of the labels, from 0 to 0.9, which leaves no information.

    References:
        E. Alpaydin and C. Kaynak, Optical recognition of handwritten digits, UCI Machine Learning Repository, 1998.
        DOI 10.24432/C50P49

        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, section 7.2.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("digit-label:error=0.1").truth.nats, 6)
        1.75778
    """

    error: float = 0.1

    family = "images"
    traits = frozenset({"image"})

    def __post_init__(self) -> None:
        _ = self._channel  # refuses an error rate out of range

    @cached_property
    def _channel(self) -> SymmetricChannel:
        return SymmetricChannel(levels=10, error=self.error)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The label and an image of 48 pixels, both discrete."""
        return Block(1, "discrete"), Block(_PIXELS, "discrete")

    @cached_property
    def truth(self) -> Truth:
        """That of label and class."""
        return _truth(self._channel)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw label and class, and an image of the class."""
        digits = _digits.load()
        label, classes = self._channel.draw(n, rng)
        return label, digits.images[digits.draw(classes[:, 0].astype(np.int64), rng)]

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln p(l|c) + ln 10 of the label and the class of the image, shape ``(n,)``."""
        digits = _digits.load()
        return self._channel.pointwise(blocks[0], digits.classes[digits.find(blocks[1])][:, np.newaxis])
