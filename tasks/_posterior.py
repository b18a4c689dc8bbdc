"""The aggregated posterior of an encoder: an exact mixture of Gaussians with diagonal covariances."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: Rows whose densities are computed at once.
_ROWS = 1024
#: Standard deviations to integrate over beyond every mean, and points in the least of them.
_REACH, _POINTS = 9.0, 4
#: A density below which nothing counts.
_LEAST = 1e-300


@dataclass(frozen=True, eq=False)
class AggregatedPosterior:
    """q(z) = (1/N) Σ_i q(z|i) with q(z|i) = N(μ_i, diag σ_i²), and what follows from it; all in nats.

    Attributes:
        mean: μ, shape ``(N, d)``.
        log_var: ln σ², shape ``(N, d)``.
    """

    mean: np.ndarray
    log_var: np.ndarray

    def of(self, latents: Sequence[int]) -> "AggregatedPosterior":
        """Return that of some of the latents, counted from 0: their marginal."""
        return AggregatedPosterior(self.mean[:, latents], self.log_var[:, latents])

    @cached_property
    def sd(self) -> np.ndarray:
        """σ, shape ``(N, d)``, by SciPy, whose exponential rounds the same on every processor."""
        from scipy.special import exp2

        spread: np.ndarray = exp2(self.log_var / (2 * math.log(2)))
        return spread

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw i, uniform, and z given i: shapes ``(n,)`` and ``(n, d)``."""
        number = rng.integers(len(self.mean), size=n)
        return number, self.mean[number] + self.sd[number] * rng.standard_normal((n, self.mean.shape[1]))

    def log_given(self, z: np.ndarray, number: np.ndarray) -> np.ndarray:
        """Return ln q(z|i) at each row's own i, shape ``(n,)``."""
        squares = ((z - self.mean[number]) / self.sd[number]) ** 2
        logs: np.ndarray = -0.5 * (squares + self.log_var[number] + math.log(2 * math.pi)).sum(axis=1)
        return logs

    def log_given_each(self, z: np.ndarray) -> np.ndarray:
        """Return ln q(z|i) at every i, shape ``(n, N)``: a quadratic form in z; cost O(n·N·d)."""
        precision = 1 / self.sd**2
        constant = -0.5 * (self.mean**2 * precision + self.log_var + math.log(2 * math.pi)).sum(axis=1)
        logs: np.ndarray = z**2 @ (-0.5 * precision.T) + z @ (self.mean * precision).T + constant
        return logs

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Return ln q(z), shape ``(n,)``; cost O(n·N·d)."""
        return np.concatenate([self._log_density(z[at : at + _ROWS]) for at in range(0, len(z), _ROWS)])

    def _log_density(self, z: np.ndarray) -> np.ndarray:
        logs = self.log_given_each(z)
        top = logs.max(axis=1)
        density: np.ndarray = top + np.log(np.exp(logs - top[:, np.newaxis]).mean(axis=1))
        return density

    def log_marginals(self, z: np.ndarray) -> np.ndarray:
        """Return ln q(z_j) of every latent, shape ``(n, d)``."""
        return np.stack([self.of([j]).log_density(z[:, [j]]) for j in range(z.shape[1])], axis=1)

    @cached_property
    def conditional_entropies(self) -> np.ndarray:
        """E h(z_j|i) = ½·(ln 2πe + mean ln σ_j²), shape ``(d,)``."""
        entropies: np.ndarray = 0.5 * (math.log(2 * math.pi * math.e) + self.log_var.mean(axis=0))
        return entropies

    @cached_property
    def marginal_entropies(self) -> np.ndarray:
        """h(z_j), shape ``(d,)``, by a trapezoidal rule: good to 1e-9."""
        entropies = []
        for j in range(self.mean.shape[1]):
            densities, step = self._densities(j)
            density = densities.mean(axis=1)
            entropies.append(-step * float(density @ np.log(density)))
        return np.array(entropies)

    def pair_information(self, first: int, second: int) -> float:
        """Return I(z_j; z_k) of two latents, counted from 0, by a trapezoidal rule in the plane: good to 1e-9.

        Given i the two are independent, so that the joint density on a grid is one product of matrices.
        """
        (a, step_a), (b, step_b) = self._densities(first), self._densities(second)
        joint = a @ b.T / len(self.mean)
        apart = np.log(a.mean(axis=1))[:, np.newaxis] + np.log(b.mean(axis=1))
        seen = joint > _LEAST
        return float(step_a * step_b * np.sum(joint[seen] * (np.log(joint[seen]) - apart[seen])))

    def _densities(self, latent: int) -> tuple[np.ndarray, float]:
        """Return q(z_j|i) at equally spaced z_j, where there is any, shape ``(points, N)``, and the step."""
        mean, sd = self.mean[:, latent], self.sd[:, latent]
        low, high = float((mean - _REACH * sd).min()), float((mean + _REACH * sd).max())
        grid, step = np.linspace(low, high, 1 + math.ceil((high - low) / sd.min() * _POINTS), retstep=True)
        densities = np.exp(-0.5 * ((grid[:, np.newaxis] - mean) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
        return densities[densities.mean(axis=1) > _LEAST], float(step)

    @cached_property
    def mean_divergence(self) -> float:
        """E KL(q(z|i) ‖ N(0, 1)), the rate of the encoder."""
        return float(0.5 * (self.mean**2 + self.sd**2 - self.log_var - 1).sum(axis=1).mean())

    @cached_property
    def marginal_divergences(self) -> np.ndarray:
        """KL(q(z_j) ‖ N(0, 1)) of every latent, shape ``(d,)``."""
        second = (self.mean**2 + self.sd**2).mean(axis=0)
        divergences: np.ndarray = 0.5 * (math.log(2 * math.pi) + second) - self.marginal_entropies
        return divergences

    @cached_property
    def gaussian_total_correlation(self) -> float:
        """−½ ln det R, the total correlation of the Gaussian with the covariances of q: what correlation can see."""
        covariance = np.cov(self.mean.T, bias=True) + np.diag((self.sd**2).mean(axis=0))
        scale = np.sqrt(np.diag(covariance))
        return float(-0.5 * np.linalg.slogdet(covariance / np.outer(scale, scale))[1])

    def information_about(self, factor: np.ndarray) -> np.ndarray:
        """Return I(z_j; v) of every latent, shape ``(d,)``: h(z_j) − Σ_v p(v)·h(z_j|v), by quadrature.

        Args:
            factor: v at every i, shape ``(N,)``.
        """
        inner = np.zeros(self.mean.shape[1])
        for value, count in zip(*np.unique(factor, return_counts=True), strict=True):
            own = factor == value
            inner += count / len(factor) * AggregatedPosterior(self.mean[own], self.log_var[own]).marginal_entropies
        return self.marginal_entropies - inner

    def information_gap(self, factors: np.ndarray) -> float:
        """Return MIG, the mean over factors of (largest − second largest I(z_j; v))/H(v): from 0 to 1.

        1 where every factor is in one latent and in no other (Chen et al. 2018, arXiv:1802.04942, section 4.1).

        Args:
            factors: shape ``(N, k)``.
        """
        gaps = []
        for factor in factors.T:
            shares = np.unique(factor, return_counts=True)[1] / len(factor)
            second, first = np.sort(self.information_about(factor))[-2:]
            gaps.append((first - second) / -float(shares @ np.log(shares)))
        return float(np.mean(gaps))
