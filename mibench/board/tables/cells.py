"""Cells, links and words that several tables share."""

import math

from mibench.stats.reference import BEST_BLIND, BEST_CONSTANT, ORACLE
from mibench.text import file_name

from ..model import Board, Cost, EstimatorEntry, Measure, Part, Result, Summary
from ..numbers import DASH, interval, number, ok_note, with_error
from ..table import Cell, Column, numbers

ESTIMATOR = Column("Estimator", "estimator")
TIES = "Bold is the lowest; ° marks what is not significantly different from it (Holm-adjusted, 5 %)."
IMPUTED = "A failure counts as score 1, is shown as (k/m ok), and is never bold."
RAW = numbers("Bias (nats)", "SD (nats)", "RMSE (nats)", "MAE (nats)")


def front_page(board: Board) -> str:
    """Return the name of a board's front page."""
    return file_name(board.suite)


def family_page(board: Board, family: str) -> str:
    """Return the name of a family's page."""
    return f"{front_page(board)}/families/{file_name(family)}"


def task_page(board: Board, spec: str) -> str:
    """Return the name of a task's page."""
    return f"{front_page(board)}/tasks/{file_name(board.labels[spec])}"


def estimator_page(board: Board, spec: str) -> str:
    """Return the name of an estimator's page."""
    return f"{front_page(board)}/estimators/{file_name(board.labels[spec])}"


def estimator_cell(board: Board, spec: str) -> Cell:
    """Return the name of an estimator, linking to its page, or that of a reference line, which has none."""
    label = board.labels[spec]
    is_line = spec in (BEST_CONSTANT, BEST_BLIND, ORACLE)
    return Cell(label, label, link="" if is_line else estimator_page(board, spec))


def task_cell(board: Board, spec: str) -> Cell:
    """Return the name of a task, linking to its page."""
    label = board.labels[spec]
    return Cell(label, label, link=task_page(board, spec))


def part_cell(part: Part | None) -> Cell:
    """Return the score of an estimator on a part of the board, with its mark."""
    if part is None:
        return Cell("unsupported", math.inf)
    if not part.is_complete:
        return Cell(f"{DASH} (part only)", math.inf)
    note = ok_note(part.summary.ok, part.summary.cells)
    return Cell(number(part.summary.score) + note, part.summary.score, part.mark)


def measure_cell(measure: Measure, note: str = "") -> Cell:
    """Return a value with its standard error."""
    text = with_error(measure.value, measure.stderr)
    return Cell(text + note if text != DASH else text, measure.value)


def raw_cells(summary: Summary) -> tuple[Cell, ...]:
    """Return bias, SD, RMSE and MAE."""
    note = ok_note(summary.ok, summary.cells)
    measures = (summary.bias, summary.sd, summary.rmse, summary.mae)
    return tuple(measure_cell(measure, note) for measure in measures)


def needed_cell(board: Board, item: EstimatorEntry, task: str) -> Cell:
    """Return the sample size an estimator needs on a task to be within 10 %."""
    most = max(board.provenance.samples)
    if next(entry.truth for entry in board.tasks if entry.spec == task) <= 0:
        return Cell(DASH, math.inf)
    needed = item.samples_needed.get(task, math.nan)
    return Cell(f"> {most:,}", most * 2.0) if math.isnan(needed) else Cell(f"{needed:,.0f}", needed)


#: What :func:`needed_cell` shows.
NEEDED = (
    "n for 10 %: the first sample size of the suite from which onward RMSE is at most 10 % of the truth and nothing "
    "fails; a dash where the truth is 0."
)


def quartiles(cost: Result | Cost) -> str:
    """Return the quartiles of CPU seconds in brackets."""
    return interval(cost.cpu_q1, cost.cpu_q3)
