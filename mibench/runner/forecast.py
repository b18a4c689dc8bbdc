"""Forecast of a run: its cells and the time they would take, from the attempts a store holds."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from mibench.store.database import reusable_keys, stored_cells
from mibench.store.opening import reading

from .plan import Pair, Plan

_SPENT = "ifnull(wall_s, timeout_s) + ifnull(sample_s, 0)"
_PAST = f"""
SELECT e.text, t.text, n, count(*), sum({_SPENT}) FROM attempts
JOIN labels e ON e.id = estimator JOIN labels t ON t.id = task WHERE {_SPENT} IS NOT NULL GROUP BY 1, 2, 3
"""


@dataclass
class Forecast:
    """The cells of a plan and the time they would take.

    Attributes:
        total: cells of the plan, by estimator.
        missing: those to run.
        seconds: the time of the missing ones on one worker, where a past attempt of the estimator tells it.
        untimed: missing cells of estimators never timed.
    """

    total: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    untimed: int = 0


def forecast(plan: Plan, path: Path, fresh: bool) -> Forecast:
    """Count a plan's cells; a cell never run is taken to last as long as its estimator's nearest n on average."""
    missing, past = plan.missing(), {}
    if path.exists():
        with reading(path) as connection:
            if not fresh:
                done = reusable_keys(connection, plan.suite.timeout_s, plan.suite.memory_mb)
                missing = plan.missing(done, stored_cells(connection))
            past = {(e, t, n): (count, total) for e, t, n, count, total in connection.execute(_PAST)}
    result, clock = Forecast(), _Clock(past)
    for (pair, _), count in plan.counts.items():
        result.total[pair.cell.estimator] += count
    for (pair, n), count in missing.counts.items():
        name = pair.cell.estimator
        result.missing[name] += count
        seconds: float | None = 0.0 if pair.refusal else clock.seconds(pair, n)
        if seconds is None:
            result.untimed += count
        else:
            result.seconds[name] = result.seconds.get(name, 0.0) + seconds * count
    return result


class _Clock:
    def __init__(self, past: dict[tuple[str, str, int], tuple[int, float]]) -> None:
        self._exact = {key: total / count for key, (count, total) in past.items()}
        counts: Counter[tuple[str, int]] = Counter()
        sums: dict[tuple[str, int], float] = {}
        for (estimator, _, n), (count, total) in past.items():
            counts[estimator, n] += count
            sums[estimator, n] = sums.get((estimator, n), 0.0) + total
        self._by_n: dict[str, dict[int, float]] = {}
        for (estimator, n), total in sums.items():
            self._by_n.setdefault(estimator, {})[n] = total / counts[estimator, n]

    def seconds(self, pair: Pair, n: int) -> float | None:
        exact = self._exact.get((pair.cell.estimator, pair.cell.task, n))
        if exact is not None:
            return exact
        known = self._by_n.get(pair.cell.estimator)
        return known[min(known, key=lambda size: abs(size - n))] if known else None
