"""Scores as a matrix of cells × estimators, and paired differences between its columns."""

import copy
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from .interval import (
    CONFIDENCE,
    Interval,
    Layout,
    fixed_tasks_interval,
    fixed_tasks_intervals,
    holm,
    random_tasks_interval,
    random_tasks_intervals,
)
from .score import CELL

#: The most differences (cells × pairs) held in memory at a time.
_CHUNK = 5_000_000


@dataclass(frozen=True)
class Pair:
    """The paired difference of two estimators' scores, first minus second: negative where the first is better.

    Attributes:
        suite: the difference on the tasks of this suite that both support.
        suite_adjusted_p: its p-value after Holm's correction for the number of pairs compared.
        generalization: the difference over a population of tasks, None for too few tasks.
        generalization_p_holm: its p-value after Holm's correction.
        cells, tasks: how many both have in common.
    """

    first: str
    second: str
    suite: Interval
    suite_adjusted_p: float
    generalization: Interval | None
    generalization_p_holm: float
    cells: int
    tasks: int

    @property
    def winner(self) -> str | None:
        """The estimator that is significantly better on this suite."""
        return self._winner(self.suite, self.suite_adjusted_p)

    @property
    def general_winner(self) -> str | None:
        """The estimator that is significantly better on suites like this one."""
        return self._winner(self.generalization, self.generalization_p_holm)

    def _winner(self, difference: Interval | None, p: float) -> str | None:
        if difference is None or not p <= 1 - CONFIDENCE:
            return None
        return self.first if difference.mean < 0 else self.second


class ScoreTable:
    """Scores as a matrix of cells × estimators, NaN where a cell is unsupported or was not run.

    Attributes:
        cells: the family, task, n and seed of each row.
        estimators: the columns.
        values, nats: the scores and the estimates, shape ``(cells, estimators)``.
        refused: which cells an estimator declares it cannot take, of that shape.
        truths: the truth of each cell; NaN for a stream, whose truth changes on the way.
    """

    def __init__(self, scored: pd.DataFrame) -> None:
        by_cell = scored.groupby(CELL)
        self.cells = by_cell.size().reset_index()[CELL]
        self.estimators = sorted(scored["estimator"].unique())
        columns = pd.Categorical(scored["estimator"], categories=self.estimators).codes
        rows = by_cell.ngroup().to_numpy()
        self.values = np.full((len(self.cells), len(self.estimators)), np.nan)
        self.nats = self.values.copy()
        self.values[rows, columns] = scored["score"].to_numpy()
        self.nats[rows, columns] = scored["nats"].where(scored["ok"]).to_numpy(dtype=float)
        self.refused = np.zeros(self.values.shape, bool)
        self.refused[rows, columns] = (scored["status"] == "unsupported").to_numpy()
        fixed = scored["protocol"] == ""
        self.truths = scored["truth"].where(fixed).groupby(rows).first().to_numpy(dtype=float)
        self._column = {name: index for index, name in enumerate(self.estimators)}
        self._layouts: dict[bytes, Layout] = {}

    def restricted(self, rows: np.ndarray) -> "ScoreTable":
        """Return the table of the cells in the mask *rows* alone."""
        part = copy.copy(self)
        part.cells, part._layouts = self.cells[rows], {}
        for name in ("values", "nats", "refused", "truths"):
            setattr(part, name, getattr(self, name)[rows])
        return part

    def with_lines(self, lines: Mapping[str, np.ndarray]) -> "ScoreTable":
        """Return the table with further columns of scores, which are no estimators."""
        part = copy.copy(self)
        part.values = np.column_stack([self.values, *lines.values()])
        part._column = self._column | {name: len(self.estimators) + place for place, name in enumerate(lines)}
        return part

    def leaders(self, candidates: Collection[str]) -> dict[str, Literal["best", "tie"]]:
        """Return the candidate of the lowest score and those not significantly worse (Holm over the candidates).

        One with a cell without a score is neither.
        """
        whole = [name for name in candidates if np.isfinite(self.of(name)).all()]
        if not whole:
            return {}
        scores = self.layout_of_all.weights @ self.layout_of_all.stratum_means(self.values)
        means = {name: float(scores[self._column[name]]) for name in whole}
        best = min(means, key=lambda name: (means[name], name))
        pairs = self.pairs([(best, name) for name in whole if name != best])
        return {best: "best", **{pair.second: "tie" for pair in pairs if pair.winner is None}}

    def of(self, estimator: str) -> np.ndarray:
        """Return the scores of one estimator or line."""
        return np.asarray(self.values[:, self._column[estimator]])

    @property
    def layout_of_all(self) -> Layout:
        """The layout of every cell."""
        return self.layout(np.ones(len(self.cells), bool))

    def layout(self, rows: np.ndarray) -> Layout:
        """Return the layout of the cells in the mask *rows*."""
        key = rows.tobytes()
        if key not in self._layouts:
            self._layouts[key] = Layout.of(self.cells[rows])
        return self._layouts[key]

    def mean(self, estimator: str) -> tuple[Interval, Interval | None]:
        """Return the mean score of one estimator on what it supports, on this suite and on suites like it."""
        known = ~np.isnan(self.of(estimator))
        if not known.any():
            return Interval.unknown(), None
        values, layout = self.of(estimator)[known], self.layout(known)
        return fixed_tasks_interval(values, layout), random_tasks_interval(values, layout)

    def pairs(self, named: list[tuple[str, str]]) -> tuple[Pair, ...]:
        """Compare each named pair on the cells both have, Holm's correction over them all.

        Pairs without a cell in common are left out. Time O(cells · pairs).
        """
        known = ~np.isnan(self.values)
        by_mask: dict[bytes, list[int]] = defaultdict(list)
        masks: dict[bytes, np.ndarray] = {}
        for place, (first, second) in enumerate(named):
            mask = known[:, self._column[first]] & known[:, self._column[second]]
            masks[mask.tobytes()] = mask
            by_mask[mask.tobytes()].append(place)
        found: dict[int, tuple[Interval, Interval | None, int, int]] = {}
        for key, places in by_mask.items():
            if masks[key].any():
                found |= self._compared(masks[key], places, named)
        order = sorted(found)
        suite_p = holm(np.array([found[place][0].p for place in order]))
        general_p = holm(np.array([np.nan if found[place][1] is None else found[place][1].p for place in order]))  # type: ignore[union-attr]
        return tuple(
            Pair(*named[place], found[place][0], float(p), found[place][1], float(q), *found[place][2:])
            for place, p, q in zip(order, suite_p, general_p, strict=True)
        )

    def _compared(
        self, rows: np.ndarray, places: list[int], named: list[tuple[str, str]]
    ) -> dict[int, tuple[Interval, Interval | None, int, int]]:
        """Compare the pairs at *places* of *named*, which share the cells *rows*."""
        layout, values = self.layout(rows), self.values[rows]
        size, tasks = len(values), len(layout.family_of_task)
        step = max(1, _CHUNK // size)
        found: dict[int, tuple[Interval, Interval | None, int, int]] = {}
        for start in range(0, len(places), step):
            chunk = places[start : start + step]
            columns = np.array([[self._column[name] for name in named[place]] for place in chunk])
            differences = values[:, columns[:, 0]] - values[:, columns[:, 1]]
            suite = fixed_tasks_intervals(differences, layout)
            several = random_tasks_intervals(differences, layout)
            general: Sequence[Interval | None] = [None] * len(chunk) if several is None else several
            found |= {
                place: (here, there, size, tasks) for place, here, there in zip(chunk, suite, general, strict=True)
            }
        return found
