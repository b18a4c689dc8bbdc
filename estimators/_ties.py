"""Columns made ready for nearest neighbours: brought to unit variance, repeated values told apart."""

import numpy as np

#: Standard deviation of the noise, as a share of the column's.
NOISE = 1e-10
SEED = 20040623


def scale_columns(
    blocks: tuple[np.ndarray, ...], standardize: bool, jitter: bool
) -> tuple[tuple[np.ndarray, ...], int]:
    """Return the blocks scaled and without ties inside a column, and the number of columns that got noise.

    A column is centred and divided by its standard deviation if *standardize*. If *jitter*, a column in which a value
    occurs twice is centred, and noise of 1e-10 standard deviations is added. The noise is drawn from a fixed seed and
    dealt out in the lexicographic order of the rows (x₁, …, x_m), so equal data get equal noise in whatever order the
    samples come. Mean and deviation are taken over the sorted column for the same reason.

    O(D·n·log n) time for D columns.
    """
    rows = np.concatenate(blocks, axis=1)
    out = rows.copy()
    jittered = []
    for c, column in enumerate(rows.T):
        values = np.sort(column)
        tied = jitter and bool(np.any(values[1:] == values[:-1]))
        if not (tied or standardize):
            continue
        centre, deviation = _moments(values)
        out[:, c] = (column - centre) / deviation if standardize else column - centre
        if tied:
            jittered.append((c, 1.0 if standardize else deviation))
    if jittered:
        order = np.lexsort(rows.T[::-1])
        rng = np.random.default_rng(SEED)
        for c, deviation in jittered:
            out[order, c] += NOISE * deviation * rng.standard_normal(len(rows))
    bounds = np.cumsum([block.shape[1] for block in blocks])[:-1]
    return tuple(np.split(out, bounds, axis=1)), len(jittered)


def _moments(values: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation, computed at a scale where squares neither overflow nor vanish."""
    exponent = int(np.frexp(np.abs(values).max())[1])
    scaled = np.ldexp(values, -exponent)
    return float(np.ldexp(scaled.mean(), exponent)), float(np.ldexp(scaled.std(), exponent))
