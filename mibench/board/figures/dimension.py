"""Error against dimension, one panel a line of tasks."""

from collections import defaultdict

import altair as alt

from ..model import Board
from .base import Chart, Figure, data, described, largest, scale_of, tasks_of, tooltip
from .style import Style


def _draw(board: Board, style: Style) -> Chart:
    tasks = tasks_of(board)
    dims = _dims(board)
    rows = [
        {**described(board, item), "dim": tasks[item.task].dim, "line": tasks[item.task].line,
         "error": item.summary.rmse.value / scale_of(item)}
        for item in largest(board)
        if len(dims[tasks[item.task].line]) > 1 and item.summary.rmse.value > 0
    ]  # fmt: skip
    ticks = sorted({row["dim"] for row in rows})
    encoded = alt.Chart().encode(
        alt.X(
            "dim:Q",
            title="Dimension (parameter dim)",
            scale=alt.Scale(type="log", padding=12, nice=False),
            axis=alt.Axis(values=ticks),
        ),
        alt.Y("error:Q", title="RMSE / scale", scale=alt.Scale(type="log"), axis=alt.Axis(format="~g", tickCount=5)),
        color=style.colour(),
        tooltip=tooltip("dim", "error"),
    )
    lines = encoded.mark_line(strokeWidth=1.8).encode(strokeDash=style.dash())
    points = encoded.mark_point(filled=True).encode(shape=style.shape())
    layers = alt.layer(lines, points, data=data(rows)).properties(width=230, height=200)
    return layers.facet(alt.Facet("line:N", title=None), columns=3)


def _dims(board: Board) -> dict[str, set[int]]:
    """Return the dimensions on each line of tasks."""
    dims: dict[str, set[int]] = defaultdict(set)
    for task in board.tasks:
        if task.dim is not None:
            dims[task.line].add(task.dim)
    return dims


def _has_several_dims(board: Board) -> bool:
    return any(len(dims) > 1 for dims in _dims(board).values())


FIGURE = Figure(
    "dimension",
    "Error against dimension",
    (
        "RMSE as a share of max(I, 0.1 nat) at the largest n, for tasks that differ in their dimension alone. Lower "
        "is better."
    ),
    _draw,
    _has_several_dims,
)
