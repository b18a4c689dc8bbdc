"""Truths of the task noisy-digits: prints ``noisy-digits.toml``; a few minutes on one core.

Run ``python tasks/assets/make_noisy_digits.py > tasks/assets/noisy-digits.toml`` and write the new SHA-256 into the
class. Every image is a stratum of its own, with as many antithetic pairs of noise ±N as every other.
"""

import math

import numpy as np

from mibench.tasks import _digits  # type: ignore[import-not-found]

SEED, PAIRS = 0, 600
NOISES = (4.0, 8.0, 16.0, 32.0, 64.0)


def main() -> None:
    """Print the table."""
    digits = _digits.load()
    print("# Made by make_noisy_digits.py: Monte Carlo, stratified by image, with antithetic noise; nats.")
    print(f"seed = {SEED}\npairs = {PAIRS}  # of each image\ndraws = {2 * PAIRS * len(digits.images)}  # at each noise")
    for noise in NOISES:
        (image, image_stderr), (label, label_stderr) = _estimate(digits, noise)
        print(f"\n[[truths]]\nnoise = {noise}\nimage = {image:.6f}\nimage_stderr = {image_stderr:.6f}")
        print(f"label = {label:.6f}\nlabel_stderr = {label_stderr:.6f}", flush=True)


def _estimate(digits: _digits.Digits, noise: float) -> list[tuple[float, float]]:
    """Return I(image; Y) and I(label; Y), each with its standard error.

    With Δ = x_i − x_j, ln p(y|j) − ln p(y|i) = −‖Δ‖²/2s² − N·Δ/s, which is at most ‖N‖²/2: no exponential overflows.
    """
    rng = np.random.default_rng([SEED, int(noise)])
    x, weights = digits.images, digits.weights
    norms = (x**2).sum(axis=1)
    means, variances = np.empty((2, len(x))), np.empty((2, len(x)))
    for i, c in enumerate(digits.classes):
        own = digits.classes == c
        n = rng.standard_normal((PAIRS, x.shape[1]))
        base = -(norms + norms[i] - 2 * x @ x[i]) / (2 * noise**2)
        slopes = (n @ x.T - (n @ x[i])[:, np.newaxis]) / noise
        ratios = np.zeros((2, PAIRS))
        for sign in (1, -1):
            terms = np.exp(base + sign * slopes)
            evidence = terms @ weights
            ratios[0] -= 0.5 * np.log(evidence)
            ratios[1] += 0.5 * np.log(10 * terms[:, own] @ weights[own] / evidence)
        means[:, i], variances[:, i] = ratios.mean(axis=1), ratios.var(axis=1, ddof=1)
    return [
        (float(weights @ mean), math.sqrt(weights**2 @ variance / PAIRS))
        for mean, variance in zip(means, variances, strict=True)
    ]


if __name__ == "__main__":
    main()
