"""The cost of each estimator on each class of hardware."""

import math
from typing import Literal

from ..model import Board, Cost, EstimatorEntry
from ..numbers import DASH, number
from ..table import Cell, Table, numbers, texts
from .cells import ESTIMATOR, estimator_cell, quartiles


def cost_table(board: Board) -> Table:
    """Return what each estimator costs on each class of hardware."""
    rows = tuple((estimator_cell(board, item.spec), *_cells(cost)) for item in board.estimators for cost in item.costs)
    return Table("cost-table", "Cost", _CAPTION, (ESTIMATOR, *_COLUMNS), rows)


def estimator_costs(board: Board, item: EstimatorEntry) -> Table:
    """Return what one estimator costs on each class of hardware."""
    return Table("cost-table", "Cost", _CAPTION, _COLUMNS, tuple(map(_cells, item.costs)))


_COLUMNS = (
    *texts("Hardware"),
    *numbers("CPU (s)", "Wall (s)", "Setup (s)", "Peak memory (MB)", "Growth in n", "Growth in dimension"),
)
_CAPTION = (
    "One estimate on one thread: CPU seconds, median and quartiles over the cells; setup is importing and compiling, "
    "not part of it; peak memory is the most any estimate took. Growth: the exponent b of cost ∝ n^b and of cost ∝ "
    "dim^b with a 95 % interval, over the range of this suite (overheads flatten it at small n). Times compare within "
    "one class of hardware only."
)


def _cells(cost: Cost) -> tuple[Cell, ...]:
    return (
        Cell(cost.hardware, cost.hardware),
        Cell(f"{number(cost.cpu_median)} {quartiles(cost)}", cost.cpu_median),
        Cell(number(cost.wall_median), cost.wall_median),
        Cell(number(cost.setup_median), cost.setup_median),
        Cell(number(cost.peak_mb), cost.peak_mb),
        _growth_cell(cost, "growth_n"),
        _growth_cell(cost, "growth_dim"),
    )


def _growth_cell(cost: Cost, name: Literal["growth_n", "growth_dim"]) -> Cell:
    fit = getattr(cost, name)
    if fit is None:
        return Cell(DASH, math.inf)
    text = f"{fit.exponent:.2f}"
    if not math.isnan(fit.low):
        text += f" [{fit.low:.2f}, {fit.high:.2f}]"
    return Cell(text, fit.exponent)
