"""Columns brought to one location and scale, at whatever magnitude they come."""

import numpy as np


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation along the first axis, where squares would overflow or vanish as well.

    Each column is brought to magnitude 1 by a power of two, which changes no digit, and the moments are brought back.
    """
    exponent = np.frexp(np.abs(values).max(axis=0))[1]
    scaled = np.ldexp(values, -exponent)
    return np.ldexp(scaled.mean(axis=0), exponent), np.ldexp(scaled.std(axis=0), exponent)


def standardize(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the columns of *values* less the mean of *known*'s, over their standard deviation where it is not 0.

    Values far beyond *known* become large numbers, and no difference overflows.
    """
    exponent = np.frexp(np.abs(known).max(axis=0))[1]
    scaled = np.ldexp(known, -exponent)
    deviation = scaled.std(axis=0)
    return (np.ldexp(values, -exponent) - scaled.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
