"""Accuracy against time, with the front of what none beats in both."""

import math

import altair as alt

from mibench.stats.score import REFERENCE

from ..model import Board
from .base import Chart, Figure, Rows, data
from .style import Style


def _draw(board: Board, style: Style) -> Chart:
    rows = [
        {
            "estimator": item.label,
            "cpu": cost.cpu_median,
            "score": item.standing.score.mean,
            "low": item.standing.score.low,
            "high": item.standing.score.high,
            "ranked": item.is_ranked,
        }
        for item in board.estimators
        if (cost := item.main_cost)
        and cost.cpu_median > 0
        and item.spec != REFERENCE
        and math.isfinite(item.standing.score.mean)
    ]
    base = alt.Chart(data(rows)).encode(
        alt.X(
            "cpu:Q",
            title="Median CPU time of one estimate (s)",
            scale=alt.Scale(type="log"),
            axis=alt.Axis(format="~g"),
        ),
        alt.Y("score:Q", title="Score (lower is better)", scale=alt.Scale(zero=True)),
        color=style.colour(),
        tooltip=["estimator:N", *(alt.Tooltip(f"{name}:Q", format=".3g") for name in ("cpu", "score", "low", "high"))],
    )
    front = alt.Chart(data(_front(rows))).mark_line(interpolate="step-after", color="#888888", strokeDash=[4, 3])
    bars = base.mark_rule().encode(y="low:Q", y2="high:Q")
    points = base.mark_point(filled=True, size=90).encode(shape=style.shape())
    return (front.encode(x="cpu:Q", y="score:Q") + bars + points).properties(width=520, height=320)


def _front(rows: Rows) -> Rows:
    """The ranked rows that none beats in both, fastest first."""
    front: Rows = []
    for row in sorted((row for row in rows if row["ranked"]), key=lambda row: (row["cpu"], row["score"])):
        if not front or row["score"] < front[-1]["score"]:
            front.append(row)
    return front


FIGURE = Figure(
    "pareto",
    "Accuracy and time",
    (
        "Score against the median CPU seconds of one estimate; on the line are the ranked estimators that none beats "
        "in both. Lower left is better."
    ),
    _draw,
)
