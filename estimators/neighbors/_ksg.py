"""Neighbour counts of the KSG estimator: choice of the search, its threads, and the averages over rows."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import digamma

from . import _brute, _levels, _neighbors, _tree

Regime = Literal["tree", "brute force"]
#: What is counted in a block: distances ``below`` that of the k-th neighbour in the joint space; ``up to`` it; below
#: it, or 0 where it is 0; up to the block's ``own`` radius, which just covers all samples no farther than it.
Reach = Literal["below", "up to", "below or 0", "own"]
_REACH = {
    "below": _neighbors.BELOW,
    "up to": _neighbors.UP_TO,
    "below or 0": _neighbors.BELOW_OR_EQUAL,
    "own": _neighbors.OWN,
}

#: Below this many samples a second thread costs more than it gives.
PARALLEL_FROM = 2000


@dataclass(frozen=True)
class Neighborhoods:
    """The numbers of neighbours of each sample in each block, and how they were found; samples in no particular order.

    Attributes:
        counts: one array a block.
        within: how many other samples are no farther than the k-th in the joint space: k, or more of them where several
            are equally far (not counted for the reach ``below``).
        on_atom: whether k other samples are at distance 0 in the joint space.
        regime: the search.
        threads: how many it ran on.
        distance_evaluations: how many distances were compared.
    """

    counts: tuple[np.ndarray, ...]
    within: np.ndarray
    on_atom: np.ndarray
    regime: Regime
    threads: int
    distance_evaluations: int


def choose_regime(n: int, d: int) -> Regime:
    """Return the faster search for *n* points of *d* dimensions, all blocks together, where all distances are measured.

    Measured with equicorrelated Gaussians (correlation 0 and 0.6), k = 5, one thread, AVX-512: the searches are level
    at n = 150 for d = 2, 300 for 3, 1,100 for 4, 4,500 for 6, 10,000 for 8 and 22,000 for 10, which is 20·d³ within a
    factor of 2.
    """
    return "tree" if n >= 20 * d**3 else "brute force"


def levels_beat_tree(n: int, d: int) -> bool:
    """Return whether brute force in levels is faster than a tree, where the distances allow it.

    Measured as in :func:`choose_regime`: level at n = 15,000 for d = 6, 40,000 for 8, beyond 80,000 for 10: 11·d⁴.
    """
    return _SCREENED_FROM <= n < 11 * d**4


def count_neighbors(
    blocks: tuple[np.ndarray, ...], k: int, reach: Reach, regime: Regime | None = None, threads: int | None = None
) -> Neighborhoods:
    """Count each sample's neighbours in each block, within radii set by its k nearest in the joint max-norm.

    Args:
        blocks: float64 arrays of shape ``(n, d_i)``, n > k.
        k: number of neighbours in the joint space.
        reach: what is counted in a block.
        regime: the search; None takes the faster one.
        threads: None takes :func:`thread_count`.
    """
    blocks = tuple(sorted(blocks, key=lambda block: block.shape[1] == 1))
    search = _Search.of(blocks, k, regime, threads)
    radii, within, counts, evaluations = search.radii_and_counts(k, _REACH[reach])
    for b in range(len(counts), len(radii)):
        block = search.columns[search.offsets[b] : search.offsets[b + 1]]
        count, evaluated = _count(block, radii[b], search.threads)
        counts.append(count)
        evaluations += evaluated
    on_atom = np.all(radii <= 0, axis=0)
    return Neighborhoods(tuple(counts), within, on_atom, search.regime, search.threads, evaluations)


def nearest_distances(block: np.ndarray, k: int) -> np.ndarray:
    """Return the max-norm distance of each sample of a block of shape ``(n, d)``, n > k, to its k-th neighbour."""
    search = _Search.of((block,), k)
    radii, *_ = search.radii_and_counts(k, _neighbors.UP_TO, counted=False)
    distances = np.empty(len(block))
    distances[search.order] = radii[0]
    return distances


def count_within(block: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return how many other samples of a block of shape ``(n, d)`` are up to its radius from each, in the max-norm."""
    threads = thread_count() if len(block) >= PARALLEL_FROM else 1
    return _count(np.ascontiguousarray(block.T), radii, threads)[0]


def mean_of(function: Callable[[np.ndarray], np.ndarray], numbers: np.ndarray) -> float:
    """Return ⟨f⟩ over whole numbers, summed by value: the order of the samples does not show in the last digit."""
    times = np.bincount(numbers)
    values = np.flatnonzero(times)
    return float(times[values] @ function(values)) / len(numbers)


def mean_digamma(numbers: np.ndarray) -> float:
    """Return ⟨ψ⟩ over whole numbers."""
    return mean_of(digamma, numbers)


def thread_count() -> int:
    """Return the number of threads this process may use: its share of the CPUs, or less if the environment says so."""
    allowed = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        text = os.environ.get(name, "").partition(",")[0].strip()
        if text.isdigit() and int(text) > 0:
            allowed.append(int(text))
    return min(allowed)


