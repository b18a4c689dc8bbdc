"""The tables of tasks: all of them, and the results on one."""

import math

from ..model import Board, EstimatorEntry, Result, TaskEntry
from ..numbers import DASH, interval, number, ok_note, with_error
from ..table import Cell, Column, Table, numbers, quoted
from .cells import (
    ESTIMATOR,
    IMPUTED,
    NEEDED,
    RAW,
    TIES,
    estimator_cell,
    family_page,
    measure_cell,
    needed_cell,
    part_cell,
    quartiles,
    raw_cells,
    task_cell,
)  # fmt: skip


def tasks_table(board: Board) -> Table:
    """Return the tasks with their truths, how those are known, and who is best on each."""
    rows = tuple(
        (
            task_cell(board, task.spec),
            Cell(task.family, task.family, link=family_page(board, task.family)),
            Cell(_truth(task.truth, task.truth_stderr), task.truth),
            Cell(task.truth_method, task.truth_method),
            *_best(board, task),
        )
        for task in board.tasks
    )
    caption = (
        "The true value of each task and how it is known, ± one standard error; its source is on the task's page. Then "
        "the estimator with the lowest score on it, and that score."
    )
    columns = (
        Column("Task", "task"), Column("Family", "family"), *numbers("Truth (nats)"), Column("Method", "text"),
        Column("Lowest", "estimator"), Column("Its score"),
    )  # fmt: skip
    return Table("truths", "Tasks", caption, columns, rows)


def _best(board: Board, task: TaskEntry) -> tuple[Cell, Cell]:
    """Return the estimator that leads on a task, and its score."""
    leading = [item for item in board.estimators if task.spec in item.tasks and item.tasks[task.spec].mark == "best"]
    if not leading:
        return Cell(DASH), Cell(DASH, math.inf)
    part = leading[0].tasks[task.spec]
    return estimator_cell(board, leading[0].spec), Cell(number(part.summary.score), part.summary.score)


def _truth(value: float, stderr: float) -> str:
    return with_error(value, stderr) if stderr else number(value, 6)


def task_estimators(board: Board, task: TaskEntry) -> Table:
    """Return the score, raw errors and sample size needed of each estimator on one task, the best first."""
    items = [item for item in board.estimators if task.spec in item.tasks]
    items.sort(key=lambda item: (item.tasks[task.spec].summary.score, item.label))
    rows = tuple(
        (
            estimator_cell(board, item.spec),
            part_cell(item.tasks[task.spec]),
            *raw_cells(item.tasks[task.spec].summary),
            needed_cell(board, item, task.spec),
        )
        for item in items
    )
    others = [quoted(item.label) for item in board.estimators if task.spec not in item.tasks]
    caption = f"Averaged over sample sizes; ± one standard error. {TIES} {IMPUTED} {NEEDED}"
    caption += f" Unsupported by {', '.join(others)}." if others else ""
    return Table("scores", "Results", caption, (ESTIMATOR, Column("Score"), *RAW, *numbers("n for 10 %")), rows)


def estimator_tasks(board: Board, item: EstimatorEntry) -> Table:
    """Return the score, raw errors and sample size needed of one estimator on each task it supports."""
    rows = tuple(
        (
            task_cell(board, task.spec),
            Cell(number(task.truth, 4), task.truth),
            part_cell(item.tasks[task.spec]),
            *raw_cells(item.tasks[task.spec].summary),
            needed_cell(board, item, task.spec),
        )
        for task in board.tasks
        if task.spec in item.tasks
    )
    columns = (Column("Task", "task"), *numbers("Truth (nats)", "Score"), *RAW, *numbers("n for 10 %"))
    caption = f"Averaged over sample sizes; ± one standard error. Among all estimators: {TIES} {IMPUTED} {NEEDED}"
    return Table("scores", "Results", caption, columns, rows)


def task_detail(board: Board, spec: str) -> Table:
    """Return every estimator at every n on one task."""
    rest = numbers("Median error (nats)", "RMSE / I", "Score", "CPU (s)")
    columns = (ESTIMATOR, *numbers("n", "Mean estimate (nats)"), *RAW[:3], *rest)
    rows = tuple(_detail_row(board, result) for result in board.results if result.task == spec and result.supported)
    caption = (
        "± one standard error; the median error with a distribution-free 95 % interval; CPU seconds of one estimate: "
        f"median and quartiles, on the class of hardware that ran most of an estimator's cells. {IMPUTED}"
    )
    return Table("detail", "By sample size", caption, columns, rows)


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
