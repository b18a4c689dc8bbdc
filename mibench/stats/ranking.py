"""Pairwise tests between estimators, and the rank ranges that follow. Reads no files."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from .identical import Twin, find_twins
from .interval import Interval
from .reference import BEST_CONSTANT, best_constant, constant_scores
from .score import REFERENCE
from .score_table import Pair, ScoreTable

#: Resamplings of the tasks in which a place is looked for.
RESAMPLINGS = 1000
#: The share of them that must keep a place.
KEPT = 0.95


@dataclass(frozen=True)
class Standing:
    """An estimator's score and rank within a scope.

    Attributes:
        score: the mean score with its interval on these tasks; unknown where it has no score on some cell, since
            scores over different tasks do not compare.
        generalization: the same over a population of tasks, None for too few tasks.
        best, worst: the ends of its range of ranks; None where it is not ranked.
        unranked: why it is not ranked, or the empty string.
        beats_reference: whether it is significantly better than the best constant in hindsight.
        general_best, general_worst: the range of ranks by the tests over a population of tasks.
        place_kept: the share of resamplings of the tasks in which its place by score stays within its range of ranks.
        cells, asked: how many cells have a score, and how many the scope holds.
        twins: the estimators whose values it gives on some tasks.
    """

    estimator: str
    score: Interval
    generalization: Interval | None
    best: int | None
    worst: int | None
    unranked: str
    beats_reference: bool | None
    general_best: int | None = None
    general_worst: int | None = None
    place_kept: float = np.nan
    cells: int = 0
    asked: int = 0
    twins: tuple[Twin, ...] = ()

    @property
    def is_complete(self) -> bool:
        """True if it has a score on every cell."""
        return self.cells == self.asked

    @property
    def holds(self) -> bool | None:
        """True if its rank holds on suites like this one; None where it has none or the tasks are too few.

        It does where the tests over a population of tasks leave no place outside of the range, and where 95 % of
        resamplings of the tasks keep the place.
        """
        if self.best is None or self.worst is None or self.general_best is None or self.general_worst is None:
            return None
        inside = self.best <= self.general_best and self.general_worst <= self.worst
        return bool(inside and self.place_kept >= KEPT)


@dataclass(frozen=True)
class Ranking:
    """The standings, ranked ones first by score, and the pairs: among the ranked, outside, against the constant."""

    standings: tuple[Standing, ...]
    pairs: tuple[Pair, ...]
    unranked_pairs: tuple[Pair, ...]
    reference_pairs: tuple[Pair, ...]


def rank(scored: pd.DataFrame, labels: Mapping[str, str] | None = None) -> Ranking:
    """Rank the estimators of *scored* by their paired differences; see :func:`rank_table`."""
    return rank_table(ScoreTable(scored), labels)


def rank_table(table: ScoreTable, labels: Mapping[str, str] | None = None) -> Ranking:
    """Rank the estimators of a table by their paired differences.

    Ranked are those that have a score on every cell and do not give another's values. The range of ranks of one of E
    is [1 + number significantly better, E − number significantly worse].

    Args:
        table: the scores.
        labels: what to call estimators in reasons, their specs by default.
    """
    constant = np.full(len(table.truths), np.nan)
    if np.isfinite(table.truths).all():
        best = best_constant(table.truths, table.layout_of_all.cell_weights)
        constant = constant_scores(best.nats, table.truths)
    table = table.with_lines({BEST_CONSTANT: constant})
    twins = find_twins(table)
    reasons = _unranked(table, twins, labels or {})
    ranked = [name for name in table.estimators if name not in reasons]
    means = {name: table.mean(name) for name in table.estimators}
    ranked.sort(key=lambda name: (means[name][0].mean, name))
    outside = [name for name in reasons if name != REFERENCE and np.isfinite(table.of(name)).any()]
    pairs = table.pairs(list(combinations(ranked, 2)))
    others = [(name, other) for name in outside for other in ranked] + list(combinations(outside, 2))
    reference_pairs = table.pairs([(name, BEST_CONSTANT) for name in ranked + outside])
    beats = {pair.first: pair.winner == pair.first for pair in reference_pairs}
    ranges = _ranges([(pair.first, pair.second, pair.winner) for pair in pairs], ranked)
    general = _ranges([(pair.first, pair.second, pair.general_winner) for pair in pairs], ranked)
    enough = table.layout_of_all.has_enough_tasks
    kept = _places_kept(table, ranked, ranges) if enough else {}
    standings = []
    for name in [*ranked, *reasons]:
        score, generalization = means[name]
        cells = int(np.isfinite(table.of(name)).sum())
        whole = cells == len(table.cells)
        standings.append(
            Standing(
                estimator=name,
                score=score if whole else Interval.unknown(),
                generalization=generalization if whole else None,
                best=ranges[name][0] if name in ranges else None,
                worst=ranges[name][1] if name in ranges else None,
                unranked=reasons.get(name, ""),
                beats_reference=beats.get(name),
                general_best=general[name][0] if name in general and enough else None,
                general_worst=general[name][1] if name in general and enough else None,
                place_kept=kept.get(name, np.nan),
                cells=cells,
                asked=len(table.cells),
                twins=twins.get(name, ()),
            )
        )
    standings.sort(key=_order)
    return Ranking(tuple(standings), pairs, table.pairs(others), reference_pairs)


def _order(item: Standing) -> tuple[bool, float, int, str]:
    """Ranked first, by score; of those without a score the one with more cells first."""
    return item.best is None, float(np.nan_to_num(item.score.mean, nan=np.inf)), -item.cells, item.estimator


def _ranges(decided: list[tuple[str, str, str | None]], ranked: list[str]) -> dict[str, tuple[int, int]]:
    """Return the range of ranks of each estimator from the winners of the pairs."""
    won, lost = dict.fromkeys(ranked, 0), dict.fromkeys(ranked, 0)
    for first, second, winner in decided:
        if winner is not None:
            won[winner] += 1
            lost[second if winner == first else first] += 1
    return {name: (1 + lost[name], len(ranked) - won[name]) for name in ranked}


def _places_kept(table: ScoreTable, ranked: list[str], ranges: Mapping[str, tuple[int, int]]) -> dict[str, float]:
    """Resample tasks within families; return how often each estimator's place by score is within its range.

    The draws are the same for the same tasks: their stream is fixed.
    """
    if not ranked:
        return {}
    layout = table.layout_of_all
    means = layout.task_means(np.column_stack([table.of(name) for name in ranked]))
    rng = np.random.default_rng(0)
    families = len(layout.tasks_of_family)
    weights = np.zeros((RESAMPLINGS, len(means)))
    for family, count in enumerate(layout.tasks_of_family):
        draws = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLINGS)
        weights[:, layout.family_of_task == family] = draws / (count * families)
    places = np.argsort(np.argsort(weights @ means, axis=1, kind="stable"), axis=1) + 1
    return {
        name: float(np.mean((places[:, at] >= ranges[name][0]) & (places[:, at] <= ranges[name][1])))
        for at, name in enumerate(ranked)
    }


def _unranked(table: ScoreTable, twins: Mapping[str, tuple[Twin, ...]], labels: Mapping[str, str]) -> dict[str, str]:
    """Return the reason of each estimator that is not ranked."""
    tasks = table.cells["task"].to_numpy()
    reasons = {}
    for name in table.estimators:
        refused = len(np.unique(tasks[table.refused[:, table.estimators.index(name)]]))
        missing = int(np.isnan(table.of(name)).sum())
        if name == REFERENCE:
            reasons[name] = "reference line"
        elif refused:
            whole = len(np.unique(tasks))
            reasons[name] = f"supports {whole - refused} of {whole} tasks"
        elif missing:
            reasons[name] = f"incomplete: {len(table.cells) - missing} of {len(table.cells)} cells were run"
        elif name in twins and twins[name][0].is_most:
            twin = twins[name][0]
            reasons[name] = f"same values as {labels.get(twin.other, twin.other)} on {twin.same} of {twin.tasks} tasks"
    return reasons
