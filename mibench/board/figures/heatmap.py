"""Signed error of each estimator on each task."""

import math

import altair as alt

from mibench.text import plain_text

from ..model import Board
from .base import Chart, Figure, data, described, is_large, largest, scale_of, tooltip
from .style import Style


def _draw(board: Board, style: Style) -> Chart:
    rows = []
    for item in largest(board):
        share = 100 * item.summary.bias.value / scale_of(item)
        failed = not math.isfinite(share)
        text = "F" if failed else f"{share:.0f}".replace("-0", "0") if abs(share) < 0.5 else f"{share:.0f}"
        strong = not failed and abs(share) > 65
        rows.append({**described(board, item), "error": share, "shown": text, "strong": strong})
    labels = [plain_text(task.label) for task in board.tasks]
    large = is_large(board) or len(labels) > 60
    base = alt.Chart(data(rows)).encode(
        alt.X("estimator:N", title=None, sort=style.order, axis=alt.Axis(orient="top", labelAngle=-40, labelLimit=0)),
        alt.Y("task:N", title=None, sort=labels, axis=alt.Axis(labelLimit=0)),
        tooltip=tooltip("error"),
    )
    scale = alt.Scale(scheme="redblue", reverse=True, domain=[-100, 100], clamp=True)
    cells = base.mark_rect(invalid="filter").encode(alt.Color("error:Q", title="Bias / scale (%)", scale=scale))
    ink = alt.condition("datum.strong", alt.value("white"), alt.value("black"))
    words = base.mark_text(fontSize=10 if not large else 8).encode(text="shown:N", color=ink)
    if large:
        words = words.transform_filter("datum.shown == 'F'")
    width, height = (15, 12) if large else (52, 19)
    return (cells + words).properties(width=alt.Step(width), height=alt.Step(height))


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
