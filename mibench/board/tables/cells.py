"""Cells and words that several tables share."""

import math

from ..model import Board, Cost, Measure, Part, Result, Summary
from ..numbers import DASH, interval, number, ok_note, with_error
from ..table import Cell, Column, anchor, numbers

ESTIMATOR = Column("Estimator", "estimator")
TIES = "Bold is the lowest; ° marks what is not significantly different from it (Holm-adjusted, 5 %)."
IMPUTED = "A failure counts as score 1, is shown as (k/m ok), and is never bold."
RAW = numbers("Bias (nats)", "SD (nats)", "RMSE (nats)", "MAE (nats)")


def estimator_cell(board: Board, spec: str) -> Cell:
    """The name of an estimator, linking to its section."""
    label = board.labels[spec]
    return Cell(label, label, link=anchor("estimator", label))


def task_cell(board: Board, spec: str) -> Cell:
    """The name of a task, linking to its section."""
    label = board.labels[spec]
    return Cell(label, label, link=anchor("task", label))


def part_cell(part: Part | None) -> Cell:
    """Return the score of an estimator on a part of the board, with its mark."""
    if part is None:
        return Cell("unsupported", math.inf)
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


def quartiles(cost: Result | Cost) -> str:
    """The quartiles of CPU seconds in brackets."""
    return interval(cost.cpu_q1, cost.cpu_q3)
