"""Error and cost against sample size."""

import math
from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any

import altair as alt

from mibench.stats.score import REFERENCE
from mibench.text import plain_text

from ..model import Board
from .base import MOST, Chart, Figure, Rows, first, lines, scale_of, tasks_of
from .style import Style


def _draw(board: Board, style: Style) -> Chart:
    rows: Rows = []
    whole = [item for item in board.estimators if item.is_ranked or item.spec == REFERENCE]
    for item in whole:
        for n in board.provenance.samples:
            mine = [result for result in board.results if result.estimator == item.spec and result.n == n]
            error = _over_families(board, ((one.task, one.summary.rmse.value / scale_of(one)) for one in mine))
            cost = _over_families(board, ((one.task, math.log(one.cpu_median or math.nan)) for one in mine))
            if math.isfinite(error):
                rows.append({"estimator": plain_text(item.label), "n": n, "error": error, "cpu": math.exp(cost)})
    order = [label for label in first(board, style) if label in {row["estimator"] for row in rows}]
    shown = [row for row in rows if row["estimator"] in order]
    ticks = sorted({row["n"] for row in rows})
    x = alt.X(
        "n:Q",
        title="Sample size n",
        scale=alt.Scale(type="log", padding=12, nice=False),
        axis=alt.Axis(values=ticks, format=","),
    )
    left = _panel(shown, style, order, x, "error", "RMSE / scale")
    right = _panel([row for row in shown if row["estimator"] != REFERENCE], style, order, x, "cpu", "CPU time (s)")
    return alt.hconcat(left, right)


def _panel(rows: Rows, style: Style, order: list[str], x: alt.X, field: str, title: str) -> Any:
    y = alt.Y(f"{field}:Q", title=title, scale=alt.Scale(type="log"), axis=alt.Axis(format="~g", tickCount=5))
    tips = ["estimator:N", "n:Q", alt.Tooltip(f"{field}:Q", format=".3g")]
    return lines(rows, style, order, x, y, tips).properties(width=280, height=240)


def _over_families(board: Board, values: Iterable[tuple[str, float]]) -> float:
    """Return the mean over tasks, then families; NaN where a task has no value."""
    families: dict[str, list[float]] = defaultdict(list)
    tasks = tasks_of(board)
    for task, value in values:
        families[tasks[task].family].append(value)
    return fmean(map(fmean, families.values())) if families else math.nan


def _has_several_sizes(board: Board) -> bool:
    return len(board.provenance.samples) > 1


FIGURE = Figure(
    "samples",
    "Error and cost against sample size",
    "Left the RMSE as a share of max(I, 0.1 nat), right the CPU seconds of one estimate; averages over tasks with "
    f"equal weights for families, of the first {MOST} estimators and the reference line. Lower is better.",
    _draw,
    _has_several_sizes,
)
