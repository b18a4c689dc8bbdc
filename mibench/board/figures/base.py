"""The type of a figure, and the data, scales, tooltips and lines that the drawings share."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from mibench.stats.score import REFERENCE
from mibench.task import SCALE_FLOOR
from mibench.text import plain_text

from ..model import Board, Result, TaskEntry
from .style import Style, configured

Rows = list[dict[str, Any]]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.ConcatChart

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


#: Estimators that a figure has room for, of those that would stand one panel or one line each.
MOST = 12


def data(rows: Rows) -> alt.Data:
    """Return inline data: texts made plain, numbers cut to what a figure can show, those not finite left out."""
    return alt.Data(values=[{key: cut(value) for key, value in row.items() if _is_shown(value)} for row in rows])


def _is_shown(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def cut(value: Any) -> Any:
    """Return a number cut to what a figure can show, a text made plain, and anything else as it is."""
    if isinstance(value, str):
        return plain_text(value)
    return float(f"{value:.5g}") if isinstance(value, float) else value


def first(board: Board, style: Style, most: int = MOST) -> list[str]:
    """Return the labels of the first *most* estimators of the board and of the reference line, in its order."""
    whole = [label for label, item in zip(style.order, board.estimators, strict=True) if item.spec != REFERENCE]
    kept = {*whole[:most], REFERENCE}
    return [label for label in style.order if label in kept]


def is_large(board: Board) -> bool:
    """Return whether a board has more estimators than a figure has room for."""
    return len(board.estimators) > MOST + 1


def span(values: Iterable[float], margin: float = 0.05, log: bool = False) -> list[float]:
    """Return the ends of an axis that holds all finite *values*."""
    kept = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    if not kept:
        return [0.1, 1.0]
    low, high = min(kept), max(kept)
    if log:
        factor = max(high / low, 1.5) ** margin
        return [cut(low / factor), cut(high * factor)]
    room = margin * ((high - low) or abs(high) or 1.0)
    return [cut(low - room), cut(high + room)]


def grid(panels: Sequence[tuple[str, Any]], columns: int) -> Any:
    """Return panels side by side under their titles, which are broken rather than cut; no place stays empty."""
    titled = [
        chart.properties(title=alt.TitleParams(_broken(plain_text(title)), anchor="middle")) for title, chart in panels
    ]
    return alt.concat(*titled, columns=min(columns, len(titled)))


def _broken(title: str, width: int = 34) -> list[str]:
    """Break a title after commas and blanks."""
    lines = [""]
    for piece in re.findall(r"[^, ]*[, ]*", title):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines if line.strip()] or [""]


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
    return {
        "estimator": plain_text(labels[result.estimator]), "task": plain_text(task.label),
        "family": plain_text(task.family), "n": result.n,
    }  # fmt: skip


def tooltip(*fields: str) -> list[alt.Tooltip]:
    """Return the tooltip of a result: what it is of, then the numbers of *fields*."""
    numbers = [alt.Tooltip(f"{field}:Q", format=".3g") for field in fields]
    return [alt.Tooltip("estimator:N"), alt.Tooltip("task:N"), alt.Tooltip("n:Q", format=","), *numbers]


def highlighted(charts: Sequence[Any]) -> list[Any]:
    """Let a click on the legend bring out one estimator in all charts that share it."""
    chosen = alt.selection_point(name="chosen", fields=["estimator"], bind="legend")
    dimmed = [chart.encode(opacity=alt.condition(chosen, alt.value(0.9), alt.value(0.12))) for chart in charts]
    return [chart.add_params(chosen) if place == 0 else chart for place, chart in enumerate(dimmed)]


def lines(rows: Rows, style: Style, order: list[str], x: alt.X, y: alt.Y, tips: Sequence[Any]) -> Any:
    """Return one line an estimator, with a marker at each point."""
    encoded = alt.Chart(data(rows)).encode(x, y, color=style.colour(order=order), tooltip=list(tips))
    drawn = encoded.mark_line(strokeWidth=1.8).encode(strokeDash=style.dash(order))
    points = encoded.mark_point(filled=True).encode(shape=style.shape(order=order))
    return drawn + points
