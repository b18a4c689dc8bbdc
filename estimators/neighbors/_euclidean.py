"""Neighbours by Euclidean distance: scipy's trees for few dimensions, compiled brute force for many."""

import math

import numpy as np

from ._ksg import PARALLEL_FROM, choose_regime, over_rows, thread_count
from ._squares import brute_force


def log_unit_ball(d: int) -> float:
    """Return ln of the volume π^(d/2)/Γ(1 + d/2) of the unit ball of d dimensions."""
    return d / 2 * math.log(math.pi) - math.lgamma(1 + d / 2)


def nearest_distances(block: np.ndarray, k: int) -> np.ndarray:
    """Return the distance of each sample of a block of shape ``(n, d)``, n > k, to its k-th neighbour."""
    n, d = block.shape
    if choose_regime(n, d) == "tree":
        from scipy.spatial import KDTree

        distances, _ = KDTree(block).query(block, [k + 1], workers=_threads(n))
        return np.asarray(distances)[:, 0]
    return _search((block,), k)[0]


def count_neighbors(blocks: tuple[np.ndarray, ...], k: int) -> tuple[np.ndarray, ...]:
    """Return how many other samples of each block are up to the distance of the k-th neighbour in the joint space."""
    n, d = len(blocks[0]), sum(block.shape[1] for block in blocks)
    if choose_regime(n, d) == "brute force":
        return tuple(_search(blocks, k)[1])
    from scipy.spatial import KDTree

    radii, found = nearest_distances(np.hstack(blocks), k), []
    for block in blocks:
        tree = KDTree(block)
        found.append(tree.query_ball_point(block, radii, return_length=True, workers=_threads(n)) - 1)
    # A block that differs least from the joint space may lose the k-th neighbour itself to rounding.
    return tuple(np.maximum(counts, k) for counts in found)


def _search(blocks: tuple[np.ndarray, ...], k: int) -> tuple[np.ndarray, np.ndarray]:
    n = len(blocks[0])
    columns = np.ascontiguousarray(np.concatenate(blocks, axis=1).T)
    offsets = np.cumsum([0, *(block.shape[1] for block in blocks)])
    edges, counts = np.empty(n), np.empty((len(blocks), n), np.int64)
    over_rows(lambda start, stop: brute_force(columns, offsets, k, start, stop, edges, counts), n, _threads(n))
    return np.sqrt(edges), counts


def _threads(n: int) -> int:
    return thread_count() if n >= PARALLEL_FROM else 1
