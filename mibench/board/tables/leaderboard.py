"""The ranking of a board: one row an estimator."""

import math

from ..model import Board, EstimatorEntry
from ..numbers import DASH, number, ok_note, rank_range, share, with_error
from ..table import Cell, Table, numbers, quoted
from .cells import ESTIMATOR, IMPUTED, TIES, estimator_cell, measure_cell


def leaderboard_table(board: Board) -> Table:
    """Return the ranking: rank, score, raw errors, failures and cost of each estimator."""
    columns = (
        *numbers("Rank"), ESTIMATOR,
        *numbers("Score", "Bias (nats)", "RMSE (nats)", "Failures", "CPU (s)", "SD (nats)", "On suites like it"),
    )  # fmt: skip
    caption = (
        "Score is an error from 0, perfect, to 1, useless: lower is better; ± half a 95 % interval over seeds. A rank "
        "is a range where the paired differences leave it open; ? where it does not hold on suites like it: tests over "
        "a population of tasks leave another range, or its place is kept in less than 95 % of resamplings of the "
        "tasks, a share that stands in the last column. Bias, RMSE and SD are raw, in nats, ± one standard "
        "error; CPU is the median of one estimate. On suites like it: the score, ± half a 95 % interval over tasks as "
        f"well. {TIES} {IMPUTED} † is not significantly better than the best constant in hindsight."
    )
    reasons = [f"{quoted(item.label)}: {item.standing.unranked}" for item in board.estimators if not item.is_ranked]
    caption += f" Not ranked: {'; '.join(reasons)}." if reasons else ""
    rows = tuple(_row(board, item) for item in board.estimators)
    return Table("glance", "Leaderboard", caption, columns, rows)


def _row(board: Board, item: EstimatorEntry) -> tuple[Cell, ...]:
    standing, total = item.standing, item.overall
    note = ok_note(total.ok, total.cells)
    name = estimator_cell(board, item.spec)
    if standing.beats_reference is False:
        name = Cell(name.text, name.order, link=name.link, note="†")
    score = with_error(standing.score.mean, standing.score.half_width)
    return (
        Cell(_rank(item), standing.best or math.inf),
        name,
        Cell(score + note if score != DASH else score, standing.score.mean, item.mark),
        measure_cell(total.bias, note),
        measure_cell(total.rmse, note),
        Cell(share(total.failed, total.cells), total.failed),
        _cpu_cell(item),
        measure_cell(total.sd, note),
        _general_cell(item, note),
    )


def _rank(item: EstimatorEntry) -> str:
    """The range of ranks, with ``?`` where it does not hold on suites like this one."""
    text = rank_range(item.standing.best, item.standing.worst)
    return f"{text} ?" if item.standing.holds is False else text


def _general_cell(item: EstimatorEntry, note: str) -> Cell:
    general = item.standing.generalization
    if general is None:
        return Cell("too few tasks", math.inf)
    kept = item.standing.place_kept
    share_kept = "" if math.isnan(kept) else f", place kept in {100 * kept:.0f} %"
    return Cell(with_error(general.mean, general.half_width) + note + share_kept, general.mean)


def _cpu_cell(item: EstimatorEntry) -> Cell:
    main = item.main_cost
    if main is None:
        return Cell(DASH, math.inf)
    several = " (of several CPUs)" if len(item.costs) > 1 else ""
    return Cell(number(main.cpu_median) + several, main.cpu_median)
