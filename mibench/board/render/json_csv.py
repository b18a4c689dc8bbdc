"""A board as data: JSON, and CSV with one row per estimator, task and n."""

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

from mibench.jsonable import to_json

from ..document import IndexEntry, index_entry
from ..model import Board, Result
from ..table import Cell, Column, Table

#: Significant digits of numbers in data files: more than any of them is good for, fewer than machines differ in.
DIGITS = 6

_RESULT_COLUMNS = (
    "estimator", "task", "family", "n", "cells", "ok", "truth_nats", "estimate_nats", "estimate_se", "score", "bias",
    "bias_se", "sd", "sd_se", "rmse", "rmse_se", "mae", "mae_se", "median_error", "median_error_low",
    "median_error_high", "relative_bias", "relative_rmse", "within_2_own_se", "with_own_se", "cpu_s_q1", "cpu_s_median",
    "cpu_s_q3", "wall_s_median", "peak_mb",
)  # fmt: skip


def render_json(board: Board) -> str:
    """Return the view-model and its entry in the index as JSON.

    What is not a finite number is null; definitions and learning curves are left out.
    """
    content = {"index": dataclasses.asdict(index_entry(board)), **dataclasses.asdict(board)}
    for item in (*content["estimators"], *content["tasks"]):
        item.pop("definition")
        item.pop("curves", None)
    return json.dumps(to_json(content, digits=DIGITS), indent=1, ensure_ascii=False) + "\n"


def read_index_entry(path: Path, files: tuple[str, ...]) -> IndexEntry | None:
    """Return the index's entry from a board's JSON, or None where the file is no board."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    entry = content.get("index") if isinstance(content, dict) else None
    if not isinstance(entry, dict) or not {"suite", "opening", "ranks"} <= entry.keys():
        return None
    table = entry["ranks"]
    columns = tuple(Column(**column) for column in table.pop("columns"))
    rows = tuple(tuple(Cell(**item) for item in row) for row in table.pop("rows"))
    return IndexEntry(entry["suite"], tuple(entry["opening"]), Table(**table, columns=columns, rows=rows), files)


def render_csv(board: Board) -> str:
    """Return the results as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_RESULT_COLUMNS)
    families = {task.spec: task.family for task in board.tasks}
    writer.writerows(result_row(item, families[item.task]) for item in board.results if item.supported)
    return out.getvalue()


def result_row(item: Result, family: str) -> list[Any]:
    """The row of one result, in the order of the CSV's columns."""
    total = item.summary
    values: list[Any] = [item.estimator, item.task, family, item.n, total.cells, total.ok, item.truth]
    values += [item.estimate.value, item.estimate.stderr, total.score]
    for measure in (total.bias, total.sd, total.rmse, total.mae):
        values += [measure.value, measure.stderr]
    values += [item.median, item.median_low, item.median_high, item.relative_bias, item.relative_rmse]
    values += [
        item.covered,
        item.with_stderr,
        item.cpu_q1,
        item.cpu_median,
        item.cpu_q3,
        item.wall_median,
        item.peak_mb,
    ]
    return ["" if value is None else value for value in to_json(values, digits=DIGITS)]
