import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture as Mixture

from mibench import get_estimator, get_task
from mibench.errors import InputError, SpecError
from mibench.estimators._held_out import folds
from mibench.estimators.density.gmm import GaussianMixture, log_ratio

WEIGHTS = np.array([0.3, 0.7])
MEANS = np.array([[0.0, 1.0, 2.0], [-1.0, 0.5, 0.0]])
FACTORS = np.random.default_rng(0).normal(size=(2, 3, 5))
COVARIANCES = FACTORS @ FACTORS.transpose(0, 2, 1) / 5
PARTS = [slice(0, 2), slice(2, 3)]


def run(*blocks, seed=0, **parameters):
    return GaussianMixture(**parameters).estimate(*blocks, rng=np.random.default_rng(seed))


def test_the_ratio_is_that_of_the_densities():
    rows = np.random.default_rng(1).normal(size=(40, 3)) * 2

    def density(part):
        return sum(
            weight * multivariate_normal(mean[part], covariance[part, part]).pdf(rows[:, part])
            for weight, mean, covariance in zip(WEIGHTS, MEANS, COVARIANCES, strict=True)
        )

    expected = np.log(density(slice(0, 3)) / density(PARTS[0]) / density(PARTS[1]))
    assert log_ratio(rows, PARTS, WEIGHTS, MEANS, COVARIANCES) == pytest.approx(expected, abs=1e-10)


def test_margins_are_the_integrals_of_the_joint_density():
    """∫∫ q(x, y) dy over the two other columns is what the ratio divides by."""
    row, grid = np.array([0.2, -0.3, 0.7]), np.linspace(-9, 9, 361)
    first = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)

    def density(points, part):
        return sum(
            weight * multivariate_normal(mean[part], covariance[part, part]).pdf(points)
            for weight, mean, covariance in zip(WEIGHTS, MEANS, COVARIANCES, strict=True)
        )

    everywhere = np.column_stack([first, np.full(len(first), row[2])])
    margin = density(everywhere, slice(0, 3)).sum() * (grid[1] - grid[0]) ** 2
    expected = math.log(density(row, slice(0, 3)) / density(row[:2], slice(0, 2)) / margin)
    assert log_ratio(row[np.newaxis], PARTS, WEIGHTS, MEANS, COVARIANCES)[0] == pytest.approx(expected, abs=1e-6)


def test_one_component_is_the_gaussian_formula():
    """Over the rows it is fitted to, the mean log ratio of one Gaussian is ½ ln(det Σ_X det Σ_Y / det Σ)."""
    x, y = get_task("gaussian:dim=2,mi=1").sample(500)
    joint = np.hstack([x, y])
    covariance = np.cov(joint.T, bias=True)[np.newaxis]
    found = log_ratio(joint, [slice(0, 2), slice(2, 4)], np.ones(1), joint.mean(axis=0)[np.newaxis], covariance).mean()
    expected = get_estimator("gaussian").estimate(x, y, rng=np.random.default_rng(0)).nats
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n", [300, 1500])
def test_one_component_reports_rows_it_has_not_seen(n):
    x, y = get_task("gaussian:rho=0.8").sample(n)
    joint = np.hstack([x, y])
    found = run(x, y, seed=5, max_components=1, scaling="standard")
    terms = []
    for fold in folds(n, np.random.default_rng(5)):
        known = joint[np.concatenate([fold.train, fold.validation])]
        mean, covariance = known.mean(axis=0), np.cov(known.T, bias=True) + 1e-6 * np.diag(known.var(axis=0))
        terms.append(
            multivariate_normal(mean, covariance).logpdf(joint[fold.report])
            - sum(multivariate_normal(mean[c], covariance[c, c]).logpdf(joint[fold.report, c]) for c in (0, 1))
        )
    terms = np.concatenate(terms)
    assert len(terms) == (n if n < 1000 else n // 5)
    assert found.nats == pytest.approx(terms.mean(), abs=1e-9)
    assert found.stderr == pytest.approx(terms.std(ddof=1) / math.sqrt(len(terms)), abs=1e-9)


def test_components_are_as_many_as_held_out_rows_ask_for():
    rng = np.random.default_rng(2)
    place = rng.integers(3, size=1200)
    x, y = (np.array(means)[place][:, None] + 0.3 * rng.normal(size=(1200, 1)) for means in ([-3, 0, 3], [0, 3, -3]))
    found = run(x, y, scaling="standard", starts=1)
    assert 3 <= found.diagnostics["components"][0] <= 5
    assert found.nats == pytest.approx(math.log(3), abs=0.05)
    assert run(x, y, scaling="standard", max_components=1).nats < 0.5


def test_agrees_with_a_mixture_of_known_ratio():
    """Rows drawn from a mixture: the estimate is near the mean log ratio of the mixture itself."""
    model = Mixture(2)
    model.weights_, model.means_, model.covariances_ = WEIGHTS, MEANS * 3, COVARIANCES
    model.random_state = 3
    rows, _ = model.sample(4000)
    rows = np.random.default_rng(4).permutation(rows)
    truth = log_ratio(rows, PARTS, WEIGHTS, MEANS * 3, COVARIANCES).mean()
    assert run(rows[:, :2], rows[:, 2:], starts=1, scaling="standard").nats == pytest.approx(truth, abs=0.15)


def test_normal_scores_see_ranks_alone():
    x, y = get_task("gaussian:rho=0.8").sample(400)
    assert run(np.exp(9 * x), y**3, starts=1).nats == run(x, y, starts=1).nats
    assert get_estimator("gmm:scaling=standard").get_tags().invariances == {"scaling"}


def test_mistakes_are_refused():
    with pytest.raises(SpecError, match="starts is 0; allowed: 1 or more"):
        get_estimator("gmm:starts=0")
    with pytest.raises(InputError, match="n is 60 with 40 columns"):
        run(*get_task("gaussian:dim=20,mi=1").sample(60))
