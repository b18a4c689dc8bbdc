"""Gaussian pairs of which one variable, or both, is cut into bins."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from mibench import Block, Task, Truth, register_task


@register_task("quantised-gaussian")
@dataclass(frozen=True)
class QuantisedGaussian(Task):
    """I(Q; R) = Σ_i ∫ p(i, r)·ln(p(i, r)/(p(i)·p(r))) dr nats: Gaussians of correlation ρ cut into equally likely bins.

    Q = the bin of X, 0 … bins − 1, of shape ``(n, 1)``; R is Y, continuous, or Y's bin. With both cut the integral is
    a sum over p(i, j) = ∫_i φ(x)·P(Y in j | x) dx. Both are Gauss–Legendre quadratures, good to 1e-10.

    Args:
        bins: the number of bins, from 2 to 100.
        rho: the correlation, −1 < rho < 1, |rho| at most 0.999.
        cut: ``both`` variables, or X alone (``first``).

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, section 8.3.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("quantised-gaussian:bins=2,rho=0.6").truth.nats, 4)  # ln 2 − h(1/2 + arcsin(0.6)/π)
        0.0864
    """

    bins: int
    rho: float
    cut: Literal["both", "first"] = "both"

    family = "quantised"

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 100:
            raise ValueError(f"bins is {self.bins}; allowed: from 2 to 100")
        if not -0.999 <= self.rho <= 0.999:
            raise ValueError(f"rho is {self.rho}; allowed: from -0.999 to 0.999")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Q, discrete, and R, of one dimension."""
        return Block(1, "discrete"), Block(1, "discrete" if self.cut == "both" else "continuous")

    @cached_property
    def _edges(self) -> np.ndarray:
        from scipy.special import ndtri

        edges: np.ndarray = ndtri(np.arange(1, self.bins) / self.bins)
        return edges

    def _bin_shares(self, given: np.ndarray) -> np.ndarray:
        """P(bin | the other variable), shape ``(len(given), bins)``."""
        from scipy.special import ndtr

        noise = math.sqrt((1 - self.rho) * (1 + self.rho))
        upto = ndtr((self._edges - self.rho * given[:, np.newaxis]) / noise)
        full = np.hstack([np.zeros((len(given), 1)), upto, np.ones((len(given), 1))])
        return np.diff(full, axis=1)

    @cached_property
    def _grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Nodes and weights, normal density included; fine where P(bin | ·) steps."""
        noise = math.sqrt((1 - self.rho) * (1 + self.rho))
        steps = self._edges / self.rho if self.rho else self._edges
        width = noise / max(abs(self.rho), 0.05)
        near = (steps[:, np.newaxis] + width * np.array([-6, -3, -1, 0, 1, 3, 6])).ravel()
        ends = np.unique(np.clip(np.concatenate([near, self._edges, np.linspace(-13, 13, 53)]), -13, 13))
        nodes, weights = np.polynomial.legendre.leggauss(24)
        half, middle = np.diff(ends) / 2, (ends[1:] + ends[:-1]) / 2
        x = (middle[:, np.newaxis] + half[:, np.newaxis] * nodes).ravel()
        return x, (half[:, np.newaxis] * weights).ravel() * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)

    @cached_property
    def table(self) -> np.ndarray:
        """The joint probabilities of the two bins, shape ``(bins, bins)``."""
        x, weights = self._grid
        own = np.searchsorted(self._edges, x)
        cells = np.zeros((self.bins, self.bins))
        np.add.at(cells, own, weights[:, np.newaxis] * self._bin_shares(x))
        return cells

    @cached_property
    def truth(self) -> Truth:
        """The sum, or the integral over Y."""
        from scipy.special import entr

        if self.rho == 0:
            return Truth(0.0, "closed form", "independent by construction")
        if self.cut == "both":
            nats = 2 * math.log(self.bins) - float(entr(self.table).sum())
        else:
            y, weights = self._grid
            nats = math.log(self.bins) - float(weights @ entr(self._bin_shares(y)).sum(axis=1))
        return Truth(max(nats, 0.0), "quadrature", "Cover & Thomas 2006, section 8.3, DOI 10.1002/047174882X")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the Gaussian pair and cut it."""
        x, z = rng.standard_normal((2, n, 1))
        y = self.rho * x + math.sqrt((1 - self.rho) * (1 + self.rho)) * z
        return self._cut(x), self._cut(y) if self.cut == "both" else y

    def _cut(self, values: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._edges, values).astype(np.float64)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln p(i, j) − ln p(i)p(j), or ln P(i | y) − ln p(i), shape ``(n,)``."""
        i = blocks[0][:, 0].astype(np.int64)
        if self.cut == "both":
            shares = self.bins * self.table[i, blocks[1][:, 0].astype(np.int64)]
        else:
            shares = self._bin_shares(blocks[1][:, 0])[np.arange(len(i)), i]
        ratios: np.ndarray = np.log(self.bins * shares)
        return ratios
