"""Inverses of increasing functions."""

from collections.abc import Callable

import numpy as np


def invert_increasing(
    function: Callable[[np.ndarray], np.ndarray], values: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Return x with function(x) = value, element by element, by bisection to the last bit.

    Args:
        function: increasing, element by element.
        values: what it shall give.
        low: below every root, of the shape of *values*.
        high: above every root.
    """
    for _ in range(1100):
        middle = low + (high - low) / 2
        if np.all((middle <= low) | (middle >= high)):
            break
        below = function(middle) < values
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high
