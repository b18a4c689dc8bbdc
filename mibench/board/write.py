"""Boards as files in a folder: one set a suite, and the index over all of them."""

from collections.abc import Callable, Collection
from pathlib import Path

from mibench.errors import MibenchError
from mibench.files import write_text
from mibench.store import read_attempts, read_environments
from mibench.store.interchange import write_jsonl

from .document import document
from .model import Board
from .render import html, json_csv, latex, markdown

#: More attempts than this are written gzipped.
_MOST_PLAIN = 5_000
#: More cells than this are left in their store; ``mibench export`` takes them out.
_MOST_COPIED = 100_000

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


def write_board(board: Board, folder: Path, forms: Collection[str], results: str | None = None) -> list[Path]:
    """Write the board in each of *forms* to *folder* and return the files.

    Args:
        board: the view-model.
        folder: made where it is missing.
        forms: keys of :data:`FORMATS`.
        results: the name of the file in *folder* that holds the attempts, linked to from the pages.
    """
    check_formats(forms)
    folder.mkdir(parents=True, exist_ok=True)
    files = [f"{board.suite}.{form}" for form in FORMATS if form in forms] + ([results] if results else [])
    written = []
    for form in forms:
        path = folder / f"{board.suite}.{form}"
        others = [name for name in files if name != path.name]
        if form == "md":
            written += _write_figures(board, folder / board.suite)
            text = markdown.render(board, board.suite, others)
        else:
            text = html.render(board, others) if form == "html" else FORMATS[form](board)
        write_text(path, text)
        written.append(path)
    return written


def _write_figures(board: Board, folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    written = []
    for item in document(board).figures:
        path = folder / f"{item.key}.svg"
        write_text(path, item.svg(board))
        written.append(path)
    return written


def write_all(board: Board, folder: Path, forms: Collection[str], store: Path, keys: Collection[str]) -> list[Path]:
    """Write the board and, beside it, the attempts of the cells *keys* from *store* as JSONL, gzipped if large.

    Where there are more than 100,000 cells the attempts stay in the store alone, since writing them would take far
    longer than the board.
    """
    if len(keys) > _MOST_COPIED:
        return write_board(board, folder, forms)
    chosen = [attempt for attempt in read_attempts(store) if attempt.key in keys]
    used = {attempt.environment for attempt in chosen}
    environments = {name: text for name, text in read_environments(store).items() if name in used}
    folder.mkdir(parents=True, exist_ok=True)
    plain, packed = folder / f"{board.suite}.jsonl", folder / f"{board.suite}.jsonl.gz"
    results, other = (plain, packed) if len(chosen) <= _MOST_PLAIN else (packed, plain)
    write_jsonl(results, chosen, environments)
    other.unlink(missing_ok=True)
    return [results, *write_board(board, folder, forms, results.name)]


def write_index(folder: Path) -> list[Path]:
    """Write the index over all boards whose JSON stands in *folder*; what other JSON is there is passed over."""
    read = (json_csv.read_index_entry(path, _files_beside(path)) for path in sorted(folder.glob("*.json")))
    entries = [entry for entry in read if entry is not None]
    index, page = folder / "README.md", folder / "index.html"
    write_text(index, markdown.render_index(entries))
    write_text(page, html.render_index([entry for entry in entries if f"{entry.suite}.html" in entry.files]))
    return [index, page]


def _files_beside(path: Path) -> tuple[str, ...]:
    return tuple(sorted(item.name for item in path.parent.glob(f"{path.stem}.*")))
