"""Neighbour counts of the KSG estimator: choice of the search, its threads, and the averages over rows."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import digamma

from . import _neighbors

Regime = Literal["tree", "brute force"]

#: Below this many samples a second thread costs more than it gives.
PARALLEL_FROM = 2000


@dataclass(frozen=True)
class Neighborhoods:
    """The numbers of neighbours of each sample in each block (in no particular order), and how they were found."""

    counts: tuple[np.ndarray, ...]
    regime: Regime
    threads: int
    distance_evaluations: int


def choose_regime(n: int, d: int) -> Regime:
    """Return the faster search for *n* points of *d* dimensions, all blocks together.

    Measured with equicorrelated Gaussians (correlation 0 and 0.6), k = 5, one thread, AVX-512: the searches are level
    at n = 150 for d = 2, 300 for 3, 1,100 for 4, 4,500 for 6, 10,000 for 8 and 22,000 for 10, which is 20·d³ within a
    factor of 2.
    """
    return "tree" if n >= 20 * d**3 else "brute force"


def count_neighbors(
    blocks: tuple[np.ndarray, ...], k: int, rectangle: bool, regime: Regime | None = None, threads: int | None = None
) -> Neighborhoods:
    """Count each sample's neighbours in each block, within radii set by its k nearest in the joint max-norm.

    Args:
        blocks: float64 arrays of shape ``(n, d_i)``, n > k.
        k: number of neighbours in the joint space.
        rectangle: False counts the distances *below* that of the k-th neighbour in every block; True those up to the
            block's own radius, which just covers all samples no farther than the k-th neighbour.
        regime: the search; None takes the faster one.
        threads: None takes :func:`thread_count`.
    """
    blocks = tuple(sorted(blocks, key=lambda block: block.shape[1] == 1))
    n, d = len(blocks[0]), sum(block.shape[1] for block in blocks)
    regime = regime or choose_regime(n, d)
    threads = (thread_count() if threads is None else threads) if n >= PARALLEL_FROM else 1
    columns = np.ascontiguousarray(np.concatenate(blocks, axis=1).T)
    offsets = np.cumsum([0, *(block.shape[1] for block in blocks)])
    search = _search_tree if regime == "tree" else _search_all
    counts, evaluations = search(columns, offsets, k, rectangle, threads)
    return Neighborhoods(tuple(counts), regime, threads, evaluations)


def mean_digamma(numbers: np.ndarray) -> float:
    """Return ⟨ψ⟩ over whole numbers, summed by value: the order of the samples does not show in the last digit."""
    times = np.bincount(numbers)
    values = np.flatnonzero(times)
    return float(times[values] @ digamma(values)) / len(numbers)


def thread_count() -> int:
    """Return the number of threads this process may use: its share of the CPUs, or less if the environment says so."""
    allowed = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        text = os.environ.get(name, "").partition(",")[0].strip()
        if text.isdigit() and int(text) > 0:
            allowed.append(int(text))
    return min(allowed)


def _search_all(
    columns: np.ndarray, offsets: np.ndarray, k: int, rectangle: bool, threads: int
) -> tuple[list[np.ndarray], int]:
    """Brute force: the columns of all one-dimensional blocks, which come last, are searched as one part."""
    n = columns.shape[1]
    wide = int(np.sum(np.diff(offsets) > 1))
    parts = offsets if wide == len(offsets) - 1 else np.append(offsets[: wide + 1], offsets[-1])
    radii, counts = np.empty((len(offsets) - 1, n)), np.empty((wide, n), np.int64)
    _over_rows(
        lambda start, stop: _neighbors.brute_force(columns, parts, offsets, k, rectangle, start, stop, radii, counts),
        n,
        threads,
    )
    narrow = [_count_sorted(columns[offsets[b]], radii[b], threads) for b in range(wide, len(radii))]
    return [*counts, *narrow], n * n


def _search_tree(
    columns: np.ndarray, offsets: np.ndarray, k: int, rectangle: bool, threads: int
) -> tuple[list[np.ndarray], int]:
    """A tree of the joint space for the radii, one of each block (or its sorted values) for the counts."""
    columns, _, spans, boxes = _tree(columns)
    radii = np.empty((len(offsets) - 1, columns.shape[1]))
    evaluations = _over_rows(
        lambda start, stop: _neighbors.search_tree(columns, spans, boxes, offsets, k, rectangle, start, stop, radii),
        columns.shape[1],
        threads,
    )
    counts = []
    for b, radius in enumerate(radii):
        block = columns[offsets[b] : offsets[b + 1]]
        if len(block) == 1:
            counts.append(_count_sorted(block[0], radius, threads))
        else:
            count, evaluated = _count_tree(block, radius, threads)
            counts.append(count)
            evaluations += evaluated
    return counts, evaluations


def _tree(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the columns in the order of their tree, that order, and the tree."""
    order, spans, boxes = _neighbors.build_tree(columns)
    return np.ascontiguousarray(columns[:, order]), order, spans, boxes


def _count_tree(block: np.ndarray, radii: np.ndarray, threads: int) -> tuple[np.ndarray, int]:
    block, order, spans, boxes = _tree(block)
    radii, counts = radii[order], np.empty(len(order), np.int64)
    evaluations = _over_rows(
        lambda start, stop: _neighbors.count_tree(block, spans, boxes, radii, start, stop, counts), len(order), threads
    )
    return counts, evaluations


def _count_sorted(column: np.ndarray, radii: np.ndarray, threads: int) -> np.ndarray:
    order = np.argsort(column)
    values, radii, counts = column[order], radii[order], np.empty(len(order), np.int64)
    _over_rows(lambda start, stop: _neighbors.count_sorted(values, radii, start, stop, counts), len(order), threads)
    return counts


def _over_rows(work: Callable[[int, int], int | None], n: int, threads: int) -> int:
    """Call ``work(start, stop)`` on ranges that cover 0 … n, on *threads* threads; sum what it returns."""
    if threads == 1:
        return work(0, n) or 0
    edges = np.linspace(0, n, 8 * threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        return sum(done or 0 for done in pool.map(work, edges[:-1], edges[1:]))
