"""Dependence in a table: a test of it, the information of every two columns, and of each with a target."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from .api import estimate
from .block import as_blocks
from .errors import InputError, MibenchError
from .estimator import Estimate, Estimator
from .registry import get_estimator
from .stats.interval import holm
from .streams import stream

Item = TypeVar("Item")
#: The most permutations of a test.
MOST_PERMUTATIONS = 1_000_000
#: Goes through items and may show how far it has come.
Track = Callable[[Sequence[Item]], Iterable[Item]]


@dataclass(frozen=True)
class PermutationTest:
    """Result of a permutation test of independence.

    Attributes:
        nats: the estimate on the data as they are.
        null_mean, null_sd: mean and standard deviation of the estimates on permuted data, whose true value is 0.
        p_value: (1 + b)/(1 + B), b of B permuted estimates at least as large as that on the data.
        permutations: B.
    """

    nats: float
    null_mean: float
    null_sd: float
    p_value: float
    permutations: int


def permutation_test(
    *blocks: Any, estimator: str | Estimator = "ksg", permutations: int = 999, seed: int = 0, track: Track[int] = iter
) -> PermutationTest:
    """Test whether blocks are independent, by estimates on data whose rows are permuted.

    The rows of every block but the first are put in a random order, each its own, which leaves the blocks' own
    distributions as they are and makes them independent. The p-value (1 + b)/(1 + B) is exact for exchangeable rows,
    whatever the bias of the estimator: under independence P(p ≤ α) ≤ α. It needs rows that are independent of one
    another: those of a time series are not. B estimates.

    Args:
        blocks: arrays of shape ``(n,)`` or ``(n, d)``, the same n in each.
        estimator: a spec string, or an estimator.
        permutations: B; 999 for p-values down to 0.001.
        seed: of the permutations and of the estimator; every estimate has its own stream.
        track: goes through the permutations, to show progress.

    Raises:
        InputError: data no estimator can take; or permutations of less than 1, or more than a million.

    References:
        B. Phipson and G. K. Smyth, Permutation p-values should never be zero, Statistical Applications in Genetics and
        Molecular Biology 9(1), 39, 2010. DOI 10.2202/1544-6115.1585

    Example:
        >>> import numpy as np
        >>> x, noise = np.random.default_rng(0).normal(size=(2, 200))
        >>> permutation_test(x, x + noise, estimator="gaussian", permutations=99).p_value
        0.01
    """
    if not 1 <= permutations <= MOST_PERMUTATIONS:
        raise InputError(f"permutations is {permutations}; allowed: 1 to {MOST_PERMUTATIONS:,}")
    arrays = as_blocks(*blocks)
    chosen = get_estimator(estimator) if isinstance(estimator, str) else estimator
    found = estimate(*arrays, estimator=chosen, seed=seed).nats
    null = np.empty(permutations)
    for number in track(range(permutations)):
        rng = stream("permutation", seed, number)
        moved = [arrays[0], *(block[rng.permutation(len(block))] for block in arrays[1:])]
        null[number] = estimate(*moved, estimator=chosen, seed=seed + 1 + number).nats
    p_value = (1 + int(np.count_nonzero(null >= found))) / (1 + permutations)
    null_sd = float(null.std(ddof=1)) if permutations > 1 else np.nan
    return PermutationTest(found, float(null.mean()), null_sd, p_value, permutations)


@dataclass(frozen=True)
class Matrix:
    """Mutual information of every two columns.

    Attributes:
        names: of the columns, in their order.
        nats: symmetric, ``(d, d)``, NaN on the diagonal and where an estimate failed.
        order: the columns so that similar ones stand together (average linkage of exp(−nats)).
        failures: the message of each pair that failed.
    """

    names: tuple[str, ...]
    nats: np.ndarray
    order: tuple[int, ...]
    failures: dict[tuple[str, str], str] = field(default_factory=dict)


def matrix(
    columns: dict[str, np.ndarray], *, estimator: str | Estimator = "ksg", seed: int = 0, track: Track[Any] = iter
) -> Matrix:
    """Estimate the mutual information of every two columns: d(d − 1)/2 estimates.

    A pair that cannot be estimated, such as one with a constant, is NaN and has a message; it stops no other.

    Args:
        columns: arrays of shape ``(n,)``, by name; NaN where a value is missing, which leaves out the row of a pair.
        estimator: a spec string, or an estimator.
        seed: of the estimator.
        track: goes through the pairs, to show progress.
    """
    names = tuple(columns)
    if len(names) < 2:
        raise InputError(f"{len(names)} column(s) given; allowed: two or more")
    chosen = get_estimator(estimator) if isinstance(estimator, str) else estimator
    nats = np.full((len(names), len(names)), np.nan)
    failures = {}
    pairs = [(first, second) for first in range(len(names)) for second in range(first)]
    for i, j in track(pairs):
        found = _attempt(columns[names[i]], columns[names[j]], chosen, seed)
        if isinstance(found, str):
            failures[names[j], names[i]] = found
        else:
            nats[i, j] = nats[j, i] = found.nats
    return Matrix(names, nats, _leaves(nats), failures)


def _attempt(x: np.ndarray, y: np.ndarray, estimator: Estimator, seed: int) -> Estimate | str:
    """Return the estimate from the rows that have both values, or why there is none."""
    x, y = _complete(x, y)
    try:
        return estimate(x, y, estimator=estimator, seed=seed)
    except MibenchError as error:
        return str(error)


def _complete(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = ~np.isnan(x) & ~np.isnan(y.reshape(len(y), -1)).any(axis=1)
    return x[known], y[known]


def _leaves(nats: np.ndarray) -> tuple[int, ...]:
    """Return the order of the leaves of a clustering in which columns that share much information are near."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    distance = np.exp(-np.clip(np.nan_to_num(nats, nan=0.0), 0.0, None))
    np.fill_diagonal(distance, 0.0)
    condensed = squareform(distance, checks=False)
    return tuple(int(leaf) for leaf in leaves_list(optimal_leaf_ordering(linkage(condensed, "average"), condensed)))


