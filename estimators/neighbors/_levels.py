"""Compiled brute force in the max-norm on 16 bits a value; importing it compiles it, or reads numba's disk cache."""

import numpy as np
from numba import njit

from ._neighbors import BELOW, OWN, ROWS, common_radius, compiled, keep_nearest, widen_radii

CHUNK = 256
TILE = 1024

#: More levels than two points can be apart.
FAR = 32767


@njit
def _spread_levels(levels, first, last, i, k, lo, hi, to_i, to_k):  # type: ignore[no-untyped-def]
    """Write how many levels points i and k are from points lo … hi − 1 in dimensions first … last − 1.

    Two rows and two dimensions at a time: what is loaded is used four times before it leaves the registers.
    """
    a, ai, ak = levels[first, lo:hi], levels[first, i], levels[first, k]
    for j in range(hi - lo):
        to_i[j], to_k[j] = _apart(a[j], ai), _apart(a[j], ak)
    for c in range(first + 1, last, 2):
        e = min(c + 1, last - 1)
        a, ai, ak = levels[c, lo:hi], levels[c, i], levels[c, k]
        b, bi, bk = levels[e, lo:hi], levels[e, i], levels[e, k]
        for j in range(hi - lo):
            to_i[j] = max(to_i[j], max(_apart(a[j], ai), _apart(b[j], bi)))
            to_k[j] = max(to_k[j], max(_apart(a[j], ak), _apart(b[j], bk)))


@njit
def _apart(a, b):  # type: ignore[no-untyped-def]
    """Return |a − b| of levels, in 16 bits: 32 of them are compared in one instruction."""
    difference = np.int16(a - b)
    return max(difference, np.int16(-difference))


@njit
def _within_levels(steps, sure, most):  # type: ignore[no-untyped-def]
    """Count the steps ≤ sure and those ≤ most of a chunk, in 16 bits."""
    surely, maybe, low, high = np.int16(0), np.int16(0), np.int16(sure), np.int16(most)
    for j in range(steps.size):
        surely = np.int16(surely + np.int16(steps[j] <= low))
        maybe = np.int16(maybe + np.int16(steps[j] <= high))
    return np.int64(surely), np.int64(maybe)


@njit
def _joint_levels(steps, row, chunk, joint, least):  # type: ignore[no-untyped-def]
    """Write the largest of the parts' steps of a chunk, and the least steps of each part and of all."""
    of_all = np.int16(FAR)
    for p in range(steps.shape[0]):
        a, of_part = steps[p, row, chunk], np.int16(FAR)
        of_all = np.int16(FAR)
        if p == 0:
            for j in range(a.size):
                joint[j] = a[j]
                of_part = min(of_part, a[j])
            of_all = of_part
        else:
            for j in range(a.size):
                joint[j] = max(a[j], joint[j])
                of_part = min(of_part, a[j])
                of_all = min(of_all, joint[j])
        least[p, row, chunk] = of_part
    least[-1, row, chunk] = of_all


@njit
def _scan(levels, n, parts, top, rows, stop, steps, least, best, joint):  # type: ignore[no-untyped-def]
    """Write the steps of some rows to all points, the least of each chunk, and the k smallest in the joint space."""
    filled, number = levels.shape[1], steps.shape[0]
    flat = steps.reshape((number, ROWS, filled))
    best[:] = FAR
    for lo in range(0, filled, TILE):
        hi = min(lo + TILE, filled)
        for r in range(0, rows, 2):
            i, k = top + r, min(top + r + 1, stop - 1)
            for p in range(number):
                to_i, to_k = flat[p, r, lo:hi], flat[p, r + 1, lo:hi]
                _spread_levels(levels, parts[p], parts[p + 1], i, k, lo, hi, to_i, to_k)
        for r in range(rows):
            if lo <= top + r < hi:
                flat[:, r, top + r] = FAR
            if hi > n:
                flat[:, r, n:] = FAR
            for chunk in range(lo // CHUNK, hi // CHUNK):
                _joint_levels(steps, r, chunk, joint, least)
                if least[number, r, chunk] < best[r, -1]:
                    keep_nearest(joint, best[r])


@njit
def _distance(columns, first, last, i, j):  # type: ignore[no-untyped-def]
    """Return the distance of points i and j in dimensions first … last − 1."""
    far = 0.0
    for c in range(first, last):
        far = max(far, abs(columns[c, i] - columns[c, j]))
    return far


@compiled("void(f8[:,::1], i2[:,::1], f8, i8[::1], i8[::1], i8, i8, i8, i8, f8[:,::1], i8[::1], i8[:,::1])")
def screened_brute_force(  # type: ignore[no-untyped-def]
    columns, levels, per_width, parts, offsets, k, reach, start, stop, radii, within, counts
):
    """Do what :func:`._brute.brute_force` does, on 16 bits a value: only distances that these leave open are measured.

    *levels* are the columns less a constant, times *per_width*, rounded down, and filled up to whole chunks. Points s
    levels apart are more than s − 1 and less than s + 1 widths apart; one level more is left for rounding.
    """
    d, n = columns.shape
    number, chunks = parts.size - 1, levels.shape[1] // CHUNK
    steps = np.empty((number, ROWS, chunks, CHUNK), np.int16)
    least = np.empty((number + 1, ROWS, chunks), np.int16)
    best, near, joint = np.empty((ROWS, k), np.int16), np.empty(k), np.empty(CHUNK, np.int16)
    places, one = np.empty(n, np.int64), np.empty(1)
    for top in range(start, stop, ROWS):
        rows = min(ROWS, stop - top)
        _scan(levels, n, parts, top, rows, stop, steps, least, best, joint)
        for r in range(rows):
            i, limit, found = top + r, np.int64(best[r, k - 1]) + 3, 0
            for chunk in range(chunks):
                if least[number, r, chunk] <= limit:
                    _joint_levels(steps, r, chunk, joint, least)
                    for j in range(CHUNK):
                        if joint[j] <= limit:
                            places[found] = chunk * CHUNK + j
                            found += 1
            near[:] = np.inf
            for m in range(found):
                one[0] = _distance(columns, 0, d, i, places[m])
                keep_nearest(one, near)
            edge = near[k - 1]
            radii[:, i] = common_radius(edge, reach)
            if reach != BELOW:
                within[i] = 0
                for m in range(found):
                    if _distance(columns, 0, d, i, places[m]) <= edge:
                        within[i] += 1
                        if reach == OWN:
                            widen_radii(columns, offsets, i, places[m], radii)
            for p in range(counts.shape[0]):
                radius = radii[p, i]
                count, sure = 0, np.int64(max(radius, 0.0) * per_width) - 2
                for chunk in range(chunks):
                    if least[p, r, chunk] <= sure + 4:
                        apart = steps[p, r, chunk]
                        surely, maybe = _within_levels(apart, sure, sure + 4)
                        count += surely
                        if surely < maybe:
                            for j in range(CHUNK):
                                if sure < apart[j] <= sure + 4:
                                    far = _distance(columns, parts[p], parts[p + 1], i, chunk * CHUNK + j)
                                    count += far <= radius
                counts[p, i] = count if radius >= 0 else 0
