"""Bias and standard deviation, one panel a family."""

import math

import altair as alt

from mibench.stats.score import REFERENCE
from mibench.text import plain_text

from ..model import Board
from .base import (
    MOST,
    SMALL,
    Chart,
    Figure,
    data,
    described,
    first,
    grid,
    highlighted,
    largest,
    scale_of,
    span,
    tooltip,
)
from .style import Style

_SHARES = alt.Axis(values=[-10, -1, -0.1, 0, 0.1, 1, 10], format="~g")
_POSITIVE_SHARES = alt.Axis(values=[0, 0.03, 0.1, 0.3, 1, 3, 10], format="~g")


def _draw(board: Board, style: Style) -> Chart:
    rows = [
        {
            **described(board, item),
            "bias": item.summary.bias.value / scale_of(item),
            "sd": item.summary.sd.value / scale_of(item),
        }
        for item in largest(board)
        if item.estimator != REFERENCE and math.isfinite(item.summary.sd.value)
    ]
    order = [label for label in first(board, style) if label != REFERENCE]
    rows = [row for row in rows if row["estimator"] in order]
    x = alt.Scale(type="symlog", constant=0.05, domain=span([0.0, *(row["bias"] for row in rows)]), nice=False)
    y = alt.Scale(type="symlog", constant=0.05, domain=[0, span(row["sd"] for row in rows)[1]], nice=False)
    panels = []
    for family in board.families:
        mine = [row for row in rows if row["family"] == plain_text(family)]
        if mine:
            chart = alt.Chart(data(mine)).mark_point(filled=True).encode(
                alt.X("bias:Q", title="Bias / scale", scale=x, axis=_SHARES),
                alt.Y("sd:Q", title="SD / scale", scale=y, axis=_POSITIVE_SHARES),
                color=style.colour(order=order),
                shape=style.shape(order=order),
                tooltip=tooltip("bias", "sd"),
            )  # fmt: skip
            panels.append((family, chart.properties(width=SMALL, height=SMALL)))
    titles = [title for title, _ in panels]
    return grid(list(zip(titles, highlighted([chart for _, chart in panels]), strict=True)), 3)


def _has_spread(board: Board) -> bool:
    return any(math.isfinite(item.summary.sd.value) and item.estimator != REFERENCE for item in largest(board))


FIGURE = Figure(
    "bias-sd",
    "Bias and standard deviation",
    "One point a task at the largest n, both as shares of max(I, 0.1 nat), of the first "
    f"{MOST} estimators. The nearer to the origin the better.",
    _draw,
    _has_spread,
)
