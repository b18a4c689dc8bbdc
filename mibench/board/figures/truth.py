"""Estimate against truth, one panel an estimator."""

import math
from typing import Any

import altair as alt

from mibench.text import plain_text

from ..model import Board, EstimatorEntry
from .base import MOST, REACH, SMALL, Chart, Figure, Rows, data, described, first, grid, largest, tooltip
from .style import Style


def _draw(board: Board, style: Style) -> Chart:
    return _panels(board, style, first(board, style))


def truth_of(board: Board, item: EstimatorEntry) -> Chart:
    """Return the estimates of one estimator against the truths."""
    return _panels(board, Style(board), [plain_text(item.label)], 320)


def _panels(board: Board, style: Style, labels: list[str], size: int = SMALL) -> Chart:
    rows = [
        {
            **described(board, item),
            "truth": item.truth,
            "estimate": item.estimate.value,
            "low": item.estimate.value - REACH * item.estimate.stderr,
            "high": item.estimate.value + REACH * item.estimate.stderr,
        }
        for item in largest(board)
        if math.isfinite(item.estimate.value)
    ]
    rows = [row for row in rows if row["estimator"] in labels]
    top = max((row["truth"] for row in rows), default=1.0) * 1.05 or 1.0
    widest = max((abs(row["estimate"]) for row in rows), default=1.0)
    lowest = min((row["estimate"] for row in rows), default=0.0)
    kind: dict[str, Any] = {"type": "symlog", "constant": 0.5} if max(top, widest) > 5 else {}
    x = alt.Scale(domain=[0, top], nice=False, **kind)
    y = alt.Scale(domain=[min(lowest * 1.05, 0.0), max(widest, top) * 1.05], nice=False, **kind)
    return grid([(label, _panel(rows, label, style, top, (x, y), size)) for label in labels], 4)


def _panel(rows: Rows, label: str, style: Style, top: float, scales: tuple[alt.Scale, alt.Scale], size: int) -> Any:
    look = style.looks[label]
    x = alt.X("truth:Q", title="Truth (nats)", scale=scales[0])
    y_title = "Estimate (nats)"
    identity = (
        alt.Chart(data([{"x": 0.0}, {"x": top}]))
        .mark_line(strokeDash=[4, 3], color="#888888", strokeWidth=1)
        .encode(x="x:Q", y="x:Q")
    )
    base = alt.Chart(data([row for row in rows if row["estimator"] == label])).encode(
        x, tooltip=tooltip("truth", "estimate")
    )
    points = base.mark_point(shape=look.shape, color=look.colour, size=34, strokeWidth=1.2).encode(
        alt.Y("estimate:Q", title=y_title, scale=scales[1])
    )
    bars = base.mark_rule(color=look.colour, strokeWidth=2).encode(
        alt.Y("low:Q", title=y_title, scale=scales[1]), y2="high:Q"
    )
    return alt.layer(identity, points, bars).properties(width=size, height=size)


FIGURE = Figure(
    "truth",
    "Estimate against truth",
    "Mean estimate at the largest n with its 95 % interval, the bar within the open marker; on the dashed line it "
    f"equals the truth. Of the first {MOST} estimators and the reference line.",
    _draw,
)
