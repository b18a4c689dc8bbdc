"""The figure of docs/generalisation.md: ``python docs/make_generalisation.py [FOLDER]`` writes gaussian-mean.svg, html.

The gap is measured as well, by learning the mean anew 20,000 times for each number of rows.
"""

import sys
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from mibench.board.figures import configured
from mibench.curve_view import write_chart
from mibench.generalisation import GaussianMean
from mibench.streams import stream

ROWS = (2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
TRAININGS = 20_000
LINES = {"gap, exact: 2σ²/n": "black", "gap, measured": "#D55E00", "proven bound, of each row's I(W; Z)": "#0072B2"}


def measured_gap(rows: int) -> float:
    """Return the mean of test less training loss over trainings; the expected test loss given W is W² + 1."""
    z = stream("gaussian-mean", rows).standard_normal((TRAININGS, rows))
    w = z.mean(axis=1)
    return float((w**2 + 1 - ((w[:, np.newaxis] - z) ** 2).mean(axis=1)).mean())


def chart() -> Any:
    """Return the chart: gap and bound by the number of rows, both on logarithmic scales."""
    values = []
    for rows in ROWS:
        case = GaussianMean(rows)
        each = zip(LINES, (case.gap, measured_gap(rows), case.bound), strict=True)
        values += [{"rows": rows, "line": line, "loss": round(loss, 6)} for line, loss in each]
    colour = alt.Color(
        "line:N", scale=alt.Scale(domain=list(LINES), range=list(LINES.values())),
        legend=alt.Legend(orient="bottom", title=None, labelLimit=0),
    )  # fmt: skip
    base = alt.Chart(alt.InlineData(values=values)).encode(
        alt.X("rows:Q", title="training rows n", scale=alt.Scale(type="log")),
        alt.Y("loss:Q", title="test loss less training loss (σ² = 1)", scale=alt.Scale(type="log")),
        colour,
    )
    measured = base.transform_filter("datum.line == 'gap, measured'").mark_point(filled=True, size=60)
    drawn = base.transform_filter("datum.line != 'gap, measured'").mark_line(strokeWidth=1.8)
    return (drawn + measured).properties(
        width=420, height=300, title=alt.TitleParams("Learning the mean of a Gaussian", anchor="start")
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures"
    for file in write_chart(configured(chart()), folder / "gaussian-mean"):
        print(f"wrote {file}")
