"""Learning curves of one estimator, one panel a task, against the truth."""

import math
from typing import Any

import altair as alt

from ..model import Board, Curve, EstimatorEntry
from .base import SMALL, Chart, cut, grid
from .style import Style


def curves(board: Board, item: EstimatorEntry) -> Chart:
    """Return the learning curves of an estimator, one panel a task, against the truth."""
    colour = Style(board).colour_of(item.label)
    return grid([(board.labels[curve.task], _panel(curve, colour)) for curve in item.curves], 4)


def _panel(curve: Curve, colour: str) -> Any:
    rows = [{"step": step, "nats": cut(nats)} for step, nats in curve.points if math.isfinite(nats)]
    y = alt.Y("nats:Q", title="Value (nats)")
    line = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=1.5, color=colour)
    truth = alt.Chart(alt.Data(values=[{"nats": cut(curve.truth)}])).mark_rule(strokeDash=[4, 3], color="#555555")
    return (truth.encode(y) + line.encode(alt.X("step:Q", title="Step"), y)).properties(width=SMALL, height=110)
