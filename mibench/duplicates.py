"""Rows that repeat other rows exactly, which most estimators take for information."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from .estimator import Estimate

#: The share of repeated rows from which on an estimate carries a warning.
WARN_FROM = 0.01
#: A block whose different rows are told apart by this share of their number is continuous, copies aside.
_CONTINUOUS = 0.95


def duplicate_share(blocks: Sequence[np.ndarray]) -> float:
    """Return the share of rows (over all blocks together) that are copies of another row; 0 for discrete data.

    Whole numbers, and data in which values coincide in every block by themselves, repeat rows by nature: their repeats
    are not counted. O(D·n·log n) time for D columns, and for continuous data without copies the sort of one column.
    """
    rows = np.concatenate(blocks, axis=1)
    n = len(rows)
    if any(_different(column) == n for column in rows.T):
        return 0.0
    kept = np.unique(rows, axis=0)
    if len(kept) == n or np.array_equal(rows, np.rint(rows)):
        return 0.0
    bounds = np.cumsum([block.shape[1] for block in blocks])[:-1]
    parts = np.split(kept, bounds, axis=1)
    if not any(len(np.unique(part, axis=0)) >= _CONTINUOUS * len(kept) for part in parts):
        return 0.0
    return 1.0 - len(kept) / n


def _different(column: np.ndarray) -> int:
    ordered = np.sort(column)
    return 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def note_duplicates(found: Any, blocks: Sequence[np.ndarray]) -> Any:
    """Return an estimate with the share of repeated rows in its diagnostics, ``duplicate_rows``, and a warning.

    An estimate of rows without repeats is returned as it is, and so is anything that is no :class:`Estimate`.
    """
    share = duplicate_share(blocks) if isinstance(found, Estimate) else 0.0
    if share == 0:
        return found
    diagnostics = {**found.diagnostics, "duplicate_rows": share}
    if share >= WARN_FROM:
        own = f"{diagnostics['warning']}; " if diagnostics.get("warning") else ""
        diagnostics["warning"] = (
            f"{own}{share:.0%} of the rows are copies of other rows, which neighbours and held-out rows take for "
            "information: leave the copies out"
        )
    return dataclasses.replace(found, diagnostics=diagnostics)
