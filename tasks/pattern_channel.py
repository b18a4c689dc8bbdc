"""Images that are sums of orthogonal patterns with random signs, sent through Gaussian noise."""

import functools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

from .binary_gaussian import BinaryGaussian


@functools.cache
def _patterns(side: int) -> np.ndarray:
    """Return the ±1 patterns of Walsh and Hadamard, shape ``(side², side²)``, coarse ones first, row by row."""
    from scipy.linalg import hadamard

    waves = hadamard(side).astype(np.float64)
    waves = waves[np.argsort((np.diff(waves, axis=1) != 0).sum(axis=1))]  # by the number of changes of sign
    order = sorted(((i, j) for i in range(side) for j in range(side)), key=lambda pair: (sum(pair), pair))
    return np.array([np.outer(waves[i], waves[j]).ravel() for i, j in order])


@register_task("pattern-channel")
@dataclass(frozen=True)
class PatternChannel(Task):
    """I(X; Y) = K·I₂(s²/side²) nats for K patterns of random sign, antipodal signalling, in pixels with noise s.

    I₂(v) = ln 2 − E softplus(−2(1 + √v·Z)/v) is the information of a sign ±1 through Gaussian noise of variance v.
    With ±1 patterns p_k of side² pixels, orthogonal to one another, and independent fair signs b_k,

        X = Σ_k b_k·p_k + U,    Y = Σ_k b_k·p_k + s·N,

    U being a texture, uniform on ±``texture`` in each pixel and of X alone, and N standard Gaussian. For a texture
    below 1, |U·p_k| < ‖p_k‖² = side², so b_k = sign(X·p_k) is a function of X; given the signs, X and Y are
    independent: I(X; Y) = I(b; Y). The Y·p_k/‖p_k‖² = b_k + N_k, N_k independent of variance s²/‖p_k‖², are
    sufficient for b, and their information adds up. Without the texture X would lie on 2^K points of a K-dimensional
    subspace.

    X and Y, continuous, have shape ``(n, side²)``, row by row. The patterns are products of Walsh functions, the
    coarsest first. Cost of a draw: O(n·K·side²).

    Args:
        count: the number K of patterns, from 1 to side².
        noise: the standard deviation s of the noise in a pixel, from side/1000 to 1000·side.
        side: the rows and columns of an image: 2, 4, 8 or 16.
        texture: the largest value of the texture, more than 0 and less than 1.

    References:
        G. Ungerboeck, Channel coding with multilevel/phase signals, IEEE Trans. Inf. Theory 28(1), 1982.
        DOI 10.1109/TIT.1982.1056454

    Example:
        >>> from mibench import get_task
        >>> round(get_task("pattern-channel:count=3,noise=8").truth.nats, 6)  # 3 × a binary input at v = 1
        1.010492
    """

    count: int
    noise: float
    side: int = 8
    texture: float = 0.5

    family = "images"
    traits = frozenset({"image"})

    def __post_init__(self) -> None:
        if self.side not in (2, 4, 8, 16):
            raise ValueError(f"side is {self.side}; allowed: 2, 4, 8 or 16")
        if not 1 <= self.count <= self.side**2:
            raise ValueError(f"count is {self.count}; allowed: from 1 to side² = {self.side**2}")
        if not self.side / 1000 <= self.noise <= 1000 * self.side:
            raise ValueError(f"noise is {self.noise}; allowed: from {self.side / 1000:g} to {1000 * self.side:g}")
        if not 0 < self.texture < 1:
            raise ValueError(f"texture is {self.texture}; allowed: more than 0 and less than 1")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of ``side``² pixels."""
        return Block(self.side**2), Block(self.side**2)

    @property
    def _dictionary(self) -> np.ndarray:
        return _patterns(self.side)[: self.count]

    @cached_property
    def _signs(self) -> BinaryGaussian:
        """The channel that the signs meet."""
        return BinaryGaussian(noise_var=(self.noise / self.side) ** 2, dim=self.count)

    @cached_property
    def truth(self) -> Truth:
        """That of the signs."""
        return self._signs.truth

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw signs, texture and noise."""
        signs = 2.0 * rng.integers(2, size=(n, self.count)) - 1
        clean = signs @ self._dictionary  # whole numbers: exact
        texture = rng.uniform(-self.texture, self.texture, clean.shape)
        return clean + texture, clean + self.noise * rng.standard_normal(clean.shape)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return Σ_k ln p(y_k|b_k) − ln p(y_k) of the projections y_k of Y, shape ``(n,)``."""
        x, y = (block @ self._dictionary.T / self.side**2 for block in blocks)
        return self._signs.pointwise(np.sign(x), y)