@dataclass(frozen=True)
class Ranked:
    """A column and what it tells of the target.

    Attributes:
        name: of the column.
        nats, stderr: the estimate, and the estimator's own standard error where it gives one; NaN where it failed.
        p_value, adjusted: of the permutation test, and after Holm's correction for the number of columns; NaN without.
        message: why there is no estimate, or what it warns of.
    """

    name: str
    nats: float
    stderr: float | None
    p_value: float
    adjusted: float
    message: str


def rank(
    columns: dict[str, np.ndarray], target: np.ndarray, *, estimator: str | Estimator = "ksg", permutations: int = 0,
    seed: int = 0, track: Track[Any] = iter,
) -> list[Ranked]:  # fmt: skip
    """Return the columns by what each tells of *target*, most first; those that cannot be estimated come last.

    Each column by itself: two that tell the same both rank high, and two that tell only together rank low.

    Args:
        columns: arrays of shape ``(n,)``, by name; NaN where a value is missing, which leaves out the row of a pair.
        target: an array of shape ``(n,)`` or ``(n, d)``.
        estimator: a spec string, or an estimator.
        permutations: of a permutation test of each column, 0 for none.
        seed: of the estimator and of the permutations.
        track: goes through the columns, to show progress.
    """
    chosen = get_estimator(estimator) if isinstance(estimator, str) else estimator
    rows = []
    for name in track(list(columns)):
        found = _attempt(columns[name], target, chosen, seed)
        if isinstance(found, str):
            rows.append(Ranked(name, np.nan, None, np.nan, np.nan, found))
            continue
        p_value = np.nan
        if permutations:
            pair = _complete(columns[name], target)
            p_value = permutation_test(*pair, estimator=chosen, permutations=permutations, seed=seed).p_value
        warning = str(found.diagnostics.get("warning", ""))
        rows.append(Ranked(name, found.nats, found.stderr, p_value, np.nan, warning))
    adjusted = holm(np.array([row.p_value for row in rows]))
    rows = [Ranked(**{**vars(row), "adjusted": float(p)}) for row, p in zip(rows, adjusted, strict=True)]
    return sorted(rows, key=lambda row: (np.isnan(row.nats), -np.nan_to_num(row.nats)))
