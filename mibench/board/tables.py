"""The tables of a board, written out once: every renderer lays out these very entries."""

import math
from dataclasses import dataclass
from typing import Literal

from .model import Board, Cost, EstimatorEntry, Measure, Part, Result, Summary
from .text import DASH, interval, number, ok_note, rank_range, share, with_error


@dataclass(frozen=True)
class Column:
    """The head of a column; ``kind`` says how it is set and sorted."""

    title: str
    kind: Literal["number", "text", "estimator", "task"] = "number"


@dataclass(frozen=True)
class Entry:
    """What stands in a cell: its text, what it sorts by, whether it is the ``best`` or a ``tie``, what it links to."""

    text: str
    order: float | str = ""
    mark: str = ""
    link: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a title and a caption in plain words."""

    key: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]


def numbers(*titles: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(title) for title in titles)


ESTIMATOR = Column("Estimator", "estimator")
_TIES = "Bold is the lowest; ° marks what is not significantly different from it (Holm-adjusted, 5 %)."
IMPUTED = "A failure counts as score 1, is shown as (k/m ok), and is never bold."


def estimator_entry(board: Board, spec: str) -> Entry:
    """The name of an estimator, linking to its section."""
    label = board.labels[spec]
    return Entry(label, label, link=anchor("estimator", label))


def task_entry(board: Board, spec: str) -> Entry:
    """The name of a task, linking to its section."""
    label = board.labels[spec]
    return Entry(label, label, link=anchor("task", label))


def anchor(kind: str, label: str) -> str:
    """The id of a section."""
    return f"{kind}-" + "".join(char if char.isalnum() or char in "-." else "-" for char in label)


def glance(board: Board) -> Table:
    """The board at a glance: one row an estimator."""
    raw = numbers("Bias (nats)", "SD (nats)", "RMSE (nats)", "Failures", "CPU (s)")
    columns = (*numbers("Rank"), ESTIMATOR, *numbers("Score", "On suites like it", *board.families), *raw)
    caption = (
        "Score is an error from 0, perfect, to 1, useless: lower is better; ± half a 95 % interval over seeds, then "
        "over tasks as well (on suites like it), then the score in each family. A rank is a range where the paired "
        "differences leave it open. Bias, SD and RMSE are raw, in nats, ± one standard error; CPU is the median of one "
        f"estimate. {_TIES} {IMPUTED} † is not significantly better than the constant 0."
    )
    reasons = [f"{item.label}: {item.standing.unranked}" for item in board.estimators if not item.is_ranked]
    caption += f" Not ranked: {'; '.join(reasons)}." if reasons else ""
    rows = tuple(_glance_row(board, item) for item in board.estimators)
    return Table("glance", "Leaderboard", caption, columns, rows)


def _glance_row(board: Board, item: EstimatorEntry) -> tuple[Entry, ...]:
    standing, total = item.standing, item.overall
    note = ok_note(total.ok, total.cells)
    name = estimator_entry(board, item.spec)
    if standing.beats_reference is False:
        name = Entry(name.text + " †", name.order, link=name.link)
    beyond = standing.beyond
    score = with_error(standing.score.mean, standing.score.half_width)
    rank = Entry(rank_range(standing.best, standing.worst), standing.best or math.inf)
    return (
        rank,
        name,
        Entry(score + note if score != DASH else score, standing.score.mean, item.mark),
        Entry(with_error(beyond.mean, beyond.half_width) + note, beyond.mean)
        if beyond
        else Entry("too few tasks", math.inf),
        *(_part_entry(item.families.get(family)) for family in board.families),
        *(_measure_entry(measure, note) for measure in (total.bias, total.sd, total.rmse)),
        Entry(share(total.failed, total.cells), total.failed),
        _cpu_entry(item),
    )


def _cpu_entry(item: EstimatorEntry) -> Entry:
    main = item.main_cost
    if main is None:
        return Entry(DASH, math.inf)
    several = " (of several CPUs)" if len(item.costs) > 1 else ""
    return Entry(number(main.cpu_median) + several, main.cpu_median)


def _part_entry(part: Part | None) -> Entry:
    if part is None:
        return Entry("unsupported", math.inf)
    note = ok_note(part.summary.ok, part.summary.cells)
    return Entry(number(part.summary.score) + note, part.summary.score, part.mark)


def _measure_entry(measure: Measure, note: str = "") -> Entry:
    text = with_error(measure.value, measure.stderr)
    return Entry(text + note if text != DASH else text, measure.value)


def family_tables(board: Board, family: str) -> tuple[Table, Table]:
    """A family's summary, and its tasks: score of each estimator on each."""
    items = [item for item in board.estimators if family in item.families]
    rows = tuple(
        (estimator_entry(board, item.spec), _part_entry(item.families[family]), *_raw(item.families[family].summary))
        for item in sorted(items, key=lambda item: (item.families[family].summary.score, item.label))
    )
    columns = (ESTIMATOR, Column("Score"), *_RAW)
    caption = f"Lower is better, but for bias, where 0 is best. ± one standard error, in nats. {_TIES} {IMPUTED}"
    summary = Table(anchor("family", family), f"Family {family}", caption, columns, rows)
    tasks = [task for task in board.tasks if task.family == family]
    matrix = tuple(
        (
            task_entry(board, task.spec),
            Entry(number(task.truth, 4), task.truth),
            *(_part_entry(item.tasks.get(task.spec)) for item in items),
        )
        for task in tasks
    )
    heads = (Column("Task", "task"), Column("Truth (nats)"), *(Column(item.label) for item in items))
    caption = f"Score of each estimator, averaged over sample sizes; lower is better. {_TIES} {IMPUTED}"
    return summary, Table(anchor("scores", family), f"Scores on the tasks of {family}", caption, heads, matrix)


