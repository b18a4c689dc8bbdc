"""Bias and standard deviation, one panel a family."""

import math

import altair as alt

from mibench.stats.score import REFERENCE

from ..model import Board
from .base import SMALL, Chart, Figure, data, described, highlight, largest, scale_of, tooltip
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
    chart = highlight(
        alt.Chart(data(rows))
        .mark_point(filled=True)
        .encode(
            alt.X("bias:Q", title="Bias / scale", scale=alt.Scale(type="symlog", constant=0.05), axis=_SHARES),
            alt.Y("sd:Q", title="SD / scale", scale=alt.Scale(type="symlog", constant=0.05), axis=_POSITIVE_SHARES),
            color=style.colour(),
            shape=style.shape(),
            tooltip=tooltip("bias", "sd"),
        )
    ).properties(width=SMALL, height=SMALL)
    return chart.facet(alt.Facet("family:N", title=None), columns=3)


FIGURE = Figure(
    "bias-sd",
    "Bias and standard deviation",
    "One point a task at the largest n, both as shares of max(I, 0.1 nat). The nearer to the origin the better.",
    _draw,
)
