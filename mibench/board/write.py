"""Boards as files in a folder: pages, figures, data and results of each suite, and the index over all of them."""

import dataclasses
import re
from collections.abc import Callable, Collection
from pathlib import Path

from mibench.attempt import Attempt
from mibench.errors import MibenchError
from mibench.files import OutputFolder, is_regular
from mibench.store import Skipped, read_attempts, read_definitions, read_environments
from mibench.store.interchange import write_jsonl
from mibench.text import file_name

from .document import Drawing, pages, suite_file
from .figures import FIGURES
from .model import Board
from .render import html, json_csv, latex, markdown

#: More cells than this are left in their store; ``mibench export`` takes them out.
_MOST_COPIED = 100_000
#: What stands before the part of a path in a traceback that is the same wherever mibench is installed.
_OWN_FOLDERS = re.compile(r'File "/[^"]*?/((?:mibench|estimators|tasks|site-packages|python[0-9.]+)/)')
#: Longer messages, tracebacks and outputs are cut in the results beside a board; the store keeps them whole.
_LONGEST_TEXT = 2_000
#: The folder, inside that of the boards, of the results: ``results/SUITE/ESTIMATOR.jsonl.gz``.
RESULTS = "results"

#: What a board can be rendered as on its own.
FORMATS: dict[str, Callable[[Board], str]] = {
    "md": markdown.render,
    "html": html.render,
    "tex": latex.render,
    "csv": json_csv.render_csv,
    "json": json_csv.render_json,
}


def render(board: Board, form: str) -> str:
    """Return the board in one format, without files beside it."""
    check_formats([form])
    return FORMATS[form](board)


def check_formats(forms: Collection[str]) -> None:
    """Raise :class:`MibenchError` for a format there is not."""
    for form in forms:
        if form not in FORMATS:
            raise MibenchError(f"format is {form!r}; allowed: {', '.join(FORMATS)}")


def write_board(board: Board, folder: Path, forms: Collection[str], results: str = "") -> list[Path]:
    """Write the board in each of *forms* to *folder* and return the files.

    Markdown and HTML are a front page, ``SUITE.md``, and a page for each family, task and estimator in folders of
    ``SUITE/``; figures lie in ``SUITE/figures/``, what all HTML pages share in ``assets/``. Nothing is written outside
    the folder, and nothing is deleted.

    Args:
        board: the view-model.
        folder: made where it is missing.
        forms: keys of :data:`FORMATS`.
        results: path in *folder* of the attempts, linked to from the front page.
    """
    check_formats(forms)
    out, name = OutputFolder(folder), suite_file(board)
    data = [f"{name}.{form}" for form in FORMATS if form in forms]
    written = []
    if "md" in forms:
        drawn = {item.file: item for item in _drawings(board)}
        written += [out.write(f"{name}/figures/{file}", _svg(board, item.key)) for file, item in drawn.items()]
    if "html" in forms:
        written += [out.write(f"{html.ASSETS}/{asset}", text) for asset, text in html.assets().items()]
    for form in ("md", "html"):
        if form not in forms:
            continue
        for page in pages(board):
            files = (
                [other for other in (*data, results) if other not in ("", f"{name}.{form}")]
                if page.name == name
                else []
            )
            text = markdown.render_page(page, files) if form == "md" else html.render_page(page, board, files)
            written.append(out.write(f"{page.name}.{form}", text))
    for form in forms:
        if form not in ("md", "html"):
            written.append(out.write(f"{name}.{form}", FORMATS[form](board)))
    return written


def _drawings(board: Board) -> list[Drawing]:
    front = next(pages(board))
    items = [item for section in front.sections for item in section.items]
    return [item for item in items if isinstance(item, Drawing) and item.file]


def _svg(board: Board, key: str) -> str:
    return next(item for item in FIGURES if item.key == key).svg(board)


def write_all(
    board: Board, folder: Path, forms: Collection[str], store: Path, keys: Collection[str], skip_bad: bool = False
) -> list[Path]:
    """Write the board and, beside it, the attempts of the cells *keys* from *store*, one file an estimator.

    The files are ``results/SUITE/ESTIMATOR.jsonl.gz``; that folder is read as one store. Where there are more than
    100,000 cells the attempts stay in the store alone, since writing them would take far longer than the board.
    """
    if len(keys) > _MOST_COPIED:
        return write_board(board, folder, forms)
    written = write_results(folder / RESULTS / suite_file(board), store, keys, skip_bad)
    return [*written, *write_board(board, folder, forms, f"{RESULTS}/{suite_file(board)}")]


def write_results(folder: Path, store: Path, keys: Collection[str], skip_bad: bool = False) -> list[Path]:
    """Write the attempts of the cells *keys* from *store* as one ``.jsonl.gz`` an estimator; return the files."""
    chosen: dict[str, list[Attempt]] = {}
    skipped = Skipped() if skip_bad else None
    for attempt in read_attempts(store, skipped):
        if attempt.key in keys:
            chosen.setdefault(attempt.estimator, []).append(_cut(attempt))
    known, out, written = read_environments(store, skipped), OutputFolder(folder), []
    definitions = read_definitions(store, skipped)
    for spec, attempts in sorted(chosen.items()):
        used = {attempt.environment for attempt in attempts}
        path = out.place(f"{file_name(spec)}.jsonl.gz")
        suites = {attempt.suite for attempt in attempts}
        asked = [(suite, definition) for suite, definition in definitions if suite in suites]
        write_jsonl(path, attempts, {name: text for name, text in known.items() if name in used}, asked)
        written.append(path)
    return written


def _cut(attempt: Attempt) -> Attempt:
    """Return an attempt fit to be published: its texts short, its traceback without the folders of whoever ran it."""
    texts = {name: getattr(attempt, name) for name in ("message", "traceback", "output")}
    if attempt.traceback:
        texts["traceback"] = _OWN_FOLDERS.sub(r'File "\1', attempt.traceback)
    long = {name: text[:_LONGEST_TEXT] + " …" for name, text in texts.items() if text and len(text) > _LONGEST_TEXT + 2}
    return dataclasses.replace(attempt, **texts | long)


def write_index(folder: Path) -> list[Path]:
    """Write the index over all boards whose JSON stands in *folder*; what other JSON is there is passed over."""
    found = sorted(path for path in folder.glob("*.json") if is_regular(path))
    read = (json_csv.read_index_entry(path, _files_beside(path)) for path in found)
    entries = [entry for entry in read if entry is not None]
    out = OutputFolder(folder)
    pages_in_html = [entry for entry in entries if f"{entry.page}.html" in entry.files]
    return [
        out.write("README.md", markdown.render_index(entries)),
        out.write("index.html", html.render_index(pages_in_html)),
    ]


def _files_beside(path: Path) -> tuple[str, ...]:
    return tuple(sorted(item.name for item in path.parent.glob(f"{path.stem}.*")))
