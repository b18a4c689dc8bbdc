"""Paired differences between estimators."""

import itertools
import math

from mibench.stats.score_table import Pair

from ..model import Board, EstimatorEntry
from ..numbers import interval, number, p_value, with_error
from ..table import Cell, Column, Table, numbers, quoted
from .cells import estimator_cell

#: A table of more pairs than this shows neighbours by rank alone.
MOST_PAIRS = 45


def pair_tables(board: Board) -> tuple[Table, ...]:
    """Return the paired differences: among the ranked, those outside the ranking, against the reference."""
    sets = (
        ("pairs", "Paired differences", board.pairs, "between ranked estimators"),
        ("outside", "Paired differences outside the ranking", board.unranked_pairs, "on the tasks both support"),
        ("reference", "Against the best constant", board.reference_pairs, "between each estimator and that constant"),
    )
    return tuple(_pair_table(board, key, title, pairs, what) for key, title, pairs, what in sets if pairs)


def _pair_table(board: Board, key: str, title: str, pairs: tuple[Pair, ...], what: str) -> Table:
    caption = f"Difference of scores {what}, {_MEANING} The adjusted p (Holm) depends on how many pairs are compared, "
    caption += f"here {len(pairs)}; difference, interval and p do not."
    shown = pairs
    if len(pairs) > MOST_PAIRS and key != "reference":
        shown = _neighbours(board, pairs)
        caption += (
            f" Shown are the {len(shown)} pairs of neighbours in the leaderboard; all stand on the estimators' pages "
            "and in the JSON."
        )
    return Table(key, title, caption, _COLUMNS, tuple(_pair_row(board, pair) for pair in shown))


def _neighbours(board: Board, pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return the pairs whose estimators stand next to each other, among those that have pairs."""
    inside = {spec for pair in pairs for spec in (pair.first, pair.second)}
    order = [item.spec for item in board.estimators if item.spec in inside]
    next_to = {frozenset(two) for two in itertools.pairwise(order)}
    return tuple(pair for pair in pairs if frozenset((pair.first, pair.second)) in next_to)


def estimator_pairs(board: Board, item: EstimatorEntry) -> Table:
    """Return the paired differences of one estimator to every other, in the order of the board."""
    pairs = [
        pair
        for pair in (*board.pairs, *board.unranked_pairs, *board.reference_pairs)
        if item.spec in (pair.first, pair.second)
    ]
    places = {entry.spec: place for place, entry in enumerate(board.estimators)}
    pairs.sort(key=lambda pair: places.get(pair.second if pair.first == item.spec else pair.first, len(places)))
    caption = f"Difference of scores on the tasks both support, {_MEANING}"
    return Table(
        "pairs", "Compared with the others", caption, _COLUMNS, tuple(_pair_row(board, pair) for pair in pairs)
    )


_MEANING = "first minus second, seed by seed on identical data: negative favours the first."
_COLUMNS = (
    Column("First", "estimator"), Column("Second", "estimator"),
    *numbers("Difference", "95 % interval", "p", "Adjusted p"), Column("Verdict", "text"),
    *numbers("On suites like it", "Adjusted p there", "Tasks"),
)  # fmt: skip


def _pair_row(board: Board, pair: Pair) -> tuple[Cell, ...]:
    verdict = "no difference shown" if pair.winner is None else f"{quoted(board.labels[pair.winner])} is better"
    general = Cell("too few tasks", math.inf)
    if pair.generalization:
        general = Cell(with_error(pair.generalization.mean, pair.generalization.half_width), pair.generalization.mean)
    return (
        estimator_cell(board, pair.first),
        estimator_cell(board, pair.second),
        Cell(number(pair.suite.mean), pair.suite.mean),
        Cell(interval(pair.suite.low, pair.suite.high), pair.suite.low),
        Cell(p_value(pair.suite.p), pair.suite.p),
        Cell(p_value(pair.suite_adjusted_p), pair.suite_adjusted_p),
        Cell(verdict, verdict),
        general,
        Cell(p_value(pair.generalization_p_holm), pair.generalization_p_holm),
        Cell(str(pair.tasks), pair.tasks),
    )