_RAW = numbers("Bias (nats)", "SD (nats)", "RMSE (nats)", "MAE (nats)")


def _raw(summary: Summary) -> tuple[Entry, ...]:
    note = ok_note(summary.ok, summary.cells)
    measures = (summary.bias, summary.sd, summary.rmse, summary.mae)
    return tuple(_measure_entry(measure, note) for measure in measures)


def truths(board: Board) -> Table:
    """The tasks with their truths and how those are known."""
    rows = tuple(
        (
            task_entry(board, task.spec),
            Entry(task.family, task.family),
            Entry(task.blocks, task.blocks),
            Entry(_truth(task.truth, task.truth_stderr), task.truth),
            Entry(task.truth_method, task.truth_method),
            Entry(task.truth_reference, task.truth_reference),
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
    columns = (ESTIMATOR, *numbers("n", "Mean estimate (nats)"), *_RAW[:3], *rest)
    rows = tuple(_detail_row(board, result) for result in board.results if result.task == spec and result.supported)
    caption = (
        "± one standard error; the median error with a distribution-free 95 % interval; CPU seconds of one estimate: "
        f"median and quartiles, on the class of hardware that ran most of an estimator's cells. {IMPUTED}"
    )
    return Table(anchor("detail", board.labels[spec]), "Results", caption, columns, rows)


def _detail_row(board: Board, result: Result) -> tuple[Entry, ...]:
    total = result.summary
    note = ok_note(total.ok, total.cells)
    bounds = "" if math.isnan(result.median_low) else f" {interval(result.median_low, result.median_high)}"
    median = DASH if math.isnan(result.median) else number(result.median) + bounds + note
    relative = DASH if math.isnan(result.relative_rmse) else f"{100 * result.relative_rmse:.3g} %{note}"
    cpu = DASH if math.isnan(result.cpu_median) else f"{number(result.cpu_median)} {quartiles(result)}"
    return (
        estimator_entry(board, result.estimator),
        Entry(f"{result.n:,}", result.n),
        _measure_entry(result.estimate, note),
        *_raw(total)[:3],
        Entry(median, result.median),
        Entry(relative, result.relative_rmse),
        Entry(number(total.score) + note, total.score),
        Entry(cpu, result.cpu_median),
    )


def quartiles(cost: Result | Cost) -> str:
    """The quartiles of CPU seconds in brackets."""
    return interval(cost.cpu_q1, cost.cpu_q3)
