"""Random orthogonal maps whose every bit is the same on every machine."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Orthogonal:
    """An orthogonal map of ℝ^d as a product of reflections: Q = H(v₁) … H(v_{d−1})·diag(s).

    H(v) = I − 2vvᵀ/‖v‖². A product of matrices by BLAS is summed in an order that depends on the processor, and so are
    the samples it makes. Here every sum is of elementwise products in the order of the columns. Cost: 4·n·d² floating
    point operations on n rows; 2·d matrix-vector products of NumPy.

    Attributes:
        vectors: the vectors of the reflections, normalised to ‖v‖² = 2; each acts on the last columns, as many as it
            has entries.
        signs: s, of shape ``(d,)``.
    """

    vectors: tuple[np.ndarray, ...]
    signs: np.ndarray

    @classmethod
    def draw(cls, dim: int, rng: np.random.Generator) -> "Orthogonal":
        """Draw one from the uniform (Haar) measure.

        The reflection of each of d − 1 Gaussian vectors, of d, d − 1, …, 2 entries, takes it to an axis; the signs make
        the map unique (G. W. Stewart, SIAM J. Numer. Anal. 17(3), 1980, DOI 10.1137/0717034).
        """
        vectors, signs = [], np.ones(dim)
        for k in range(dim - 1):
            x = rng.standard_normal(dim - k)
            signs[k] = -np.copysign(1.0, x[0])
            x[0] -= signs[k] * np.sqrt(_sum(x * x))
            vectors.append(x * np.sqrt(2 / _sum(x * x)))
        signs[-1] = -1.0 if rng.standard_normal() < 0 else 1.0
        return cls(tuple(vectors), signs)

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Return x·Q for each row x of an array of shape ``(n, d)``."""
        columns = np.array(rows.T, order="C")
        for vector in self.vectors:
            _reflect(columns[-len(vector) :], vector)
        return np.ascontiguousarray((columns * self.signs[:, np.newaxis]).T)

    def undo(self, rows: np.ndarray) -> np.ndarray:
        """Return x·Qᵀ for each row x, which undoes :meth:`apply`."""
        columns = np.array((rows * self.signs).T, order="C")
        for vector in reversed(self.vectors):
            _reflect(columns[-len(vector) :], vector)
        return np.ascontiguousarray(columns.T)


def _sum(values: np.ndarray) -> np.float64:
    """Sum in the order given; NumPy's own sum goes by pairs, in an order of its choice."""
    return np.add.accumulate(values)[-1]


def _reflect(columns: np.ndarray, vector: np.ndarray) -> None:
    """Reflect, in place, at the hyperplane of normal *vector*, ‖vector‖² = 2; a sample is a column of *columns*."""
    along = np.zeros(columns.shape[1])
    for column, weight in zip(columns, vector, strict=True):
        along += column * weight
    for column, weight in zip(columns, vector, strict=True):
        column -= along * weight
