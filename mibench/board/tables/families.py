"""The tables of a family of tasks: its estimators, and the score of each on each task."""

from ..model import Board
from ..numbers import number
from ..table import Cell, Column, Table, anchor
from .cells import ESTIMATOR, IMPUTED, RAW, TIES, estimator_cell, part_cell, raw_cells, task_cell


def family_tables(board: Board, family: str) -> tuple[Table, Table]:
    """A family's summary, and its tasks: score of each estimator on each."""
    items = [item for item in board.estimators if family in item.families]
    rows = tuple(
        (estimator_cell(board, item.spec), part_cell(item.families[family]), *raw_cells(item.families[family].summary))
        for item in sorted(items, key=lambda item: (item.families[family].summary.score, item.label))
    )
    columns = (ESTIMATOR, Column("Score"), *RAW)
    caption = f"Lower is better, but for bias, where 0 is best. ± one standard error, in nats. {TIES} {IMPUTED}"
    summary = Table(anchor("family", family), f"Family {family}", caption, columns, rows)
    tasks = [task for task in board.tasks if task.family == family]
    matrix = tuple(
        (
            task_cell(board, task.spec),
            Cell(number(task.truth, 4), task.truth),
            *(part_cell(item.tasks.get(task.spec)) for item in items),
        )
        for task in tasks
    )
    heads = (Column("Task", "task"), Column("Truth (nats)"), *(Column(item.label) for item in items))
    caption = f"Score of each estimator, averaged over sample sizes; lower is better. {TIES} {IMPUTED}"
    return summary, Table(anchor("scores", family), f"Scores on the tasks of {family}", caption, heads, matrix)