@dataclass(frozen=True)
class _Search:
    """The columns of all blocks, in the order in which a search takes the samples, and what it takes beside them."""

    columns: np.ndarray
    order: np.ndarray
    offsets: np.ndarray
    regime: Regime
    threads: int
    prepared: tuple[Any, ...]

    @classmethod
    def of(
        cls, blocks: tuple[np.ndarray, ...], k: int, regime: Regime | None = None, threads: int | None = None
    ) -> "_Search":
        n, d = len(blocks[0]), sum(block.shape[1] for block in blocks)
        threads = (thread_count() if threads is None else threads) if n >= PARALLEL_FROM else 1
        columns = np.ascontiguousarray(np.concatenate(blocks, axis=1).T)
        offsets = np.cumsum([0, *(block.shape[1] for block in blocks)])
        wide = sum(block.shape[1] > 1 for block in blocks)
        parts = offsets if wide == len(blocks) else np.append(offsets[: wide + 1], offsets[-1])
        chosen = regime or choose_regime(n, d)
        levels = None
        if chosen == "brute force" or (regime is None and levels_beat_tree(n, d)):
            levels = _in_levels(columns, parts, k)
            chosen = "brute force" if levels else chosen
        if chosen == "brute force":
            return cls(columns, np.arange(n), offsets, chosen, threads, (*(levels or ()), parts))
        columns, order, *tree = _tree_of(columns)
        return cls(columns, order, offsets, chosen, threads, tuple(tree))

    def radii_and_counts(
        self, k: int, reach: int, counted: bool = True
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], int]:
        """Return the radii, of shape ``(blocks, n)``, the joint counts, those counted in blocks, and the evaluations.

        Brute force counts in the blocks of several dimensions, which come first, on the way; a tree in none.
        """
        blocks, n = len(self.offsets) - 1, self.columns.shape[1]
        radii, within = np.empty((blocks, n)), np.full(n, k)
        if self.regime == "tree":
            evaluations = over_rows(
                lambda start, stop: _tree.search_tree(
                    self.columns, *self.prepared, self.offsets, k, reach, start, stop, radii, within
                ),
                n,
                self.threads,
            )
            return radii, within, [], evaluations
        counts = np.empty((int(np.sum(np.diff(self.offsets) > 1)) if counted else 0, n), np.int64)
        kernel = _brute.brute_force if len(self.prepared) == 1 else _levels.screened_brute_force
        given = (self.columns, *self.prepared, self.offsets, k, reach)
        over_rows(lambda start, stop: kernel(*given, start, stop, radii, within, counts), n, self.threads)
        return radii, within, list(counts), n * n


#: Brute force in levels pays from this many points on.
_SCREENED_FROM = 5000
#: The levels of the widest column, and the least of them that the distance of neighbours must span.
_LEVELS, _FINE = 32000, 64
#: Rows whose neighbours are sought to learn that distance, and the most distances that may have to be measured.
_PILOTS, _OPEN = 8, 0.02


def _in_levels(columns: np.ndarray, parts: np.ndarray, k: int) -> tuple[np.ndarray, float] | None:
    """Return the columns in steps of one width, 16 bits a value and filled up to whole chunks, and steps a unit.

    None where that does not pay: too few points; distances of neighbours that are no wider than a few steps, as where a
    few values are far from all others; or many distances that are about equal to them, as on a grid.
    """
    n = columns.shape[1]
    if n < _SCREENED_FROM:
        return None
    low = columns.min(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        width = float((columns.max(axis=1, keepdims=True) - low).max()) / _LEVELS
    unclear = 0.0
    for i in np.linspace(0, n - 1, _PILOTS).astype(int):
        with np.errstate(over="ignore"):
            distances = np.maximum.reduceat(np.abs(columns - columns[:, [i]]), parts[:-1], axis=0)
        edge = np.partition(distances.max(axis=0), k)[k]
        if not width > 1e-300 or _FINE * width > edge:
            return None
        unclear += np.count_nonzero(np.abs(distances - edge) < 2 * width)
    if unclear > _OPEN * _PILOTS * n:
        return None
    levels = np.zeros((len(columns), -(-n // _levels.CHUNK) * _levels.CHUNK), np.int16)
    levels[:, :n] = np.floor((columns - low) / width) - _LEVELS // 2
    return levels, 1 / width


def _tree_of(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the columns in the order of their tree, that order, and the tree."""
    order, spans, boxes = _tree.build_tree(columns)
    return np.ascontiguousarray(columns[:, order]), order, spans, boxes


def _count(block: np.ndarray, radii: np.ndarray, threads: int) -> tuple[np.ndarray, int]:
    """Count the other points within each radius of the columns of a block; return the distances evaluated as well."""
    if len(block) == 1:
        return _count_sorted(block[0], radii, threads), 0
    block, order, spans, boxes = _tree_of(block)
    ordered, found = radii[order], np.empty(len(order), np.int64)
    evaluations = over_rows(
        lambda start, stop: _tree.count_tree(block, spans, boxes, ordered, start, stop, found), len(order), threads
    )
    counts = np.empty_like(found)
    counts[order] = found
    return counts, evaluations


def _count_sorted(column: np.ndarray, radii: np.ndarray, threads: int) -> np.ndarray:
    order = np.argsort(column)
    values, ordered, found = column[order], radii[order], np.empty(len(order), np.int64)
    over_rows(lambda start, stop: _tree.count_sorted(values, ordered, start, stop, found), len(order), threads)
    counts = np.empty_like(found)
    counts[order] = found
    return counts


def over_rows(work: Callable[[int, int], int | None], n: int, threads: int) -> int:
    """Call ``work(start, stop)`` on ranges that cover 0 … n, on *threads* threads; sum what it returns."""
    if threads == 1:
        return work(0, n) or 0
    edges = np.linspace(0, n, 8 * threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        return sum(done or 0 for done in pool.map(work, edges[:-1], edges[1:]))
