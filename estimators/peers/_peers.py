"""Functions that the wrappers of other libraries share."""

import functools
import importlib.metadata

import numpy as np

from mibench.errors import InputError


@functools.cache
def release(package: str) -> str:
    """Return ``+package-version``, part of a cell's key, or nothing where the package is not installed."""
    try:
        return f"+{package}-{importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return ""


def require_neighbors(name: str, k: int, n: int) -> None:
    """Raise :class:`InputError` where *n* samples have no *k*-th neighbour."""
    if n <= k:
        raise InputError(f"{name}: n is {n}; allowed: more than k={k} samples")


def library_seed(rng: np.random.Generator) -> int:
    """Draw a seed for a library that takes one."""
    return int(rng.integers(2**31))
