"""Handwritten digits in Gaussian noise."""

import math
import tomllib
import types
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

import mibench.assets
from mibench import Block, Task, Truth, register_task

from . import _digits

_TABLE = "noisy-digits.toml"
_PIXELS = _digits.SHAPE[0] * _digits.SHAPE[1]
_ROWS = 1000


@register_task("noisy-digits")
@dataclass(frozen=True)
class NoisyDigits(Task):
    """I(X; Y) = −24 − E ln Σ_j w_j·exp(−‖Y − x_j‖²/2s²) nats for Y = X + s·N, an image X of a digit with noise.

    N is standard Gaussian in each of the 48 pixels, and Y has the density Σ_j w_j·N(y; x_j, s²·1), a mixture of 1,797
    Gaussians about the known images x_j; w_j = 1/(10·n_c) for the n_c images of a class c, so that the ten classes are
    equally likely. ``about=label`` gives the digit L that X shows instead of X; then p(y|l) is the mixture over one
    class, and I(L; Y) ≤ ln 10 = 2.3026, beside I(X; Y) ≤ 7.4938, the entropy of X.

    The truths are Monte Carlo means of the log density ratio, stratified by image with antithetic noise, 2.2 million
    draws for each s; they are known for s = 4, 8, 16, 32 and 64 (pixels go from 0 to 16), with their standard errors,
    seed and script in the folder ``assets`` beside this module.

    X, discrete, has shape ``(n, 48)``: 8×6 pixels; L, discrete, has shape ``(n, 1)``; Y, continuous, ``(n, 48)``.

    Args:
        noise: the standard deviation s of the noise, one of those above.
        about: what the first block is, ``image`` or ``label``.

    References:
        E. Alpaydin and C. Kaynak, Optical recognition of handwritten digits, UCI Machine Learning Repository, 1998.
        DOI 10.24432/C50P49

        A. Kolchinsky and B. D. Tracey, Estimating mixture entropy with pairwise distances, Entropy 19(7), 361, 2017.
        DOI 10.3390/e19070361 (bounds on both sides)

    Example:
        >>> from mibench import get_task
        >>> image, label = (get_task(f"noisy-digits:noise=16,about={x}").truth for x in ("image", "label"))
        >>> label.nats < image.nats, label.stderr < 0.001
        (True, True)
    """

    noise: float
    about: Literal["image", "label"] = "image"

    family = "images"
    traits = frozenset({"image"})
    assets = types.MappingProxyType({_TABLE: "3f986551238301bd546e739154be635ded8bff39e4bf1a85d547e24dc02ceaf2"})

    def __post_init__(self) -> None:
        if self.noise not in self._known:
            known = ", ".join(f"{noise:g}" for noise in self._known)
            raise ValueError(f"noise is {self.noise:g}; allowed: one of {known}, for which the truth is known")

    @cached_property
    def _known(self) -> dict[float, dict[str, float]]:
        table = tomllib.loads(mibench.assets.load(_TABLE, self.assets[_TABLE]).decode())
        return {row["noise"]: row for row in table["truths"]}

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The image or the label, discrete, and the image with noise, continuous, of 48 pixels."""
        return Block(_PIXELS if self.about == "image" else 1, "discrete"), Block(_PIXELS)

    @cached_property
    def truth(self) -> Truth:
        """From the table, with its standard error."""
        row = self._known[self.noise]
        return Truth(row[self.about], "Monte Carlo", f"{_TABLE}; {_digits.REFERENCE}", row[f"{self.about}_stderr"])

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw class, image and noise."""
        digits = _digits.load()
        number = digits.draw(rng.integers(10, size=n), rng)
        x = digits.images[number]
        about = x if self.about == "image" else digits.classes[number][:, np.newaxis].astype(np.float64)
        return about, x + self.noise * rng.standard_normal(x.shape)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln p(y|x), or ln p(y|l), less ln p(y), shape ``(n,)``; cost O(n·1797·48)."""
        parts = [
            self._ratios(blocks[0][start : start + _ROWS], blocks[1][start : start + _ROWS])
            for start in range(0, len(blocks[0]), _ROWS)
        ]
        return np.concatenate(parts)

    def _ratios(self, about: np.ndarray, y: np.ndarray) -> np.ndarray:
        digits = _digits.load()
        scale = 2 * self.noise**2
        scores = (2 * y @ digits.images.T - (digits.images**2).sum(axis=1)) / scale
        if self.about == "image":
            given: np.ndarray = scores[np.arange(len(y)), digits.find(about)]
        else:
            own = about == digits.classes
            given = _log_sum(np.where(own, scores, -math.inf), 10 * digits.weights)
        return given - _log_sum(scores, digits.weights)


def _log_sum(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return ln Σ_j w_j·exp(score_j) of each row."""
    top = scores.max(axis=1)
    sums: np.ndarray = top + np.log(np.exp(scores - top[:, np.newaxis]) @ weights)
    return sums
