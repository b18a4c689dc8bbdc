"""The tables of tasks: their truths, all results on one of them, and the sample sizes they need."""

import math

from ..model import Board, EstimatorEntry, Result
from ..numbers import DASH, interval, number, ok_note, with_error
from ..table import Cell, Column, Table, anchor, numbers
from .cells import ESTIMATOR, IMPUTED, RAW, estimator_cell, measure_cell, quartiles, raw_cells, task_cell


def truths(board: Board) -> Table:
    """The tasks with their truths and how those are known."""
    rows = tuple(
        (
            task_cell(board, task.spec),
            Cell(task.family, task.family),
            Cell(task.blocks, task.blocks),
            Cell(_truth(task.truth, task.truth_stderr), task.truth),
            Cell(task.truth_method, task.truth_method),
            Cell(task.truth_reference, task.truth_reference),
        )
        for task in board.tasks
    )
    caption = "The true value of each task, how it is known, and where that comes from. ± one standard error."
    names = (Column("Task", "task"), Column("Family", "text"), Column("Blocks", "text"))
    columns = (*names, *numbers("Truth (nats)"), Column("Method", "text"), Column("Reference", "text"))
    return Table("truths", "Tasks and truths", caption, columns, rows)


def _truth(value: float, stderr: float) -> str:
    return with_error(value, stderr) if stderr else number(value, 6)


def task_detail(board: Board, spec: str) -> Table:
    """Every estimator at every n on one task."""
    rest = numbers("Median error (nats)", "RMSE / I", "Score", "CPU (s)")
    columns = (ESTIMATOR, *numbers("n", "Mean estimate (nats)"), *RAW[:3], *rest)
    rows = tuple(_detail_row(board, result) for result in board.results if result.task == spec and result.supported)
    caption = (
        "± one standard error; the median error with a distribution-free 95 % interval; CPU seconds of one estimate: "
        f"median and quartiles, on the class of hardware that ran most of an estimator's cells. {IMPUTED}"
    )
    return Table(anchor("detail", board.labels[spec]), "Results", caption, columns, rows)


def _detail_row(board: Board, result: Result) -> tuple[Cell, ...]:
    total = result.summary
    note = ok_note(total.ok, total.cells)
    bounds = "" if math.isnan(result.median_low) else f" {interval(result.median_low, result.median_high)}"
    median = DASH if math.isnan(result.median) else number(result.median) + bounds + note
    relative = DASH if math.isnan(result.relative_rmse) else f"{100 * result.relative_rmse:.3g} %{note}"
    cpu = DASH if math.isnan(result.cpu_median) else f"{number(result.cpu_median)} {quartiles(result)}"
    return (
        estimator_cell(board, result.estimator),
        Cell(f"{result.n:,}", result.n),
        measure_cell(result.estimate, note),
        *raw_cells(total)[:3],
        Cell(median, result.median),
        Cell(relative, result.relative_rmse),
        Cell(number(total.score) + note, total.score),
        Cell(cpu, result.cpu_median),
    )


def samples_needed(board: Board) -> Table:
    """The sample size each estimator needs on each task to be within 10 %."""
    tasks = [task for task in board.tasks if task.truth > 0]
    most = max(board.provenance.samples)
    rows = tuple(
        (task_cell(board, task.spec), *(_needed_cell(item, task.spec, most) for item in board.estimators))
        for task in tasks
    )
    caption = (
        "The first sample size of the suite from which onward RMSE is at most 10 % of the truth and nothing fails; "
        f"> {most:,} where that is not reached. Tasks of truth 0 have no relative error."
    )
    columns = (Column("Task", "task"), *(Column(item.label) for item in board.estimators))
    return Table("needed", "Sample size needed to be within 10 %", caption, columns, rows)


def _needed_cell(item: EstimatorEntry, task: str, most: int) -> Cell:
    if task not in item.tasks:
        return Cell("unsupported", math.inf)
    needed = item.samples_needed.get(task, math.nan)
    return Cell(f"> {most:,}", most * 2.0) if math.isnan(needed) else Cell(f"{needed:,.0f}", needed)
