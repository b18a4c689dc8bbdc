"""The pages of a board, and the index of boards, as HTML that makes no request beyond its folder.

Scripts and the style sheet stand once beside all boards (:data:`ASSETS`); a page that is rendered alone holds them.
"""

import importlib.resources
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup, escape

from mibench.text import plain_text

from ..document import INDEX_CAPTION, Drawing, IndexEntry, Page, depth, front
from ..figures import VEGA_LITE, configured
from ..model import Board
from ..table import NAMES, Cell, anchor, relative
from .json_csv import render_csv

#: Larger than any number a table holds: what has no number sorts last.
_LAST = 1e300
#: The folder of scripts and style sheet, beside the boards.
ASSETS = "assets"


def render(board: Board) -> str:
    """Return the front page of a board as one HTML file that stands alone, without links to other pages."""
    return render_page(front(board), board, alone=True)


def render_page(page: Page, board: Board, files: Sequence[str] = (), alone: bool = False) -> str:
    """Return a page as HTML.

    Args:
        page: what stands on it.
        board: the board it is of.
        files: paths, relative to the folder of the boards, of files that hold the same board and its results.
        alone: whether nothing is beside it: no other page to link to, no script or style sheet to load.
    """
    drawings = [item for section in page.sections for item in section.items if isinstance(item, Drawing)]
    charts = {item.key: _spec(item.chart()) for item in drawings}
    return _environment().get_template("page.html").render(
        page=page,
        board=board,
        files=[(name, relative(name, page.name, "")) for name in files],
        charts=_json(charts) if charts else "",
        results=_json(render_csv(board, page.spec)) if page.spec else "",
        href=None if alone else lambda link: relative(link or "index", page.name, ".html"),
        root="" if alone else f"{depth(page)}{ASSETS}/",
    )  # fmt: skip


def render_index(entries: Sequence[IndexEntry]) -> str:
    """Return the page of the index."""
    entries_with = [(entry, relative(entry.page, "", ".html")) for entry in entries]
    return _environment().get_template("index.html").render(
        entries=entries_with, caption=INDEX_CAPTION, href=None, address=lambda name: relative(name, "", "")
    )  # fmt: skip


def assets() -> Mapping[str, str]:
    """Return the files that all pages share, by name."""
    return {
        "page.css": _read("page.css"),
        "page.js": _read("page.js"),
        "tables.js": f"/* {_read('dataTables-3.1.5.LICENSE.txt')} */\n{_read('dataTables-3.1.5.min.js')}\n",
        "figures.js": _vega(),
    }


def _spec(chart: Any) -> dict[str, Any]:
    spec: dict[str, Any] = configured(chart, background="transparent").to_dict(validate=False)
    del spec["$schema"]
    return spec


@cache
def _vega() -> str:
    """The bundle of Vega, Vega-Lite and Vega-Embed as a classic script, since a page in a folder may load no module."""
    bundle = vl_convert.javascript_bundle(vl_version=VEGA_LITE)  # type: ignore[call-arg]
    return f"(() => {{\n{bundle.rstrip()}\n}})();\n"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mibench.board.render", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_plain,
    )
    environment.filters.update(prose=_prose, order=_order)
    environment.globals.update(anchor=anchor, inlined=_inlined, NAMES=NAMES)
    return environment


def _plain(value: Any) -> Any:
    """Take control characters out of every text that a template puts on a page."""
    return plain_text(value) if type(value) is str else value


def _prose(text: str) -> Markup:
    """A docstring's prose, its ``code`` as code."""
    pieces = [plain_text(piece) for piece in text.split("``")]
    if len(pieces) % 2 == 0:
        return escape(plain_text(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )


def _order(cell: Cell) -> str:
    """Return the value that a cell sorts by."""
    if isinstance(cell.order, str):
        return cell.order
    return f"{cell.order:.6g}" if abs(cell.order) < _LAST else str(_LAST)


@cache
def _read(name: str) -> str:
    return (importlib.resources.files("mibench.board.render") / "templates" / name).read_text(encoding="utf-8")


def _inlined(name: str) -> Markup:
    """A shared file, to stand inside the page."""
    return _script_safe(assets()[name])


def _json(value: Any) -> Markup:
    return Markup(json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c"))


def _script_safe(text: str) -> Markup:
    """Keep what looks like the end of a script from ending its element."""
    return Markup(re.sub("</(?=script)", r"<\\/", text, flags=re.IGNORECASE))
