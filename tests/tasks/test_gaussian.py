import math

import numpy as np
import pytest

from mibench import get_task
from mibench.errors import SpecError


def log_density_ratio(x: np.ndarray, y: np.ndarray, rho: float) -> np.ndarray:
    """ln p(x, y)/(p(x) p(y)) of independent pairs with correlation rho, summed over the pairs."""
    q = 1 - rho**2
    terms = -0.5 * math.log(q) - (rho**2 * (x**2 + y**2) - 2 * rho * x * y) / (2 * q)
    return terms.sum(axis=1)


@pytest.mark.parametrize("dim", [1, 2, 7])
@pytest.mark.parametrize("rho", [-0.999, -0.5, 0.1, 0.8, 0.9999])
def test_truth_is_the_log_determinant_of_the_joint_covariance(dim, rho, confirm_sharply):
    eye = np.eye(dim)
    joint = np.block([[eye, rho * eye], [rho * eye, eye]])
    second = -0.5 * np.linalg.slogdet(joint)[1]

    def check(nats):
        assert nats == pytest.approx(second, rel=1e-9)

    confirm_sharply(get_task(f"gaussian:dim={dim},rho={rho}").truth.nats, check)


@pytest.mark.parametrize(("dim", "mi"), [(1, 2.0), (3, 4.0), (5, 5.0)])
def test_truth_is_the_mean_log_density_ratio_of_the_samples(dim, mi, confirm_sharply):
    task = get_task(f"gaussian:dim={dim},mi={mi}")
    ratio = log_density_ratio(*task.sample(400_000, seed=1), math.sqrt(-math.expm1(-2 * mi / dim)))
    stderr = ratio.std() / math.sqrt(len(ratio))

    def check(nats):
        assert abs(nats - ratio.mean()) < 4 * stderr

    confirm_sharply(task.truth.nats, check)


@pytest.mark.parametrize("mi", [0.25, 3.0, 20.0, 30.0])
def test_mi_is_exact_and_agrees_with_the_rho_it_stands_for(mi):
    task = get_task(f"gaussian:dim=1,mi={mi}")
    assert task.truth.nats == mi
    x, y = task.sample(20_000)
    rho = math.sqrt(-math.expm1(-2 * mi))
    noise = (y - rho * x).std()
    assert noise == pytest.approx(math.exp(-mi), rel=0.03)


def test_a_correlation_close_to_one_keeps_its_digits():
    gap = 2.0**-50
    assert get_task(f"gaussian:rho={1 - gap!r}").truth.nats == pytest.approx(
        -0.5 * (math.log(gap) + math.log(2 - gap)), rel=1e-14
    )


def test_only_the_paired_columns_are_correlated():
    x, y = get_task("gaussian:dim=3,rho=0.7").sample(100_000)
    cross = np.corrcoef(x.T, y.T)[:3, 3:]
    assert np.allclose(cross, 0.7 * np.eye(3), atol=0.015)


@pytest.mark.parametrize("spec", ["gaussian:rho=0", "gaussian:dim=4,mi=0", "gaussian:rho=-0.0"])
def test_no_correlation_belongs_to_independence(spec):
    task = get_task(spec)
    assert task.board_family == "independence"
    assert task.truth.nats == 0
    assert math.copysign(1, task.truth.nats) == 1


def test_any_correlation_belongs_to_gaussian():
    assert get_task("gaussian:rho=1e-6").family == "gaussian"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gaussian", "exactly one of the two"),
        ("gaussian:rho=0.5,mi=1", "exactly one of the two"),
        ("gaussian:rho=1", "rho is 1.0; allowed: more than -1 and less than 1"),
        ("gaussian:mi=-0.1", "mi is -0.1; allowed: from 0"),
        ("gaussian:mi=31", "mi is 31.0; allowed: from 0 to 30 a pair"),
        ("gaussian:dim=0,mi=1", "dim is 0; allowed: 1 or more"),
    ],
)
def test_parameters_out_of_range_are_refused(spec, message):
    with pytest.raises(SpecError, match=message):
        get_task(spec)
