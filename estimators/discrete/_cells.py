"""Cells of a table: the distinct combinations of whole numbers, and how many samples are in each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Counts:
    """The samples of each occupied cell, and for each sample how many share its cell."""

    of_cells: np.ndarray
    at_sample: np.ndarray

    @property
    def occupied(self) -> int:
        """Number of occupied cells."""
        return len(self.of_cells)


def count(cells: np.ndarray) -> Counts:
    """Count the samples of each cell, numbered 0, 1, 2, … without a gap."""
    counts = np.bincount(cells)
    return Counts(counts, counts[cells])


def number_cells(codes: Sequence[np.ndarray]) -> np.ndarray:
    """Number the distinct combinations of *codes*, arrays of n whole numbers of at least 0, as 0, 1, 2, ….

    Renumbered after each array, numbers stay below n, so that their products never leave 64 bits.
    """
    cells = np.zeros(len(codes[0]), dtype=np.int64)
    for code in codes:
        cells = np.unique(cells * (int(code.max()) + 1) + code, return_inverse=True)[1]
    return cells
