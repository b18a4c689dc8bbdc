"""Blocks that share their scale and nothing else: dependence without correlation."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

from ._elliptical import chi_rule, draw_chi_scale, student_entropy, student_log_density
from .many_blocks import check_sizes

_ARELLANO = "Arellano-Valle, Contreras-Reyes & Genton 2013, DOI 10.1111/j.1467-9469.2011.00774.x"


@register_task("student-blocks")
@dataclass(frozen=True)
class StudentBlocks(Task):
    """TC = m·g(d) − g(m·d) nats: m uncorrelated Student blocks with one χ² for all; far rows are far in every block.

    Blocks have shape ``(n, width)``. g(k) = ln Γ(ν/2) − ln Γ((ν+k)/2) + (ν+k)/2·[ψ((ν+k)/2) − ψ(ν/2)], the entropy of k
    standard Student columns but for what cancels.

    Args:
        count: the number m of blocks, from 2 to 100.
        nu: the degrees of freedom ν, from 0.5 to 1000.
        width: the columns d of a block.

    References:
        R. B. Arellano-Valle, J. E. Contreras-Reyes and M. G. Genton, Shannon entropy and mutual information for
        multivariate skew-elliptical distributions, Scandinavian J. Statistics 40, 42–62, 2013.
        DOI 10.1111/j.1467-9469.2011.00774.x

    Example:
        >>> from mibench import get_task
        >>> round(get_task("student-blocks:count=2,nu=1").truth.nats, 6)
        0.224171
    """

    count: int
    nu: float
    width: int = 1

    family = "many-blocks"
    traits = frozenset({"heavy-tailed"})

    def __post_init__(self) -> None:
        check_sizes(self.count, self.width)
        if not 0.5 <= self.nu <= 1000:
            raise ValueError(f"nu is {self.nu}; allowed: from 0.5 to 1000")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """``count`` blocks of ``width`` columns, continuous."""
        return (Block(self.width),) * self.count

    @cached_property
    def truth(self) -> Truth:
        """The closed form."""
        nats = self.count * student_entropy(self.width, self.nu) - student_entropy(self.count * self.width, self.nu)
        return Truth(nats, "closed form", _ARELLANO)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw Gaussians and divide each row by √(χ²/ν)."""
        z = rng.standard_normal((self.count, n, self.width))
        return tuple(z / draw_chi_scale(n, self.nu, rng))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log ratio of the joint and the block densities, shape ``(n,)``."""
        squares = np.stack([(block**2).sum(axis=1) for block in blocks])
        joint = student_log_density(squares.sum(axis=0), self.count * self.width, self.nu)
        return joint - student_log_density(squares, self.width, self.nu).sum(axis=0)


@register_task("common-scale")
@dataclass(frozen=True)
class CommonScale(Task):
    """TC = m·h(d) − h(m·d) nats: m Gaussian blocks whose width, 1, 2, …, k, is drawn anew for every row, one for all.

    Blocks have shape ``(n, width)`` and are uncorrelated. h(c) is the entropy of c columns, a mixture of k round
    Gaussians: a quadrature over the radius, which is χ distributed in each part, good to 1e-9.

    Args:
        count: the number m of blocks, from 2 to 100.
        scales: the number k of scales, from 2 to 100.
        width: the columns d of a block.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, chapter 8.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> few, many = (get_task(f"common-scale:count={m},scales=4").truth.nats for m in (3, 10))
        >>> 0 < few < many
        True
    """

    count: int
    scales: int
    width: int = 1

    family = "many-blocks"

    def __post_init__(self) -> None:
        check_sizes(self.count, self.width)
        if not 2 <= self.scales <= 100:
            raise ValueError(f"scales is {self.scales}; allowed: from 2 to 100")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """``count`` blocks of ``width`` columns, continuous."""
        return (Block(self.width),) * self.count

    def _log_density(self, square: np.ndarray, columns: int) -> np.ndarray:
        """Return the log density at ‖x‖² = *square*, but for (2π)^(−columns/2), which cancels."""
        j = np.arange(1, self.scales + 1)
        logs: np.ndarray = np.logaddexp.reduce(-0.5 * square[..., np.newaxis] / j**2 - columns * np.log(j), axis=-1)
        return logs - math.log(self.scales)

    def _entropy(self, columns: int) -> float:
        """−E ln p, the expectation over the χ law of the radius in each part."""
        r, mass = chi_rule(columns)
        means = [mass @ self._log_density((j * r) ** 2, columns) for j in range(1, self.scales + 1)]
        return -math.fsum(means) / self.scales

    @cached_property
    def truth(self) -> Truth:
        """The entropies of the blocks less that of all."""
        nats = self.count * self._entropy(self.width) - self._entropy(self.count * self.width)
        return Truth(nats, "quadrature", "Cover & Thomas 2006, chapter 8, DOI 10.1002/047174882X")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw Gaussians and multiply each row by its scale."""
        scale = rng.integers(1, self.scales + 1, size=(n, 1))
        return tuple(scale * rng.standard_normal((self.count, n, self.width)))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log ratio of the joint and the block densities, shape ``(n,)``."""
        squares = np.stack([(block**2).sum(axis=1) for block in blocks])
        joint = self._log_density(squares.sum(axis=0), self.count * self.width)
        return joint - self._log_density(squares, self.width).sum(axis=0)
