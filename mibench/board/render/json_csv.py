"""A board as data: JSON, and CSV with one row per estimator, task and n."""

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

from mibench.files import read_text
from mibench.jsonable import to_json
from mibench.text import csv_text, file_name, json_text

from ..document import IndexEntry, index_entry
from ..model import Board, Result
from ..table import Cell, Column, Table

#: Significant digits of numbers in data files: more than any of them is good for, fewer than machines differ in.
DIGITS = 6
#: No board's JSON is larger: what is larger is not read into an index.
_LARGEST = 200_000_000

_RESULT_COLUMNS = (
    "estimator", "task", "family", "n", "cells", "ok", "truth_nats", "estimate_nats", "estimate_se", "score", "bias",
    "bias_se", "sd", "sd_se", "rmse", "rmse_se", "mae", "mae_se", "median_error", "median_error_low",
    "median_error_high", "relative_bias", "relative_rmse", "within_2_own_se", "with_own_se", "cpu_s_q1", "cpu_s_median",
    "cpu_s_q3", "wall_s_median", "peak_mb",
)  # fmt: skip


def render_json(board: Board) -> str:
    """Return the view-model and its entry in the index as JSON, one line for each estimator, task, pair and result.

    What is not a finite number is null; definitions and learning curves are left out. ``results`` holds the rows of
    the CSV under ``columns``.
    """
    shown = {field.name: getattr(board, field.name) for field in dataclasses.fields(board) if field.name != "results"}
    content = {"index": _index(board), **to_json(shown, digits=DIGITS)}
    for item in (*content["estimators"], *content["tasks"]):
        item.pop("definition")
        item.pop("curves", None)
    families = {task.spec: task.family for task in board.tasks}
    rows = [to_json(_values(item, families[item.task]), digits=DIGITS) for item in board.results if item.supported]
    content["results"] = {"columns": _RESULT_COLUMNS, "rows": rows}
    return json_text(_lines(content)) + "\n"


def _index(board: Board) -> dict[str, Any]:
    entry: dict[str, Any] = to_json(index_entry(board), digits=DIGITS)
    del entry["files"], entry["page"]
    return entry


def _lines(content: dict[str, Any]) -> str:
    """Write the members of an object a line each, and the members of its lists a line each."""
    parts = []
    for key, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n  " + ",\n  ".join(map(_compact, value)) + "\n ]"
        elif key == "results":
            rows = ",\n  ".join(map(_compact, value["rows"]))
            text = f'{{"columns": {_compact(value["columns"])}, "rows": [\n  {rows}\n ]}}'
        else:
            text = _compact(value)
        parts.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_index_entry(path: Path, files: tuple[str, ...]) -> IndexEntry | None:
    """Return the index's entry from a board's JSON, or None where the file is no board.

    The page is the file's own name: what a file says of itself is text, and leads nowhere.
    """
    try:
        entry = json.loads(read_text(path, _LARGEST))["index"]
        table = entry["ranks"]
        columns = tuple(Column(**column) for column in table["columns"])
        rows = tuple(tuple(Cell(**{**item, "link": ""}) for item in row) for row in table["rows"])
        ranks = Table("ranks", table["title"], table["caption"], columns, rows)
        found = IndexEntry(entry["suite"], tuple(entry["opening"]), ranks, path.stem, files)
        if not _is_sound(found) or path.stem != file_name(found.suite):
            return None
    except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    return found


def _is_sound(entry: IndexEntry) -> bool:
    """Return whether everything in an entry is the text it should be, and every row as long as the head."""
    ranks = entry.ranks
    texts: list[Any] = [entry.suite, ranks.title, ranks.caption, *entry.opening]
    for column in ranks.columns:
        texts += [column.title, column.kind]
    for cell in (cell for row in ranks.rows for cell in row):
        texts += [cell.text, cell.mark, cell.note]
    whole = all(len(row) == len(ranks.columns) for row in ranks.rows)
    return whole and all(isinstance(text, str) for text in texts)


def render_csv(board: Board, spec: str = "") -> str:
    """Return the results as CSV: all, or those of the estimator or task *spec*. No cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_RESULT_COLUMNS)
    families = {task.spec: task.family for task in board.tasks}
    for item in board.results:
        if item.supported and spec in ("", item.estimator, item.task):
            values = to_json(_values(item, families[item.task]), digits=DIGITS)
            writer.writerow([_csv_value(value) for value in values])
    return out.getvalue()


def _csv_value(value: Any) -> Any:
    if value is None:
        return ""
    return csv_text(value) if isinstance(value, str) else value


def _values(item: Result, family: str) -> list[Any]:
    """Return the row of one result, in the order of the columns."""
    total = item.summary
    values: list[Any] = [item.estimator, item.task, family, item.n, total.cells, total.ok, item.truth]
    values += [item.estimate.value, item.estimate.stderr, total.score]
    for measure in (total.bias, total.sd, total.rmse, total.mae):
        values += [measure.value, measure.stderr]
    values += [item.median, item.median_low, item.median_high, item.relative_bias, item.relative_rmse]
    values += [item.covered, item.with_stderr, item.cpu_q1, item.cpu_median, item.cpu_q3, item.wall_median]
    return [*values, item.peak_mb]
