"""Signed error of each estimator on each task."""

import math
from typing import Any

import altair as alt

from mibench.text import plain_text

from ..model import Board
from .base import Chart, Figure, data, described, is_large, largest, scale_of
from .style import Style


def _draw(board: Board, style: Style) -> Chart:
    labels = [plain_text(task.label) for task in board.tasks]
    large = is_large(board) or len(labels) > 60
    rows = [_row(described(board, item), 100 * item.summary.bias.value / scale_of(item)) for item in largest(board)]
    if large:  # thousands of rows: each says no more than it must
        rows = [{key: row[key] for key in ("estimator", "task", "error")} for row in rows]
    x = alt.X("estimator:N", title=None, sort=style.order, axis=alt.Axis(orient="top", labelAngle=-40, labelLimit=0))
    y = alt.Y("task:N", title=None, sort=labels, axis=alt.Axis(labelLimit=0))
    tips = [alt.Tooltip("estimator:N"), alt.Tooltip("task:N"), alt.Tooltip("error:Q", format=".3g")]
    scale = alt.Scale(scheme="redblue", reverse=True, domain=[-100, 100], clamp=True)
    colour = alt.Color("error:Q", title="Bias / scale (%)", scale=scale)
    cells = alt.Chart(data(rows)).mark_rect(invalid="filter").encode(x, y, colour, tooltip=tips)
    worded = [{**row, "shown": "F"} for row in rows if not math.isfinite(row["error"])] if large else rows
    ink = alt.condition("datum.strong", alt.value("white"), alt.value("black"))
    words = alt.Chart(data(worded)).mark_text(fontSize=8 if large else 10).encode(x, y, text="shown:N", color=ink)
    width, height = (15, 12) if large else (52, 19)
    return (cells + words).properties(width=alt.Step(width), height=alt.Step(height))


def _row(of: dict[str, Any], share: float) -> dict[str, Any]:
    """A cell: its error in per cent, what is written in it, and whether its colour is too dark for black."""
    if not math.isfinite(share):
        return {**of, "error": share, "shown": "F", "strong": False}
    text = f"{share:.0f}"
    return {**of, "error": share, "shown": "0" if text == "-0" else text, "strong": abs(share) > 65}


FIGURE = Figure(
    "heatmap",
    "Signed error of each estimator on each task",
    (
        "Bias as a share of max(I, 0.1 nat), in per cent, at the largest n: blue is too low, red too high, the "
        "colours end at ± 100 %. F stands for a task without a single value, a blank for unsupported; on a large "
        "board the numbers are in the tables."
    ),
    _draw,
)
