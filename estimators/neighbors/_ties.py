"""Columns made ready for nearest neighbours: brought to unit variance, repeated values told apart."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from .._columns import moments

#: Standard deviation of the noise, as a share of the column's.
NOISE = 1e-10
SEED = 20040623
#: The most orders of blocks with the same values that are compared; beyond, blocks stay in the order given.
_MAX_ORDERS = 24


def scale_columns(
    blocks: tuple[np.ndarray, ...], standardize: bool, jitter: bool
) -> tuple[tuple[np.ndarray, ...], int]:
    """Return the blocks scaled and without ties inside a column, and the number of columns that got noise.

    A column is centred and divided by its standard deviation if *standardize*. If *jitter*, a column in which a value
    occurs twice is centred, and noise of 1e-10 standard deviations is added. The noise is drawn from a fixed seed and
    dealt out by :func:`canonical_order`, block by block and row by row, so equal data get equal noise in whatever order
    the samples come, and whichever block comes first. Mean and deviation are taken over the sorted column for the same
    reason.

    O(D·n·log n) time for D columns.
    """
    rows = np.concatenate(blocks, axis=1)
    out = rows.copy()
    jittered = []
    for c, column in enumerate(rows.T):
        values = np.sort(column)
        tied = jitter and bool(np.any(values[1:] == values[:-1]))
        if not (tied or standardize):
            continue
        centre, deviation = map(float, moments(values))
        out[:, c] = (column - centre) / deviation if standardize else column - centre
        if tied:
            jittered.append((c, 1.0 if standardize else deviation))
    if jittered:
        columns, order = canonical_order(blocks)
        rng = np.random.default_rng(SEED)
        for c, deviation in sorted(jittered, key=lambda item: columns.index(item[0])):
            out[order, c] += NOISE * deviation * rng.standard_normal(len(rows))
    bounds = np.cumsum([block.shape[1] for block in blocks])[:-1]
    return tuple(np.split(out, bounds, axis=1)), len(jittered)


def canonical_order(blocks: Sequence[np.ndarray]) -> tuple[list[int], np.ndarray]:
    """Return an order of all columns and one of the rows that depend on neither the rows' order nor the blocks'.

    Blocks go by the number of their different rows, then their width, then their sorted rows. Blocks that agree in all
    of these are put in the order that makes the sorted table of all columns smallest, where that is one of at most
    24 orders; two that still agree can be exchanged without changing the table. Rows go by that table,
    lexicographically; equal rows are interchangeable.

    O(D·n·log n) time for D columns.
    """
    starts = np.cumsum([0, *(block.shape[1] for block in blocks)])
    rows = np.concatenate(blocks, axis=1) + 0.0  # no negative zero, whose bytes differ

    def table(indices: Sequence[int]) -> tuple[list[int], np.ndarray, bytes]:
        columns = [c for b in indices for c in range(starts[b], starts[b + 1])]
        order = np.lexsort(rows[:, columns[::-1]].T)
        return columns, order, rows[order][:, columns].tobytes()

    def key(b: int) -> tuple[int, int, bytes]:
        _, _, values = table([b])
        width = int(starts[b + 1] - starts[b])
        found = np.frombuffer(values).reshape(-1, width)
        return int(np.count_nonzero((found[1:] != found[:-1]).any(axis=1))), width, values

    keys = [key(b) for b in range(len(blocks))]
    ranked = sorted(range(len(blocks)), key=lambda b: keys[b])
    groups = [list(group) for _, group in itertools.groupby(ranked, key=lambda b: keys[b])]
    few = math.prod(math.factorial(len(group)) for group in groups) <= _MAX_ORDERS
    columns, order, _ = min(map(table, _orders(groups) if few else [ranked]), key=lambda made: made[2])
    return columns, order


def _orders(groups: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield every order of the blocks that keeps the groups in their places."""
    for parts in itertools.product(*map(itertools.permutations, groups)):
        yield [b for part in parts for b in part]
