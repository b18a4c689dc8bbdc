"""Information planes as charts (SVG, self-contained HTML) and as text."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .curve_view import write_chart
from .information_plane import Plane, Point, Trace

#: Width of the labels left of a text plot.
_MARGIN = 7
_AXES = {"xt": "I(X; T) (nats)", "ty": "I(T; Y) (nats)"}


def save_chart(plane: Plane, stem: Path) -> list[Path]:
    """Write ``stem.svg`` and ``stem.html``, each whole or not at all; the HTML needs no network. Return the paths."""
    from .board.figures import configured

    return write_chart(configured(chart(plane)), stem)


def chart(plane: Plane) -> Any:
    """Return the Altair chart: a column for each estimator, above the plane, below I(X; T) over the epochs.

    Lines are the truth, points the estimates; layers are told apart by colour and shape, late epochs by size.
    """
    import altair as alt

    columns = plane.traces or (plane.truth,)
    upper = [_panel(plane, trace, "xt", "ty") for trace in columns]
    lower = [_panel(plane, trace, "step", "xt") for trace in columns]
    title = alt.TitleParams(
        f"The {plane.net} network",
        subtitle="lines: the truth; points: estimates"
        + (f", n = {plane.n:,}, {_means(plane.seeds)}" if plane.traces else ""),
        anchor="start",
    )
    return alt.vconcat(alt.hconcat(*upper), alt.hconcat(*lower)).properties(title=title)


def _means(seeds: int) -> str:
    return "one seed" if seeds == 1 else f"means of {seeds} seeds"


def _panel(plane: Plane, trace: Trace, x: str, y: str) -> Any:
    """Return one panel; *x* and *y* are ``xt``, ``ty`` or ``step``, the place of the epoch among those shown."""
    import altair as alt

    from .board.figures.style import COLOURS, SHAPES

    names = [f"layer {layer}" for layer in plane.layers]
    colour = alt.Color("layer:N", title=None, scale=alt.Scale(domain=names, range=list(COLOURS[: len(names)])))
    shape = alt.Shape("layer:N", title=None, scale=alt.Scale(domain=names, range=list(SHAPES[: len(names)])))
    size = alt.Size("step:Q", legend=None, scale=alt.Scale(domain=[0, len(plane.epochs)], range=[8, 90]))
    axes = [_axis(plane, alt.X, x), _axis(plane, alt.Y, y)]
    tips = ["layer:N", "epoch:Q", alt.Tooltip("xt:Q", format=".4f"), alt.Tooltip("ty:Q", format=".4f")]
    lines = (
        alt.Chart(alt.InlineData(values=_rows(plane, plane.truth)))
        .mark_line(strokeWidth=1.4, opacity=0.75)
        .encode(*axes, color=colour, order="step:Q", tooltip=tips)
    )
    points = (
        alt.Chart(alt.InlineData(values=_rows(plane, trace)))
        .mark_point(filled=True, opacity=0.85)
        .encode(*axes, color=colour, shape=shape, size=size, tooltip=tips)
    )
    drawn = alt.layer(lines, points).properties(width=250, height=210)
    return drawn if x == "step" else drawn.properties(title=alt.TitleParams(trace.label, anchor="middle"))


def _axis(plane: Plane, channel: Any, name: str) -> Any:
    import altair as alt

    if name == "step":
        names = [f"{epoch // 1000}k" if epoch % 1000 == 0 < epoch else str(epoch) for epoch in plane.epochs]
        axis = alt.Axis(
            values=list(range(len(names))),
            labelExpr=f"{names}[datum.value]",
            labelOverlap=False,
            grid=False,
            labelAngle=0,
        )
        return channel("step:Q", title="epoch", axis=axis, scale=alt.Scale(domain=[-0.3, len(names) - 0.7], nice=False))
    values = [getattr(point, name) for trace in (plane.truth, *plane.traces) for point in trace.points]
    values = [value for value in values if math.isfinite(value)]
    low, high = min(0.0, *values), max(1e-3, *values)
    room = 0.04 * (high - low)
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    return channel(f"{name}:Q", title=_AXES[name], scale=scale)


def _rows(plane: Plane, trace: Trace) -> list[dict[str, Any]]:
    steps = {epoch: step for step, epoch in enumerate(plane.epochs)}
    return [
        {"layer": f"layer {point.layer}", "epoch": point.epoch, "step": steps[point.epoch],
         "xt": round(point.xt, 5), "ty": round(point.ty, 5)}
        for point in trace.points
        if _is_whole(point)
    ]  # fmt: skip


def _is_whole(point: Point) -> bool:
    return math.isfinite(point.xt) and math.isfinite(point.ty)


def text_plot(plane: Plane, width: int = 79, height: int = 15) -> str:
    """Draw the truth in text: at each layer's points its number, at the last epoch in brackets where there is room."""
    columns = max(width - _MARGIN - 2, 10)
    points = [point for point in plane.truth.points if _is_whole(point)]
    right, top = (max([1e-3, *(getattr(point, name) for point in points)]) for name in ("xt", "ty"))
    canvas = [[" "] * columns for _ in range(height)]
    for point in points:
        row, column = (height - 1) - round(point.ty / top * (height - 1)), round(point.xt / right * (columns - 1))
        canvas[row][column] = str(point.layer)
        if point.epoch == plane.epochs[-1]:
            for beside, mark in ((column - 1, "["), (column + 1, "]")):
                if 0 <= beside < columns and canvas[row][beside] == " ":
                    canvas[row][beside] = mark
    labels = {0: f"{top:.3f}", height - 1: "0"}
    rows = [f"{labels.get(row, ''):>{_MARGIN}} ┤" + "".join(line).rstrip() for row, line in enumerate(canvas)]
    ends = f"0{f'I(X; T) = {right:.2f}':>{columns - 1}}"
    return "\n".join(
        [f"{'I(T; Y)':>{_MARGIN}}", *rows, " " * _MARGIN + " └" + "─" * columns, " " * (_MARGIN + 2) + ends]
    )


def summary(plane: Plane) -> Iterator[list[str]]:
    """Yield the rows of :data:`HEADS`: of the truth and of each estimator, layer by layer."""
    for trace in (plane.truth, *plane.traces):
        for layer in plane.layers:
            first, last = trace.of_layer(layer)[0], trace.of_layer(layer)[-1]
            row = [trace.label, str(layer), *map(_text, (first.xt, last.xt, first.ty, last.ty))]
            for pair in ("xt", "ty"):
                errors = plane.errors(trace, layer, pair) if trace is not plane.truth else []
                mean = sum(errors) / len(errors) if errors else math.nan
                square = math.sqrt(sum(error**2 for error in errors) / len(errors)) if errors else math.nan
                row += [f"{value:{form}}" if errors else "" for value, form in ((mean, "+.3f"), (square, ".3f"))]
            yield row


def _text(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "failed"


def heads(plane: Plane) -> list[str]:
    """Return the heads of :func:`summary`: values at the first and last epoch, mean error and RMSE over the epochs."""
    first, last = plane.epochs[0], plane.epochs[-1]
    ends = [f"I({pair}) at {epoch:,}" for pair in ("X;T", "T;Y") for epoch in (first, last)]
    return ["", "layer", *ends, "mean error I(X;T)", "RMSE I(X;T)", "mean error I(T;Y)", "RMSE I(T;Y)"]
