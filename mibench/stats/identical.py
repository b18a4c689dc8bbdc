"""Estimators that give another's very values."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .score_table import ScoreTable


@dataclass(frozen=True)
class Twin:
    """Another estimator that gives the same values, on how many of how many common tasks."""

    other: str
    same: int
    tasks: int

    @property
    def is_most(self) -> bool:
        """True if they are the same on at least half of their tasks."""
        return 2 * self.same >= self.tasks


def find_twins(table: ScoreTable) -> dict[str, tuple[Twin, ...]]:
    """Return, of each estimator, those of a shorter spec that give its values, value for value, on whole tasks.

    Two are the same on a task where every cell of it has a value of both and no two values differ; a task on which
    all values of an estimator are one constant tells nothing and does not count. The longer spec is the one that
    yields: a chain rule around an estimator, or an option that made no difference. Time O(cells · estimators) and
    what is the same.
    """
    same: Counter[tuple[str, str]] = Counter()
    tasks = table.cells["task"].to_numpy()
    telling = dict.fromkeys(table.estimators, 0)
    for task in np.unique(tasks):
        values = table.nats[tasks == task]
        groups: dict[bytes, list[str]] = {}
        for name, column in zip(table.estimators, values.T, strict=True):
            if np.isfinite(column).all() and (len(column) < 2 or np.ptp(column) > 0):
                telling[name] += 1
                groups.setdefault(np.ascontiguousarray(column).tobytes(), []).append(name)
        for names in groups.values():
            same.update(combinations(sorted(names, key=lambda name: (len(name), name)), 2))
    found: dict[str, list[Twin]] = {}
    for (shorter, longer), count in sorted(same.items()):
        found.setdefault(longer, []).append(Twin(shorter, count, telling[longer]))
    return {name: tuple(sorted(twins, key=lambda twin: (-twin.same, twin.other))) for name, twins in found.items()}
