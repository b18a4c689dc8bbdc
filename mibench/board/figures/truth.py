"""Estimate against truth, one panel an estimator."""

import math

import altair as alt

from ..model import Board, EstimatorEntry
from .base import REACH, SMALL, Chart, Figure, data, described, largest, tooltip
from .style import Style


def _draw(board: Board, style: Style) -> Chart:
    return _panels(board, style, style.order)


def truth_of(board: Board, item: EstimatorEntry) -> Chart:
    """Return the estimates of one estimator against the truths."""
    return _panels(board, Style(board), [item.label])


def _panels(board: Board, style: Style, labels: list[str]) -> Chart:
    rows = [
        {
            **described(board, item),
            "truth": item.truth,
            "estimate": item.estimate.value,
            "low": item.estimate.value - REACH * item.estimate.stderr,
            "high": item.estimate.value + REACH * item.estimate.stderr,
        }
        for item in largest(board)
        if math.isfinite(item.estimate.value) and board.labels[item.estimator] in labels
    ]
    top = max((row["truth"] for row in rows), default=1.0) * 1.05 or 1.0
    widest = max((abs(row["estimate"]) for row in rows), default=1.0)
    scale = alt.Scale(type="symlog", constant=0.5) if max(top, widest) > 5 else alt.Scale()
    line = alt.Chart(data([{"x": 0.0}, {"x": top}])).mark_line(strokeDash=[4, 3], color="#888888", strokeWidth=1)
    base = alt.Chart().encode(
        alt.X("truth:Q", title="Truth (nats)", scale=scale),
        color=style.colour(False),
        tooltip=tooltip("truth", "estimate"),
    )
    y = alt.Y("estimate:Q", title="Estimate (nats)", scale=scale)
    bars = base.mark_rule(strokeWidth=1.5).encode(alt.Y("low:Q", title="Estimate (nats)", scale=scale), y2="high:Q")
    points = base.mark_point(filled=True, opacity=0.85, size=40).encode(y, shape=style.shape(False))
    identity = line.encode(x="x:Q", y="x:Q")
    layers = alt.layer(identity, bars, points, data=data(rows)).properties(width=SMALL, height=SMALL)
    return layers.facet(alt.Facet("estimator:N", title=None, sort=style.order), columns=4)


FIGURE = Figure(
    "truth",
    "Estimate against truth",
    "Mean estimate at the largest n with its 95 % interval; on the dashed line it equals the truth.",
    _draw,
)
