"""Functions that the wrappers of other libraries share."""

import functools
import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """Turn what a library says of values it cannot take, such as those whose scaling overflows, into an error of ours.

    Raises:
        InputError: the library raised a ``ValueError``.
    """
    try:
        yield
    except ValueError as error:
        raise InputError(f"{name}: the library refuses these values: {str(error).strip().splitlines()[0]}") from error


def library_seed(rng: np.random.Generator) -> int:
    """Draw a seed for a library that takes one."""
    return int(rng.integers(2**31))
