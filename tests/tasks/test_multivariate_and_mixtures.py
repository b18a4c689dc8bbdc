"""Second derivations of the truths of multivariate Gaussian and Student tasks, and of Gaussian mixtures."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln, logsumexp
from scipy.stats import multivariate_normal, multivariate_t

from mibench import get_task
from mibench.errors import SpecError
from mibench.tasks.gaussian_mixtures import _ai, _x

SPECS = [
    "multivariate-normal:dim_x=3,dim_y=1,structure=dense,rho=0.5", "letters:shape=X", "letters:shape=AI", "waves",
    "multivariate-normal:dim_x=25,dim_y=25,structure=sparse,rho=0.8,pairs=2", "concentric:dim_x=25,components=5",
    "multivariate-normal:dim_x=50,dim_y=50,structure=dense,rho=0.5", "multivariate-student:dim_x=1,dim_y=1,nu=1",
    "multivariate-student:dim_x=5,dim_y=5,nu=2", "multivariate-student:dim_x=3,dim_y=2,nu=3,rho=0.4",
    "multivariate-student:dim_x=3,dim_y=3,nu=3,rho=0.6,structure=sparse,pairs=2", "concentric:dim_x=3,components=10",
    "two-balls:distance=3", "random-mixture:components=5", "spiral:base=(two-balls:distance=3,dim_x=2),only=1,speed=1",
    "inliers:dim=5,rho=0.8,share=0.2", "inliers:dim=25,rho=0.8,share=0.5",
]  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_the_mean_of_the_log_ratio_is_the_truth(spec):
    task = get_task(spec)
    ratios = task.pointwise(*task.draw(100_000, np.random.default_rng(0)))
    assert abs(ratios.mean() - task.truth.nats) <= 4 * ratios.std() / math.sqrt(len(ratios)) + 1e-12


def near(value, tolerance):
    def check(nats):
        assert abs(nats - value) <= tolerance

    return check


def scatter(dim_x, dim_y, structure, rho, pairs=0):
    matrix = np.eye(dim_x + dim_y)
    if structure == "dense":
        matrix[:] = rho
        np.fill_diagonal(matrix, 1)
    for i in range(pairs):
        matrix[i, dim_x + i] = matrix[dim_x + i, i] = rho
    return matrix


def log_det(matrix):
    return float(np.linalg.slogdet(matrix)[1])


CASES = [
    (2, 2, "dense", 0.5, None),
    (50, 50, "dense", 0.5, None),
    (3, 1, "dense", -0.2, None),
    (5, 4, "sparse", 0.8, 2),
]


@pytest.mark.parametrize(("dim_x", "dim_y", "structure", "rho", "pairs"), CASES)
def test_gaussians_by_the_determinants_of_the_matrices(dim_x, dim_y, structure, rho, pairs, confirm_sharply):
    matrix = scatter(dim_x, dim_y, structure, rho, pairs or 0)
    second = 0.5 * (log_det(matrix[:dim_x, :dim_x]) + log_det(matrix[dim_x:, dim_x:]) - log_det(matrix))
    extra = "" if pairs is None else f",pairs={pairs}"
    task = get_task(f"multivariate-normal:dim_x={dim_x},dim_y={dim_y},structure={structure},rho={rho}{extra}")
    confirm_sharply(task.truth.nats, near(second, 1e-10))
    x, y = task.draw(100_000, np.random.default_rng(0))
    assert np.abs(np.cov(np.hstack([x, y]).T) - matrix).max() < 0.03


@pytest.mark.parametrize(("dim_x", "dim_y", "nu"), [(1, 1, 1.0), (2, 2, 2.0), (5, 5, 3.0), (3, 1, 0.7)])
def test_student_by_radial_integrals_of_the_entropies(dim_x, dim_y, nu, confirm_sharply):
    """h = −E ln p over r = ‖x‖, whose density is that of p times the surface of a sphere; r = tan a."""

    def entropy(d):
        norm = gammaln((nu + d) / 2) - gammaln(nu / 2) - d / 2 * math.log(nu * math.pi)
        surface = math.log(2) + d / 2 * math.log(math.pi) - gammaln(d / 2)

        def integrand(a):
            r = math.tan(a)
            log_p = norm - (nu + d) / 2 * math.log1p(r * r / nu)
            return -math.exp(log_p + surface + (d - 1) * math.log(r) - 2 * math.log(math.cos(a))) * log_p

        return quad(integrand, 1e-12, math.pi / 2 - 1e-12, epsabs=1e-11, limit=2000)[0]

    second = entropy(dim_x) + entropy(dim_y) - entropy(dim_x + dim_y)
    task = get_task(f"multivariate-student:dim_x={dim_x},dim_y={dim_y},nu={nu}")
    confirm_sharply(task.truth.nats, near(second, 1e-6))


@pytest.mark.parametrize(
    ("spec", "nu", "matrix"),
    [
        ("multivariate-student:dim_x=2,dim_y=1,nu=3,rho=0.4", 3, scatter(2, 1, "dense", 0.4)),
        ("multivariate-student:dim_x=2,dim_y=2,nu=1.5,rho=0.6,structure=sparse,pairs=1", 1.5,
         scatter(2, 2, "sparse", 0.6, 1)),
    ],
)  # fmt: skip
def test_the_student_log_ratio_is_that_of_the_three_densities(spec, nu, matrix):
    task = get_task(spec)
    x, y = task.draw(50, np.random.default_rng(0))
    d = x.shape[1]
    joint = multivariate_t(shape=matrix, df=nu).logpdf(np.hstack([x, y]))
    alone = multivariate_t(shape=matrix[:d, :d], df=nu).logpdf(x) + multivariate_t(shape=matrix[d:, d:], df=nu).logpdf(
        y
    )
    assert task.pointwise(x, y) == pytest.approx(joint - alone, abs=1e-9)


def grid_sum(mixture, reach, count):
    """I of a planar mixture by a plain sum over a grid, densities by scipy."""
    x = np.linspace(mixture.means[:, 0].min() - reach[0], mixture.means[:, 0].max() + reach[0], count[0])
    y = np.linspace(mixture.means[:, 1].min() - reach[1], mixture.means[:, 1].max() + reach[1], count[1])
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    p = 0.0
    for w, m, s, r in zip(mixture.weights, mixture.means, mixture.sds, mixture.rhos, strict=True):
        cross = r * s[0] * s[1]
        p = p + w * multivariate_normal(m, [[s[0] ** 2, cross], [cross, s[1] ** 2]]).pdf(points)
    dx, dy = x[1] - x[0], y[1] - y[0]
    product = np.outer(p.sum(axis=1) * dy, p.sum(axis=0) * dx)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(p > 0, p * np.log(p / product), 0.0).sum() * dx * dy)


@pytest.mark.parametrize(
    ("shape", "mixture", "reach", "count"),
    [("X", _x(0.9), (8, 8), (500, 500)), ("AI", _ai(), (1.6, 3.2), (900, 900))],
)
def test_letters_by_a_sum_over_a_grid(shape, mixture, reach, count, confirm_sharply):
    confirm_sharply(get_task(f"letters:shape={shape}").truth.nats, near(grid_sum(mixture, reach, count), 1e-6))


@pytest.mark.parametrize(("components", "number"), [(1, 0), (3, 1), (8, 2)])
def test_random_mixtures_by_a_sum_over_a_grid(components, number, confirm_sharply):
    task = get_task(f"random-mixture:components={components},number={number}")
    confirm_sharply(task.truth.nats, near(grid_sum(task._mixture, (8, 8), (600, 600)), 1e-6))


def test_random_mixtures_differ_by_number_and_stay():
    truths = [get_task(f"random-mixture:components=4,number={i}").truth.nats for i in (0, 1, 0)]
    assert truths[0] == truths[2] != truths[1]


def test_waves_by_a_sum_over_a_grid(confirm_sharply):
    task = get_task("waves")
    confirm_sharply(task.truth.nats, near(grid_sum(task._mixture, (2.5, 2.5), (700, 300)), 1e-6))


def test_two_balls_by_a_sum_over_space(confirm_sharply):
    axis = np.linspace(-7.5, 7.5, 61)
    step = axis[1] - axis[0]
    x = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    p = sum(np.exp(-0.5 * ((x - c) ** 2).sum(axis=-1)) for c in (-1.5, 1.5)) / 2 / (2 * math.pi) ** 1.5
    first, second = p.sum(axis=2, keepdims=True) * step, p.sum(axis=(0, 1), keepdims=True) * step**2
    found = float((p * np.log(p / (first * second))).sum() * step**3)
    confirm_sharply(get_task("two-balls:distance=3,dim_x=2").truth.nats, near(found, 1e-7))


@pytest.mark.parametrize(("dim", "k"), [(3, 5), (5, 10), (25, 5)])
def test_concentric_by_the_entropy_of_the_mixture(dim, k, confirm_sharply):
    """h(X) − (1/k) Σ h(N(0, j²I)), h(X) by an integral of −p ln p over the radius."""
    j = np.arange(1, k + 1)
    surface = math.log(2) + dim / 2 * math.log(math.pi) - gammaln(dim / 2)

    def integrand(r):
        log_p = logsumexp(-0.5 * (r / j) ** 2 - dim * np.log(j)) - math.log(k) - dim / 2 * math.log(2 * math.pi)
        return -math.exp(log_p + surface + (dim - 1) * math.log(r)) * log_p if r > 0 else 0.0

    joint = sum(quad(integrand, low, low + k, epsabs=1e-11, limit=400)[0] for low in range(0, 20 * k, k))
    second = joint - float(np.mean(dim * np.log(j))) - dim / 2 * math.log(2 * math.pi * math.e)
    confirm_sharply(get_task(f"concentric:dim_x={dim},components={k}").truth.nats, near(second, 1e-7))


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_inliers_by_an_integral_over_two_exponential_variables(share, confirm_sharply):
    """ln r is c + u·E₁ − v·E₂: twice a χ² of 2 degrees of freedom along and across the diagonal of a pair."""
    rho = 0.8
    nodes, weights = np.polynomial.legendre.leggauss(30)
    e = (np.arange(45)[:, None] + (nodes + 1) / 2).ravel()
    w = np.tile(weights / 2, 45) * np.exp(-e)

    def mean(u, v):
        log_r = -math.log(1 - rho**2) + u * e[:, None] - v * e
        return float(w @ np.log((1 - share) * np.exp(log_r) + share) @ w)

    second = (1 - share) * mean(rho, rho) + share * mean(rho / (1 + rho), rho / (1 - rho))
    confirm_sharply(get_task(f"inliers:dim=2,rho={rho},share={share}").truth.nats, near(second, 1e-8))


def test_limits():
    whole = get_task("multivariate-normal:dim_x=2,dim_y=2,structure=sparse,rho=0.8,pairs=2").truth.nats
    assert get_task("inliers:dim=2,rho=0.8,share=1e-9").truth.nats == pytest.approx(whole, abs=1e-6)
    assert get_task("inliers:dim=2,rho=0.8,share=0.999").truth.nats < 1e-4
    assert get_task("two-balls:distance=0").board_family == "independence"
    assert get_task("two-balls:distance=12").truth.nats == pytest.approx(math.log(2), abs=1e-6)
    assert get_task("multivariate-normal:dim_x=1,dim_y=1,structure=dense,rho=0").board_family == "independence"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("multivariate-normal:dim_x=2,dim_y=2,structure=dense,rho=-0.4", "rho is -0.4; allowed: more than -0.3333"),
        ("multivariate-normal:dim_x=2,dim_y=3,structure=sparse,rho=0.4,pairs=3", "pairs is 3; allowed"),
        ("multivariate-normal:dim_x=2,dim_y=3,structure=dense,rho=0.4,pairs=1", "pairs is 1; allowed with"),
        ("multivariate-student:dim_x=1,dim_y=1,nu=0.1", "nu is 0.1; allowed"),
        ("letters:shape=X,rho=1", "rho is 1.0; allowed"),
        ("waves:components=1", "components is 1; allowed"),
        ("random-mixture:components=0", "components is 0; allowed: from 1 to 20"),
        ("random-mixture:components=3,number=-1", "number is -1; allowed: at least 0"),
        ("concentric:dim_x=0,components=3", "dim_x is 0; allowed"),
        ("inliers:dim=1,rho=0.8,share=0.2", "dim is 1; allowed: 2 or more"),
    ],
)
def test_mistakes_are_named(spec, message):
    with pytest.raises(SpecError, match=message):
        get_task(spec)
