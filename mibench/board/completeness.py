"""Completeness of a board: the suite's cells that it has, and those that are missing."""

from collections.abc import Callable

import pandas as pd

from mibench.grid import Grid

from .model import Completeness


def completeness(scored: pd.DataFrame, grid: Grid | None, recorded: bool, label: Callable[[str], str]) -> Completeness:
    """Compare the cells of *scored* with those the suite asks for.

    Each estimator of the suite and of the board is asked for the whole grid. Without a grid the cells are compared
    with the smallest grid that holds them.

    Args:
        scored: attempts, one row a cell.
        grid: what the suite asks for.
        recorded: whether a run recorded it.
        label: the label of an estimator's or a task's spec.
    """
    tasks, samples = set(scored["task"]), {int(n) for n in scored["n"].unique()}
    if grid is not None:
        tasks, samples = set(grid.tasks), set(grid.samples)
    seeds = grid.seeds if grid is not None else int(scored["seed"].max()) + 1
    each = len(tasks) * len(samples) * seeds
    inside = scored[scored["task"].isin(tasks) & scored["n"].isin(samples) & (scored["seed"] < seeds)]
    present = inside.drop_duplicates(["estimator", "task", "n", "seed"]).groupby("estimator").size().to_dict()
    absent = [spec for spec in (grid.estimators if grid else ()) if spec not in present]
    return Completeness(
        present=sum(present.values()),
        asked=each * (len(present) + len(absent)),
        tasks=tuple(sorted(label(spec) for spec in tasks - set(inside["task"]))),
        samples=tuple(sorted(samples - set(inside["n"]))),
        estimators=tuple(sorted(map(label, absent))),
        partial=tuple(sorted((label(str(spec)), int(count), each) for spec, count in present.items() if count < each)),
        recorded=recorded,
    )
