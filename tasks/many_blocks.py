"""Total correlation of many blocks: trees of Gaussians, chains of spins, parity."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from mibench import Block, Task, Truth, register_task

from ._elliptical import pair_log_ratio, pair_nats

_CHOW = "Chow & Liu 1968, DOI 10.1109/TIT.1968.1054142"


def check_sizes(count: int, width: int = 1) -> None:
    """Raise :class:`ValueError` where *count* blocks of *width* columns are too few or too many."""
    if not 2 <= count <= 100:
        raise ValueError(f"count is {count}; allowed: from 2 to 100")
    if width < 1:
        raise ValueError(f"width is {width}; allowed: 1 or more")


@register_task("gaussian-tree")
@dataclass(frozen=True)
class GaussianTree(Task):
    """TC = −½·d·(m − 1)·ln(1 − ρ²) nats: m Gaussian blocks on a tree, each correlated with its parent.

    Blocks have shape ``(n, width)``; each column of a block is ρ times that of its parent plus noise, all of variance
    1. On a tree the joint density is a product over the edges, so that the total correlation is the sum of their mutual
    informations. ``line``: the parent of block i is i − 1. ``binary``: it is ⌊(i − 1)/2⌋. ``star``: it is block 0.

    Args:
        count: the number m of blocks, from 2 to 100.
        shape: the tree.
        rho: the correlation ρ along an edge, −1 < rho < 1; one of rho and mi.
        mi: the total correlation in nats; ρ² = 1 − exp(−2·mi/(d·(m − 1))).
        width: the columns d of a block.

    References:
        C. K. Chow and C. N. Liu, Approximating discrete probability distributions with dependence trees, IEEE Trans.
        Inf. Theory 14(3), 462–467, 1968. DOI 10.1109/TIT.1968.1054142
        K. Bai, P. Cheng, W. Hao, R. Henao and L. Carin, Estimating total correlation with mutual information
        estimators, AISTATS 2023. arXiv:2011.04794

    Example:
        >>> from mibench import get_task
        >>> round(get_task("gaussian-tree:count=4,shape=star,rho=0.5").truth.nats, 6)
        0.431523
    """

    count: int
    shape: Literal["line", "binary", "star"]
    rho: float | None = None
    mi: float | None = None
    width: int = 1

    family = "many-blocks"

    def __post_init__(self) -> None:
        check_sizes(self.count, self.width)
        if (self.rho is None) == (self.mi is None):
            raise ValueError(f"rho is {self.rho} and mi is {self.mi}; allowed: exactly one of the two")
        if self.rho is not None and not -1 < self.rho < 1:
            raise ValueError(f"rho is {self.rho}; allowed: more than -1 and less than 1")
        if self.mi is not None and not 0 <= self.mi <= 15 * self._edges:
            raise ValueError(f"mi is {self.mi}; allowed: from 0 to {15 * self._edges}")

    @property
    def _edges(self) -> int:
        """The number of correlated pairs of columns."""
        return self.width * (self.count - 1)

    @cached_property
    def _correlation(self) -> float:
        if self.rho is not None:
            return self.rho
        return math.sqrt(-math.expm1(-2 * (self.mi or 0.0) / self._edges))

    @cached_property
    def _parents(self) -> list[int]:
        parent = {"line": lambda i: i - 1, "binary": lambda i: (i - 1) // 2, "star": lambda i: 0}[self.shape]
        return [parent(i) for i in range(1, self.count)]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """``count`` blocks of ``width`` columns, continuous."""
        return (Block(self.width),) * self.count

    @cached_property
    def truth(self) -> Truth:
        """The sum over the edges, or ``mi`` as given."""
        if self.mi is not None:
            return Truth(self.mi, "closed form", _CHOW)
        return Truth(abs(self._edges * pair_nats(self._correlation)), "closed form", _CHOW)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw the root, then every block from its parent."""
        noise = rng.standard_normal((self.count, n, self.width))
        rho = self._correlation
        rest = math.sqrt((1 - rho) * (1 + rho))
        drawn = [noise[0]]
        for own, parent in zip(noise[1:], self._parents, strict=True):
            drawn.append(rho * drawn[parent] + rest * own)
        return tuple(drawn)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the sum over the edges of the log density ratio of a Gaussian pair, shape ``(n,)``."""
        total = np.zeros(len(blocks[0]))
        for child, parent in zip(blocks[1:], self._parents, strict=True):
            total += pair_log_ratio(blocks[parent], child, self._correlation).sum(axis=1)
        return total


@register_task("spin-chain")
@dataclass(frozen=True)
class SpinChain(Task):
    """TC = (m − 1)·[ln 2 − h(ε)] nats: an Ising chain of m spins, each unlike its neighbour with probability ε.

    Blocks have shape ``(n, 1)`` and the values ±1, equally likely; h is the binary entropy in nats. The coupling of the
    chain is J = ½·ln((1 − ε)/ε).

    Args:
        count: the number m of spins, from 2 to 100.
        flip: the probability ε, from 0 to 1.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, chapter 4.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("spin-chain:count=5,flip=0.1").truth.nats, 6)
        1.472257
    """

    count: int
    flip: float

    family = "many-blocks"

    def __post_init__(self) -> None:
        check_sizes(self.count)
        if not 0 <= self.flip <= 1:
            raise ValueError(f"flip is {self.flip}; allowed: from 0 to 1")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """``count`` discrete blocks."""
        return (Block(1, "discrete"),) * self.count

    @cached_property
    def truth(self) -> Truth:
        """The information of a binary symmetric channel, m − 1 times."""
        from scipy.special import entr

        edge = math.log(2) - float(entr(self.flip) + entr(1 - self.flip))
        return Truth(max((self.count - 1) * edge, 0.0), "closed form", "Cover & Thomas 2006, DOI 10.1002/047174882X")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw the first spin and where the sign turns."""
        first = 2.0 * rng.integers(2, size=(n, 1)) - 1
        turns = np.where(rng.random((n, self.count - 1)) < self.flip, -1.0, 1.0)
        spins = first * np.hstack([np.ones((n, 1)), np.cumprod(turns, axis=1)])
        return tuple(spins[:, [i]] for i in range(self.count))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the sum over neighbours of ln 2(1 − ε) where they agree and ln 2ε where not, shape ``(n,)``."""
        spins = np.hstack(blocks)
        unlike = (spins[:, 1:] != spins[:, :-1]).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            turned = np.where(unlike > 0, unlike * np.log(2 * self.flip), 0.0)
            kept = np.where(unlike < self.count - 1, (self.count - 1 - unlike) * np.log(2 * (1 - self.flip)), 0.0)
        return turned + kept


@register_task("parity")
@dataclass(frozen=True)
class Parity(Task):
    """TC = ln 2 − h(ε) nats: m − 1 fair bits and their exclusive or, which is wrong with probability ε.

    Blocks have shape ``(n, 1)`` and the values 0 and 1. Any m − 1 of them are independent: the dependence is in all
    blocks together and in none of their parts.

    Args:
        count: the number m of blocks, from 2 to 100.
        error: the probability ε, from 0 to ½.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, chapter 2.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("parity:count=5").truth.nats, 6)  # ln 2
        0.693147
    """

    count: int
    error: float = 0.0

    family = "many-blocks"

    def __post_init__(self) -> None:
        check_sizes(self.count)
        if not 0 <= self.error <= 0.5:
            raise ValueError(f"error is {self.error}; allowed: from 0 to 0.5")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """``count`` discrete blocks."""
        return (Block(1, "discrete"),) * self.count

    @cached_property
    def truth(self) -> Truth:
        """The bit of the parity less the binary entropy of its error."""
        from scipy.special import entr

        nats = math.log(2) - float(entr(self.error) + entr(1 - self.error))
        return Truth(0.0 if self.error == 0.5 else nats, "closed form", "Cover & Thomas 2006, DOI 10.1002/047174882X")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw the bits, their parity, and its errors."""
        bits = rng.integers(2, size=(n, self.count - 1))
        parity = (bits.sum(axis=1) + (rng.random(n) < self.error)) % 2
        columns = np.column_stack([bits, parity]).astype(np.float64)
        return tuple(columns[:, [i]] for i in range(self.count))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln 2(1 − ε) where the parity of all is even and ln 2ε where it is odd, shape ``(n,)``."""
        odd = np.hstack(blocks).sum(axis=1) % 2 == 1
        with np.errstate(divide="ignore"):
            return np.where(odd, np.log(2 * self.error), math.log(2 * (1 - self.error)))
