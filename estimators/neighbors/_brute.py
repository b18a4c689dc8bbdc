"""Compiled brute force in the max-norm; importing it compiles it, or reads numba's disk cache."""

import numpy as np
from numba import njit

from ._neighbors import BELOW, OWN, ROWS, common_radius, compiled, count_within, keep_nearest, widen_radii

CHUNK = 64
TILE = 256


@njit
def _spread(columns, first, last, i, k, lo, hi, to_i, to_k):  # type: ignore[no-untyped-def]
    """Write the distances of points i and k to points lo … hi − 1 in dimensions first … last − 1.

    Two rows and two dimensions at a time: what is loaded is used four times before it leaves the registers.
    """
    a, ai, ak = columns[first, lo:hi], columns[first, i], columns[first, k]
    for j in range(hi - lo):
        to_i[j] = abs(a[j] - ai)
        to_k[j] = abs(a[j] - ak)
    for c in range(first + 1, last, 2):
        e = min(c + 1, last - 1)
        a, ai, ak = columns[c, lo:hi], columns[c, i], columns[c, k]
        b, bi, bk = columns[e, lo:hi], columns[e, i], columns[e, k]
        for j in range(hi - lo):
            s, t, far = abs(a[j] - ai), abs(b[j] - bi), to_i[j]
            s = t if t > s else s
            to_i[j] = s if s > far else far
            s, t, far = abs(a[j] - ak), abs(b[j] - bk), to_k[j]
            s = t if t > s else s
            to_k[j] = s if s > far else far


@njit
def _joint(parts, row, lo, hi, out):  # type: ignore[no-untyped-def]
    """Write the largest of the parts' distances of *row* to points lo … hi − 1."""
    a = parts[0, row, lo:hi]
    for j in range(hi - lo):
        out[j] = a[j]
    for p in range(1, parts.shape[0]):
        a = parts[p, row, lo:hi]
        for j in range(hi - lo):
            out[j] = a[j] if a[j] > out[j] else out[j]


@compiled("void(f8[:,::1], i8[::1], i8[::1], i8, i8, i8, i8, f8[:,::1], i8[::1], i8[:,::1])")
def brute_force(  # type: ignore[no-untyped-def]
    columns, parts, offsets, k, reach, start, stop, radii, within, counts
):
    """Fill columns start … stop − 1 of *radii* and *counts*, and *within*, from all distances of those points.

    *offsets* are the bounds of the blocks among the columns; *parts* are the same, but for the last part, which may
    hold several blocks. The neighbours of the first ``len(counts)`` blocks are counted; for every reach but BELOW
    *within* counts the points no farther than the k-th in the joint space. ROWS rows at a time, so that their distances
    are counted while they are in the cache; O(n) memory, O(n·d) time a point.
    """
    n = columns.shape[1]
    number = parts.size - 1
    distances = np.empty((number, ROWS, n))
    best = np.empty((ROWS, k))
    joint = np.empty(CHUNK)
    for top in range(start, stop, ROWS):
        rows = min(ROWS, stop - top)
        best[:] = np.inf
        for lo in range(0, n, TILE):
            hi = min(lo + TILE, n)
            for r in range(0, rows, 2):
                i, k_row = top + r, min(top + r + 1, stop - 1)
                for p in range(number):
                    to_i, to_k = distances[p, r, lo:hi], distances[p, r + 1, lo:hi]
                    _spread(columns, parts[p], parts[p + 1], i, k_row, lo, hi, to_i, to_k)
            for r in range(rows):
                if lo <= top + r < hi:
                    distances[:, r, top + r] = np.inf
                for at in range(lo, hi, CHUNK):
                    end = min(at + CHUNK, hi)
                    _joint(distances, r, at, end, joint)
                    keep_nearest(joint[: end - at], best[r])
        for r in range(rows):
            i, edge = top + r, best[r, k - 1]
            radii[:, i] = common_radius(edge, reach)
            if reach != BELOW:
                within[i] = 0
                for at in range(0, n, CHUNK):
                    end = min(at + CHUNK, n)
                    _joint(distances, r, at, end, joint)
                    inside = count_within(joint[: end - at], edge)
                    within[i] += inside
                    if inside and reach == OWN:
                        for j in range(end - at):
                            if joint[j] <= edge:
                                widen_radii(columns, offsets, i, at + j, radii)
            for p in range(counts.shape[0]):
                counts[p, i] = count_within(distances[p, r], radii[p, i])
