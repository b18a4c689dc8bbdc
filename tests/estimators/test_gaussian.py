import math

import numpy as np
import pytest

from mibench import estimate, get_task
from mibench.errors import InputError
from mibench.estimators.density.gaussian import Gaussian, wishart_bias


def run(*blocks, **parameters):
    blocks = [np.asarray(block, dtype=float).reshape(len(block), -1) for block in blocks]
    return Gaussian(**parameters).estimate(*blocks, rng=np.random.default_rng(0))


def correlated(dims, n=400, seed=0):
    """Blocks of a Gaussian with a random dense covariance."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(sum(dims), sum(dims)))
    return np.split(rng.normal(size=(n, sum(dims))) @ mixing + 3, np.cumsum(dims)[:-1], axis=1)


def log_det(*blocks):
    return np.linalg.slogdet(np.atleast_2d(np.cov(np.hstack(blocks), rowvar=False)))[1]


@pytest.mark.parametrize("dims", [(1, 1), (3, 2), (1, 2, 3), (1, 1, 1, 1)])
def test_agrees_with_determinants_of_covariances(dims):
    blocks = correlated(dims)
    assert run(*blocks).nats == pytest.approx((sum(map(log_det, blocks)) - log_det(*blocks)) / 2, abs=1e-10)


def test_is_what_canonical_correlation_analysis_gives():
    x, y = correlated((3, 4), seed=1)
    joint = np.cov(np.hstack([x, y]), rowvar=False)
    xx, xy, yy = joint[:3, :3], joint[:3, 3:], joint[3:, 3:]
    squared = np.linalg.eigvals(np.linalg.solve(xx, xy) @ np.linalg.solve(yy, xy.T)).real
    assert run(x, y).nats == pytest.approx(-0.5 * np.log1p(-squared).sum(), abs=1e-10)


def test_one_dimension_is_pearsons_correlation():
    x, y = get_task("gaussian:dim=1,rho=0.6").sample(200)
    rho = np.corrcoef(x[:, 0], y[:, 0])[0, 1]
    assert run(x, y).nats == pytest.approx(-0.5 * math.log(1 - rho**2), abs=1e-12)


@pytest.mark.parametrize("mi", [10, 20, 30])
def test_no_digits_are_lost_at_high_information(mi):
    x, y = get_task(f"gaussian:dim=1,mi={mi}").sample(4000)
    found = run(x, y)
    assert found.nats == pytest.approx(mi, abs=4 * found.stderr)
    assert found.stderr == pytest.approx(1 / math.sqrt(4000), rel=0.1)


def test_the_covariance_would_lose_them():
    x, y = get_task("gaussian:dim=1,mi=20").sample(4000)
    by_covariance = (log_det(x) + log_det(y) - log_det(x, y)) / 2
    assert not abs(by_covariance - 20) < 1


@pytest.mark.parametrize("dims", [(1, 1), (4, 3), (2, 1, 3)])
def test_the_correction_is_the_bias_exactly(dims):
    n, total = 20, sum(dims)
    edges = [slice(end - dim, end) for dim, end in zip(dims, np.cumsum(dims), strict=True)]
    factor = np.linalg.cholesky(0.6 * np.eye(total) + 0.4)
    truth = (sum(np.linalg.slogdet((factor @ factor.T)[e, e])[1] for e in edges)) / 2 - np.log(np.diag(factor)).sum()
    rng = np.random.default_rng(2)
    errors = []
    for _ in range(3000):
        sample = rng.normal(size=(n, total)) @ factor.T
        errors.append(run(*(sample[:, edge] for edge in edges)).nats - truth)
    noise = np.std(errors) / math.sqrt(len(errors))
    assert np.mean(errors) == pytest.approx(wishart_bias(n, list(dims)), abs=4 * noise)
    assert wishart_bias(n, list(dims)) > 10 * noise


def test_the_corrected_value_differs_by_the_bias():
    blocks = correlated((2, 3), n=30)
    difference = run(*blocks).nats - run(*blocks, correction="wishart").nats
    assert difference == pytest.approx(wishart_bias(30, [2, 3]), abs=1e-12)


def test_the_bias_tends_to_its_first_order():
    assert wishart_bias(10**6, [3, 4]) == pytest.approx(3 * 4 / 2e6, rel=1e-4)
    assert wishart_bias(10**6, [2, 3, 4]) == pytest.approx((6 + 8 + 12) / 2e6, rel=1e-4)


def heavy_tailed(n, rng):
    x, z = rng.standard_t(8, size=(2, n))
    return x, x + z


def light_tailed(n, rng):
    x, z = rng.uniform(-1, 1, size=(2, n))
    return x, x + z


def gaussian_blocks(n, rng):
    shared = rng.normal(size=(n, 1))
    return tuple(shared + rng.normal(size=(n, dim)) for dim in (1, 2, 3))


@pytest.mark.parametrize("draw", [heavy_tailed, light_tailed, gaussian_blocks])
def test_standard_error_is_the_spread_over_samples(draw):
    rng = np.random.default_rng(3)
    found = [run(*draw(1000, rng)) for _ in range(400)]
    spread = np.std([item.nats for item in found])
    assert np.mean([item.stderr for item in found]) == pytest.approx(spread, rel=0.15)


def test_linear_maps_of_a_block_change_nothing():
    x, y = correlated((3, 2), seed=4)
    mapped = x @ np.random.default_rng(5).normal(size=(3, 3)) * 1e150 + 1e150
    assert run(mapped, y * 1e-200).nats == pytest.approx(run(x, y).nats, abs=1e-9)


def test_redundant_columns_of_a_block_add_nothing():
    x, y = correlated((2, 3), seed=6)
    found = run(np.hstack([x, x @ [[1.0], [-2.0]]]), y)
    assert found.nats == pytest.approx(run(x, y).nats, abs=1e-9)
    assert "block 1 has 3 columns but rank 2" in found.diagnostics["warning"]
    assert "warning" not in run(x, y).diagnostics


def test_blocks_that_determine_one_another_share_infinite_information():
    x, y = correlated((2, 1), seed=7)
    found = run(x, x @ [3.0, 0.5])
    assert found.nats == math.inf
    assert "determine one another" in found.diagnostics["warning"]
    assert run(x, y, x[:, 0] - y[:, 0]).nats == math.inf


@pytest.mark.parametrize("correction", ["none", "wishart"])
def test_too_few_samples_are_refused(correction):
    x, y = correlated((3, 4), n=8)
    assert math.isfinite(run(x, y, correction=correction).nats)
    with pytest.raises(InputError, match="gaussian: n is 7 with 7 columns in all; allowed: n of at least 8"):
        run(x[:7], y[:7], correction=correction)
    with pytest.raises(InputError, match="n is 3 with 7 columns in all; allowed: n of at least 8"):
        run(x[:3], y[:3], correction=correction)


def test_uncorrelated_dependence_is_not_seen():
    blocks = get_task("total-correlation:dim=2,kind=rotated-uniform").sample(4000)
    assert abs(estimate(*blocks, estimator="gaussian").nats) < 0.01
