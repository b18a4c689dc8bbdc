"""Looks of the estimators in every figure: one colour, shape and dash each, told apart without colour too."""

import hashlib
from collections.abc import Collection
from typing import Any, NamedTuple

import altair as alt

from mibench.stats.score import REFERENCE
from mibench.text import plain_text

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


#: The colours, by position, of estimators that many boards have in common; others take one by their name's SHA-256.
_PLACES = {
    "ksg": 0, "gaussian": 1, "binning": 2, "mine": 3, "infonce": 4, "ennemi": 6, "infomeasure": 7, "chain-rule": 8,
    "scikit-learn": 11,
}  # fmt: skip


class Look(NamedTuple):
    """Look of an estimator in every figure."""

    colour: str
    shape: str
    dash: tuple[int, ...]


def looks(labels: Collection[str]) -> dict[str, Look]:
    """Return the look of each estimator by its label: the same on every board, whatever the results.

    The name decides the hue; variants of one estimator share it and differ in shade and shape. Only where two names
    without a place of their own would share a hue on this board, or two variants a shape, the later by name moves on.
    """
    colours: dict[str, int] = {}
    names = sorted({_name(label) for label in labels} - {REFERENCE}, key=lambda name: (name not in _PLACES, name))
    for name in names:
        wanted = _PLACES[name] if name in _PLACES else _digest(name) % len(COLOURS)
        free = [at for at in range(len(COLOURS)) if at not in colours.values()] or range(len(COLOURS))
        colours[name] = min(free, key=lambda at, wanted=wanted: (at - wanted) % len(COLOURS))
    found = {REFERENCE: Look(REFERENCE_COLOUR, REFERENCE_SHAPE, (1, 3))}
    taken: set[tuple[int, int]] = set()
    for label in sorted(set(labels) - {REFERENCE}, key=lambda label: (label != _name(label), label)):
        at, is_variant = colours[_name(label)], label != _name(label)
        shape = _digest(label) % len(SHAPES) if is_variant else at
        free = [one for one in range(len(SHAPES)) if (at, one) not in taken] or range(len(SHAPES))
        shape = min(free, key=lambda one, shape=shape: (one - shape) % len(SHAPES))
        taken.add((at, shape))
        shade = _SHADES[1 + _digest(label) % 2] if is_variant else _SHADES[0]
        found[label] = Look(_shaded(COLOURS[at], shade), SHAPES[shape], DASHES[shape % len(DASHES)])
    return {label: found[label] for label in labels}


#: Of what a variant's colour is mixed with, and how much: nothing, black, white.
_SHADES = ((0.0, 0), (0.28, 0), (0.28, 255))


def _name(label: str) -> str:
    return label.partition(":")[0]


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _shaded(colour: str, shade: tuple[float, int]) -> str:
    share, towards = shade
    mixed = (round((1 - share) * int(colour[at : at + 2], 16) + share * towards) for at in (1, 3, 5))
    return "#" + "".join(f"{value:02X}" for value in mixed)


class Style:
    """The looks of the estimators of one board as channels of a chart."""

    def __init__(self, board: Board) -> None:
        self.order = [plain_text(item.label) for item in board.estimators]
        self.looks = looks(self.order)

    def _scale(self, values: list[Any], order: list[str]) -> alt.Scale:
        return alt.Scale(domain=order, range=values)

    def colour(self, legend: bool = True, order: list[str] | None = None) -> alt.Color:
        """Return the colour channel, with a legend of *order*, all estimators by default."""
        order = self.order if order is None else order
        colours = [self.looks[label].colour for label in order]
        return alt.Color("estimator:N", scale=self._scale(colours, order), **_legend(legend, len(order)))

    def colour_of(self, label: str) -> str:
        """Return the colour of one estimator."""
        return self.looks[plain_text(label)].colour

    def shape(self, legend: bool = True, order: list[str] | None = None) -> alt.Shape:
        """Return the shape channel; its legend is one with that of the colour."""
        order = self.order if order is None else order
        shapes = [self.looks[label].shape for label in order]
        return alt.Shape("estimator:N", scale=self._scale(shapes, order), **_legend(legend, len(order)))

    def dash(self, order: list[str] | None = None) -> alt.StrokeDash:
        """Return the dash channel; its legend is one with those of colour and shape."""
        order = self.order if order is None else order
        dashes = [list(self.looks[label].dash) for label in order]
        return alt.StrokeDash("estimator:N", scale=self._scale(dashes, order), **_legend(True, len(order)))


def _legend(wanted: bool, count: int) -> dict[str, Any]:
    if not wanted:
        return {"legend": None}
    return {"title": "Estimator", "legend": alt.Legend(columns=1 + (count - 1) // 24)}


def configured(chart: Any, background: str = "white") -> Any:
    """Set fonts, sizes and quiet axes."""
    return (
        chart.configure(font=FONT, background=background)
        .configure_view(stroke="#cccccc")
        .configure_axis(gridOpacity=0.35, labelFontSize=11, titleFontSize=12, titleFontWeight="normal", labelLimit=0)
        .configure_legend(labelFontSize=11, titleFontSize=12, labelLimit=0, symbolSize=90, symbolStrokeWidth=2)
        .configure_header(labelFontSize=12, titleFontSize=12, labelLimit=0)
        .configure_title(fontSize=12, fontWeight="normal", limit=0)
        .configure_point(size=55)
    )
