"""The log density ratio of every built-in task: its mean is the truth, and it is what the densities give."""

import math

import numpy as np
import pytest
from scipy import stats

from mibench import get_task

SPECS = [
    "gaussian:dim=1,rho=0.3",
    "gaussian:dim=3,rho=-0.6",
    "gaussian:dim=2,mi=8",
    "gaussian:rho=0",
    "binary-gaussian:noise_var=0.2",
    "binary-gaussian:noise_var=1,dim=3",
    "binary-gaussian:noise_var=0.05,levels=8,dim=2",
    "dimension-scaling:dim=10,mode=fixed-mi,mi=1",
    "dimension-scaling:dim=5,mode=fixed-rho,rho=0.5",
    "dimension-scaling:dim=8,mode=embedded,mi=0.8,signal_dims=2",
    "dimension-scaling:dim=6,mode=embedded,rho=0.4,signal_dims=6",
    "total-correlation:dim=4,kind=equicorrelated,rho=0.3",
    "total-correlation:dim=3,kind=equicorrelated,rho=-0.3",
    "total-correlation:dim=5,kind=ar1,rho=0.4",
    "total-correlation:dim=4,kind=factor,loading=0.6",
    "total-correlation:dim=5,kind=rotated-uniform,angle=30",
    "total-correlation:dim=2,kind=rotated-uniform,angle=45",
    "total-correlation:dim=2,kind=rotated-uniform,angle=0",
    "total-correlation:dim=3,kind=student,nu=5",
    "total-correlation:dim=4,kind=student,nu=1",
]
#: Where the joint density is 0 on part of what the marginals allow, or exp(−ratio) has no variance.
NO_INVERSE_MEAN = ("rotated-uniform", "mi=8", "rho=-0.6", "rho=-0.3", "levels=8", "noise_var=0.2")
N = 100_000


@pytest.fixture(params=SPECS)
def task(request):
    return get_task(request.param)


def drawn(task, n=N):
    return task.draw(n, np.random.default_rng(11))


def assert_mean(values, expected, what):
    stderr = values.std(ddof=1) / math.sqrt(len(values))
    assert abs(values.mean() - expected) <= 4 * stderr + 1e-12, f"{what}: {values.mean()} ± {stderr}, not {expected}"


def test_its_mean_is_the_truth(task):
    ratios = task.pointwise(*drawn(task))
    assert ratios.shape == (N,)
    assert np.isfinite(ratios).all()
    assert_mean(ratios, task.truth.nats, task.spec)


def test_the_mean_of_the_inverse_ratio_is_one(task):
    if any(part in task.spec for part in NO_INVERSE_MEAN):
        pytest.skip("it is not 1, or has no variance")
    assert_mean(np.exp(-task.pointwise(*drawn(task))), 1.0, task.spec)


def gaussian_pairs(x, y, rho):
    joint = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    pairs = sum(joint.logpdf(np.c_[x[:, i], y[:, i]]) for i in range(x.shape[1]))
    return pairs - stats.norm.logpdf(x).sum(axis=1) - stats.norm.logpdf(y).sum(axis=1)


def gaussian_vector(blocks, covariance):
    z = np.hstack(blocks)
    return stats.multivariate_normal(np.zeros(z.shape[1]), covariance).logpdf(z) - stats.norm.logpdf(z).sum(axis=1)


@pytest.mark.parametrize("rho", [0.0, 0.3, -0.9])
@pytest.mark.parametrize("spec", ["gaussian:dim=3,rho={}", "dimension-scaling:dim=3,mode=fixed-rho,rho={}"])
def test_gaussian_pairs(spec, rho):
    task = get_task(spec.format(rho))
    x, y = drawn(task, 20)
    assert np.allclose(task.pointwise(x, y), gaussian_pairs(x, y, rho), rtol=1e-10, atol=1e-10)
    assert np.allclose(task.pointwise(x, y[::-1]), gaussian_pairs(x, y[::-1], rho), rtol=1e-10, atol=1e-10)


def test_embedded_pairs_by_the_whole_covariance():
    task = get_task("dimension-scaling:dim=4,mode=embedded,rho=0.7,signal_dims=2")
    blocks = drawn(task, 20)
    turns = [rotation.apply(np.eye(4)) for rotation in task._rotations]
    cross = turns[0].T @ np.diag([0.7, 0.7, 0, 0]) @ turns[1]
    covariance = np.block([[np.eye(4), cross], [cross.T, np.eye(4)]])
    assert np.allclose(task.pointwise(*blocks), gaussian_vector(blocks, covariance), atol=1e-10)


@pytest.mark.parametrize("levels", [2, 4])
def test_a_channel(levels):
    task = get_task(f"binary-gaussian:noise_var=0.5,levels={levels},dim=2")
    x, y = drawn(task, 20)
    points = task._constellation
    given = stats.norm.pdf(y, x, math.sqrt(0.5))
    marginal = np.mean([stats.norm.pdf(y, point, math.sqrt(0.5)) for point in points], axis=0)
    assert np.allclose(task.pointwise(x, y), np.log(given / marginal).sum(axis=1), atol=1e-12)


def power(rho):
    return rho ** np.abs(np.subtract.outer(range(4), range(4)))


LOADINGS = 0.6 * np.array([4, 3, 2, 1]) / 4


@pytest.mark.parametrize(
    ("kind", "covariance"),
    [
        ("equicorrelated,rho=0.4", np.full((4, 4), 0.4) + 0.6 * np.eye(4)),
        ("ar1,rho=-0.5", power(-0.5)),
        ("factor,loading=0.6", np.outer(LOADINGS, LOADINGS) + np.diag(1 - LOADINGS**2)),
    ],
)
def test_gaussian_vectors(kind, covariance):
    task = get_task(f"total-correlation:dim=4,kind={kind}")
    blocks = drawn(task, 20)
    assert np.allclose(task.pointwise(*blocks), gaussian_vector(blocks, covariance), atol=1e-10)


def test_students_t():
    task = get_task("total-correlation:dim=3,kind=student,nu=3")
    blocks = drawn(task, 20)
    z = np.hstack(blocks)
    expected = stats.multivariate_t(df=3, shape=np.eye(3)).logpdf(z) - stats.t(3).logpdf(z).sum(axis=1)
    assert np.allclose(task.pointwise(*blocks), expected, atol=1e-10)


def test_a_turned_square():
    task = get_task("total-correlation:dim=2,kind=rotated-uniform,angle=30")
    blocks = drawn(task, 20)
    a, b = math.sqrt(3) * math.cos(math.pi / 6), math.sqrt(3) * math.sin(math.pi / 6)
    c = (a - b) / (a + b)
    marginal = stats.trapezoid((1 - c) / 2, (1 + c) / 2, loc=-(a + b), scale=2 * (a + b))
    expected = math.log(1 / 12) - sum(marginal.logpdf(block[:, 0]) for block in blocks)
    assert np.allclose(task.pointwise(*blocks), expected, atol=1e-10)
    outside = np.array([[2.3]]), np.array([[2.3]])
    assert task.pointwise(*outside)[0] == -math.inf


@pytest.mark.slow
def test_its_mean_is_the_truth_over_a_million_draws(task):
    assert_mean(task.pointwise(*drawn(task, 10 * N)), task.truth.nats, task.spec)
