"""The reference lines of a board: what no data, the shapes alone, or full knowledge of the density would score."""

import math
from collections.abc import Mapping

import numpy as np

from mibench.errors import MibenchError
from mibench.stats.interval import Layout
from mibench.stats.reference import (
    BEST_BLIND,
    BEST_CONSTANT,
    ORACLE,
    best_constant,
    blind_scores,
    constant_scores,
)
from mibench.stats.score import REFERENCE
from mibench.stats.score_table import ScoreTable
from mibench.task import Task

from .model import ReferenceLine

_WHAT = {
    REFERENCE: "The constant 0.",
    BEST_CONSTANT: "The constant that scores best on this board, chosen in hindsight; in a family's column that of the "
    "family.",
    BEST_BLIND: "The best constant of the tasks that share n, shapes and kinds of blocks, chosen in hindsight: an "
    "estimator that knows the suite and looks at nothing but the shape of the data.",
    ORACLE: "The mean over the cell's own sample of the true log density ratio: an estimator that knows the density, "
    "and whose error is the sample's alone.",
}


def reference_lines(
    table: ScoreTable, tasks: Mapping[str, Task], versions: Mapping[str, str]
) -> tuple[ReferenceLine, ...]:
    """Return the reference lines of a board; none for streams, whose truth changes on the way.

    Args:
        table: the scores.
        tasks: the tasks that are installed, by spec.
        versions: the version of each task in the attempts; the oracle is computed where the installed one is the same.
    """
    if not np.isfinite(table.truths).all():
        return ()
    truths, layout = table.truths, table.layout_of_all
    weights = layout.cell_weights
    constant = best_constant(truths, weights)
    lines = {
        REFERENCE: constant_scores(0.0, truths),
        BEST_CONSTANT: constant_scores(constant.nats, truths),
        BEST_BLIND: _blind(table, tasks, weights),
        ORACLE: _oracle(table, tasks, versions),
    }
    nats = {REFERENCE: 0.0, BEST_CONSTANT: constant.nats}
    return tuple(
        _line(name, scores, table, nats.get(name, math.nan))
        for name, scores in lines.items()
        if np.isfinite(scores).any()
    )


def _line(name: str, scores: np.ndarray, table: ScoreTable, nats: float) -> ReferenceLine:
    family = table.cells["family"].to_numpy()
    families = {}
    for one in np.unique(family):
        rows = family == one
        weights = Layout.of(table.cells[rows]).cell_weights
        mine = scores[rows]
        if name == BEST_CONSTANT:
            mine = constant_scores(best_constant(table.truths[rows], weights).nats, table.truths[rows])
        if np.isfinite(mine).all():
            families[str(one)] = float(weights @ mine)
    score = float(table.layout_of_all.cell_weights @ scores) if np.isfinite(scores).all() else math.nan
    known = table.cells["task"][np.isfinite(scores)].nunique()
    return ReferenceLine(name, _WHAT[name], score, families, nats, int(known))


def _blind(table: ScoreTable, tasks: Mapping[str, Task], weights: np.ndarray) -> np.ndarray:
    """Return the scores of the best blind estimator; unknown as a whole where a task is not installed."""
    specs = table.cells["task"]
    if not set(specs) <= tasks.keys():
        return np.full(len(specs), np.nan)
    shapes = {spec: tuple((block.dim, block.kind) for block in tasks[spec].blocks) for spec in set(specs)}
    signatures = [(shapes[spec], n) for spec, n in zip(specs, table.cells["n"], strict=True)]
    return blind_scores(table.truths, weights, signatures)


def _oracle(table: ScoreTable, tasks: Mapping[str, Task], versions: Mapping[str, str]) -> np.ndarray:
    """Return the score of the mean log density ratio on each cell's own sample; NaN where it cannot be had."""
    values = np.full(len(table.cells), np.nan)
    without: set[str] = set()
    for place, (spec, n, seed) in enumerate(table.cells[["task", "n", "seed"]].itertuples(index=False)):
        task = tasks.get(spec)
        if task is None or spec in without or task.full_version != versions.get(spec):
            continue
        try:
            ratio = task.pointwise(*task.sample(int(n), int(seed)))
        except (MibenchError, ArithmeticError, TypeError, ValueError):
            ratio = None
        if ratio is None:
            without.add(spec)
        else:
            values[place] = float(np.mean(ratio))
    return np.where(np.isnan(values), np.nan, constant_scores(np.nan_to_num(values), table.truths))
