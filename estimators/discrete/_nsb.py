"""Nemenman, Shafee and Bialek's posterior mean of the entropy: a mixture of Dirichlet priors flat in the entropy."""

import numpy as np
from scipy.special import betaln, digamma, gammaln, polygamma

#: What lies this far below the largest log-integrand, e⁻⁴⁵ of it, is left out of the quadrature.
_DEPTH = 45.0
#: Points of the trapezoid rule in ln β, which converges fast: the integrand is smooth and vanishes at both ends.
_POINTS = 513
#: From this β on the difference of trigammas, which cancels, is taken from its series.
_SERIES_FROM = 1e4


def nsb_entropy(counts: np.ndarray, letters: float) -> float:
    """Return the posterior mean of the entropy, in nats.

    With K letters, counts n_i that add up to N, and Dirichlet priors of concentration β weighted by ξ′(β), the
    derivative of the prior's expected entropy ξ(β) = ψ(Kβ + 1) − ψ(β + 1)::

        ρ(β | n) ∝ ξ′(β) · Γ(Kβ)/Γ(N + Kβ) · Π_i Γ(n_i + β)/Γ(β)
        Ĥ = ∫ E[H | n, β] ρ dβ,  E[H | n, β] = ψ(N + Kβ + 1) − Σ_i (n_i + β)/(N + Kβ) · ψ(n_i + β + 1)

    Integrated over ln β. Gamma functions are combined to beta functions before they are subtracted, so that nothing is
    lost where Kβ is far above N; letters without a count enter by their number alone. O(U·points) time for U different
    counts.

    Args:
        counts: the samples of each occupied cell, shape ``(cells,)``.
        letters: K, at least the number of occupied cells.
    """
    if letters <= 1:
        return 0.0
    values, times = np.unique(counts, return_counts=True)
    low, high = -60.0 - np.log(letters), 60.0
    while True:
        grid = np.linspace(low, high, _POINTS)
        logs = _log_integrand(grid, values, times, letters)
        kept = np.flatnonzero(logs > logs.max() - _DEPTH)
        step = grid[1] - grid[0]
        first, last = grid[kept[0]] - step, grid[kept[-1]] + step
        if last - first > 0.8 * (high - low):
            break
        low, high = first, last
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    return float(weights @ _mean_entropy(np.exp(grid), values, times, letters))


def _log_integrand(logs: np.ndarray, values: np.ndarray, times: np.ndarray, letters: float) -> np.ndarray:
    """Return ln[β·ξ′(β)·Γ(Kβ)/Γ(N + Kβ)·Π_i Γ(n_i + β)/Γ(β)] at each β = exp(*logs*), but for a constant."""
    beta = np.exp(logs)
    evidence = betaln(letters * beta, float(times @ values))
    evidence = evidence + (gammaln(values) - betaln(values, beta[:, np.newaxis])) @ times
    return logs + np.log(_slope(beta, letters)) + evidence


def _slope(beta: np.ndarray, letters: float) -> np.ndarray:
    """Return ξ′(β) = K·ψ₁(Kβ + 1) − ψ₁(β + 1), by ψ₁(x + 1) = 1/x − 1/2x² + 1/6x³ − … where the terms cancel."""
    large = np.maximum(beta, _SERIES_FROM)
    series = (1 - 1 / letters) / (2 * large**2) - (1 - (1 / letters) ** 2) / (6 * large**3)
    small = np.minimum(beta, _SERIES_FROM)
    direct = letters * polygamma(1, letters * small + 1) - polygamma(1, small + 1)
    return np.where(beta > _SERIES_FROM, series, direct)


def _mean_entropy(beta: np.ndarray, values: np.ndarray, times: np.ndarray, letters: float) -> np.ndarray:
    """Return E[H | n, β] at each β (D. H. Wolpert and D. R. Wolf, Phys. Rev. E 52, 6841, 1995)."""
    alpha = values + beta[:, np.newaxis]
    total = float(times @ values) + letters * beta
    seen = (alpha * digamma(alpha + 1)) @ times
    unseen = (letters - times.sum()) * beta * digamma(beta + 1)
    return digamma(total + 1) - (seen + unseen) / total
