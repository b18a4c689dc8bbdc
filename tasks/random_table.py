"""Random joint tables of two discrete variables."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task
from mibench.streams import stream


@register_task("random-table")
@dataclass(frozen=True)
class RandomTable(Task):
    """I(X; Y) = Σ_ij p_ij·ln(p_ij / (p_i· p_·j)) nats for a table p drawn once from a symmetric Dirichlet distribution.

    X and Y have shape ``(n, 1)`` and the values 0, 1, …. The table is drawn from a stream named by the task's
    parameters, so it is part of the task. A small ``concentration`` puts the mass on few cells and makes the
    dependence strong. With ``independent`` the table is the product of its margins.

    Args:
        rows: the values of X, from 2 to 100.
        columns: the values of Y, from 2 to 100.
        concentration: the parameter of the Dirichlet distribution, from 0.01 to 1000; 1 is uniform over tables.
        number: tells tables of the same size apart.
        independent: whether X and Y are made independent.

    References:
        M. Hutter, Distribution of mutual information, Advances in Neural Information Processing Systems 14, 2001.
        DOI 10.48550/arXiv.cs/0112019

    Example:
        >>> from mibench import get_task
        >>> get_task("random-table:rows=3,columns=3,independent=true").truth.nats
        0.0
        >>> 0 < get_task("random-table:rows=3,columns=3").truth.nats < 1.1  # ln 3
        True
    """

    rows: int
    columns: int
    concentration: float = 1.0
    number: int = 0
    independent: bool = False

    family = "discrete-table"

    def __post_init__(self) -> None:
        for name in ("rows", "columns"):
            if not 2 <= getattr(self, name) <= 100:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: from 2 to 100")
        if not 0.01 <= self.concentration <= 1000:
            raise ValueError(f"concentration is {self.concentration}; allowed: from 0.01 to 1000")
        if self.number < 0:
            raise ValueError(f"number is {self.number}; allowed: 0 or more")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, discrete, of one dimension."""
        return Block(1, "discrete"), Block(1, "discrete")

    @cached_property
    def table(self) -> np.ndarray:
        """The joint probabilities, shape ``(rows, columns)``."""
        rng = stream("random-table", self.rows, self.columns, repr(float(self.concentration)), self.number)
        cells = rng.dirichlet(np.full(self.rows * self.columns, self.concentration)).reshape(self.rows, self.columns)
        if self.independent:
            return np.outer(cells.sum(axis=1), cells.sum(axis=0))
        return cells

    @cached_property
    def _ratios(self) -> np.ndarray:
        """ln(p_ij / (p_i· p_·j)); 0 in cells that never occur."""
        if self.independent:
            return np.zeros_like(self.table)
        product = np.outer(self.table.sum(axis=1), self.table.sum(axis=0))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.table > 0, np.log(self.table / product), 0.0)

    @cached_property
    def truth(self) -> Truth:
        """The sum over the cells."""
        return Truth(max(float((self.table * self._ratios).sum()), 0.0), "exact enumeration", "the definition")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw cells by their cumulated probabilities."""
        upto = np.cumsum(self.table.ravel())
        cells = np.searchsorted(upto / upto[-1], rng.random(n), side="right")
        x, y = np.divmod(cells, self.columns)
        return x[:, np.newaxis].astype(np.float64), y[:, np.newaxis].astype(np.float64)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln(p_ij / (p_i· p_·j)) of each row's cell, shape ``(n,)``."""
        x, y = (block[:, 0].astype(np.int64) for block in blocks)
        ratios: np.ndarray = self._ratios[x, y]
        return ratios
