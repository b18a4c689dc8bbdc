"""Compiled brute force for neighbours by Euclidean distance; importing it compiles it, or reads numba's disk cache."""

import numpy as np
from numba import njit

from ._neighbors import compiled, keep_nearest

CHUNK = 64


@njit
def _add_squares(columns, first, last, i, out):  # type: ignore[no-untyped-def]
    """Write the squared distances of point i to all points in dimensions first … last − 1."""
    out[:] = 0.0
    for c in range(first, last):
        a, at = columns[c], columns[c, i]
        for j in range(out.size):
            s = a[j] - at
            out[j] += s * s


@njit
def _kth_smallest(values, best):  # type: ignore[no-untyped-def]
    """Return the len(best)-th smallest of the values."""
    best[:] = np.inf
    for lo in range(0, values.size, CHUNK):
        keep_nearest(values[lo : lo + CHUNK], best)
    return best[-1]


@compiled("void(f8[:,::1], i8[::1], i8, i8, i8, f8[::1], i8[:,::1])")
def brute_force(columns, offsets, k, start, stop, edges, counts):  # type: ignore[no-untyped-def]
    """Fill *edges*, squared distances to the k-th neighbour, and *counts* up to it, for points start … stop − 1.

    *offsets* are the bounds of the blocks among the columns, an array of shape ``(d, n)``. O(n·d) time a point.
    """
    n, blocks = columns.shape[1], offsets.size - 1
    squares, joint, best = np.empty((blocks, n)), np.empty(n), np.empty(k)
    for i in range(start, stop):
        joint[:] = 0.0
        for b in range(blocks):
            _add_squares(columns, offsets[b], offsets[b + 1], i, squares[b])
            squares[b, i] = np.inf
            part = squares[b]
            for j in range(n):
                joint[j] += part[j]
        edges[i] = edge = _kth_smallest(joint, best)
        for b in range(blocks):
            part, count = squares[b], 0
            for j in range(n):
                count += part[j] <= edge
            counts[b, i] = count
