"""The scopes of a board side by side: the rank of each estimator on all tasks, at each n and on each kind of task."""

import math

from mibench.stats.score import REFERENCE

from ..model import Board, Scope
from ..numbers import DASH, number
from ..table import Cell, Column, Table, quoted
from .cells import ESTIMATOR, estimator_cell
from .leaderboard import HOLDS, rank_cell

#: Scopes that a table has room for side by side.
_MOST_COLUMNS = 10


def scopes_tables(board: Board) -> tuple[Table, ...]:
    """Return the rank and the score of each estimator by sample size and by kind of task, if there are several."""
    sizes = [scope for scope in board.scopes if scope.key == "all" or scope.key.startswith("n=")]
    kinds = [scope for scope in board.scopes if scope not in sizes]
    tables = [_table(board, "sizes", "Ranks by sample size", sizes)] if len(sizes) > 1 else []
    for start in range(0, len(kinds), _MOST_COLUMNS):
        key = "kinds" if start == 0 else f"kinds-{start // _MOST_COLUMNS + 1}"
        tables.append(_table(board, key, "Ranks by kind of task", kinds[start : start + _MOST_COLUMNS]))
    return tuple(tables)


def _table(board: Board, key: str, title: str, scopes: list[Scope]) -> Table:
    columns = (ESTIMATOR, *(Column(f"{quoted(scope.title)} ({len(scope.tasks)})") for scope in scopes))
    caption = (
        "Rank, then score, among the estimators that have every cell of a scope; in brackets the number of its tasks. "
        "Each scope is ranked by itself, by the same tests, with Holm's correction within it. A dash alone is an "
        "estimator that does not take all of a scope; a dash and a score is one that gives another's values there. "
        f"{HOLDS}"
    )
    rows = tuple(
        (estimator_cell(board, item.spec), *(_cell(scope, item.spec) for scope in scopes))
        for item in board.estimators
        if item.spec != REFERENCE
    )
    return Table(key, title, caption, columns, rows)


def _cell(scope: Scope, spec: str) -> Cell:
    standing = next((item for item in scope.standings if item.estimator == spec), None)
    if standing is None or not standing.is_complete:
        return Cell(DASH, math.inf)
    rank = rank_cell(standing)
    return Cell(f"{rank.text}: {number(standing.score.mean)}", rank.order, "best" if standing.worst == 1 else "")
