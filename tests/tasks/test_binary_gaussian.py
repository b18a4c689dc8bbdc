import math

import mpmath
import numpy as np
import pytest

from mibench import get_task
from mibench.errors import SpecError


def constellation(levels: int) -> list[mpmath.mpf]:
    points = [mpmath.mpf(2 * k - (levels - 1)) for k in range(levels)]
    power = mpmath.fsum(p * p for p in points) / levels
    return [p / mpmath.sqrt(power) for p in points]


def entropy_difference(noise_var: float, levels: int) -> mpmath.mpf:
    """h(Y) − h(Y | X) at 30 digits: the entropy of the mixture of Gaussians by tanh-sinh over pieces of the line."""
    with mpmath.workdps(30):
        v, points = mpmath.mpf(noise_var), constellation(levels)
        sd = mpmath.sqrt(v)

        def minus_p_log_p(y):
            p = mpmath.fsum(mpmath.npdf(y, a, sd) for a in points) / levels
            return -p * mpmath.log(p) if p else mpmath.mpf(0)

        top = points[-1] + 14 * sd
        knots = sorted({mpmath.mpf(0), top, *(abs(a) + k * sd for a in points for k in (-7, -3, 0, 3, 7))})
        knots = [k for k in knots if 0 <= k <= top]
        half = mpmath.quad(minus_p_log_p, knots)
        return 2 * half - mpmath.log(2 * mpmath.pi * mpmath.e * v) / 2


@pytest.mark.parametrize(("noise_var", "nats"), [(0.2, 0.6587343810938796), (1.0, 0.3368308203468316)])
def test_published_values(noise_var, nats):
    assert get_task(f"binary-gaussian:noise_var={noise_var}").truth.nats == pytest.approx(nats, abs=1e-14)


@pytest.mark.parametrize("noise_var", [0.01, 0.03, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0, 30.0, 100.0])
def test_truth_is_the_difference_of_the_entropies(noise_var, confirm_sharply):
    second = float(entropy_difference(noise_var, 2))

    def check(nats):
        assert abs(nats - second) < 1e-12

    confirm_sharply(get_task(f"binary-gaussian:noise_var={noise_var}").truth.nats, check)


@pytest.mark.parametrize(("noise_var", "levels"), [(0.01, 4), (0.3, 3), (0.05, 8), (100.0, 5)])
def test_truth_of_more_levels_is_the_difference_of_the_entropies(noise_var, levels, confirm_sharply):
    second = float(entropy_difference(noise_var, levels))

    def check(nats):
        assert abs(nats - second) < 1e-12

    confirm_sharply(get_task(f"binary-gaussian:noise_var={noise_var},levels={levels}").truth.nats, check)


@pytest.mark.parametrize("levels", [2, 3, 16, 64])
@pytest.mark.parametrize("noise_var", [1e-6, 1e-4, 0.01, 0.2, 5.0, 1e3, 1e6])
def test_truth_lies_below_the_input_entropy_and_the_gaussian_capacity(noise_var, levels):
    nats = get_task(f"binary-gaussian:noise_var={noise_var},levels={levels}").truth.nats
    assert 0 < nats <= math.log(levels) + 1e-12
    assert nats <= 0.5 * math.log1p(1 / noise_var) * (1 + 1e-9)


def test_much_noise_approaches_the_gaussian_capacity_and_little_the_input_entropy():
    noisy = get_task("binary-gaussian:noise_var=1e4,levels=7").truth.nats
    assert noisy == pytest.approx(0.5 * math.log1p(1e-4), rel=1e-6)
    clean = get_task("binary-gaussian:noise_var=1e-5,levels=7").truth.nats
    assert clean == pytest.approx(math.log(7), abs=1e-12)


def test_truth_falls_with_the_noise_and_adds_up_over_uses():
    values = [get_task(f"binary-gaussian:noise_var={v}").truth.nats for v in np.geomspace(0.05, 50, 12)]
    assert all(np.diff(values) < 0)
    assert get_task("binary-gaussian:noise_var=0.7,dim=6").truth.nats == pytest.approx(
        6 * get_task("binary-gaussian:noise_var=0.7").truth.nats, rel=1e-14
    )


@pytest.mark.parametrize(("noise_var", "levels", "dim"), [(0.2, 2, 1), (0.1, 5, 2)])
def test_truth_is_the_mean_log_density_ratio_of_the_samples(noise_var, levels, dim, confirm_sharply):
    task = get_task(f"binary-gaussian:noise_var={noise_var},levels={levels},dim={dim}")
    x, y = task.sample(400_000, seed=2)
    points = np.array([float(a) for a in constellation(levels)])
    exponents = -((y[..., np.newaxis] - points) ** 2 - (y - x)[..., np.newaxis] ** 2) / (2 * noise_var)
    ratio = -np.log(np.exp(exponents).mean(axis=-1)).sum(axis=1)
    stderr = ratio.std() / math.sqrt(len(ratio))

    def check(nats):
        assert abs(nats - ratio.mean()) < 4.5 * stderr

    confirm_sharply(task.truth.nats, check)


@pytest.mark.parametrize("levels", [2, 3, 8])
def test_the_input_is_uniform_on_equally_spaced_levels_of_unit_power(levels):
    x, y = get_task(f"binary-gaussian:noise_var=0.3,levels={levels},dim=2").sample(60_000)
    points, counts = np.unique(x, return_counts=True)
    assert len(points) == levels
    assert np.allclose(np.diff(points), points[1] - points[0])
    assert np.mean(points**2) == pytest.approx(1)
    assert counts / x.size == pytest.approx(1 / levels, rel=0.05)
    assert (y - x).var() == pytest.approx(0.3, rel=0.03)
    assert abs(np.corrcoef(x.ravel(), (y - x).ravel())[0, 1]) < 0.015


def test_two_levels_are_exactly_plus_and_minus_one():
    x, _ = get_task("binary-gaussian").sample(100)
    assert set(x.ravel()) == {-1.0, 1.0}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("noise_var=0", "noise_var is 0.0; allowed: from 1e-06 to 1e\\+06"),
        ("noise_var=-1", "noise_var is -1.0"),
        ("levels=1", "levels is 1; allowed: from 2 to 256"),
        ("dim=0", "dim is 0; allowed: 1 or more"),
        ("levels=2.5", "levels is '2.5'; allowed: a whole number"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, message):
    with pytest.raises(SpecError, match=message):
        get_task(f"binary-gaussian:{parameters}")
