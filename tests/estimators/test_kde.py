import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from mibench import estimate, get_task
from mibench.errors import InputError
from mibench.estimators.density._bandwidth import improved_sheather_jones
from mibench.estimators.density.kde import KernelDensity


def run(*blocks, **parameters):
    return KernelDensity(**parameters).estimate(*blocks, rng=np.random.default_rng(0))


def leave_one_out(block, covariance):
    """ln f̂₋ᵢ(z_i), kernel by kernel."""
    kernel = multivariate_normal(np.zeros(block.shape[1]), covariance)
    found = []
    for i, row in enumerate(block):
        others = np.delete(block, i, axis=0)
        found.append(math.log(np.mean([kernel.pdf(row - other) for other in others])))
    return np.array(found)


WIDTHS = {
    "silverman": lambda n, d: (4 / ((d + 2) * n)) ** (1 / (d + 4)),
    "scott": lambda n, d: n ** (-1 / (d + 4)),
}


@pytest.mark.parametrize("bandwidth", WIDTHS)
@pytest.mark.parametrize("dims", [(1, 1), (2, 1), (1, 1, 1)])
def test_agrees_with_a_sum_over_pairs(bandwidth, dims):
    rng = np.random.default_rng(0)
    common = rng.normal(size=(60, 1))
    blocks = [3 + common + rng.normal(size=(60, dim)) * 10 for dim in dims]
    width = WIDTHS[bandwidth]

    def logs(block):
        covariance = np.atleast_2d(np.cov(block.T, bias=True))
        return leave_one_out(block, width(60, block.shape[1]) ** 2 * covariance)

    terms = logs(np.hstack(blocks)) - sum(logs(block) for block in blocks)
    found = run(*blocks, bandwidth=bandwidth)
    assert found.nats == pytest.approx(terms.mean(), abs=1e-10)
    assert found.stderr == pytest.approx(terms.std(ddof=1) / math.sqrt(60), abs=1e-10)


def test_isj_divides_every_column_by_its_own_width():
    x, y = np.random.default_rng(1).normal(size=(2, 80, 1)) * [[[5.0]], [[0.1]]]
    y = y + 0.02 * x

    def width(block):
        return improved_sheather_jones(((block - block.mean()) / block.std())[:, 0]) * block.std()

    covariance = np.diag([width(x), width(y)]) ** 2
    joint = leave_one_out(np.hstack([x, y]), covariance)
    apart = leave_one_out(x, covariance[:1, :1]) + leave_one_out(y, covariance[1:, 1:])
    assert run(x, y, bandwidth="isj").nats == pytest.approx((joint - apart).mean(), abs=1e-9)


def test_isj_is_the_best_width_of_a_gaussian_and_narrower_for_two_peaks():
    rng = np.random.default_rng(2)
    x = rng.normal(size=5000)
    best = (4 / (3 * 5000)) ** 0.2
    assert improved_sheather_jones(x) == pytest.approx(best, rel=0.1)
    peaks = np.where(rng.random(5000) < 0.5, -1, 1) + 0.05 * rng.normal(size=5000)
    assert improved_sheather_jones(peaks) == pytest.approx(0.05 * (4 / (3 * 2500)) ** 0.2, rel=0.15)


def test_isj_solves_its_fixed_point():
    """t = (2n√π‖f″‖²)^{−2/5} with f″ at width √t₂, t₂ from f‴, and so on to 7 stages, by sums over all pairs."""
    x = np.random.default_rng(3).normal(size=300)
    width = improved_sheather_jones(x)
    n, t = len(x), width**2
    differences = np.subtract.outer(x, x)

    def squared_norm(order, time):
        """‖f^(order)‖² of the kernel estimate of width √time: a Hermite function of variance 2·time at all pairs."""
        spread = math.sqrt(2 * time)
        hermite = np.polynomial.hermite_e.hermeval(differences / spread, [0] * (2 * order) + [1])
        density = np.exp(-np.square(differences / spread) / 2) / math.sqrt(2 * math.pi) / spread
        return (-1) ** order * (hermite * density).mean() / spread ** (2 * order)

    norm = squared_norm(7, t)
    for order in range(6, 1, -1):
        double_factorial = math.prod(range(1, 2 * order, 2))
        time = (2 * (1 + 0.5 ** (order + 0.5)) / 3 * double_factorial / math.sqrt(2 * math.pi) / (n * norm)) ** (
            2 / (3 + 2 * order)
        )
        norm = squared_norm(order, time)
    assert (2 * n * math.sqrt(math.pi) * norm) ** -0.4 == pytest.approx(t, rel=0.02)


def test_isj_of_few_values_is_silvermans():
    assert improved_sheather_jones(np.array([-1.0, 1.0] * 50)) == pytest.approx((4 / 6) ** 0.2)


@pytest.mark.parametrize("nats", [0.5, 1.5])
def test_gaussian_pairs_are_measured(nats):
    task = get_task(f"gaussian:dim=1,mi={nats}")
    found = [run(*task.sample(800, seed)).nats for seed in range(6)]
    assert np.mean(found) == pytest.approx(nats, abs=0.06)


def test_no_linear_map_of_a_block_changes_the_value():
    x, y = get_task("gaussian:dim=2,mi=1").sample(300)
    mixed = 1e6 + x @ [[2.0, 1.0], [0.5, -3.0]] * 1e4
    assert run(mixed, y).nats == pytest.approx(run(x, y).nats, abs=1e-8)
    doubled = np.hstack([x, x @ [[1.0], [1.0]]])
    assert run(doubled, y).nats == pytest.approx(run(x, y).nats, abs=1e-8)


def test_own_kernels_would_add_information_that_is_not_there():
    x, y = np.random.default_rng(4).normal(size=(2, 300, 3))
    assert run(x, y).nats < 0.1


def test_is_no_row_too_many_for_the_memory():
    x, y = get_task("gaussian:dim=1,mi=1").sample(3000)
    assert estimate(x, y, estimator="kde").nats == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_no_more_rows_than_columns_have_no_joint_density(n):
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=f"kde: n is {n} with 4 columns in all; allowed: 5 or more"):
        estimate(rng.normal(size=(n, 2)), rng.normal(size=(n, 2)), estimator="kde")
    assert np.isfinite(estimate(*rng.normal(size=(2, 5, 2)), estimator="kde").nats)
