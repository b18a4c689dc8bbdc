"""Mutual information from a Gaussian mixture fitted to all blocks together."""

from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError


@register_estimator("gaussian-mixture")
@dataclass(frozen=True)
class GaussianMixture(Estimator):
    """Î = ⟨ln p(z) − Σ_b ln p_b(z_b)⟩ nats, p being a Gaussian mixture fitted by expectation maximisation.

    The density p of all columns together is fitted by scikit-learn; its marginals p_b are Gaussian mixtures too, of
    the same weights. The mean is taken over the samples themselves. Takes m ≥ 2 blocks of shape ``(n, d)``, each
    column standardised.

    Bias: upwards with the number of parameters, components · D² / 4n for D columns in all; downwards where no mixture
    of that size fits. Cost: O(n · components · D²) an iteration.

    Args:
        components: the number of Gaussians.
        restarts: the number of starting points, of which the most likely fit is kept.

    References:
        T. Lan, D. Erdogmus, U. Ozertem and Y. Huang, Estimating mutual information using Gaussian mixture model for
        feature ranking and selection, IJCNN 2006. DOI 10.1109/IJCNN.2006.247209

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:rho=0.8").sample(2000)  # 0.51 nats
        >>> round(estimate(x, y, estimator="gaussian-mixture").nats, 1)
        0.5
    """

    components: int = 3
    restarts: int = 1
    tags = Tags(deterministic=False, requires=("sklearn",), install="scikit-learn")
    expected_failures = {
        "check_uncorrelated_dependence": "three Gaussians do not fill the corners of a square: 0.11 of 0.31 nats"
    }

    def __post_init__(self) -> None:
        for name in ("components", "restarts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: 1 or more")

    def prepare(self) -> None:
        """Import scikit-learn."""
        import sklearn.mixture  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Fit the joint mixture, and compare its density with those of its marginals."""
        import sklearn.mixture

        columns = np.hstack([_standardise(block) for block in blocks])
        if len(columns) <= self.components:
            raise InputError(f"{self.name}: n is {len(columns)}; allowed: more than components={self.components}")
        fit = sklearn.mixture.GaussianMixture(
            self.components, n_init=self.restarts, random_state=int(rng.integers(2**31))
        ).fit(columns)
        nats = _log_density(fit, columns, slice(None))
        start = 0
        for block in blocks:
            part = slice(start, start + block.shape[1])
            nats = nats - _log_density(fit, columns, part)
            start = part.stop
        diagnostics = {} if fit.converged_ else {"warning": "expectation maximisation has not converged"}
        return Estimate(nats.mean(), diagnostics={"iterations": int(fit.n_iter_), **diagnostics})


def _standardise(block: np.ndarray) -> np.ndarray:
    centred = block - block.mean(axis=0)
    return centred / centred.std(axis=0)


def _log_density(fit: object, columns: np.ndarray, part: slice) -> np.ndarray:
    """Return ln p of the columns in *part* under the marginal of the mixture *fit*, sample by sample."""
    from scipy.special import logsumexp
    from scipy.stats import multivariate_normal

    terms = [
        np.log(weight) + multivariate_normal.logpdf(columns[:, part], mean[part], covariance[part, part])
        for weight, mean, covariance in zip(fit.weights_, fit.means_, fit.covariances_, strict=True)
    ]
    return logsumexp(terms, axis=0)
