"""Linear frames: coordinates of y in which a linear Gaussian model of it, given x or alone, is standard."""

from dataclasses import dataclass

import numpy as np

#: Penalties of the ridge regression, in rows, of which cross-validation takes one.
PENALTIES = 10.0 ** np.arange(-3, 5)
#: The least variance of a direction, of columns of unit variance.
LEAST_VARIANCE = 1e-8


@dataclass(frozen=True)
class LinearFrame:
    """Coordinates u − v and t, in which the training rows' residual y − E[y | x], and y itself, are white.

    Attributes:
        x_mean, y_mean: means of the training rows.
        slope: B of the regression y ≈ xB, ``(d_x, d)``.
        residual_map, marginal_map: A and W, ``(d, d)``.
        conditional_log_det, marginal_log_det: ln |det A| and ln |det W|, which log densities of y gain.
    """

    x_mean: np.ndarray
    y_mean: np.ndarray
    slope: np.ndarray
    residual_map: np.ndarray
    marginal_map: np.ndarray
    conditional_log_det: float
    marginal_log_det: float

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray) -> "LinearFrame":
        """Return the frame of training rows, ``(m, d_x)`` and ``(m, d)``.

        The regression is a ridge regression, its penalty chosen by generalized cross-validation, which also says by how
        much residuals of other rows are larger. O(m·(d_x² + d²) + d_x³ + d³) time.

        Reference: G. H. Golub, M. Heath and G. Wahba, Technometrics 21 (1979) 215. DOI 10.1080/00401706.1979.10489751
        """
        x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
        x, y = x - x_mean, y - y_mean
        powers, basis = np.linalg.eigh(x.T @ x)
        powers = np.maximum(powers, 0.0)
        weights = basis.T @ (x.T @ y)
        best = None
        for penalty in PENALTIES:
            slope = basis @ (weights / (powers + penalty)[:, None])
            shrinkage = 1 - (1 + (powers / (powers + penalty)).sum()) / len(y)
            if shrinkage <= 0:
                continue
            residual = (y - x @ slope) / shrinkage
            score = float((residual**2).sum())
            if best is None or score < best[0]:
                best = score, slope, residual
        if best is None:
            best = 0.0, np.zeros((x.shape[1], y.shape[1])), y
        residual_map, conditional = _whitening(best[2])
        marginal_map, marginal = _whitening(y)
        return cls(x_mean, y_mean, best[1], residual_map, marginal_map, conditional, marginal)

    def blocks(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the context x, the prediction v, and the targets u and t, of any rows."""
        prediction = (x - self.x_mean) @ self.slope @ self.residual_map
        y = y - self.y_mean
        return x, prediction, y @ self.residual_map, y @ self.marginal_map


def _whitening(rows: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the symmetric inverse root of the second moments, and the logarithm of its determinant."""
    variances, axes = np.linalg.eigh(rows.T @ rows / len(rows))
    variances = np.maximum(variances, LEAST_VARIANCE)
    return (axes / np.sqrt(variances)) @ axes.T, float(-0.5 * np.log(variances).sum())
