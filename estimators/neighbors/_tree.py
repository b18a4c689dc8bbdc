"""Compiled k-d tree in the max-norm, and sorted values in its place for one dimension.

Importing this module compiles it, or reads numba's disk cache.
"""

import numpy as np
from numba import njit

from ._neighbors import BELOW, OWN, common_radius, compiled, count_within, keep_nearest, widen_radii

LEAF = 64


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


@compiled("Tuple((i8[::1], i8[:,::1], f8[:,:,::1]))(f8[:,::1])")
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


@compiled("i8(f8[:,::1], i8[:,::1], f8[:,:,::1], i8[::1], i8, i8, i8, i8, f8[:,::1], i8[::1])")
def search_tree(columns, spans, boxes, offsets, k, reach, start, stop, radii, within):  # type: ignore[no-untyped-def]
    """Fill *radii* and *within* as :func:`._brute.brute_force` does, of points in the tree's order; count distances."""
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
                keep_nearest(distances, best)
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
        radii[:, i] = common_radius(edge, reach)
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
                within[i] += count_within(distances, edge)
                if reach == OWN:
                    for j in range(distances.size):
                        if distances[j] <= edge:
                            widen_radii(columns, offsets, i, spans[v, 0] + j, radii)
    return evaluated


@compiled("i8(f8[:,::1], i8[:,::1], f8[:,:,::1], f8[::1], i8, i8, i8[::1])")
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
                count += count_within(distances, radii[i])
                count += spans[v, 0] <= i < spans[v, 1]
        counts[i] = count
    return evaluated


@compiled("void(f8[::1], f8[::1], i8, i8, i8[::1])")
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
