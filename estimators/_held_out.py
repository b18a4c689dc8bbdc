"""Held-out splits: rows that fit, rows that select and rows that report, for any estimator that fits a model."""

from typing import NamedTuple

import numpy as np

#: Parts the rows are dealt into: three train, one selects, one reports.
PARTS = 5
#: From this many rows on there is one split; below, each part reports once.
SPLIT_FROM = 1000


class Fold(NamedTuple):
    """Row numbers of one split; none stands in two of its parts."""

    train: np.ndarray
    validation: np.ndarray
    report: np.ndarray


def folds(n: int, rng: np.random.Generator) -> list[Fold]:
    """Return the splits of *n* rows: one of 60/20/20 %, or five by which every row is reported once, below 1000 rows.

    A row is reported by a model that it has neither trained nor selected. An estimator without a selection step fits on
    ``train`` and ``validation`` together. O(n) time.
    """
    parts = np.array_split(rng.permutation(n), PARTS)
    return [
        Fold(
            train=np.concatenate([parts[(turn + shift) % PARTS] for shift in (2, 3, 4)]),
            validation=parts[(turn + 1) % PARTS],
            report=parts[turn],
        )
        for turn in range(len(report_sizes(n)))
    ]


def report_sizes(n: int) -> list[int]:
    """Return the number of report rows of each split of *n* rows."""
    sizes = [n // PARTS + (part < n % PARTS) for part in range(PARTS)]
    return sizes[:1] if n >= SPLIT_FROM else sizes
