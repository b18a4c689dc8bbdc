"""Common parts of the compiled searches for neighbours: how they are compiled, and the steps that several take.

Points are columns of a C-ordered array of shape ``(d, n)``, so that the inner loops run over contiguous memory. Every
comparison is made on the rounded distance |x − y| itself, never on x + r: rounding is monotone, so a bound taken from a
box or from sorted values never disagrees with the distance it stands for, and ties at the edge of a radius are exact.

Numba keeps machine code on disk, and takes it from there while the file of the compiled function is the same: that a
function or constant of another file has changed, it does not see. So a compiled search uses its own file and this one,
no third, and :func:`compiled` puts a digest of this file into the name under which the code is kept.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

#: Rows that are searched together: their distances are counted while they are in the cache.
ROWS = 4

#: What is counted in a block: distances below that of the k-th joint neighbour; up to it; below it, or equal to it
#: where it is 0; up to the block's own radius, which just covers all samples no farther than the k-th joint neighbour.
BELOW, UP_TO, BELOW_OR_EQUAL, OWN = range(4)


def compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile at once for *signature*; without the disk cache where no folder can be written.

    Code is kept under the function's qualified name, to which a digest of this file is added: after a change of this
    file, as after one of the function's own, the function is compiled anew.
    """

    def compile_now(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            shared = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
            function.__qualname__ += f"_{shared}"
            return njit(signature, nogil=True, cache=True)(function)
        except (RuntimeError, OSError):
            return njit(signature, nogil=True)(function)

    return compile_now


@njit
def count_within(distances, radius):  # type: ignore[no-untyped-def]
    """Count the distances ≤ radius."""
    count = 0
    for j in range(distances.size):
        count += distances[j] <= radius
    return count


@njit
def keep_nearest(distances, best):  # type: ignore[no-untyped-def]
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
def widen_radii(columns, offsets, i, j, radii):  # type: ignore[no-untyped-def]
    """Let each block's radius around point i reach point j."""
    for b in range(offsets.size - 1):
        for c in range(offsets[b], offsets[b + 1]):
            radii[b, i] = max(radii[b, i], abs(columns[c, i] - columns[c, j]))


@njit
def common_radius(edge, reach):  # type: ignore[no-untyped-def]
    """Return the radius up to which *reach* counts, where it is the same in all blocks."""
    if reach == OWN:
        return 0.0
    if reach == BELOW or (reach == BELOW_OR_EQUAL and edge > 0):
        return np.nextafter(edge, -np.inf)
    return edge
