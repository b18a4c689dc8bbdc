"""Paired differences between estimators."""

import math

from mibench.stats.reference import BEST_CONSTANT
from mibench.stats.score_table import Pair

from ..model import Board
from ..numbers import interval, number, p_value, with_error
from ..table import Cell, Column, Table, numbers
from .cells import estimator_cell


def pair_tables(board: Board) -> tuple[Table, ...]:
    """The paired differences: among the ranked, those outside the ranking, against the reference."""
    sets = (
        ("pairs", "Paired differences", board.pairs, "between ranked estimators"),
        ("outside", "Paired differences outside the ranking", board.unranked_pairs, "on the tasks both support"),
        ("reference", "Against the best constant", board.reference_pairs, "between each estimator and that constant"),
    )
    return tuple(_pair_table(board, key, title, pairs, what) for key, title, pairs, what in sets if pairs)


def _pair_table(board: Board, key: str, title: str, pairs: tuple[Pair, ...], what: str) -> Table:
    names = (Column("First", "estimator"), Column("Second", "estimator"))
    measured = numbers("Difference", "95 % interval", "p", "Adjusted p")
    rest = numbers("On suites like it", "Adjusted p there", "Tasks")
    caption = (
        f"Difference of scores {what}, first minus second, seed by seed on identical data: negative favours the first. "
        f"The adjusted p (Holm) depends on how many pairs are compared, here {len(pairs)}; difference, interval and p "
        "do not."
    )
    columns = (*names, *measured, Column("Verdict", "text"), *rest)
    return Table(key, title, caption, columns, tuple(_pair_row(board, pair) for pair in pairs))


def _pair_row(board: Board, pair: Pair) -> tuple[Cell, ...]:
    verdict = "no difference shown" if pair.winner is None else f"{board.labels[pair.winner]} is better"
    general = Cell("too few tasks", math.inf)
    if pair.generalization:
        general = Cell(with_error(pair.generalization.mean, pair.generalization.half_width), pair.generalization.mean)
    return (
        estimator_cell(board, pair.first),
        estimator_cell(board, pair.second) if pair.second != BEST_CONSTANT else Cell(BEST_CONSTANT, BEST_CONSTANT),
        Cell(number(pair.suite.mean), pair.suite.mean),
        Cell(interval(pair.suite.low, pair.suite.high), pair.suite.low),
        Cell(p_value(pair.suite.p), pair.suite.p),
        Cell(p_value(pair.suite_adjusted_p), pair.suite_adjusted_p),
        Cell(verdict, verdict),
        general,
        Cell(p_value(pair.generalization_p_holm), pair.generalization_p_holm),
        Cell(str(pair.tasks), pair.tasks),
    )
