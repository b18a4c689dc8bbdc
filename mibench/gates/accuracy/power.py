"""RMSEs of the paired errors, permutation tests on them, and the same tests with planted ratios (their power)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from .pairs import SAME
from .permutation import SquaredErrors, permutation_test


@dataclass(frozen=True)
class ErrorTable:
    """The pairs that succeeded on both sides.

    Attributes:
        estimators: the columns.
        keys: the (task, n) of each row.
        cells: the squared errors of each row.
    """

    estimators: Sequence[str]
    keys: Sequence[tuple[str, int]]
    cells: Sequence[SquaredErrors]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "ErrorTable":
        """Return the table of a frame of :class:`~mibench.gates.accuracy.pairs.Pairs`."""
        names = sorted(frame["estimator"].unique())
        good = frame[~frame["base_failed"] & ~frame["head_failed"]]
        keys, cells = [], []
        for (task, n), group in good.groupby(["task", "n"]):
            keys.append((str(task), int(str(n))))
            sides = [
                group.pivot(index="seed", columns="estimator", values=f"{side}_error").reindex(columns=names)
                for side in ("base", "head")
            ]
            cells.append(SquaredErrors(*(side.to_numpy(dtype=float) ** 2 for side in sides)))
        return cls(names, keys, cells)

    @cached_property
    def pairs(self) -> np.ndarray:
        """The number of pairs of each cell, shape ``(cells, estimators)``."""
        return self._stack([cell.pairs for cell in self.cells])

    @cached_property
    def base_rmse(self) -> np.ndarray:
        """The base's RMSE of each cell, shape ``(cells, estimators)``; NaN where there is no pair."""
        return self._rmse([cell.base for cell in self.cells])

    @cached_property
    def head_rmse(self) -> np.ndarray:
        """The head's RMSE of each cell, shape ``(cells, estimators)``; NaN where there is no pair."""
        return self._rmse([cell.head for cell in self.cells])

    @cached_property
    def differs(self) -> np.ndarray:
        """Mask of the cells whose base and head errors differ in some pair, shape ``(cells, estimators)``."""
        moved = [np.abs(np.sqrt(cell.base) - np.sqrt(cell.head)) > SAME for cell in self.cells]
        return self._stack([np.any(item, axis=0) for item in moved]).astype(bool)

    def _rmse(self, squares: list[np.ndarray]) -> np.ndarray:
        seen = np.where(self.pairs > 0, self.pairs, np.nan)
        return np.sqrt(self._stack([np.nansum(side, axis=0) for side in squares]) / seen)

    def _stack(self, rows: list[np.ndarray]) -> np.ndarray:
        return np.array(rows, dtype=float).reshape(len(self.cells), len(self.estimators))


@dataclass(frozen=True)
class Evidence:
    """The tests of a table. Where the two sides are equal no test is made, and p is NaN.

    Attributes:
        log_ratio: mean log RMSE ratio of each estimator over its cells.
        p, p_less: the p-values of more and of less error in the head, shape ``(estimators,)``.
        cell_log_ratio, cell_p, cell_p_less: the same of each cell, shape ``(cells, estimators)``.
        planted_p, planted_cell_p: the p-values had the head's RMSE been exactly each of the ratios asked for times
            the base's in every cell, shape ``(ratios, …)``.
    """

    log_ratio: np.ndarray
    p: np.ndarray
    p_less: np.ndarray
    cell_log_ratio: np.ndarray
    cell_p: np.ndarray
    cell_p_less: np.ndarray
    planted_p: np.ndarray
    planted_cell_p: np.ndarray


def weigh(table: ErrorTable, ratios: tuple[float, ...], rng: np.random.Generator, permutations: int) -> Evidence:
    """Test *table* as it is and with each of *ratios* planted, by the same permutations, and return the p-values."""
    active = np.flatnonzero(table.differs.any(axis=0))
    count, width = len(table.estimators), len(active)
    shape = (1 + len(ratios), len(table.cells), count)
    log_ratio, p = np.where(table.pairs.any(axis=0), 0.0, np.nan), np.full((shape[0], count), np.nan)
    cell_log_ratio, cell_p = np.where(table.pairs > 0, 0.0, np.nan), np.full(shape, np.nan)
    p_less, cell_p_less = np.full(count, np.nan), np.full(shape[1:], np.nan)
    if width:
        chosen = [SquaredErrors(cell.base[:, active], cell.head[:, active]) for cell in table.cells]
        test = permutation_test([_beside(cell, ratios) for cell in chosen], rng, permutations)
        log_ratio[active] = test.log_ratio[:width]
        p[:, active] = test.p.reshape(-1, width)
        cell_log_ratio[:, active] = test.cell_log_ratio[:, :width]
        cell_p[:, :, active] = test.cell_p.reshape(len(table.cells), -1, width).swapaxes(0, 1)
        cell_p[:, ~table.differs] = np.nan
        p_less[active] = test.p_less[:width]
        cell_p_less[:, active] = test.cell_p_less[:, :width]
        cell_p_less[~table.differs] = np.nan
    return Evidence(log_ratio, p[0], p_less, cell_log_ratio, cell_p[0], cell_p_less, p[1:], cell_p[1:])


def _beside(cell: SquaredErrors, ratios: tuple[float, ...]) -> SquaredErrors:
    """Put the planted copies of a cell beside it, so that they undergo the same permutations."""
    versions = [cell, *(cell.planted(ratio) for ratio in ratios)]
    return SquaredErrors(
        np.concatenate([item.base for item in versions], axis=1),
        np.concatenate([item.head for item in versions], axis=1),
    )
