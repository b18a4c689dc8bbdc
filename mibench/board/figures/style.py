"""How estimators look in every figure: one colour, shape and dash each, told apart without colour too."""

from typing import Any

import altair as alt

from mibench.stats.score import REFERENCE

from ..model import Board

#: Okabe and Ito's colours without yellow and black, then Tol's indigo, sand, wine, dark green and dark brown, and a
#: brown: any two stay apart under every kind of colour blindness.
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
    "#332288", "#DDCC77", "#882255", "#225522", "#661100", "#8C564B",
)  # fmt: skip
#: A star of four points.
REFERENCE_SHAPE = "M0,-1L0.25,-0.25L1,0L0.25,0.25L0,1L-0.25,0.25L-1,0L-0.25,-0.25Z"
REFERENCE_COLOUR = "#888888"
_HOURGLASS = "M-1,-1L1,-1L-1,1L1,1Z"
_SALTIRE = "M-1,-0.6L-0.6,-1L0,-0.4L0.6,-1L1,-0.6L0.4,0L1,0.6L0.6,1L0,0.4L-0.6,1L-1,0.6L-0.4,0Z"
_BOW_TIE = "M-1,-1L-1,1L1,-1L1,1Z"
_DOME = "M-1,0.5A1,1,0,0,1,1,0.5Z"
_BOWL = "M-1,-0.5A1,1,0,0,0,1,-0.5Z"
#: As many as there are colours and one more, so that colour and shape together do not repeat.
SHAPES = (
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left",
    _SALTIRE, _HOURGLASS, _DOME, _BOW_TIE, _BOWL,
)  # fmt: skip
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
