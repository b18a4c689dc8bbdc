"""What a figure is, and what the drawings share: data, scales, tooltips and lines."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt

from mibench.task import SCALE_FLOOR

from ..model import Board, Result, TaskEntry
from .style import Style, configured

Rows = list[dict[str, Any]]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart

#: Half a 95 % interval in standard errors.
REACH = 1.96
#: Width and height of one panel of several.
SMALL = 190
#: The release of Vega-Lite that Altair writes for, as vl-convert names it.
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _always(board: Board) -> bool:
    return True


@dataclass(frozen=True)
class Figure:
    """A figure of a board.

    Attributes:
        key: its name in files and pages.
        title, caption: in plain words.
        draw: returns the chart.
        shown_if: whether a board has something to show in it.
    """

    key: str
    title: str
    caption: str
    draw: Callable[[Board, Style], Chart]
    shown_if: Callable[[Board], bool] = _always

    def chart(self, board: Board) -> Chart:
        """Return the chart of *board*."""
        return self.draw(board, Style(board))

    def svg(self, board: Board) -> str:
        """Return the figure as SVG; the same board gives the same bytes."""
        import vl_convert

        spec = configured(self.chart(board)).to_dict(validate=False)
        text = str(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE))
        return re.sub(r"\bgradient_\d+", "gradient", text)  # Vega numbers them on from figure to figure


def data(rows: Rows) -> alt.Data:
    """Inline data, numbers cut to what a figure can show; those not finite left out of their row."""
    return alt.Data(values=[{key: cut(value) for key, value in row.items() if _is_shown(value)} for row in rows])


def _is_shown(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def cut(value: Any) -> Any:
    """Return a number cut to what a figure can show."""
    return float(f"{value:.5g}") if isinstance(value, float) else value


def largest(board: Board) -> list[Result]:
    """Return the results at the largest sample size, of what is supported."""
    most = max(board.provenance.samples)
    return [item for item in board.results if item.n == most and item.supported]


def scale_of(result: Result) -> float:
    """Return what errors are shown as shares of: max(I, 0.1 nat)."""
    return max(result.truth, SCALE_FLOOR)


def tasks_of(board: Board) -> dict[str, TaskEntry]:
    """Return the tasks by their specs."""
    return {task.spec: task for task in board.tasks}


def described(board: Board, result: Result) -> dict[str, Any]:
    """Return what a row of data says of a result besides its numbers."""
    labels, task = board.labels, tasks_of(board)[result.task]
    return {"estimator": labels[result.estimator], "task": task.label, "family": task.family, "n": result.n}


def tooltip(*fields: str) -> list[alt.Tooltip]:
    """Return the tooltip of a result: what it is of, then the numbers of *fields*."""
    numbers = [alt.Tooltip(f"{field}:Q", format=".3g") for field in fields]
    return [alt.Tooltip("estimator:N"), alt.Tooltip("task:N"), alt.Tooltip("n:Q", format=","), *numbers]


def highlight(chart: Any) -> Any:
    """Let a click on the legend bring out one estimator."""
    chosen = alt.selection_point(fields=["estimator"], bind="legend")
    return chart.encode(opacity=alt.condition(chosen, alt.value(0.9), alt.value(0.12))).add_params(chosen)


def lines(rows: Rows, style: Style, x: str, y: str, x_title: str, y_title: str) -> Any:
    """Return one line an estimator, both axes logarithmic."""
    ticks = sorted({row[x] for row in rows})
    encoded = alt.Chart(data(rows)).encode(
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
