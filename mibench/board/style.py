"""How estimators look in every figure: one colour, shape and dash each, told apart without colour too."""

from typing import Any

import altair as alt

from mibench.stats.score import REFERENCE

from .model import Board

#: Okabe and Ito's colours, which the colour-blind can tell apart, without yellow and black.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#9467BD")
#: A star of four points.
REFERENCE_SHAPE = "M0,-1L0.25,-0.25L1,0L0.25,0.25L0,1L-0.25,0.25L-1,0L-0.25,-0.25Z"
REFERENCE_COLOUR = "#888888"
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (10, 2), (4, 1))
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


class Style:
    """The looks of the estimators of one board, by the order of their names so that no result changes them."""

    def __init__(self, board: Board) -> None:
        self.order = [item.label for item in board.estimators]
        named = sorted(item.label for item in board.estimators if item.spec != REFERENCE)
        index = {label: position for position, label in enumerate(named)}
        self._colour = [self._pick(COLOURS, index, label, REFERENCE_COLOUR) for label in self.order]
        self._shape = [self._pick(SHAPES, index, label, REFERENCE_SHAPE) for label in self.order]
        self._dash = [list(self._pick(DASHES, index, label, (1, 3))) for label in self.order]

    @staticmethod
    def _pick(choices: tuple[Any, ...], index: dict[str, int], label: str, reference: Any) -> Any:
        return choices[index[label] % len(choices)] if label in index else reference

    def colour(self, legend: bool = True) -> alt.Color:
        """The colour channel."""
        return alt.Color("estimator:N", scale=alt.Scale(domain=self.order, range=self._colour), **_legend(legend))

    def colour_of(self, label: str) -> str:
        """The colour of one estimator."""
        return str(self._colour[self.order.index(label)])

    def shape(self, legend: bool = True) -> alt.Shape:
        """The shape channel."""
        return alt.Shape("estimator:N", scale=alt.Scale(domain=self.order, range=self._shape), **_legend(legend))

    def dash(self) -> alt.StrokeDash:
        """The dash channel; its legend is one with those of colour and shape."""
        return alt.StrokeDash("estimator:N", scale=alt.Scale(domain=self.order, range=self._dash), **_legend(True))


def _legend(wanted: bool) -> dict[str, Any]:
    return {"title": "Estimator"} if wanted else {"legend": None}


def configured(chart: Any, background: str = "white") -> Any:
    """Set fonts, sizes and quiet axes."""
    return (
        chart.configure(font=FONT, background=background)
        .configure_view(stroke="#cccccc")
        .configure_axis(gridOpacity=0.35, labelFontSize=11, titleFontSize=12, titleFontWeight="normal", labelLimit=480)
        .configure_legend(labelFontSize=11, titleFontSize=12, labelLimit=260, symbolSize=90, symbolStrokeWidth=2)
        .configure_header(labelFontSize=12, titleFontSize=12, labelLimit=260)
        .configure_point(size=55)
    )
