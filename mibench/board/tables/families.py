"""The tables of families of tasks: the scores in each, one of them whole, and its tasks."""

import math

from ..model import Board, EstimatorEntry
from ..numbers import number
from ..table import Cell, Column, Table, anchor, numbers, quoted
from .cells import ESTIMATOR, IMPUTED, RAW, TIES, estimator_cell, part_cell, raw_cells, task_cell

#: Estimators that a table has room for side by side.
MOST_COLUMNS = 8


def families_table(board: Board) -> Table:
    """Return the score of each estimator in each family, side by side."""
    rows = tuple(
        (
            estimator_cell(board, item.spec),
            *(part_cell(item.families.get(family)) for family in board.families),
        )
        for item in board.estimators
    )
    lines = tuple(
        (
            Cell(line.name, line.name),
            *(
                Cell(number(score), _or_last(score))
                for score in (line.families.get(one, math.nan) for one in board.families)
            ),
        )
        for line in board.lines
    )
    caption = (
        f"Score in each family of tasks, lower is better. {TIES} {IMPUTED} Below, the reference lines; the best "
        "constant is that of each family."
    )
    return Table("families-scores", "Families", caption, (ESTIMATOR, *numbers(*board.families)), rows + lines)


def family_table(board: Board, family: str) -> Table:
    """Return score and raw errors of each estimator in a family, the best first."""
    rows = tuple(
        (estimator_cell(board, item.spec), part_cell(item.families[family]), *raw_cells(item.families[family].summary))
        for item in _inside(board, family)
        if item.families[family].is_complete
    )
    caption = f"Lower is better, but for bias, where 0 is best. ± one standard error, in nats. {TIES} {IMPUTED}"
    return Table(anchor("family", family), f"Family {family}", caption, (ESTIMATOR, Column("Score"), *RAW), rows)


def family_matrix(board: Board, family: str, most: int = MOST_COLUMNS) -> Table:
    """Return the score on each task of a family, of the *most* estimators that are best in it."""
    items = _inside(board, family)
    shown = items[:most]
    rows = tuple(
        (
            task_cell(board, task.spec),
            Cell(number(task.truth, 4), task.truth),
            *(part_cell(item.tasks.get(task.spec)) for item in shown),
        )
        for task in board.tasks
        if task.family == family
    )
    heads = (Column("Task", "task"), *numbers("Truth (nats)", *(quoted(item.label) for item in shown)))
    caption = f"Score of each estimator, averaged over sample sizes; lower is better. {TIES} {IMPUTED}"
    if len(items) > most:
        caption += f" The best {most} of {len(items)} estimators of the family; all stand on the pages of the tasks."
    return Table(anchor("scores", family), f"Scores on the tasks of {family}", caption, heads, rows)


def _inside(board: Board, family: str) -> list[EstimatorEntry]:
    """Return the estimators with results in a family, the best first."""
    items = [item for item in board.estimators if family in item.families]
    return sorted(items, key=lambda item: (_or_last(item.families[family].summary.score), item.label))


def _or_last(score: float) -> float:
    return math.inf if math.isnan(score) else score
