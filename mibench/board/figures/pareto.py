"""Accuracy against time, with the front of what none beats in both."""

import itertools
import math
from typing import Any

import altair as alt

from mibench.stats.score import REFERENCE
from mibench.text import plain_text

from ..model import Board
from .base import Chart, Figure, Rows, data, span
from .style import Style

_WIDTH, _HEIGHT = 560, 360
#: Size of a character of a name in pixels, and room around a marker.
_CHAR, _LINE, _MARKER = 5.8, 12.0, 9.0


def _rows(board: Board) -> Rows:
    most = max(board.provenance.samples)
    return [
        {
            "estimator": plain_text(item.label),
            "cpu": cost.cpu_at[most],
            "score": item.standing.score.mean,
            "low": item.standing.score.low,
            "high": item.standing.score.high,
            "ranked": item.is_ranked,
        }
        for item in board.estimators
        if (cost := item.main_cost)
        and cost.cpu_at.get(most, 0) > 0
        and item.spec != REFERENCE
        and math.isfinite(item.standing.score.mean)
    ]


def _draw(board: Board, style: Style) -> Chart:
    rows = _rows(board)
    across = span((row["cpu"] for row in rows), margin=0.18, log=True)
    ends = [value for row in rows for value in (row["score"], row["low"], row["high"])]
    up = [min(0.0, *ends), span(ends, margin=0.08)[1]]
    x_scale, y_scale = alt.Scale(type="log", domain=across, nice=False), alt.Scale(domain=up, nice=False)
    x = alt.X(
        "cpu:Q", title="Median CPU time of one estimate at the largest n (s)", scale=x_scale, axis=alt.Axis(format="~g")
    )
    y_title = "Score (lower is better)"
    y = alt.Y("score:Q", title=y_title, scale=y_scale)
    order = [row["estimator"] for row in rows]
    tips: list[Any] = [
        "estimator:N",
        *(alt.Tooltip(f"{name}:Q", format=".3g") for name in ("cpu", "score", "low", "high")),
    ]
    base = alt.Chart(data(rows)).encode(x, color=style.colour(order=order), tooltip=tips)
    front = (
        alt.Chart(data(_staircase(_front(rows), across, up)))
        .mark_line(interpolate="step-after", color="#444444", strokeDash=[5, 3], strokeWidth=1.5)
        .encode(x, y, order="step:Q")
    )
    points = base.mark_point(size=80, strokeWidth=1.6).encode(y, shape=style.shape(order=order))
    bars = base.mark_rule(strokeWidth=2).encode(alt.Y("low:Q", title=y_title, scale=y_scale), y2="high:Q")
    names = [
        alt.Chart(data([{"x": at[0], "y": at[1], "name": name}]))
        .mark_text(
            align=align,  # type: ignore[arg-type]
            baseline="middle",
            fontSize=10.5,
            color="#222222",
        )
        .encode(alt.X("x:Q", scale=x_scale), alt.Y("y:Q", scale=y_scale, title=y_title), text="name:N")
        for name, at, align in _names(rows, across, up)
    ]
    return alt.layer(front, points, bars, *names).properties(width=_WIDTH, height=_HEIGHT)


def _front(rows: Rows) -> Rows:
    """Return the ranked rows that none beats in both, fastest first."""
    front: Rows = []
    for row in sorted((row for row in rows if row["ranked"]), key=lambda row: (row["cpu"], row["score"])):
        if not front or row["score"] < front[-1]["score"]:
            front.append(row)
    return front


def _staircase(front: Rows, across: list[float], up: list[float]) -> Rows:
    """Return the corners of the front, from the upper edge of the figure to its right."""
    if not front:
        return []
    corners = [
        (front[0]["cpu"], up[1]),
        *((row["cpu"], row["score"]) for row in front),
        (across[1], front[-1]["score"]),
    ]
    return [{"cpu": cpu, "score": score, "step": step} for step, (cpu, score) in enumerate(corners)]


def _names(rows: Rows, across: list[float], up: list[float]) -> list[tuple[str, tuple[float, float], str]]:
    """Return a place for the name of each row where it covers no marker, interval or other name, if there is one."""
    scale = _WIDTH / math.log(across[1] / across[0])

    def place(row: dict[str, float]) -> tuple[float, float]:
        return scale * math.log(row["cpu"] / across[0]), _HEIGHT * (up[1] - row["score"]) / (up[1] - up[0])

    taken = []
    for row in rows:
        left, top = place(row)
        ends = [_HEIGHT * (up[1] - row[name]) / (up[1] - up[0]) for name in ("high", "low") if math.isfinite(row[name])]
        taken.append((left - _MARKER, min([top - _MARKER, *ends]), left + _MARKER, max([top + _MARKER, *ends])))
    front = [place(row) for row in _front(rows)]
    found = []
    for row in sorted(rows, key=lambda row: (not row["ranked"], row["score"])):
        left, top = place(row)
        wide = _CHAR * len(row["estimator"])
        options = [
            (left + dx, top + dy, align)
            for dy in (0.0, -13.0, 13.0, -24.0, 24.0)
            for dx, align in ((12.0, "left"), (-12.0, "right"))
        ] + [(left, top + dy, "center") for dy in (-18.0, 18.0, -30.0, 30.0)]
        for x, y, align in options:
            start = {"left": x, "right": x - wide, "center": x - wide / 2}[align]
            box = (start, y - _LINE / 2, start + wide, y + _LINE / 2)
            inside = box[0] >= 0 and box[2] <= _WIDTH and box[1] >= 0 and box[3] <= _HEIGHT
            if inside and not any(_overlap(box, other) for other in taken) and not _crossed(box, front):
                taken.append(box)
                value = up[1] - y / _HEIGHT * (up[1] - up[0])
                found.append((row["estimator"], (across[0] * math.exp(x / scale), value), align))
                break
    return found


Box = tuple[float, float, float, float]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _crossed(box: Box, front: list[tuple[float, float]]) -> bool:
    """Return whether the line of the front runs through a box."""
    if not front:
        return False
    corners = [(front[0][0], 0.0), *front, (float(_WIDTH), front[-1][1])]
    for (x, y), (next_x, next_y) in itertools.pairwise(corners):
        flat, steep = (x, y - 1, next_x, y + 1), (next_x - 1, min(y, next_y), next_x + 1, max(y, next_y))
        if _overlap(box, flat) or _overlap(box, steep):
            return True
    return False


def _has_points(board: Board) -> bool:
    return bool(_rows(board))


FIGURE = Figure(
    "pareto",
    "Accuracy and time",
    "Score with its 95 % interval against the median CPU seconds of one estimate at the largest n; on the "
    "dashed line are the ranked estimators that none beats in both. Lower left is better.",
    _draw,
    _has_points,
)
