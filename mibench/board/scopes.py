"""The scopes of a board: the cells on which estimators are ranked apart, and why each is one."""

from collections.abc import Mapping

import numpy as np

from mibench.stats.ranking import Ranking, rank_table
from mibench.stats.score_table import ScoreTable

from .model import Scope

#: The fewest tasks that make a scope.
_LEAST_TASKS = 3


def find_scopes(
    table: ScoreTable, whole: Ranking, tags: Mapping[str, frozenset[str]], labels: Mapping[str, str]
) -> tuple[Scope, ...]:
    """Return the scopes of a board, all cells first: each sample size, each tag, and what else an estimator takes.

    Within each, those are ranked that have a score on all its cells, so that an estimator for one kind of task has a
    rank among its like. A tag is a scope where at least three tasks, and not all, have it; so is all that an estimator
    takes that does not take everything.

    Args:
        table: the scores.
        whole: the ranking on all cells.
        tags: the tags of each task.
        labels: what to call estimators.
    """
    tasks, samples = table.cells["task"].to_numpy(), table.cells["n"].to_numpy()
    scopes = [_scope("all", "All tasks", table, whole)]
    sizes = np.unique(samples)
    if len(sizes) > 1:
        scopes += [_ranked(f"n={n}", f"n = {n:,}", table, samples == n, labels) for n in sizes]
    every = set(np.unique(tasks))
    seen: set[frozenset[str]] = {frozenset(every)}
    for tag in sorted({tag for found in tags.values() for tag in found}):
        having = frozenset(task for task in every if tag in tags.get(task, ()))
        if len(having) >= _LEAST_TASKS and having not in seen:
            seen.add(having)
            scopes.append(_ranked(f"tag:{tag}", f"Tasks that are {tag}", table, np.isin(tasks, list(having)), labels))
    for item in whole.standings:
        refused = set(tasks[table.refused[:, table.estimators.index(item.estimator)]])
        supported = frozenset(every - refused)
        if len(supported) >= _LEAST_TASKS and supported not in seen:
            seen.add(supported)
            title = f"Tasks that {labels.get(item.estimator, item.estimator)} takes"
            rows = np.isin(tasks, list(supported))
            scopes.append(_ranked(f"supported:{item.estimator}", title, table, rows, labels))
    return tuple(scopes)


def _ranked(key: str, title: str, table: ScoreTable, rows: np.ndarray, labels: Mapping[str, str]) -> Scope:
    part = table.restricted(rows)
    return _scope(key, title, part, rank_table(part, labels))


def _scope(key: str, title: str, table: ScoreTable, ranking: Ranking) -> Scope:
    return Scope(
        key=key,
        title=title,
        tasks=tuple(sorted(table.cells["task"].unique())),
        samples=tuple(int(n) for n in sorted(table.cells["n"].unique())),
        standings=tuple(item for item in ranking.standings if item.cells),
    )
