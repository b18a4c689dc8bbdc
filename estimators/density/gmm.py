"""Gaussian mixtures: a model of the joint density, whose margins are mixtures in closed form."""

import dataclasses
import itertools
import math
import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError

from .._columns import scale
from .._held_out import folds


@register_estimator("gmm")
@dataclass(frozen=True)
class GaussianMixture(Estimator):
    """Î = mean over held-out rows of ln q(z_1, …, z_m) − Σ_b ln q(z_b) nats, q = Σ_k w_k N(μ_k, Σ_k) a fitted mixture.

    The mixture is fitted to the rows of all blocks, of shape ``(n, d)``, together, by expectation maximisation; that of
    block b has the same weights and the blocks μ_kb, Σ_kbb. On three fifths of the rows mixtures of 1, 2, … components
    are fitted, until the mean log density of another fifth has not grown, by more than 1e-5, ``patience`` times; the
    best is fitted again to both, and the last fifth gives Î and its standard error, the standard deviation of the terms
    over √(rows). Below 1000 rows every row is reported once, by five fits. Takes any number of blocks.

    As in GMM-MI, components are chosen by the likelihood of held-out rows, one more at a time, from k-means starts, of
    which it takes three. Unlike it, which fits all rows and integrates ln q over draws from q itself, the value is a
    mean over data that the fit has not seen, so that it tells nothing of dependence that is only in the model.

    Bias: E Î = I − KL(p‖q) + Σ_b KL(p_b‖q_b), of either sign, downwards where the joint density is the harder one to
    fit, as it is with many columns: a component has D(D + 3)/2 parameters for D columns. Cost: O(n·K·D²) time an
    iteration of EM for K components, about ``starts`` × K fits; O(n·K) memory.

    Args:
        max_components: the most components tried.
        patience: how often one more component may bring nothing before the search ends.
        starts: starts of each fit by k-means, of which the likeliest counts.
        scaling: ``normal-scores`` or ``standard``; of the columns, known from the rows that are fitted. Neither changes
            the information, but tails and skewness then cost no components.
        covariance: ``full`` for each component, or ``tied``, one for all.

    References:
        D. Piras, H. V. Peiris, A. Pontzen, L. Lucie-Smith, N. Guo and B. Nord, A robust estimator of mutual information
        for deep learning interpretability, Machine Learning: Science and Technology 4, 025006, 2023.
        DOI 10.1088/2632-2153/acc444
        A. P. Dempster, N. M. Laird and D. B. Rubin, Maximum likelihood from incomplete data via the EM algorithm,
        J. Royal Statistical Society B 39, 1–38, 1977. DOI 10.1111/j.2517-6161.1977.tb01600.x

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:dim=2,mi=1").sample(2000)
        >>> abs(estimate(x, y, estimator="gmm").nats - 1) < 0.3
        True
    """

    max_components: int = 20
    patience: int = 1
    starts: int = 1
    scaling: Literal["standard", "normal-scores"] = "normal-scores"
    covariance: Literal["full", "tied"] = "full"

    tags = Tags(deterministic=False, invariances=frozenset({"scaling"}))

    def __post_init__(self) -> None:
        for name in ("max_components", "patience", "starts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: 1 or more")

    def get_tags(self) -> Tags:
        """Return the tags; normal scores see ranks alone."""
        if self.scaling == "standard":
            return self.tags
        return dataclasses.replace(self.tags, invariances=frozenset({"scaling", "monotone"}))

    def prepare(self) -> None:
        """Import scikit-learn's mixtures."""
        import scipy.linalg  # noqa: F401
        import sklearn.mixture  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Choose, fit and report on each split of the rows.

        Raises:
            InputError: no more training rows than columns.
        """
        joint, n = np.hstack(blocks), len(blocks[0])
        edges = np.cumsum([0, *(block.shape[1] for block in blocks)])
        parts = [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]
        if 3 * n // 5 <= edges[-1]:
            raise InputError(f"gmm: n is {n} with {edges[-1]} columns; allowed: n above 5/3 of the columns")
        terms, components = [], []
        for fold in folds(n, rng):
            chosen = self._choose(joint, fold.train, fold.validation, rng)
            known = joint[np.concatenate([fold.train, fold.validation])]
            model = self._fit(scale(known, known, self.scaling), chosen, rng)
            rows = scale(joint[fold.report], known, self.scaling)
            terms.append(log_ratio(rows, parts, model.weights_, model.means_, _covariances(model)))
            components.append(chosen)
        values = np.concatenate(terms)
        stderr = float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None
        return Estimate(float(values.mean()), stderr=stderr, diagnostics={"components": components})

    def _choose(self, joint: np.ndarray, train: np.ndarray, held: np.ndarray, rng: np.random.Generator) -> int:
        """Return the number of components of the largest mean log density of the *held* rows."""
        known, rest = (scale(joint[rows], joint[train], self.scaling) for rows in (train, held))
        best, chosen, waited = -math.inf, 1, 0
        for components in range(1, min(self.max_components, len(known)) + 1):
            found = float(self._fit(known, components, rng).score(rest))
            if found > best + 1e-5:
                best, chosen, waited = found, components, 0
            else:
                waited += 1
            if waited >= self.patience:
                break
        return chosen

    def _fit(self, rows: np.ndarray, components: int, rng: np.random.Generator) -> Any:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture as Mixture

        model = Mixture(
            components,
            covariance_type=self.covariance,
            n_init=self.starts if components > 1 else 1,
            reg_covar=1e-6,
            random_state=int(rng.integers(2**31)),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(rows)


def _covariances(model: Any) -> np.ndarray:
    """Return the covariance of each component, of shape ``(K, D, D)``."""
    found = np.asarray(model.covariances_)
    return found if found.ndim == 3 else np.broadcast_to(found, (len(model.weights_), *found.shape))


def log_ratio(
    rows: np.ndarray, parts: list[slice], weights: np.ndarray, means: np.ndarray, covariances: np.ndarray
) -> np.ndarray:
    """Return ln q(z) − Σ_b ln q(z_b) of each row of a mixture, *parts* being the columns of its blocks."""
    total = _log_density(rows, weights, means, covariances)
    for part in parts:
        total = total - _log_density(rows[:, part], weights, means[:, part], covariances[:, part, part])
    return total


def _log_density(rows: np.ndarray, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """Return ln Σ_k w_k N(z; μ_k, Σ_k) of each row, but for (d/2)·ln 2π."""
    from scipy.linalg import solve_triangular
    from scipy.special import logsumexp

    logs = np.empty((len(rows), len(weights)))
    for k, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
        factor = np.linalg.cholesky(covariance)
        white = solve_triangular(factor, (rows - mean).T, lower=True)
        logs[:, k] = -np.log(np.diag(factor)).sum() - 0.5 * np.square(white).sum(axis=0)
    with np.errstate(divide="ignore"):  # a component of no weight
        return np.asarray(logsumexp(logs + np.log(weights), axis=1))
