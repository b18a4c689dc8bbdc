"""Thresholds α of the local non-uniformity correction, and the simulation that they come from.

``python -m mibench.estimators.neighbors._lnc_thresholds`` prints the table anew, in some minutes.
"""

import numpy as np

#: The share of uniform neighbourhoods that are corrected, and so taken for non-uniform, by mistake.
ERROR = 0.005
SEED = 1411_2003


def box_ratios(offsets: np.ndarray) -> np.ndarray:
    """Return ln V̄/V of neighbourhoods, *offsets* being those of k neighbours from their point, ``(n, k, d)``.

    V is the product of the largest |offset| of each column, V̄ that of the largest along each principal axis, which is
    an eigenvector of Σ_j x_j x_jᵀ. An extent below float64's rounding of the offsets is taken to be that rounding.
    """
    scale = np.abs(offsets).max(axis=(1, 2), keepdims=True)
    offsets = offsets / np.where(scale > 0, scale, 1)
    axes = np.linalg.svd(offsets, full_matrices=False)[2]
    turned = np.abs(np.einsum("nkd,nad->nka", offsets, axes)).max(axis=1)
    straight = np.abs(offsets).max(axis=1)
    least = np.finfo(np.float64).eps
    return np.log(np.maximum(turned, least)).sum(axis=1) - np.log(np.maximum(straight, least)).sum(axis=1)


def simulate(k: int, d: int, draws: int) -> float:
    """Return the ERROR-quantile of V̄/V over *draws* neighbourhoods of k points uniform on [−1, 1]^d."""
    rng = np.random.default_rng([SEED, k, d])
    size = max(1, 2_000_000 // (k * d))
    ratios = [box_ratios(rng.uniform(-1, 1, (min(size, draws - done), k, d))) for done in range(0, draws, size)]
    return float(np.exp(np.quantile(np.concatenate(ratios), ERROR)))


#: α by (k, columns), from 200,000 neighbourhoods up to 4 columns, else 50,000. Not for every k: where uniform
#: neighbourhoods have boxes that are no smaller along the principal axes (α of 1 or more) there is nothing to correct.
THRESHOLDS = {
    (3, 2): 0.09669, (4, 2): 0.2166, (5, 2): 0.3284, (6, 2): 0.4142, (8, 2): 0.5223, (10, 2): 0.6016, (12, 2): 0.6617,
    (15, 2): 0.7377, (20, 2): 0.8219, (30, 2): 0.9169, (4, 3): 0.04916, (5, 3): 0.1314, (6, 3): 0.2159,
    (8, 3): 0.3653, (10, 3): 0.4793, (12, 3): 0.5706, (15, 3): 0.6791, (20, 3): 0.8172, (30, 3): 0.99,
    (5, 4): 0.02992, (6, 4): 0.08716, (8, 4): 0.2248, (10, 4): 0.3594, (12, 4): 0.4759, (15, 4): 0.6235,
    (20, 4): 0.8254, (6, 5): 0.0192, (8, 5): 0.1203, (10, 5): 0.2441, (12, 5): 0.3774, (15, 5): 0.5592,
    (20, 5): 0.8327, (8, 6): 0.04208, (10, 6): 0.1474, (12, 6): 0.2713, (15, 6): 0.484, (20, 6): 0.8231,
    (14, 7): 0.3067, (16, 8): 0.3595, (18, 9): 0.4244, (20, 10): 0.5104, (22, 11): 0.6352, (24, 12): 0.7788,
    (26, 13): 0.9991,
}  # fmt: skip


def default_neighbors(d: int) -> int:
    """Return the number of neighbours for d columns: 5, or 2d if that is more."""
    return max(5, 2 * d)


def _main() -> None:
    usual = {3, 4, 5, 6, 8, 10, 12, 15, 20, 30}
    for d in range(2, 14):
        for k in sorted(usual | {default_neighbors(d)}):
            if k == 2 * d or (k > d and d <= 6):
                threshold = simulate(k, d, 200_000 if d <= 4 else 50_000)
                if threshold < 1:
                    print(f"    ({k}, {d}): {threshold:.4g},", flush=True)


if __name__ == "__main__":
    _main()
