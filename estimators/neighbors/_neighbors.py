"""Compiled searches for neighbours in the max-norm: brute force, a k-d tree, and sorted values for one dimension.

Points are columns of a C-ordered array of shape ``(d, n)``, so that the inner loops run over contiguous memory. Every
comparison is made on the rounded distance |x − y| itself, never on x + r: rounding is monotone, so a bound taken from a
box or from sorted values never disagrees with the distance it stands for, and ties at the edge of a radius are exact.

Importing this module compiles it, or reads the machine code from numba's cache on disk. It is one module because that
cache watches the file a function stands in, and none that it calls into.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

CHUNK = 64
TILE = 256
ROWS = 4
LEAF = 64
#: The same of the search in levels.
LEVEL_CHUNK = 256
LEVEL_TILE = 1024

#: What is counted in a block: distances below that of the k-th joint neighbour; up to it; below it, or equal to it
#: where it is 0; up to the block's own radius, which just covers all samples no farther than the k-th joint neighbour.
BELOW, UP_TO, BELOW_OR_EQUAL, OWN = range(4)

#: More levels than two points can be apart.
FAR = 32767


def _compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile at once for *signature*; without the disk cache where no folder can be written."""

    def compile_now(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            return njit(signature, nogil=True, cache=True)(function)
        except (RuntimeError, OSError):
            return njit(signature, nogil=True)(function)

    return compile_now


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
def _within(distances, radius):  # type: ignore[no-untyped-def]
    """Count the distances ≤ radius."""
    count = 0
    for j in range(distances.size):
        count += distances[j] <= radius
    return count


@njit
def _keep_nearest(distances, best):  # type: ignore[no-untyped-def]
    """Insert what is smaller than the last of the sorted *best*."""
    hits = 0
    for j in range(distances.size):
        hits += distances[j] < best[-1]
    if hits:
        for j in range(distances.size):
            if distances[j] < best[-1]:
                at = best.size - 1
                while at > 0 and best[at - 1] > distances[j]:
                    best[at] = best[at - 1]
                    at -= 1
                best[at] = distances[j]


@njit
def _widen(columns, offsets, i, j, radii):  # type: ignore[no-untyped-def]
    """Let each block's radius around point i reach point j."""
    for b in range(offsets.size - 1):
        for c in range(offsets[b], offsets[b + 1]):
            radii[b, i] = max(radii[b, i], abs(columns[c, i] - columns[c, j]))


@njit
def _radius(edge, reach):  # type: ignore[no-untyped-def]
    """Return the radius up to which *reach* counts, where it is the same in all blocks."""
    if reach == OWN:
        return 0.0
    if reach == BELOW or (reach == BELOW_OR_EQUAL and edge > 0):
        return np.nextafter(edge, -np.inf)
    return edge


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


@_compiled("void(f8[:,::1], i8[::1], i8[::1], i8, i8, i8, i8, f8[:,::1], i8[::1], i8[:,::1])")
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
                    _keep_nearest(joint[: end - at], best[r])
        for r in range(rows):
            i, edge = top + r, best[r, k - 1]
            radii[:, i] = _radius(edge, reach)
            if reach != BELOW:
                within[i] = 0
                for at in range(0, n, CHUNK):
                    end = min(at + CHUNK, n)
                    _joint(distances, r, at, end, joint)
                    inside = _within(joint[: end - at], edge)
                    within[i] += inside
                    if inside and reach == OWN:
                        for j in range(end - at):
                            if joint[j] <= edge:
                                _widen(columns, offsets, i, at + j, radii)
            for p in range(counts.shape[0]):
                counts[p, i] = _within(distances[p, r], radii[p, i])


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
    for lo in range(0, filled, LEVEL_TILE):
        hi = min(lo + LEVEL_TILE, filled)
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
            for chunk in range(lo // LEVEL_CHUNK, hi // LEVEL_CHUNK):
                _joint_levels(steps, r, chunk, joint, least)
                if least[number, r, chunk] < best[r, -1]:
                    _keep_nearest(joint, best[r])


@njit
def _distance(columns, first, last, i, j):  # type: ignore[no-untyped-def]
    """Return the distance of points i and j in dimensions first … last − 1."""
    far = 0.0
    for c in range(first, last):
        far = max(far, abs(columns[c, i] - columns[c, j]))
    return far


@_compiled("void(f8[:,::1], i2[:,::1], f8, i8[::1], i8[::1], i8, i8, i8, i8, f8[:,::1], i8[::1], i8[:,::1])")
def screened_brute_force(  # type: ignore[no-untyped-def]
    columns, levels, per_width, parts, offsets, k, reach, start, stop, radii, within, counts
):
    """Do what :func:`brute_force` does, on 16 bits a value: only distances that these leave open are measured.

    *levels* are the columns less a constant, times *per_width*, rounded down, and filled up to whole chunks. Points s
    levels apart are more than s − 1 and less than s + 1 widths apart; one level more is left for rounding.
    """
    d, n = columns.shape
    number, chunks = parts.size - 1, levels.shape[1] // LEVEL_CHUNK
    steps = np.empty((number, ROWS, chunks, LEVEL_CHUNK), np.int16)
    least = np.empty((number + 1, ROWS, chunks), np.int16)
    best, near, joint = np.empty((ROWS, k), np.int16), np.empty(k), np.empty(LEVEL_CHUNK, np.int16)
    places, one = np.empty(n, np.int64), np.empty(1)
    for top in range(start, stop, ROWS):
        rows = min(ROWS, stop - top)
        _scan(levels, n, parts, top, rows, stop, steps, least, best, joint)
        for r in range(rows):
            i, limit, found = top + r, np.int64(best[r, k - 1]) + 3, 0
            for chunk in range(chunks):
                if least[number, r, chunk] <= limit:
                    _joint_levels(steps, r, chunk, joint, least)
                    for j in range(LEVEL_CHUNK):
                        if joint[j] <= limit:
                            places[found] = chunk * LEVEL_CHUNK + j
                            found += 1
            near[:] = np.inf
            for m in range(found):
                one[0] = _distance(columns, 0, d, i, places[m])
                _keep_nearest(one, near)
            edge = near[k - 1]
            radii[:, i] = _radius(edge, reach)
            if reach != BELOW:
                within[i] = 0
                for m in range(found):
                    if _distance(columns, 0, d, i, places[m]) <= edge:
                        within[i] += 1
                        if reach == OWN:
                            _widen(columns, offsets, i, places[m], radii)
            for p in range(counts.shape[0]):
                radius = radii[p, i]
                count, sure = 0, np.int64(max(radius, 0.0) * per_width) - 2
                for chunk in range(chunks):
                    if least[p, r, chunk] <= sure + 4:
                        apart = steps[p, r, chunk]
                        surely, maybe = _within_levels(apart, sure, sure + 4)
                        count += surely
                        if surely < maybe:
                            for j in range(LEVEL_CHUNK):
                                if sure < apart[j] <= sure + 4:
                                    far = _distance(columns, parts[p], parts[p + 1], i, chunk * LEVEL_CHUNK + j)
                                    count += far <= radius
                counts[p, i] = count if radius >= 0 else 0


@njit
def _select(keys, order, lo, mid, hi):  # type: ignore[no-untyped-def]
    """Reorder positions lo … hi − 1 so that no key before *mid* is larger, none after it smaller (Hoare)."""
    hi -= 1
    while lo < hi:
        pivot, i, j = keys[mid], lo, hi
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if j < mid:
            lo = i
        if i > mid:
            hi = j


@_compiled("Tuple((i8[::1], i8[:,::1], f8[:,:,::1]))(f8[:,::1])")
def build_tree(columns):  # type: ignore[no-untyped-def]
    """Return ``(order, spans, boxes)`` of a balanced k-d tree, split at the median of the widest dimension.

    Node v holds the points ``order[spans[v, 0] : spans[v, 1]]``, which lie between the corners ``boxes[v, 0]`` and
    ``boxes[v, 1]``; its children are 2v + 1 and 2v + 2. O(d·n·log n) time.
    """
    d, n = columns.shape
    inner = 0
    while n > LEAF * (inner + 1):
        inner = 2 * inner + 1
    spans = np.empty((2 * inner + 1, 2), np.int64)
    boxes = np.empty((2 * inner + 1, 2, d))
    order, keys = np.empty(n, np.int64), np.empty(n)
    for j in range(n):
        order[j] = j
    spans[0, 0], spans[0, 1] = 0, n
    for v in range(2 * inner + 1):
        lo, hi, widest = spans[v, 0], spans[v, 1], 0
        for c in range(d):
            least = most = columns[c, order[lo]]
            for j in range(lo + 1, hi):
                least = min(least, columns[c, order[j]])
                most = max(most, columns[c, order[j]])
            boxes[v, 0, c], boxes[v, 1, c] = least, most
            if most - least > boxes[v, 1, widest] - boxes[v, 0, widest]:
                widest = c
        if v < inner:
            for j in range(lo, hi):
                keys[j] = columns[widest, order[j]]
            mid = (lo + hi) // 2
            _select(keys, order, lo, mid, hi)
            spans[2 * v + 1, 0], spans[2 * v + 1, 1] = lo, mid
            spans[2 * v + 2, 0], spans[2 * v + 2, 1] = mid, hi
    return order, spans, boxes


@njit
def _nearest_corner(columns, i, box):  # type: ignore[no-untyped-def]
    """Return the least distance point i can have from a point of the box."""
    near = 0.0
    for c in range(columns.shape[0]):
        near = max(near, box[0, c] - columns[c, i], columns[c, i] - box[1, c])
    return near


@njit
def _farthest_corner(columns, i, box):  # type: ignore[no-untyped-def]
    """Return the largest distance point i can have from a point of the box."""
    far = 0.0
    for c in range(columns.shape[0]):
        far = max(far, columns[c, i] - box[0, c], box[1, c] - columns[c, i])
    return far


@njit
def _leaf_distances(columns, i, span, out):  # type: ignore[no-untyped-def]
    """Return the distances of point i to the points of a leaf, infinite to itself."""
    lo, hi = span
    distances = out[: hi - lo]
    distances[:] = 0.0
    for c in range(columns.shape[0]):
        a, at = columns[c, lo:hi], columns[c, i]
        for j in range(hi - lo):
            s = abs(a[j] - at)
            distances[j] = s if s > distances[j] else distances[j]
    if lo <= i < hi:
        distances[i - lo] = np.inf
    return distances


@_compiled("i8(f8[:,::1], i8[:,::1], f8[:,:,::1], i8[::1], i8, i8, i8, i8, f8[:,::1], i8[::1])")
def search_tree(columns, spans, boxes, offsets, k, reach, start, stop, radii, within):  # type: ignore[no-untyped-def]
    """Fill *radii* and *within* as :func:`brute_force` does, of points in the tree's order; count distances."""
    inner, evaluated = len(spans) // 2, 0
    best, out = np.empty(k), np.empty(LEAF)
    stack, bound = np.empty(64, np.int64), np.empty(64)
    for i in range(start, stop):
        best[:] = np.inf
        stack[0], bound[0], top = 0, 0.0, 1
        while top:
            top -= 1
            v = stack[top]
            if bound[top] >= best[-1]:
                continue
            if v >= inner:
                distances = _leaf_distances(columns, i, spans[v], out)
                _keep_nearest(distances, best)
                evaluated += distances.size
                continue
            near, far = 2 * v + 1, 2 * v + 2
            to_near, to_far = _nearest_corner(columns, i, boxes[near]), _nearest_corner(columns, i, boxes[far])
            if to_near > to_far:
                near, far, to_near, to_far = far, near, to_far, to_near
            stack[top], bound[top] = far, to_far
            stack[top + 1], bound[top + 1] = near, to_near
            top += 2
        edge = best[-1]
        radii[:, i] = _radius(edge, reach)
        if reach != BELOW:
            within[i] = 0
            stack[0], top = 0, 1
            while top:
                top -= 1
                v = stack[top]
                if _nearest_corner(columns, i, boxes[v]) > edge:
                    continue
                if v < inner:
                    stack[top], stack[top + 1] = 2 * v + 1, 2 * v + 2
                    top += 2
                    continue
                distances = _leaf_distances(columns, i, spans[v], out)
                evaluated += distances.size
                within[i] += _within(distances, edge)
                if reach == OWN:
                    for j in range(distances.size):
                        if distances[j] <= edge:
                            _widen(columns, offsets, i, spans[v, 0] + j, radii)
    return evaluated


@_compiled("i8(f8[:,::1], i8[:,::1], f8[:,:,::1], f8[::1], i8, i8, i8[::1])")
def count_tree(columns, spans, boxes, radii, start, stop, counts):  # type: ignore[no-untyped-def]
    """Count the other points within each radius, of points in the tree's order; return the distances evaluated."""
    inner, evaluated = len(spans) // 2, 0
    stack, out = np.empty(64, np.int64), np.empty(LEAF)
    for i in range(start, stop):
        count = -1 if radii[i] >= 0 else 0
        stack[0], top = 0, 1
        while top:
            top -= 1
            v = stack[top]
            if _nearest_corner(columns, i, boxes[v]) > radii[i]:
                continue
            if _farthest_corner(columns, i, boxes[v]) <= radii[i]:
                count += spans[v, 1] - spans[v, 0]
            elif v < inner:
                stack[top], stack[top + 1] = 2 * v + 1, 2 * v + 2
                top += 2
            else:
                distances = _leaf_distances(columns, i, spans[v], out)
                evaluated += distances.size
                count += _within(distances, radii[i])
                count += spans[v, 0] <= i < spans[v, 1]
        counts[i] = count
    return evaluated


@_compiled("void(f8[::1], f8[::1], i8, i8, i8[::1])")
def count_sorted(values, radii, start, stop, counts):  # type: ignore[no-untyped-def]
    """Count the other values within each radius, of values in ascending order. O(log n) time a value."""
    for i in range(start, stop):
        radius = radii[i]
        if radius < 0:
            counts[i] = 0
            continue
        lo, end = 0, i
        while lo < end:
            mid = (lo + end) // 2
            if values[i] - values[mid] <= radius:
                end = mid
            else:
                lo = mid + 1
        hi, end = i + 1, len(values)
        while hi < end:
            mid = (hi + end) // 2
            if values[mid] - values[i] <= radius:
                hi = mid + 1
            else:
                end = mid
        counts[i] = hi - lo - 1
