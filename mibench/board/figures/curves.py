"""Learning curves of one estimator, one panel a task, against the truth."""

import math

import altair as alt

from ..model import Board, EstimatorEntry
from .base import SMALL, Chart, cut
from .style import Style


def curves(board: Board, item: EstimatorEntry) -> Chart:
    """Return the learning curves of an estimator, one panel a task, against the truth."""
    colour = Style(board).colour_of(item.label)
    rows = [
        {
            "task": board.labels[curve.task],
            "truth": cut(curve.truth),
            "step": [step for step, _ in curve.points],
            "nats": [cut(nats) if math.isfinite(nats) else None for _, nats in curve.points],
        }
        for curve in item.curves
    ]
    encoded = alt.Chart().encode(alt.X("step:Q", title="Step"))
    line = encoded.mark_line(strokeWidth=1.5, color=colour).encode(alt.Y("nats:Q", title="Value (nats)"))
    truth = encoded.mark_line(strokeDash=[4, 3], color="#888888").encode(alt.Y("truth:Q", title="Value (nats)"))
    layers = alt.layer(truth, line, data=alt.Data(values=rows)).properties(width=SMALL, height=110)
    panels = layers.facet(alt.Facet("task:N", title=None), columns=4).transform_flatten(["step", "nats"])
    return panels.resolve_scale(x="independent", y="independent")
