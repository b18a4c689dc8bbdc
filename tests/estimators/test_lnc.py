import math

import numpy as np
import pytest

from mibench import get_estimator, get_task
from mibench.errors import InputError, SpecError
from mibench.estimators.neighbors import _lnc_thresholds
from mibench.estimators.neighbors._lnc_thresholds import THRESHOLDS, box_ratios, default_neighbors

RNG = np.random.default_rng(0)


def naive_correction(points, k, alpha):
    """Algorithm 1 of the paper: its sum over the samples, with the eigenvectors of their neighbours' moments."""
    total = 0.0
    for i in range(len(points)):
        distances = np.abs(points - points[i]).max(axis=1)
        near = points[np.argsort(distances)[1 : k + 1]] - points[i]
        axes = np.linalg.eigh(near.T @ near / k)[1]
        turned = np.log(np.abs(near @ axes).max(axis=0)).sum()
        straight = np.log(np.abs(near).max(axis=0)).sum()
        if turned < straight + math.log(alpha):
            total += turned - straight
    return -total / len(points)


def blocks_of(n, dims, noise=0.02):
    rng = np.random.default_rng([n, *dims])
    common = rng.standard_normal((n, 1))
    return [common + noise * rng.standard_normal((n, d)) for d in dims]


@pytest.mark.parametrize(("dims", "k"), [((1, 1), 5), ((1, 1), 10), ((1, 2), 6), ((1, 1, 1), 4), ((2, 3), 10)], ids=str)
def test_agrees_with_the_naive_reference(dims, k):
    blocks = blocks_of(300, dims)
    found = get_estimator(f"lnc:k={k},standardize=false").estimate(*blocks, rng=RNG)
    plain = get_estimator(f"ksg:k={k},algorithm=2,standardize=false").estimate(*blocks, rng=RNG).nats
    correction = naive_correction(np.hstack(blocks), k, THRESHOLDS[k, sum(dims)])
    assert correction > 0.05
    assert found.nats == pytest.approx(plain + correction, abs=1e-10)


@pytest.mark.parametrize("noise", [1e-4, 1e-7])
def test_published_example_of_strong_dependence(noise):
    """The repository's test: y = x + noise·U, 500 rows; the true value is that of x uniform, about −ln noise."""
    values = []
    for seed in range(4):
        x, u = np.random.default_rng(seed).random((2, 500, 1))
        values.append(get_estimator("lnc:k=5").estimate(x, x + noise * u, rng=RNG).nats)
        assert get_estimator("ksg").estimate(x, x + noise * u, rng=RNG).nats < 5.5
    assert np.mean(values) == pytest.approx(-math.log(noise) + noise / 2, abs=0.25)  # 15.94 for 16.05 at 1e-7 there


def test_weak_dependence_is_hardly_corrected():
    task = get_task("gaussian:mi=0.2")
    x, y = task.sample(2000)
    found = get_estimator("lnc").estimate(x, y, rng=RNG)
    assert found.nats == pytest.approx(get_estimator("ksg:algorithm=2").estimate(x, y, rng=RNG).nats, abs=0.03)
    assert found.diagnostics["corrected_share"] < 0.02


@pytest.mark.parametrize(("k", "d"), [(5, 2), (4, 3), (10, 5)])
def test_thresholds_are_those_of_the_simulation(k, d):
    for alpha, seed in ((THRESHOLDS[k, d], 1), (THRESHOLDS[k, d] * 1.3, 2)):
        offsets = np.random.default_rng(seed).uniform(-1, 1, (20_000, k, d))
        share = np.mean(box_ratios(offsets) < math.log(alpha))
        if seed == 1:
            assert share == pytest.approx(0.005, abs=0.002)  # 4 standard errors
        else:
            assert share > 0.007


def test_the_table_is_what_the_module_prints():
    assert _lnc_thresholds.simulate(3, 2, 200_000) == pytest.approx(THRESHOLDS[3, 2], rel=1e-3)
    assert all(k > d for k, d in THRESHOLDS)
    assert all((default_neighbors(d), d) in THRESHOLDS for d in range(2, 13))


def test_boxes_do_not_depend_on_the_scale_and_lines_have_the_thinnest():
    offsets = np.random.default_rng(0).uniform(-1, 1, (10, 6, 3))
    np.testing.assert_allclose(box_ratios(1e-200 * offsets), box_ratios(offsets), rtol=1e-9)
    line = np.linspace(-1, 1, 6)[np.newaxis, :, np.newaxis] * [1.0, 1.0]
    eps = np.finfo(np.float64).eps
    assert math.log(eps) <= box_ratios(line)[0] < math.log(4 * eps)


def test_refusals():
    x, y = blocks_of(100, (1, 1))
    with pytest.raises(InputError, match="lnc: k is 7 with 2 columns in all; allowed: k of 3, 4, 5, 6, 8, 10"):
        get_estimator("lnc:k=7").estimate(x, y, rng=RNG)
    with pytest.raises(InputError, match="lnc: k is 28 with 14 columns in all; allowed: at most 12 columns"):
        get_estimator("lnc").estimate(np.repeat(x, 13, axis=1), y, rng=RNG)
    with pytest.raises(InputError, match="lnc: n is 5 with k=5; allowed: more than k samples"):
        get_estimator("lnc").estimate(x[:5], y[:5], rng=RNG)
    with pytest.raises(SpecError, match="k is 2; allowed: 3 or more, or auto"):
        get_estimator("lnc:k=2")
