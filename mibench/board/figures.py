"""The figures of a board, as Altair charts: SVG beside the Markdown, interactive in the HTML page."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from statistics import fmean
from typing import Any

import altair as alt

from mibench.stats.score import REFERENCE
from mibench.task import SCALE_FLOOR

from .model import Board, EstimatorEntry, Result, TaskEntry
from .style import Style, configured
from .text import rank_range

Rows = list[dict[str, Any]]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart

#: Half a 95 % interval in standard errors.
_REACH = 1.96
_SMALL = 190


def draw(board: Board, key: str) -> Chart:
    """Return the chart of that key (see :data:`mibench.board.document.FIGURES`)."""
    return _CHARTS[key](board, Style(board))


def svg(board: Board, key: str) -> str:
    """Return the figure as SVG; the same board gives the same bytes."""
    import vl_convert

    text = str(vl_convert.vegalite_to_svg(configured(draw(board, key)).to_dict(validate=False), vl_version=VEGA_LITE))
    return re.sub(r"\bgradient_\d+", "gradient", text)  # Vega numbers them on from figure to figure


#: The release of Vega-Lite that Altair writes for, as vl-convert names it.
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _data(rows: Rows) -> alt.Data:
    """Inline data, numbers cut to what a figure can show; those not finite left out of their row."""
    return alt.Data(values=[{key: _cut(value) for key, value in row.items() if _is_shown(value)} for row in rows])


def _is_shown(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _cut(value: Any) -> Any:
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _largest(board: Board) -> list[Result]:
    most = max(board.provenance.samples)
    return [item for item in board.results if item.n == most and item.supported]


def _scale(result: Result) -> float:
    return max(result.truth, SCALE_FLOOR)


def _tasks(board: Board) -> dict[str, TaskEntry]:
    return {task.spec: task for task in board.tasks}


def _base(board: Board, result: Result) -> dict[str, Any]:
    labels, task = board.labels, _tasks(board)[result.task]
    return {"estimator": labels[result.estimator], "task": task.label, "family": task.family, "n": result.n}


def _truth(board: Board, style: Style) -> Chart:
    rows = [
        {
            **_base(board, item),
            "truth": item.truth,
            "estimate": item.estimate.value,
            "low": item.estimate.value - _REACH * item.estimate.stderr,
            "high": item.estimate.value + _REACH * item.estimate.stderr,
        }
        for item in _largest(board)
        if math.isfinite(item.estimate.value)
    ]
    top = max((row["truth"] for row in rows), default=1.0) * 1.05 or 1.0
    widest = max((abs(row["estimate"]) for row in rows), default=1.0)
    scale = alt.Scale(type="symlog", constant=0.5) if max(top, widest) > 5 else alt.Scale()
    line = alt.Chart(_data([{"x": 0.0}, {"x": top}])).mark_line(strokeDash=[4, 3], color="#888888", strokeWidth=1)
    base = alt.Chart().encode(
        alt.X("truth:Q", title="Truth (nats)", scale=scale),
        color=style.colour(False),
        tooltip=_tooltip("truth", "estimate"),
    )
    y = alt.Y("estimate:Q", title="Estimate (nats)", scale=scale)
    bars = base.mark_rule(strokeWidth=1.5).encode(alt.Y("low:Q", title="Estimate (nats)", scale=scale), y2="high:Q")
    points = base.mark_point(filled=True, opacity=0.85, size=40).encode(y, shape=style.shape(False))
    identity = line.encode(x="x:Q", y="x:Q")
    layers = alt.layer(identity, bars, points, data=_data(rows)).properties(width=_SMALL, height=_SMALL)
    return layers.facet(alt.Facet("estimator:N", title=None, sort=style.order), columns=4)


def _tooltip(*fields: str) -> list[alt.Tooltip]:
    numbers = [alt.Tooltip(f"{field}:Q", format=".3g") for field in fields]
    return [alt.Tooltip("estimator:N"), alt.Tooltip("task:N"), alt.Tooltip("n:Q", format=","), *numbers]


def _highlight(chart: Any) -> Any:
    """Let a click on the legend bring out one estimator."""
    chosen = alt.selection_point(fields=["estimator"], bind="legend")
    return chart.encode(opacity=alt.condition(chosen, alt.value(0.9), alt.value(0.12))).add_params(chosen)


def _bias_sd(board: Board, style: Style) -> Chart:
    rows = [
        {
            **_base(board, item),
            "bias": item.summary.bias.value / _scale(item),
            "sd": item.summary.sd.value / _scale(item),
        }
        for item in _largest(board)
        if item.estimator != REFERENCE and math.isfinite(item.summary.sd.value)
    ]
    chart = _highlight(
        alt.Chart(_data(rows))
        .mark_point(filled=True)
        .encode(
            alt.X("bias:Q", title="Bias / scale", scale=alt.Scale(type="symlog", constant=0.05), axis=_SHARES),
            alt.Y("sd:Q", title="SD / scale", scale=alt.Scale(type="symlog", constant=0.05), axis=_POSITIVE_SHARES),
            color=style.colour(),
            shape=style.shape(),
            tooltip=_tooltip("bias", "sd"),
        )
    ).properties(width=_SMALL, height=_SMALL)
    return chart.facet(alt.Facet("family:N", title=None), columns=3)


_SHARES = alt.Axis(values=[-10, -1, -0.1, 0, 0.1, 1, 10], format="~g")
_POSITIVE_SHARES = alt.Axis(values=[0, 0.03, 0.1, 0.3, 1, 3, 10], format="~g")


def _samples(board: Board, style: Style) -> Chart:
    rows: Rows = []
    whole = [item for item in board.estimators if item.is_ranked or item.spec == REFERENCE]
    for item in whole:
        for n in board.provenance.samples:
            mine = [result for result in board.results if result.estimator == item.spec and result.n == n]
            error = _over_families(board, ((one.task, one.summary.rmse.value / _scale(one)) for one in mine))
            cost = _over_families(board, ((one.task, math.log(one.cpu_median or math.nan)) for one in mine))
            if math.isfinite(error):
                rows.append({"estimator": item.label, "n": n, "error": error, "cpu": math.exp(cost)})
    left = _lines(rows, style, "n", "error", "Sample size n", "RMSE / scale")
    right = _lines(
        [row for row in rows if row["estimator"] != REFERENCE], style, "n", "cpu", "Sample size n", "CPU time (s)"
    )
    return alt.hconcat(left, right)


def _over_families(board: Board, values: Iterable[tuple[str, float]]) -> float:
    """The mean over tasks, then families; NaN where a task has no value."""
    families: dict[str, list[float]] = defaultdict(list)
    tasks = _tasks(board)
    for task, value in values:
        families[tasks[task].family].append(value)
    return fmean(map(fmean, families.values())) if families else math.nan


def _lines(rows: Rows, style: Style, x: str, y: str, x_title: str, y_title: str) -> Any:
    ticks = sorted({row[x] for row in rows})
    encoded = alt.Chart(_data(rows)).encode(
        alt.X(
            f"{x}:Q",
            title=x_title,
            scale=alt.Scale(type="log", padding=12, nice=False),
            axis=alt.Axis(values=ticks, format=","),
        ),
        alt.Y(f"{y}:Q", title=y_title, scale=alt.Scale(type="log"), axis=alt.Axis(format="~g", tickCount=5)),
        color=style.colour(),
        tooltip=["estimator:N", f"{x}:Q", alt.Tooltip(f"{y}:Q", format=".3g")],
    )
    lines = encoded.mark_line(strokeWidth=1.8).encode(strokeDash=style.dash())
    points = encoded.mark_point(filled=True).encode(shape=style.shape())
    return (lines + points).properties(width=280, height=240)


def _dimension(board: Board, style: Style) -> Chart:
    tasks = _tasks(board)
    dims: dict[str, set[int]] = defaultdict(set)
    for task in board.tasks:
        if task.dim is not None:
            dims[task.line].add(task.dim)
    rows = [
        {**_base(board, item), "dim": tasks[item.task].dim, "line": tasks[item.task].line,
         "error": item.summary.rmse.value / _scale(item)}
        for item in _largest(board)
        if len(dims[tasks[item.task].line]) > 1 and item.summary.rmse.value > 0
    ]  # fmt: skip
    ticks = sorted({row["dim"] for row in rows})
    encoded = alt.Chart().encode(
        alt.X(
            "dim:Q",
            title="Dimension (parameter dim)",
            scale=alt.Scale(type="log", padding=12, nice=False),
            axis=alt.Axis(values=ticks),
        ),
        alt.Y("error:Q", title="RMSE / scale", scale=alt.Scale(type="log"), axis=alt.Axis(format="~g", tickCount=5)),
        color=style.colour(),
        tooltip=_tooltip("dim", "error"),
    )
    lines = encoded.mark_line(strokeWidth=1.8).encode(strokeDash=style.dash())
    points = encoded.mark_point(filled=True).encode(shape=style.shape())
    layers = alt.layer(lines, points, data=_data(rows)).properties(width=230, height=200)
    return layers.facet(alt.Facet("line:N", title=None), columns=3)


def _heatmap(board: Board, style: Style) -> Chart:
    rows = []
    for item in _largest(board):
        share = 100 * item.summary.bias.value / _scale(item)
        failed = not math.isfinite(share)
        text = "F" if failed else f"{share:.0f}".replace("-0", "0") if abs(share) < 0.5 else f"{share:.0f}"
        strong = not failed and abs(share) > 65
        rows.append({**_base(board, item), "error": share, "shown": text, "strong": strong})
    labels = [task.label for task in board.tasks]
    base = alt.Chart(_data(rows)).encode(
        alt.X("estimator:N", title=None, sort=style.order, axis=alt.Axis(orient="top", labelAngle=-40)),
        alt.Y("task:N", title=None, sort=labels),
        tooltip=_tooltip("error"),
    )
    scale = alt.Scale(scheme="redblue", reverse=True, domain=[-100, 100], clamp=True)
    cells = base.mark_rect(invalid="filter").encode(alt.Color("error:Q", title="Bias / scale (%)", scale=scale))
    ink = alt.condition("datum.strong", alt.value("white"), alt.value("black"))
    numbers = base.mark_text(fontSize=10).encode(text="shown:N", color=ink)
    return (cells + numbers).properties(width=alt.Step(52), height=alt.Step(19))


def _pareto(board: Board, style: Style) -> Chart:
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
    base = alt.Chart(_data(rows)).encode(
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
    front = alt.Chart(_data(_front(rows))).mark_line(interpolate="step-after", color="#888888", strokeDash=[4, 3])
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


def _ranks(board: Board, style: Style) -> Chart:
    rows = [
        {
            "estimator": item.label,
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
    base = alt.Chart(_data(rows)).encode(y, color=style.colour(False))
    bars = base.mark_rule(strokeWidth=2).encode(alt.X("low:Q", title="Score (lower is better)"), x2="high:Q")
    points = base.mark_point(filled=True, size=80).encode(
        alt.X("score:Q", title="Score (lower is better)"), shape=style.shape(False)
    )
    count = sum(item.is_ranked for item in board.estimators)
    places = alt.X(
        "best:Q", title="Range of ranks", scale=alt.Scale(domain=[0.5, max(count, 1) + 0.5]), axis=_places(count)
    )
    spans = base.mark_bar(height=9, opacity=0.8, cornerRadius=4).encode(places, x2="worst:Q")
    height = alt.Step(24)
    left = (bars + points).properties(width=380, height=height)
    return alt.hconcat(left, spans.encode(alt.Y("estimator:N", title=None, sort=style.order, axis=None)).properties(
        width=200, height=height))  # fmt: skip


def _places(count: int) -> alt.Axis:
    return alt.Axis(values=list(range(1, count + 1)), format="d")


_CHARTS: dict[str, Callable[[Board, Style], Chart]] = {
    "truth": _truth, "bias-sd": _bias_sd, "samples": _samples, "dimension": _dimension, "heatmap": _heatmap,
    "pareto": _pareto, "ranks": _ranks,
}  # fmt: skip


def curves(board: Board, item: EstimatorEntry) -> Chart:
    """Return the learning curves of an estimator, one panel a task, against the truth."""
    colour = Style(board).colour_of(item.label)
    rows = [
        {
            "task": board.labels[curve.task],
            "truth": _cut(curve.truth),
            "step": [step for step, _ in curve.points],
            "nats": [_cut(nats) if math.isfinite(nats) else None for _, nats in curve.points],
        }
        for curve in item.curves
    ]
    encoded = alt.Chart().encode(alt.X("step:Q", title="Step"))
    line = encoded.mark_line(strokeWidth=1.5, color=colour).encode(alt.Y("nats:Q", title="Value (nats)"))
    truth = encoded.mark_line(strokeDash=[4, 3], color="#888888").encode(alt.Y("truth:Q", title="Value (nats)"))
    layers = alt.layer(truth, line, data=alt.Data(values=rows)).properties(width=_SMALL, height=110)
    panels = layers.facet(alt.Facet("task:N", title=None), columns=4).transform_flatten(["step", "nats"])
    return panels.resolve_scale(x="independent", y="independent")
