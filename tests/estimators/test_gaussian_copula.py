import numpy as np
import pytest
from scipy.stats import norm, rankdata

from mibench import estimate, get_task


def value(*blocks, correction="wishart"):
    return estimate(*blocks, estimator=f"gaussian-copula:correction={correction}").nats


def test_is_the_determinant_of_the_scores_covariance():
    x, y = get_task("multivariate-student:dim_x=2,dim_y=3,nu=2").sample(300)
    scores = norm.ppf(rankdata(np.hstack([x, y]), axis=0) / 301)
    together, first, second = (np.linalg.slogdet(np.cov(part.T))[1] for part in (scores, scores[:, :2], scores[:, 2:]))
    assert value(x, y, correction="none") == pytest.approx((first + second - together) / 2, abs=1e-12)


@pytest.mark.parametrize("correction", ["none", "wishart"])
def test_is_gaussian_behind_copula(correction):
    blocks = get_task("total-correlation:dim=3,kind=equicorrelated,rho=0.5").sample(300)
    wrapped = estimate(*blocks, estimator=f"copula:base=(gaussian:correction={correction})")
    found = estimate(*blocks, estimator=f"gaussian-copula:correction={correction}")
    assert (found.nats, found.stderr) == (wrapped.nats, wrapped.stderr)


def test_agrees_with_gaussian_on_gaussian_data_up_to_ranks():
    task = get_task("gaussian:dim=3,mi=1")
    pairs = [task.sample(5000, seed) for seed in range(5)]
    difference = [value(*pair, correction="none") - estimate(*pair, estimator="gaussian").nats for pair in pairs]
    assert np.abs(difference).max() < 0.03


def test_whatever_the_margins():
    x, y = get_task("gaussian:rho=0.8").sample(500)
    assert value(np.exp(9 * x), y**5) == value(x, y)
    assert value(np.exp(9 * x), y**5) == pytest.approx(get_task("gaussian:rho=0.8").truth.nats, abs=0.1)


def test_standard_error_is_the_spread_over_samples():
    task = get_task("gaussian:rho=0.6")
    found = [estimate(*task.sample(800, seed), estimator="gaussian-copula") for seed in range(200)]
    assert np.mean([each.stderr for each in found]) == pytest.approx(np.std([each.nats for each in found]), rel=0.2)


def test_the_correction_centres_independent_scores():
    task = get_task("gaussian:dim=8,rho=0")
    found = {name: np.mean([value(*task.sample(200, seed), correction=name) for seed in range(20)])
             for name in ("none", "wishart")}  # fmt: skip
    assert found["none"] == pytest.approx(64 / 400, rel=0.15)
    assert abs(found["wishart"]) < 0.02
