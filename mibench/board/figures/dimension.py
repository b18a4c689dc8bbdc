"""Error against dimension, one panel a line of tasks."""

from collections import defaultdict

import altair as alt

from mibench.stats.score import REFERENCE

from ..model import Board
from .base import MOST, Chart, Figure, described, first, grid, largest, lines, scale_of, span, tasks_of, tooltip
from .style import Style


def _draw(board: Board, style: Style) -> Chart:
    tasks, dims = tasks_of(board), _dims(board)
    order = [label for label in first(board, style) if label != REFERENCE]
    rows = [
        {
            **described(board, item),
            "dim": tasks[item.task].dim,
            "line": tasks[item.task].line,
            "error": item.summary.rmse.value / scale_of(item),
        }
        for item in largest(board)
        if len(dims[tasks[item.task].line]) > 1 and item.summary.rmse.value > 0
    ]
    rows = [row for row in rows if row["estimator"] in order]
    shared = alt.Scale(type="log", domain=span((row["error"] for row in rows), log=True), nice=False)
    y = alt.Y("error:Q", title="RMSE / scale", scale=shared, axis=alt.Axis(format="~g", tickCount=5))
    panels = []
    for line in dict.fromkeys(row["line"] for row in rows):
        mine = [row for row in rows if row["line"] == line]
        x = alt.X(
            "dim:Q",
            title="Dimension (parameter dim)",
            scale=alt.Scale(type="log", padding=12, nice=False),
            axis=alt.Axis(values=sorted({row["dim"] for row in mine})),
        )
        chart = lines(mine, style, order, x, y, tooltip("dim", "error"))
        panels.append((line, chart.properties(width=230, height=200)))
    return grid(panels, 3)


def _dims(board: Board) -> dict[str, set[int]]:
    """Return the dimensions on each line of tasks."""
    dims: dict[str, set[int]] = defaultdict(set)
    for task in board.tasks:
        if task.dim is not None:
            dims[task.line].add(task.dim)
    return dims


def _has_several_dims(board: Board) -> bool:
    lines_shown = {line for line, dims in _dims(board).items() if len(dims) > 1}
    tasks = tasks_of(board)
    return any(tasks[item.task].line in lines_shown and item.summary.rmse.value > 0 for item in largest(board))


FIGURE = Figure(
    "dimension",
    "Error against dimension",
    "RMSE as a share of max(I, 0.1 nat) at the largest n, for tasks that differ in their dimension alone, of the first "
    f"{MOST} estimators. Lower is better.",
    _draw,
    _has_several_dims,
)
