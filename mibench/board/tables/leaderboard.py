"""The ranking of a board: one row an estimator, then the reference lines."""

import math

from mibench.stats.ranking import Standing

from ..model import Board, EstimatorEntry, ReferenceLine
from ..numbers import DASH, number, ok_note, rank_range, share, with_error
from ..table import Cell, Table, numbers, quoted
from .cells import ESTIMATOR, IMPUTED, TIES, estimator_cell, measure_cell

HOLDS = "? marks a rank that does not hold on suites like it."
_BLANK = Cell(DASH, math.inf)


def leaderboard_table(board: Board) -> Table:
    """Return the ranking: rank, score, raw errors, failures and cost of each estimator, then the reference lines."""
    most = max(board.provenance.samples)
    columns = (
        *numbers("Rank"), ESTIMATOR,
        *numbers("Score", "Mean abs. bias (nats)", "RMSE (nats)", "Failures", f"CPU (s) at n = {most:,}"),
        *numbers("On suites like it", "Rank there"),
    )  # fmt: skip
    caption = (
        "Score is an error from 0, perfect, to 1, useless: lower is better; ± half a 95 % interval over seeds. It "
        "stands where an estimator has every cell, for means over different tasks do not compare. A rank is a range "
        f"where the paired differences leave it open; {HOLDS[:-1]}: tests over a population of tasks leave places "
        "outside of it, or its place is kept in less than 95 % of resamplings of the tasks; see the last column. "
        "On suites like it: the score, ± half a 95 % interval over tasks as well. Mean abs. bias and RMSE are raw, in "
        "nats, ± one standard error; bias is taken task by task, so that opposite signs do not cancel. CPU is the "
        f"median of one estimate at n = {most:,}. {TIES} {IMPUTED} † is not significantly better than the best "
        "constant in hindsight."
    )
    reasons = [f"{quoted(item.label)}: {item.standing.unranked}" for item in board.estimators if not item.is_ranked]
    caption += f" Not ranked: {'; '.join(reasons)}." if reasons else ""
    twins = [
        f"{quoted(item.label)} {_twins(board, item)}" for item in board.estimators if item.is_ranked and item.twins
    ]
    caption += f" The same values as another's: {'; '.join(twins)}." if twins else ""
    caption += "".join(f" {line.name}: {line.what}" for line in board.lines)
    rows = [_row(board, item, most) for item in board.estimators]
    return Table("glance", "Leaderboard", caption, columns, (*rows, *(_line(board, line) for line in board.lines)))


def rank_cell(standing: Standing) -> Cell:
    """Return a range of ranks, with ``?`` where it does not hold on suites like this one."""
    text = rank_range(standing.best, standing.worst)
    return Cell(f"{text} ?" if standing.holds is False else text, standing.best or math.inf)


def _twins(board: Board, item: EstimatorEntry) -> str:
    return ", ".join(
        f"as {quoted(board.labels[twin.other])} on {twin.same} of {twin.tasks} tasks" for twin in item.twins
    )


def _row(board: Board, item: EstimatorEntry, most: int) -> tuple[Cell, ...]:
    standing, total = item.standing, item.overall
    note = ok_note(total.ok, total.cells)
    name = estimator_cell(board, item.spec)
    if standing.beats_reference is False:
        name = Cell(name.text, name.order, link=name.link, note="†")
    raw = (total.abs_bias, total.rmse)
    return (
        rank_cell(standing),
        name,
        _score_cell(standing, note, item.mark),
        *(measure_cell(measure, note) if standing.is_complete else _BLANK for measure in raw),
        Cell(share(total.failed, total.cells), total.failed),
        _cpu_cell(item, most) if standing.is_complete else _BLANK,
        *_general_cells(standing, note),
    )


def _score_cell(standing: Standing, note: str, mark: str) -> Cell:
    """Return the score with half its interval; without one on every cell, how many cells there are."""
    if not standing.is_complete:
        return Cell(f"{DASH} ({standing.cells} of {standing.asked} cells)", math.inf)
    score = standing.score
    return Cell(with_error(score.mean, score.half_width) + note, score.mean, mark)


def _general_cells(standing: Standing, note: str) -> tuple[Cell, Cell]:
    general = standing.generalization
    if general is None:
        return Cell("too few tasks" if standing.is_complete else DASH, math.inf), _BLANK
    score = Cell(with_error(general.mean, general.half_width) + note, general.mean)
    if standing.general_best is None:
        return score, _BLANK
    text = rank_range(standing.general_best, standing.general_worst)
    return score, Cell(f"{text}, kept in {100 * standing.place_kept:.0f} %", standing.general_best)


def _line(board: Board, line: ReferenceLine) -> tuple[Cell, ...]:
    known = f"{DASH} ({line.known} of {len(board.tasks)} tasks)" if math.isnan(line.score) else number(line.score)
    name = line.name if math.isnan(line.nats) or line.nats == 0 else f"{line.name}, {number(line.nats)} nats"
    score = Cell(known, math.inf if math.isnan(line.score) else line.score)
    return (_BLANK, Cell(name, name), score, *[_BLANK] * 6)


def _cpu_cell(item: EstimatorEntry, n: int) -> Cell:
    main = item.main_cost
    if main is None or n not in main.cpu_at:
        return _BLANK
    several = " (of several CPUs)" if len(item.costs) > 1 else ""
    return Cell(number(main.cpu_at[n]) + several, main.cpu_at[n])
