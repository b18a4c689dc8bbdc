"""Checks of the hyperparameters that all trained networks share."""

import math
from collections.abc import Mapping
from typing import Any

#: The least values of the counts that say how a network is made and trained.
LEAST = {"hidden": 1, "layers": 1, "batch_size": 1, "max_steps": 1, "patience": 1}


def check_training(estimator: Any, least: Mapping[str, int]) -> None:
    """Raise :class:`ValueError` where a count is below its least value, or a rate out of its range.

    Args:
        estimator: has ``learning_rate``, ``averaging`` and the counts of :data:`LEAST`.
        least: least values in place of those of :data:`LEAST`.
    """
    for name, lowest in {**LEAST, **least}.items():
        if getattr(estimator, name) < lowest:
            raise ValueError(f"{name} is {getattr(estimator, name)}; allowed: {lowest} or more")
    if not 0 < estimator.learning_rate < math.inf:
        raise ValueError(f"learning_rate is {estimator.learning_rate}; allowed: a finite number of more than 0")
    if not 0 <= estimator.averaging < 1:
        raise ValueError(f"averaging is {estimator.averaging}; allowed: at least 0 and less than 1")
