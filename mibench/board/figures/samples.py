"""Error and cost against sample size."""

import math
from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean

import altair as alt

from mibench.stats.score import REFERENCE

from ..model import Board
from .base import Chart, Figure, Rows, lines, scale_of, tasks_of
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
                rows.append({"estimator": item.label, "n": n, "error": error, "cpu": math.exp(cost)})
    left = lines(rows, style, "n", "error", "Sample size n", "RMSE / scale")
    right = lines(
        [row for row in rows if row["estimator"] != REFERENCE], style, "n", "cpu", "Sample size n", "CPU time (s)"
    )
    return alt.hconcat(left, right)


def _over_families(board: Board, values: Iterable[tuple[str, float]]) -> float:
    """The mean over tasks, then families; NaN where a task has no value."""
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
    (
        "Left the RMSE as a share of max(I, 0.1 nat), right the CPU seconds of one estimate; averages over tasks with "
        "equal weights for families. Lower is better."
    ),
    _draw,
    _has_several_sizes,
)
