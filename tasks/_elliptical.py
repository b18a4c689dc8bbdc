"""Formulae that tasks of Gaussian and Student variables share."""

import math

import numpy as np


def pair_nats(rho: float) -> float:
    """Return −½ ln(1 − ρ²), the information of a Gaussian pair in nats."""
    return -0.5 * (math.log1p(-rho) + math.log1p(rho))


def pair_log_ratio(x: np.ndarray, y: np.ndarray, rho: float) -> np.ndarray:
    """Return ln p(x, y) − ln p(x)p(y) of a standard Gaussian pair of correlation ρ, elementwise."""
    rest = (1 - rho) * (1 + rho)
    ratios: np.ndarray = pair_nats(rho) - (rho**2 * (x**2 + y**2) - 2 * rho * x * y) / (2 * rest)
    return ratios


def equicorrelated_nats(dim: int, rho: float) -> float:
    """Return −½ ln det R in nats, R of *dim* rows with ρ off the diagonal: −½[(m − 1)ln(1 − ρ) + ln(1 + (m − 1)ρ)]."""
    return -0.5 * ((dim - 1) * math.log1p(-rho) + math.log1p((dim - 1) * rho))


def equicorrelated_form(z: np.ndarray, rho: float) -> np.ndarray:
    """Return zᵀR⁻¹z of each row: (Σz² − ρ(Σz)²/(1 + (m − 1)ρ))/(1 − ρ), shape ``(n,)``."""
    m = z.shape[1]
    form: np.ndarray = ((z**2).sum(axis=1) - rho * z.sum(axis=1) ** 2 / (1 + (m - 1) * rho)) / (1 - rho)
    return form


def draw_equicorrelated(n: int, dim: int, rho: float, rng: np.random.Generator) -> np.ndarray:
    """Draw Gaussians by the square root of R: √(1 − ρ) across the diagonal, √(1 + (m − 1)ρ) along it."""
    z = rng.standard_normal((n, dim))
    along = z.mean(axis=1, keepdims=True)
    return math.sqrt(1 - rho) * (z - along) + math.sqrt(1 + (dim - 1) * rho) * along


def student_entropy(columns: int, nu: float) -> float:
    """Return the entropy of standard Student *columns* with one χ² in nats, less (columns/2)·ln(νπ).

    ln Γ(ν/2) − ln Γ((ν+k)/2) + (ν+k)/2·[ψ((ν+k)/2) − ψ(ν/2)]; what is left out cancels in informations.
    """
    from scipy.special import digamma, gammaln

    half, upper = nu / 2, (nu + columns) / 2
    return float(gammaln(half) - gammaln(upper) + upper * (digamma(upper) - digamma(half)))


def student_log_density(form: np.ndarray, columns: int, nu: float) -> np.ndarray:
    """Return the log density of Student *columns* at *form* = xᵀΣ⁻¹x, less what :func:`student_entropy` leaves out."""
    from scipy.special import gammaln

    upper = (nu + columns) / 2
    logs: np.ndarray = gammaln(upper) - gammaln(nu / 2) - upper * np.log1p(form / nu)
    return logs


def draw_chi_scale(n: int, nu: float, rng: np.random.Generator) -> np.ndarray:
    """Draw √(χ²_ν/ν) for each row, shape ``(n, 1)``: what Gaussian rows are divided by to make them Student."""
    scale: np.ndarray = np.sqrt(np.maximum(rng.chisquare(nu, (n, 1)), 1e-300) / nu)
    return scale


def chi_rule(columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights for means over ‖z‖ of standard Gaussian *columns*: 64 Gauss–Legendre panels of 24."""
    from scipy.stats import chi

    law = chi(columns)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    ends = np.linspace(float(law.ppf(1e-17)), float(law.isf(1e-17)), 65)
    half, middle = np.diff(ends) / 2, (ends[1:] + ends[:-1]) / 2
    r = (middle[:, np.newaxis] + half[:, np.newaxis] * nodes).ravel()
    return r, (half[:, np.newaxis] * weights).ravel() * law.pdf(r)
