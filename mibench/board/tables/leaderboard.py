"""The ranking of a board: one row an estimator."""

import math

from ..model import Board, EstimatorEntry
from ..numbers import DASH, number, ok_note, rank_range, share, with_error
from ..table import Cell, Table, numbers
from .cells import ESTIMATOR, IMPUTED, TIES, estimator_cell, measure_cell, part_cell


def leaderboard_table(board: Board) -> Table:
    """The board at a glance: one row an estimator."""
    raw = numbers("Bias (nats)", "SD (nats)", "RMSE (nats)", "Failures", "CPU (s)")
    columns = (*numbers("Rank"), ESTIMATOR, *numbers("Score", "On suites like it", *board.families), *raw)
    caption = (
        "Score is an error from 0, perfect, to 1, useless: lower is better; ± half a 95 % interval over seeds, then "
        "over tasks as well (on suites like it), then the score in each family. A rank is a range where the paired "
        "differences leave it open. Bias, SD and RMSE are raw, in nats, ± one standard error; CPU is the median of one "
        f"estimate. {TIES} {IMPUTED} † is not significantly better than the best constant in hindsight."
    )
    reasons = [f"{item.label}: {item.standing.unranked}" for item in board.estimators if not item.is_ranked]
    caption += f" Not ranked: {'; '.join(reasons)}." if reasons else ""
    rows = tuple(_row(board, item) for item in board.estimators)
    return Table("glance", "Leaderboard", caption, columns, rows)


def _row(board: Board, item: EstimatorEntry) -> tuple[Cell, ...]:
    standing, total = item.standing, item.overall
    note = ok_note(total.ok, total.cells)
    name = estimator_cell(board, item.spec)
    if standing.beats_reference is False:
        name = Cell(name.text + " †", name.order, link=name.link)
    general = standing.generalization
    score = with_error(standing.score.mean, standing.score.half_width)
    rank = Cell(rank_range(standing.best, standing.worst), standing.best or math.inf)
    return (
        rank,
        name,
        Cell(score + note if score != DASH else score, standing.score.mean, item.mark),
        Cell(with_error(general.mean, general.half_width) + note, general.mean)
        if general
        else Cell("too few tasks", math.inf),
        *(part_cell(item.families.get(family)) for family in board.families),
        *(measure_cell(measure, note) for measure in (total.bias, total.sd, total.rmse)),
        Cell(share(total.failed, total.cells), total.failed),
        _cpu_cell(item),
    )


def _cpu_cell(item: EstimatorEntry) -> Cell:
    main = item.main_cost
    if main is None:
        return Cell(DASH, math.inf)
    several = " (of several CPUs)" if len(item.costs) > 1 else ""
    return Cell(number(main.cpu_median) + several, main.cpu_median)
