"""Channels between finite alphabets: symmetric errors and erasures."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

_COVER = "Cover & Thomas 2006, sections 7.1.4–7.1.5, DOI 10.1002/047174882X"


def _check_size(dim: int, levels: int) -> None:
    if dim < 1:
        raise ValueError(f"dim is {dim}; allowed: 1 or more")
    if not 2 <= levels <= 1000:
        raise ValueError(f"levels is {levels}; allowed: from 2 to 1000")


def symmetric_nats(levels: int, error: float) -> float:
    """Return ln M − h(ε) − ε·ln(M − 1) nats."""
    from scipy.special import entr

    return float(math.log(levels) - entr(error) - entr(1 - error) - error * math.log(levels - 1))


@register_task("symmetric-channel")
@dataclass(frozen=True)
class SymmetricChannel(Task):
    """I(X; Y) = d·[ln M − h(ε) − ε·ln(M − 1)] nats for X uniform on M letters and Y = X but for errors of rate ε.

    X and Y have shape ``(n, dim)``: d independent uses. An error replaces the letter by one of the other M − 1, each
    with equal probability; h(ε) = −ε·ln ε − (1 − ε)·ln(1 − ε). M = 2 is the binary symmetric channel. The strength is
    given as the error rate or as the information of all uses together; ε = 1 − 1/M leaves none.

    Args:
        levels: the number M of letters, 0 … M − 1, from 2 to 1000.
        error: the error rate ε, from 0 to 1 − 1/M.
        mi: the mutual information in nats, from 0 to d·ln M; ε then solves the equation.
        dim: the number d of uses.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, sections 7.1.4, 7.2.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("symmetric-channel:error=0.11").truth.nats, 4)  # half a bit
        0.3466
    """

    levels: int = 2
    error: float | None = None
    mi: float | None = None
    dim: int = 1

    family = "discrete-channel"

    def __post_init__(self) -> None:
        _check_size(self.dim, self.levels)
        if (self.error is None) == (self.mi is None):
            raise ValueError(f"error is {self.error} and mi is {self.mi}; allowed: exactly one of the two")
        most = 1 - 1 / self.levels
        if self.error is not None and not 0 <= self.error <= most:
            raise ValueError(f"error is {self.error}; allowed: from 0 to {most:g}")
        largest = self.dim * math.log(self.levels)
        if self.mi is not None and not 0 <= self.mi <= largest:
            raise ValueError(f"mi is {self.mi}; allowed: from 0 to {largest:g}")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, discrete, of dimension ``dim``."""
        return Block(self.dim, "discrete"), Block(self.dim, "discrete")

    @cached_property
    def _rate(self) -> float:
        if self.error is not None:
            return self.error
        from scipy.optimize import brentq

        wanted, most = (self.mi or 0.0) / self.dim, 1 - 1 / self.levels
        if wanted == 0:
            return most
        if wanted >= math.log(self.levels):
            return 0.0
        return float(brentq(lambda rate: symmetric_nats(self.levels, rate) - wanted, 0.0, most, xtol=1e-15))

    @cached_property
    def truth(self) -> Truth:
        """The closed form, or ``mi`` as given."""
        nats = self.mi if self.mi is not None else self.dim * symmetric_nats(self.levels, self._rate)
        independent = self.error is not None and self.error == 1 - 1 / self.levels
        return Truth(0.0 if independent else max(nats, 0.0), "closed form", _COVER)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X uniform and add, modulo M, a number from 1 to M − 1 where there is an error."""
        x = rng.integers(self.levels, size=(n, self.dim))
        wrong = rng.random((n, self.dim)) < self._rate
        y = (x + wrong * rng.integers(1, self.levels, size=(n, self.dim))) % self.levels
        return x.astype(np.float64), y.astype(np.float64)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return Σ_c ln(M(1 − ε)) where the letters agree and ln(Mε/(M − 1)) where they differ, shape ``(n,)``."""
        x, y = blocks
        with np.errstate(divide="ignore"):
            right = float(np.log(self.levels * (1 - self._rate)))
            wrong = float(np.log(self.levels * self._rate / (self.levels - 1)))
        return np.sum(np.where(x == y, right, wrong), axis=1)


@register_task("erasure-channel")
@dataclass(frozen=True)
class ErasureChannel(Task):
    """I(X; Y) = d·(1 − δ)·ln M nats for X uniform on M letters and Y = X, or the mark M with probability δ.

    X and Y have shape ``(n, dim)``: d independent uses.

    Args:
        erasure: the probability δ of an erasure, from 0 to 1.
        levels: the number M of letters, 0 … M − 1, from 2 to 1000.
        dim: the number d of uses.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, section 7.1.5.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("erasure-channel:erasure=0.25,levels=4").truth.nats, 6)
        1.039721
    """

    erasure: float = 0.5
    levels: int = 2
    dim: int = 1

    family = "discrete-channel"

    def __post_init__(self) -> None:
        _check_size(self.dim, self.levels)
        if not 0 <= self.erasure < 1:
            raise ValueError(f"erasure is {self.erasure}; allowed: at least 0 and less than 1")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, discrete, of dimension ``dim``."""
        return Block(self.dim, "discrete"), Block(self.dim, "discrete")

    @cached_property
    def truth(self) -> Truth:
        """d·(1 − δ)·ln M."""
        return Truth(self.dim * (1 - self.erasure) * math.log(self.levels), "closed form", _COVER)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X uniform; Y is X or the mark."""
        x = rng.integers(self.levels, size=(n, self.dim)).astype(np.float64)
        return x, np.where(rng.random((n, self.dim)) < self.erasure, float(self.levels), x)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln M for every letter that arrives, shape ``(n,)``."""
        arrived: np.ndarray = (blocks[1] < self.levels).sum(axis=1)
        return arrived * math.log(self.levels)
