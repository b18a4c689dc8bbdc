"""Who is better than whom, and the range of ranks that follows from it. Reads no files."""

import copy
from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from .interval import CONFIDENCE, Interval, Layout, holm, suites_like_it, this_suite
from .score import CELL, REFERENCE


@dataclass(frozen=True)
class Pair:
    """The paired difference of two estimators' scores, first minus second: negative where the first is better.

    Attributes:
        suite: the difference on the tasks of this suite that both support.
        suite_adjusted_p: its p-value after Holm's correction for the number of pairs compared.
        beyond: the difference on suites like it, None for too few tasks.
        beyond_adjusted_p: its p-value after Holm's correction.
        cells, tasks: how many both have in common.
    """

    first: str
    second: str
    suite: Interval
    suite_adjusted_p: float
    beyond: Interval | None
    beyond_adjusted_p: float
    cells: int
    tasks: int

    @property
    def winner(self) -> str | None:
        """The estimator that is significantly better on this suite."""
        if not self.suite_adjusted_p <= 1 - CONFIDENCE:
            return None
        return self.first if self.suite.mean < 0 else self.second


@dataclass(frozen=True)
class Standing:
    """An estimator's score and rank.

    Attributes:
        score: the mean score on the tasks it supports, with its interval on this suite.
        beyond: the same with its interval on suites like it.
        best, worst: the ends of its range of ranks; None where it is not ranked.
        unranked: why it is not ranked, or the empty string.
        beats_reference: whether it is significantly better than the reference line; None where there is none.
    """

    estimator: str
    score: Interval
    beyond: Interval | None
    best: int | None
    worst: int | None
    unranked: str
    beats_reference: bool | None


@dataclass(frozen=True)
class Ranking:
    """The standings, ranked ones first by score, and the pairs: among the ranked, outside, against the reference."""

    standings: tuple[Standing, ...]
    pairs: tuple[Pair, ...]
    unranked_pairs: tuple[Pair, ...]
    reference_pairs: tuple[Pair, ...]


class ScoreTable:
    """Scores as a matrix of cells × estimators, NaN where a cell is unsupported or was not run."""

    def __init__(self, scored: pd.DataFrame) -> None:
        by_cell = scored.groupby(CELL)
        self.cells = by_cell.size().reset_index()[CELL]
        self.estimators = sorted(scored["estimator"].unique())
        columns = pd.Categorical(scored["estimator"], categories=self.estimators).codes
        self.values = np.full((len(self.cells), len(self.estimators)), np.nan)
        self.values[by_cell.ngroup().to_numpy(), columns] = scored["score"].to_numpy()
        self._column = {name: index for index, name in enumerate(self.estimators)}
        self._layouts: dict[bytes, Layout] = {}

    def restricted(self, rows: np.ndarray) -> "ScoreTable":
        """The table of the cells in the mask *rows* alone."""
        part = copy.copy(self)
        part.cells, part.values, part._layouts = self.cells[rows], self.values[rows], {}
        return part

    def leaders(self, candidates: Collection[str]) -> dict[str, Literal["best", "tie"]]:
        """The candidate of the lowest score, and those not significantly worse than it (Holm over the candidates)."""
        means = {name: self.mean(name)[0].mean for name in candidates if np.isfinite(self.of(name)).all()}
        if not means:
            return {}
        best = min(means, key=lambda name: (means[name], name))
        pairs = self.pairs([(best, name) for name in means if name != best])
        return {best: "best", **{pair.second: "tie" for pair in pairs if pair.winner is None}}

    def of(self, estimator: str) -> np.ndarray:
        """The scores of one estimator."""
        return self.values[:, self._column[estimator]]

    def layout(self, rows: np.ndarray) -> Layout:
        """The layout of the cells in the mask *rows*."""
        key = rows.tobytes()
        if key not in self._layouts:
            self._layouts[key] = Layout.of(self.cells[rows])
        return self._layouts[key]

    def mean(self, estimator: str) -> tuple[Interval, Interval | None]:
        """The mean score of one estimator on what it supports, on this suite and on suites like it."""
        return self._intervals(self.of(estimator))

    def pairs(self, named: list[tuple[str, str]]) -> tuple[Pair, ...]:
        """Compare each named pair on the cells both have, Holm's correction over them all."""
        found = []
        for first, second in named:
            difference = self.of(first) - self.of(second)
            shared = ~np.isnan(difference)
            if shared.any():
                tasks = len(self.layout(shared).family_of_task)
                found.append((first, second, *self._intervals(difference), int(shared.sum()), tasks))
        suite_p = holm(np.array([suite.p for _, _, suite, *_ in found]))
        beyond_p = holm(np.array([np.nan if beyond is None else beyond.p for *_, beyond, _, _ in found]))
        return tuple(
            Pair(first, second, suite, float(p), beyond, float(q), cells, tasks)
            for (first, second, suite, beyond, cells, tasks), p, q in zip(found, suite_p, beyond_p, strict=True)
        )

    def _intervals(self, values: np.ndarray) -> tuple[Interval, Interval | None]:
        known = ~np.isnan(values)
        if not known.any():
            return Interval.unknown(), None
        layout = self.layout(known)
        return this_suite(values[known], layout), suites_like_it(values[known], layout)


