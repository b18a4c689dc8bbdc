"""Published values beside ours."""

import math

from ..model import Board, PublishedRow
from ..numbers import DASH, with_error
from ..table import Cell, Table, numbers, texts
from .cells import estimator_cell, measure_cell, task_cell


def published_table(board: Board) -> Table:
    """Return each published value with our mean estimate and the difference in standard errors."""
    columns = (
        *texts("Source", "Their name", "Estimator", "Task"), *numbers("n", "Theirs (nats)", "Ours (nats)"),
        *numbers("Difference / SE"), *texts("Note"),
    )  # fmt: skip
    caption = (
        "What papers print of tasks of this suite, and our mean estimate on the same task and n, ± one standard error. "
        "The difference, ours minus theirs, is in standard errors of the difference, or of ours alone where theirs "
        "cannot be known. The data are the same in distribution, not the same samples."
    )
    return Table("published", "Published values", caption, columns, tuple(_row(board, row) for row in board.published))


def _row(board: Board, row: PublishedRow) -> tuple[Cell, ...]:
    theirs, labels = row.theirs, board.labels
    source = f"{theirs.source}, DOI {theirs.doi}" if theirs.doi else theirs.source
    sign = DASH if math.isnan(row.in_stderr) else f"{row.in_stderr:+.1f}"
    return (
        Cell(source, source),
        Cell(theirs.estimator_as_named, theirs.estimator_as_named),
        estimator_cell(board, row.estimator) if row.estimator in labels else Cell(row.estimator or DASH, row.estimator),
        task_cell(board, row.task) if row.task in labels else Cell(row.task, row.task),
        Cell(f"{theirs.n:,}", theirs.n),
        Cell(with_error(theirs.nats, theirs.stderr), theirs.nats),
        measure_cell(row.ours),
        Cell(sign, abs(row.in_stderr) if not math.isnan(row.in_stderr) else math.inf),
        Cell(theirs.note, theirs.note),
    )
