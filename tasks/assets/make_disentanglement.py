"""Truths of the task disentanglement: prints ``disentanglement.toml``; a few minutes on one core.

Run ``python tasks/assets/make_disentanglement.py > tasks/assets/disentanglement.toml`` and write the new SHA-256 into
the class. I(x; z) is the mean of ln q(z|x) − ln q(z), every sprite x a stratum of its own with as many antithetic pairs
of noise ±N as every other; TC(z) = Σ_j h(z_j) − h(z) with h(z) = h(z|x) + I(x; z) and the h(z_j) by quadrature, so that
both have the same standard error.
"""

import io
import math
import sys
from pathlib import Path

import numpy as np

from mibench.tasks._posterior import AggregatedPosterior  # type: ignore[import-not-found]

SEED, PAIRS = 0, 300
ENCODERS = Path(__file__).with_name("sprites-vae.npz")


def main() -> None:
    """Print the table."""
    with np.load(io.BytesIO(ENCODERS.read_bytes())) as stored:
        encoders = {name: stored[name].astype(np.float64) for name in stored.files if not name.startswith("decoder")}
    count = len(next(iter(encoders.values())))
    print("# Made by make_disentanglement.py: Monte Carlo, stratified by sprite, with antithetic noise; nats.")
    print(f"seed = {SEED}\npairs = {PAIRS}  # of each sprite\ndraws = {2 * PAIRS * count}  # from each encoder")
    for name, array in encoders.items():
        posterior = AggregatedPosterior(*np.hsplit(array, 2))
        information, stderr = _estimate(posterior, np.random.default_rng([SEED, *name.encode()]))
        joint = posterior.conditional_entropies.sum() + information
        correlation = posterior.marginal_entropies.sum() - joint
        print(f'\n[[truths]]\nasset = "{name}"\nxz = {information:.6f}\ntc = {correlation:.6f}')
        print(f"stderr = {stderr:.6f}", flush=True)
        print(f"{name}: {correlation:.4f} {information:.4f} ± {stderr:.4f}", file=sys.stderr, flush=True)


def _estimate(posterior: AggregatedPosterior, rng: np.random.Generator) -> tuple[float, float]:
    """Return I(x; z) with its standard error.

    The squares of the noise, whose means are 1, are control variates: their coefficients come from least squares.
    """
    count, latents = posterior.mean.shape
    ratios, squares = np.empty((count, PAIRS)), np.empty((count, PAIRS, latents))
    for i, (mean, sd) in enumerate(zip(posterior.mean, posterior.sd, strict=True)):
        noise = rng.standard_normal((PAIRS, latents))
        z = np.concatenate([mean + sd * noise, mean - sd * noise])
        logs = posterior.log_given(z, np.full(2 * PAIRS, i)) - posterior.log_density(z)
        ratios[i], squares[i] = logs.reshape(2, PAIRS).mean(axis=0), noise**2 - 1
    inner = (squares - squares.mean(axis=1, keepdims=True)).reshape(-1, latents)
    slopes = np.linalg.lstsq(inner, (ratios - ratios.mean(axis=1, keepdims=True)).ravel(), rcond=None)[0]
    rest = ratios - squares @ slopes
    return float(rest.mean()), math.sqrt(rest.var(axis=1, ddof=1).mean() / PAIRS / count)


if __name__ == "__main__":
    main()
