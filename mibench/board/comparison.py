"""A comparison as tables, Markdown and JSON."""

import json
import math
from collections.abc import Sequence

from mibench.jsonable import to_json
from mibench.stats.compare import Comparison, Difference

from .definitions import describe_task
from .numbers import interval, number, p_value
from .render.json_csv import DIGITS
from .table import Cell, Column, Table, numbers, prose, to_markdown

_COLUMNS = (
    Column("Level", "text"), Column("On", "text"), *numbers("n", "Difference", "95 % interval", "Adjusted p", "Pairs"),
    *numbers("Failures"), Column("Verdict", "text"),
)  # fmt: skip


def table(item: Comparison, cells: bool) -> Table:
    """Return the differences of a comparison as a table, with those per cell or without."""
    rows = tuple(_row(difference) for difference in item.differences if cells or difference.level != "cell")
    return Table("comparison", heading(item), CAPTION, _COLUMNS, rows)


CAPTION = (
    "Difference of scores, first minus second, on identical data seed by seed: negative favours the first, and the "
    "verdict is of the first. p is adjusted for the number of differences at its level (Holm)."
)


def heading(item: Comparison) -> str:
    """Name what is compared."""
    return f"{item.first} compared with {item.second}"


def conclusion(item: Comparison) -> str:
    """Return the outcome in plain words: score, then cost."""
    overall = item.differences[0]
    words = {"better": "is better than", "worse": "is worse than", "no difference shown": "shows no difference to"}
    if overall.verdict == "not comparable":
        score = f"not comparable: {overall.reason or 'no cell in common'}"
    else:
        verb = words[overall.verdict]
        score = f"{item.first} {verb} {item.second}, score difference {number(overall.score.mean)} "
        score += interval(overall.score.low, overall.score.high)
        score += f" ({overall.reason})" if overall.reason else ""
    cost = item.cost
    if math.isnan(cost.ratio):
        return f"{score}. CPU time: not comparable, {cost.reason}."
    return f"{score}. CPU time: {number(cost.ratio)} times the second's {interval(cost.low, cost.high)}."


def _row(item: Difference) -> tuple[Cell, ...]:
    names = {"all": "everything", "family": item.family}
    on = names[item.level] if item.level in names else describe_task(item.task).label
    failed = f"{item.first_failed} : {item.second_failed}" if item.first_failed or item.second_failed else "0"
    verdict = f"{item.verdict} ({item.reason})" if item.reason else item.verdict
    return (
        Cell(item.level),
        Cell(on),
        Cell("" if item.n is None else f"{item.n:,}"),
        Cell(number(item.score.mean)),
        Cell(interval(item.score.low, item.score.high)),
        Cell(p_value(item.adjusted_p)),
        Cell(str(item.pairs)),
        Cell(failed),
        Cell(verdict),
    )


def render_markdown(items: Sequence[Comparison]) -> str:
    """Return comparisons as Markdown, differences per cell included."""
    parts = ["# Comparison", prose(CAPTION)]
    for item in items:
        parts += [f"## {prose(heading(item))}", prose(conclusion(item)), to_markdown(table(item, cells=True))]
    return "\n\n".join(parts) + "\n"


def render_json(items: Sequence[Comparison]) -> str:
    """Return comparisons as JSON; what is not a finite number is null."""
    return json.dumps([to_json(item, digits=DIGITS) for item in items], indent=1, ensure_ascii=False) + "\n"