def rank(scored: pd.DataFrame) -> Ranking:
    """Rank the estimators of *scored* (see :func:`mibench.stats.score.score`) by their paired differences.

    Ranked are those that have a score on every cell of the board. The range of ranks of one of E is
    [1 + number significantly better, E − number significantly worse].
    """
    table = ScoreTable(scored)
    reasons = _unranked(scored, table)
    ranked = [name for name in table.estimators if name not in reasons]
    ranked.sort(key=lambda name: (table.mean(name)[0].mean, name))
    outside = [name for name in reasons if name != REFERENCE and np.isfinite(table.of(name)).any()]
    pairs = table.pairs(list(combinations(ranked, 2)))
    others = [(name, other) for name in outside for other in ranked] + list(combinations(outside, 2))
    against = [(name, REFERENCE) for name in ranked + outside if REFERENCE in table.estimators]
    reference_pairs = table.pairs(against)
    beats = {pair.first: pair.winner == pair.first for pair in reference_pairs}
    standings = []
    for name in ranked + list(reasons):
        score, beyond = table.mean(name)
        best, worst = _rank_range(name, pairs, len(ranked)) if name in ranked else (None, None)
        standings.append(Standing(name, score, beyond, best, worst, reasons.get(name, ""), beats.get(name)))
    standings.sort(key=lambda item: (item.best is None, np.nan_to_num(item.score.mean, nan=np.inf), item.estimator))
    return Ranking(tuple(standings), pairs, table.pairs(others), reference_pairs)


def _rank_range(name: str, pairs: tuple[Pair, ...], count: int) -> tuple[int, int]:
    decided = [pair.winner for pair in pairs if name in (pair.first, pair.second) and pair.winner is not None]
    won = decided.count(name)
    return 1 + len(decided) - won, count - won


def _unranked(scored: pd.DataFrame, table: ScoreTable) -> dict[str, str]:
    """Say of each estimator that cannot be ranked why."""
    refused = scored[scored["status"] == "unsupported"].groupby("estimator")["task"].nunique()
    tasks = table.cells["task"].nunique()
    reasons = {}
    for name in table.estimators:
        missing = int(np.isnan(table.of(name)).sum())
        if name == REFERENCE:
            reasons[name] = "reference line"
        elif name in refused.index:
            reasons[name] = f"supports {tasks - refused[name]} of {tasks} tasks"
        elif missing:
            reasons[name] = f"incomplete: {len(table.cells) - missing} of {len(table.cells)} cells were run"
    return reasons
