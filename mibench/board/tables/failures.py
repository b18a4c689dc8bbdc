"""The table of statuses: how many cells of each estimator ended in which way."""

import math

from ..model import Board
from ..numbers import interval
from ..table import Cell, Table, numbers
from .cells import ESTIMATOR, estimator_cell


def statuses(board: Board) -> Table:
    """Return the number of cells of each estimator by status."""
    order = ["ok", "nonfinite", "error", "timeout", "oom", "crash", "unsupported"]
    columns = (ESTIMATOR, *numbers(*order, "Truth within ± 2 own SE", "Repeated"))
    rows = []
    for item in board.estimators:
        cover = item.coverage
        text = f"{cover.covered} of {cover.cells} {interval(cover.low, cover.high, 2)}" if cover.cells else "gives none"
        counts = [item.statuses.get(name, 0) for name in order]
        rows.append(
            (
                estimator_cell(board, item.spec),
                *(Cell(str(count), count) for count in counts),
                Cell(text, cover.covered / cover.cells if cover.cells else math.inf),
                Cell(str(item.overall.repeated), item.overall.repeated),
            )
        )
    caption = (
        "Cells by how they ended; everything but ok and unsupported is a failure. Then, for estimators that give their "
        "own standard error, how often the truth lay within ± 2 of it (about 95 % were it right), with a 95 % interval "
        "of that share. Repeated: cells that were tried more than once; the last attempt counts."
    )
    return Table("statuses", "Failures and own standard errors", caption, columns, tuple(rows))
