"""Further tables of a board: sample sizes needed, cost, failures and paired differences."""

import math
from typing import Literal

from mibench.stats.ranking import Pair

from .model import Board, Cost, EstimatorEntry
from .tables import ESTIMATOR, Column, Entry, Table, estimator_entry, numbers, quartiles, task_entry
from .text import DASH, interval, number, p_value, with_error


def samples_needed(board: Board) -> Table:
    """The sample size each estimator needs on each task to be within 10 %."""
    tasks = [task for task in board.tasks if task.truth > 0]
    most = max(board.provenance.samples)
    rows = tuple(
        (task_entry(board, task.spec), *(_needed_entry(item, task.spec, most) for item in board.estimators))
        for task in tasks
    )
    caption = (
        "The first sample size of the suite from which onward RMSE is at most 10 % of the truth and nothing fails; "
        f"> {most:,} where that is not reached. Tasks of truth 0 have no relative error."
    )
    columns = (Column("Task", "task"), *(Column(item.label) for item in board.estimators))
    return Table("needed", "Sample size needed to be within 10 %", caption, columns, rows)


def _needed_entry(item: EstimatorEntry, task: str, most: int) -> Entry:
    if task not in item.tasks:
        return Entry("unsupported", math.inf)
    needed = item.samples_needed.get(task, math.nan)
    return Entry(f"> {most:,}", most * 2.0) if math.isnan(needed) else Entry(f"{needed:,.0f}", needed)


def cost_table(board: Board) -> Table:
    """What each estimator costs on each class of hardware."""
    measured = numbers("CPU (s)", "Wall (s)", "Setup (s)", "Peak memory (MB)", "Growth in n", "Growth in dimension")
    columns = (ESTIMATOR, Column("Hardware", "text"), *measured)
    rows = tuple(
        (
            estimator_entry(board, item.spec),
            Entry(cost.hardware, cost.hardware),
            Entry(f"{number(cost.cpu_median)} {quartiles(cost)}", cost.cpu_median),
            Entry(number(cost.wall_median), cost.wall_median),
            Entry(number(cost.setup_median), cost.setup_median),
            Entry(number(cost.peak_mb), cost.peak_mb),
            _growth_entry(cost, "growth_n"),
            _growth_entry(cost, "growth_dim"),
        )
        for item in board.estimators
        for cost in item.costs
    )
    caption = (
        "One estimate on one thread: CPU seconds, median and quartiles over the cells; setup is importing and "
        "compiling, not part of it; peak memory is the most any estimate took. Growth: the exponent b of cost ∝ n^b "
        "and of cost ∝ dim^b with a 95 % interval, over the range of this suite (overheads flatten it at small n). "
        "Times compare within one class of hardware only."
    )
    return Table("cost", "Cost", caption, columns, rows)


def _growth_entry(cost: Cost, name: Literal["growth_n", "growth_dim"]) -> Entry:
    fit = getattr(cost, name)
    if fit is None:
        return Entry(DASH, math.inf)
    text = f"{fit.exponent:.2f}"
    if not math.isnan(fit.low):
        text += f" [{fit.low:.2f}, {fit.high:.2f}]"
    return Entry(text, fit.exponent)


def statuses(board: Board) -> Table:
    """How the cells of each estimator ended."""
    order = ["ok", "nonfinite", "error", "timeout", "oom", "crash", "unsupported"]
    columns = (ESTIMATOR, *numbers(*order, "Truth within ± 2 own SE", "Repeated"))
    rows = []
    for item in board.estimators:
        cover = item.coverage
        text = f"{cover.covered} of {cover.cells} {interval(cover.low, cover.high, 2)}" if cover.cells else "gives none"
        counts = [item.statuses.get(name, 0) for name in order]
        rows.append(
            (
                estimator_entry(board, item.spec),
                *(Entry(str(count), count) for count in counts),
                Entry(text, cover.covered / cover.cells if cover.cells else math.inf),
                Entry(str(item.overall.repeated), item.overall.repeated),
            )
        )
    caption = (
        "Cells by how they ended; everything but ok and unsupported is a failure. Then, for estimators that give their "
        "own standard error, how often the truth lay within ± 2 of it (about 95 % were it right), with a 95 % interval "
        "of that share. Repeated: cells that were tried more than once; the last attempt counts."
    )
    return Table("statuses", "Failures and own standard errors", caption, columns, tuple(rows))


def pair_tables(board: Board) -> tuple[Table, ...]:
    """The paired differences: among the ranked, those outside the ranking, against the reference."""
    sets = (
        ("pairs", "Paired differences", board.pairs, "between ranked estimators"),
        ("outside", "Paired differences outside the ranking", board.unranked_pairs, "on the tasks both support"),
        ("reference", "Against the constant 0", board.reference_pairs, "between each estimator and the reference line"),
    )
    return tuple(_pair_table(board, key, title, pairs, what) for key, title, pairs, what in sets if pairs)


def _pair_table(board: Board, key: str, title: str, pairs: tuple[Pair, ...], what: str) -> Table:
    names = (Column("First", "estimator"), Column("Second", "estimator"))
    measured = numbers("Difference", "95 % interval", "p", "Adjusted p")
    rest = numbers("On suites like it", "Adjusted p there", "Tasks")
    caption = (
        f"Difference of scores {what}, first minus second, seed by seed on identical data: negative favours the first. "
        f"The adjusted p (Holm) depends on how many pairs are compared, here {len(pairs)}; difference, interval and p "
        "do not."
    )
    columns = (*names, *measured, Column("Verdict", "text"), *rest)
    return Table(key, title, caption, columns, tuple(_pair_row(board, pair) for pair in pairs))


def _pair_row(board: Board, pair: Pair) -> tuple[Entry, ...]:
    verdict = "no difference shown" if pair.winner is None else f"{board.labels[pair.winner]} is better"
    beyond = Entry("too few tasks", math.inf)
    if pair.beyond:
        beyond = Entry(with_error(pair.beyond.mean, pair.beyond.half_width), pair.beyond.mean)
    return (
        estimator_entry(board, pair.first),
        estimator_entry(board, pair.second),
        Entry(number(pair.suite.mean), pair.suite.mean),
        Entry(interval(pair.suite.low, pair.suite.high), pair.suite.low),
        Entry(p_value(pair.suite.p), pair.suite.p),
        Entry(p_value(pair.suite_adjusted_p), pair.suite_adjusted_p),
        Entry(verdict, verdict),
        beyond,
        Entry(p_value(pair.beyond_adjusted_p), pair.beyond_adjusted_p),
        Entry(str(pair.tasks), pair.tasks),
    )
