"""A board as one self-contained HTML page that makes no request, and the index of boards."""

import importlib.resources
import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup, escape

from ..document import INDEX_CAPTION, IndexEntry, document
from ..figures import VEGA_LITE, configured, curves
from ..model import Board, EstimatorEntry
from ..table import Cell, anchor
from .json_csv import render_csv

#: Larger than any number a table holds: what has no number sorts last.
_LAST = 1e300


def render(board: Board, files: Sequence[str] = ()) -> str:
    """Return the page of a board; *files* are names of files beside it to link to."""
    page = document(board)
    charts = {item.key: _spec(item.chart(board)) for item in page.figures}
    charts |= {_curve_key(item): _spec(curves(board, item)) for item in board.estimators if item.curves}
    return _environment().get_template("board.html").render(
        page=page,
        files=files,
        charts=_json(charts),
        results=_json(render_csv(board)),
        suite=board.suite,
        curve_key=_curve_key,
        vega=_script_safe(_vega()),
    )  # fmt: skip


def render_index(entries: Sequence[IndexEntry]) -> str:
    """Return the page of the index."""
    return _environment().get_template("index.html").render(entries=entries, caption=INDEX_CAPTION)


def _curve_key(item: EstimatorEntry) -> str:
    return f"curves-{anchor('of', item.label)}"


def _spec(chart: Any) -> dict[str, Any]:
    spec: dict[str, Any] = configured(chart, background="transparent").to_dict(validate=False)
    del spec["$schema"]
    return spec


@cache
def _vega() -> str:
    return vl_convert.javascript_bundle(vl_version=VEGA_LITE)  # type: ignore[call-arg]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mibench.board.render", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(prose=_prose, order=_order)
    environment.globals.update(anchor=anchor, asset=_asset)
    return environment


def _prose(text: str) -> Markup:
    """A docstring's prose, its ``code`` as code."""
    pieces = text.split("``")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )


def _order(entry: Cell) -> str:
    """What a cell sorts by."""
    if isinstance(entry.order, str):
        return entry.order
    return f"{entry.order:.6g}" if abs(entry.order) < _LAST else str(_LAST)


def _asset(name: str) -> Markup:
    """A bundled style sheet or script, to stand inside the page."""
    return _script_safe(
        (importlib.resources.files("mibench.board.render") / "templates" / name).read_text(encoding="utf-8")
    )


def _json(value: Any) -> Markup:
    return Markup(json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c"))


def _script_safe(text: str) -> Markup:
    """Keep what looks like the end of a script from ending its element."""
    return Markup(re.sub("</(?=script)", r"<\\/", text, flags=re.IGNORECASE))
