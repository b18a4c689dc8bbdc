"""Reference lines that see no data: the best constant in hindsight and the best blind estimator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mibench.task import SCALE_FLOOR

#: The lines' names on boards; none is ever ranked.
BEST_CONSTANT = "best constant"
BEST_BLIND = "best blind"
ORACLE = "oracle"


@dataclass(frozen=True)
class Constant:
    """A constant estimate in nats, and its mean score."""

    nats: float
    score: float


def constant_scores(nats: float | np.ndarray, truths: np.ndarray) -> np.ndarray:
    """Return min(|nats − I| / max(I, 0.1 nat), 1) for each truth I."""
    return np.minimum(np.abs(nats - truths) / np.maximum(truths, SCALE_FLOOR), 1.0)


def best_constant(truths: np.ndarray, weights: np.ndarray) -> Constant:
    """Return the constant c of the lowest weighted mean score Σ w·min(|c − I| / scale, 1) / Σ w.

    The sum is piecewise linear in c. Its slope falls where a task's cap begins (at I ± scale) and rises at the truths
    alone, so that a truth is among the minima: the minimum is exact. Of several the smallest is returned. Time
    O(T²) for T different truths.

    Args:
        truths: the truths in nats, shape ``(m,)``.
        weights: the weight of each, shape ``(m,)``.

    Example:
        >>> import numpy as np
        >>> best_constant(np.array([0.2, 1.0, 4.0]), np.ones(3)).nats
        0.2
    """
    unique, place = np.unique(truths, return_inverse=True)
    mass = np.bincount(place, weights)
    means = constant_scores(unique[:, None], unique[None, :]) @ mass / mass.sum()
    best = int(np.argmin(np.round(means, 12)))
    return Constant(float(unique[best]), float(means[best]))


def blind_scores(truths: np.ndarray, weights: np.ndarray, signatures: Sequence[object]) -> np.ndarray:
    """Return the scores of the best estimator that sees of each cell its signature alone: n, shapes and kinds.

    It is the best constant of each signature. An estimator that scores no better may have learnt which tasks a suite
    holds, and nothing from its data.

    Args:
        truths: the truth of each cell in nats, shape ``(m,)``.
        weights: the weight of each cell, shape ``(m,)``.
        signatures: what it sees of each cell.
    """
    codes: dict[object, int] = {}
    group = np.array([codes.setdefault(signature, len(codes)) for signature in signatures])
    scores = np.empty(len(truths))
    for code in range(len(codes)):
        rows = group == code
        scores[rows] = constant_scores(best_constant(truths[rows], weights[rows]).nats, truths[rows])
    return scores


def task_weights(families: Sequence[str]) -> np.ndarray:
    """Return the weight of each task on a board: 1 / (families × tasks of its family)."""
    names, place = np.unique(np.asarray(families), return_inverse=True)
    return np.asarray(1.0 / (len(names) * np.bincount(place)[place]))


def suite_constants(tasks: Mapping[str, tuple[str, float]]) -> dict[str, Constant]:
    """Return the best constant of a suite, under "", and of each of its families.

    Args:
        tasks: the family and the truth in nats of each task.
    """
    families = np.array([family for family, _ in tasks.values()])
    truths = np.array([truth for _, truth in tasks.values()])
    found = {"": best_constant(truths, task_weights(families.tolist()))}
    for family in np.unique(families):
        mine = families == family
        found[str(family)] = best_constant(truths[mine], np.ones(mine.sum()))
    return found
