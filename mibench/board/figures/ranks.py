"""Scores with their intervals, and ranges of ranks."""

import math

import altair as alt

from mibench.text import plain_text

from ..model import Board
from ..numbers import rank_range
from .base import Chart, Figure, data
from .style import Style


def _draw(board: Board, style: Style) -> Chart:
    rows = [
        {
            "estimator": plain_text(item.label),
            "score": item.standing.score.mean,
            "low": item.standing.score.low,
            "high": item.standing.score.high,
            "best": None if item.standing.best is None else item.standing.best - 0.3,
            "worst": None if item.standing.worst is None else item.standing.worst + 0.3,
            "range": rank_range(item.standing.best, item.standing.worst),
        }
        for item in board.estimators
        if math.isfinite(item.standing.score.mean)
    ]
    y = alt.Y("estimator:N", title=None, sort=style.order)
    base = alt.Chart(data(rows)).encode(y, color=style.colour(False))
    bars = base.mark_rule(strokeWidth=2).encode(alt.X("low:Q", title="Score (lower is better)"), x2="high:Q")
    points = base.mark_point(size=70, strokeWidth=1.5).encode(
        alt.X("score:Q", title="Score (lower is better)"), shape=style.shape(False)
    )
    count = sum(item.is_ranked for item in board.estimators)
    places = alt.X(
        "best:Q", title="Range of ranks", scale=alt.Scale(domain=[0.5, max(count, 1) + 0.5]), axis=_places(count)
    )
    spans = base.mark_bar(height=9, opacity=0.8, cornerRadius=4).encode(places, x2="worst:Q")
    height = alt.Step(24)
    left = (points + bars).properties(width=380, height=height)
    return alt.hconcat(left, spans.encode(alt.Y("estimator:N", title=None, sort=style.order, axis=None)).properties(
        width=200, height=height))  # fmt: skip


def _places(count: int) -> alt.Axis:
    return alt.Axis(values=list(range(1, count + 1)), format="d")


FIGURE = Figure(
    "ranks",
    "Scores and rank ranges",
    (
        "Score with its 95 % interval on this suite; beside it the range of ranks. Overlapping intervals do not mean "
        "a tie: ranks come from paired differences."
    ),
    _draw,
)
