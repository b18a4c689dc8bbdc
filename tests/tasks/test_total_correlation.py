import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from mibench import get_task
from mibench.errors import SpecError


def task_of(parameters):
    return get_task(f"total-correlation:{parameters}")


def equicorrelated(dim, rho):
    return np.full((dim, dim), rho) + (1 - rho) * np.eye(dim)


def ar1(dim, rho):
    return rho ** np.abs(np.subtract.outer(np.arange(dim), np.arange(dim)))


def factor(dim, loading):
    weights = np.array([loading * (dim - i) / dim for i in range(dim)])
    return np.outer(weights, weights) + np.diag(1 - weights**2)


GAUSSIAN = [
    ("dim=2,kind=equicorrelated,rho=0.9", equicorrelated(2, 0.9)),
    ("dim=5,kind=equicorrelated,rho=0.5", equicorrelated(5, 0.5)),
    ("dim=5,kind=equicorrelated,rho=-0.24", equicorrelated(5, -0.24)),
    ("dim=4,kind=ar1,rho=-0.7", ar1(4, -0.7)),
    ("dim=10,kind=ar1,rho=0.5", ar1(10, 0.5)),
    ("dim=2,kind=factor,loading=0.8", factor(2, 0.8)),
    ("dim=8,kind=factor", factor(8, 0.9)),
]


@pytest.mark.parametrize(("parameters", "correlation"), GAUSSIAN)
def test_gaussian_truth_is_the_log_determinant_of_the_correlation(parameters, correlation, confirm_sharply):
    task = task_of(parameters)

    def check(nats):
        assert nats == pytest.approx(-0.5 * np.linalg.slogdet(correlation)[1], rel=1e-9)

    confirm_sharply(task.truth.nats, check)
    assert np.allclose(np.cov(np.hstack(task.sample(200_000)).T), correlation, atol=0.02)


@pytest.mark.parametrize(("parameters", "correlation"), GAUSSIAN)
def test_gaussian_samples_give_the_truth_through_their_own_correlations(parameters, correlation):
    task = task_of(parameters)
    n = 400_000
    sample = np.corrcoef(np.hstack(task.sample(n, seed=5)).T)
    nats = -0.5 * np.linalg.slogdet(sample)[1]
    stderr = math.sqrt(((np.eye(task.dim) - np.linalg.inv(correlation)) ** 2).sum() / 2 / n)
    assert abs(nats - task.truth.nats) < 5 * stderr


@pytest.mark.parametrize("kind", ["equicorrelated", "ar1"])
def test_two_correlated_blocks_are_the_gaussian_task(kind):
    assert task_of(f"dim=2,kind={kind},rho=0.6").truth.nats == pytest.approx(
        get_task("gaussian:rho=0.6").truth.nats, rel=1e-14
    )


def test_the_total_correlation_of_a_chain_is_the_sum_over_its_links():
    link = task_of("dim=2,kind=ar1,rho=0.8").truth.nats
    assert task_of("dim=9,kind=ar1,rho=0.8").truth.nats == pytest.approx(8 * link, rel=1e-14)


def trapezoid(z, angle):
    """Density of cos θ·U + sin θ·V for U, V uniform of unit variance: the overlap of two intervals, by convolution."""
    half = math.sqrt(3)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    overlap = np.minimum(half * cos, z + half * sin) - np.maximum(-half * cos, z - half * sin)
    return np.maximum(overlap, 0) / (2 * half * cos * 2 * half * sin)


@pytest.mark.parametrize("angle", [5.0, 20.0, 30.0, 45.0])
@pytest.mark.parametrize("dim", [2, 3, 6])
def test_rotated_uniform_truth_is_a_two_dimensional_integral_of_the_log_ratio(angle, dim, confirm_sharply):
    half = math.sqrt(3)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    nodes, weights = np.polynomial.legendre.leggauss(600)
    u, v = np.meshgrid(half * nodes, half * nodes)
    ratio = -2 * math.log(2 * half) - np.log(trapezoid(cos * u - sin * v, angle) * trapezoid(sin * u + cos * v, angle))
    second = (dim // 2) * float((np.outer(weights, weights) / 4 * ratio).sum())

    def check(nats):
        assert nats == pytest.approx(second, rel=3e-3)

    confirm_sharply(task_of(f"dim={dim},kind=rotated-uniform,angle={angle}").truth.nats, check)


@pytest.mark.parametrize("angle", [10.0, 45.0])
def test_rotated_uniform_truth_is_the_sum_of_entropies(angle, confirm_sharply):
    top = math.sqrt(6)
    corner = math.sqrt(3) * (math.cos(math.radians(angle)) - math.sin(math.radians(angle)))

    def minus_p_log_p(z):
        p = trapezoid(z, angle)
        return -p * math.log(p) if p > 0 else 0.0

    entropy = 2 * integrate.quad(minus_p_log_p, 0, top, points=[corner], epsabs=1e-12)[0]
    second = 2 * entropy - 2 * math.log(2 * math.sqrt(3))

    def check(nats):
        assert nats == pytest.approx(second, rel=1e-8)

    confirm_sharply(task_of(f"dim=2,kind=rotated-uniform,angle={angle}").truth.nats, check)


def test_forty_five_degrees_give_one_minus_log_two():
    assert task_of("dim=2,kind=rotated-uniform").truth.nats == pytest.approx(1 - math.log(2), abs=1e-15)
    assert task_of("dim=7,kind=rotated-uniform").truth.nats == pytest.approx(3 * (1 - math.log(2)), abs=1e-15)


@pytest.mark.parametrize("dim", [2, 5])
def test_rotated_uniforms_are_uncorrelated_with_the_density_of_their_angle(dim):
    sample = np.hstack(task_of(f"dim={dim},kind=rotated-uniform,angle=30").sample(100_000))
    assert np.allclose(np.cov(sample.T), np.eye(dim), atol=0.02)
    edges = np.linspace(-2.3, 2.3, 24)
    middle = (edges[1:] + edges[:-1]) / 2
    for column in sample.T[: 2 * (dim // 2)]:
        counts, _ = np.histogram(column, edges)
        assert np.allclose(counts / len(column) / np.diff(edges), trapezoid(middle, 30.0), atol=0.012)
    if dim % 2:
        assert np.abs(sample[:, -1]).max() <= math.sqrt(3)
        assert stats.kstest(sample[:, -1], stats.uniform(-math.sqrt(3), 2 * math.sqrt(3)).cdf).pvalue > 1e-3
    back = math.cos(math.pi / 6) * sample[:, 0] + math.sin(math.pi / 6) * sample[:, 1]
    assert np.abs(back).max() <= math.sqrt(3) + 1e-12


def student_entropy(dim, nu):
    """h of the spherical t by a one-dimensional integral over the radius, with the density of scipy."""
    density = stats.multivariate_t(shape=np.eye(dim), df=nu)
    log_sphere = math.log(2) + dim / 2 * math.log(math.pi) - math.lgamma(dim / 2)

    def integrand(log_radius):
        radius = math.exp(log_radius)
        log_p = float(density.logpdf(np.r_[radius, np.zeros(dim - 1)]))
        return -log_p * math.exp(log_p + log_sphere + dim * log_radius)

    pieces = [-40, -5, 0, 2, 5, 60 / nu + 10]
    return sum(
        integrate.quad(integrand, low, high, epsabs=1e-12, limit=200)[0] for low, high in itertools.pairwise(pieces)
    )


@pytest.mark.parametrize(("dim", "nu"), [(2, 1.0), (2, 5.0), (3, 5.0), (5, 2.5), (10, 5.0), (4, 30.0)])
def test_student_truth_is_the_sum_of_entropies(dim, nu, confirm_sharply):
    second = dim * student_entropy(1, nu) - student_entropy(dim, nu)

    def check(nats):
        assert nats == pytest.approx(second, rel=1e-6, abs=1e-9)

    confirm_sharply(task_of(f"dim={dim},kind=student,nu={nu}").truth.nats, check)


@pytest.mark.parametrize(("dim", "nu"), [(2, 1.0), (10, 5.0)])
def test_student_samples_agree_with_the_truth(dim, nu):
    task = task_of(f"dim={dim},kind=student,nu={nu}")
    sample = np.hstack(task.sample(200_000, seed=6))
    joint = stats.multivariate_t(shape=np.eye(dim), df=nu).logpdf(sample)
    ratio = joint - stats.t(nu).logpdf(sample).sum(axis=1)
    assert abs(task.truth.nats - ratio.mean()) < 4 * ratio.std() / math.sqrt(len(ratio))


def test_student_blocks_are_uncorrelated_with_t_margins():
    sample = np.hstack(task_of("dim=3,kind=student,nu=6").sample(100_000))
    assert np.allclose(np.cov(sample.T), 1.5 * np.eye(3), atol=0.06)
    for column in sample.T:
        assert stats.kstest(column, stats.t(6).cdf).pvalue > 1e-3
    assert np.corrcoef(sample[:, 0] ** 2, sample[:, 1] ** 2)[0, 1] > 0.1


def test_the_defaults_of_a_kind_are_filled_in():
    assert task_of("dim=3,kind=student").spec == "total-correlation:dim=3,kind=student,nu=5.0"
    assert task_of("dim=3,kind=student") == task_of("dim=3,kind=student,nu=5")
    assert task_of("dim=2,kind=ar1").label == "total-correlation:dim=2,kind=ar1,rho=0.5"


@pytest.mark.parametrize(
    "parameters",
    [
        "dim=3,kind=equicorrelated,rho=0",
        "dim=3,kind=ar1,rho=0",
        "dim=3,kind=factor,loading=0",
        "dim=3,kind=rotated-uniform,angle=0",
    ],
)
def test_no_dependence_belongs_to_independence(parameters):
    task = task_of(parameters)
    assert task.truth.nats == 0
    assert task.board_family == "independence"


@pytest.mark.parametrize("kind", ["equicorrelated", "ar1", "factor", "rotated-uniform", "student"])
def test_dependence_belongs_to_total_correlation(kind):
    assert task_of(f"dim=3,kind={kind}").family == "total-correlation"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("dim=1,kind=ar1", "dim is 1; allowed: 2 or more"),
        ("dim=3,kind=student,rho=0.5", "rho is 0.5; allowed in kind=student: none, its parameter is nu"),
        ("dim=3,kind=ar1,nu=5", "nu is 5.0; allowed in kind=ar1: none, its parameter is rho"),
        ("dim=3,kind=equicorrelated,angle=45", "angle is 45.0; allowed in kind=equicorrelated: none"),
        ("dim=3,kind=rotated-uniform,loading=0.5", "loading is 0.5; allowed in kind=rotated-uniform: none"),
        ("dim=3,kind=equicorrelated,rho=-0.5", "rho is -0.5; allowed in kind=equicorrelated: less than 1"),
        ("dim=3,kind=ar1,rho=-1", "rho is -1.0; allowed in kind=ar1: more than -1 and less than 1"),
        ("dim=3,kind=factor,loading=1", "loading is 1.0; allowed in kind=factor: at least 0 and less than 1"),
        ("dim=3,kind=rotated-uniform,angle=46", "angle is 46.0; allowed in kind=rotated-uniform: from 0 to 45 degrees"),
        ("dim=3,kind=student,nu=0.5", "nu is 0.5; allowed in kind=student: from 1 to 1000"),
        ("dim=3,kind=cauchy", "kind is 'cauchy'; allowed: equicorrelated or ar1 or"),
    ],
)
def test_parameters_that_do_not_belong_to_the_kind_or_are_out_of_range_are_refused(parameters, message):
    with pytest.raises(SpecError, match=message):
        task_of(parameters)


@given(
    dim=st.integers(2, 300),
    kind_and_strength=st.one_of(
        st.tuples(st.just("equicorrelated,rho"), st.floats(0, 1, exclude_max=True)),
        st.tuples(st.just("ar1,rho"), st.floats(-1, 1, exclude_min=True, exclude_max=True)),
        st.tuples(st.just("factor,loading"), st.floats(0, 1, exclude_max=True)),
        st.tuples(st.just("rotated-uniform,angle"), st.floats(0, 45)),
        st.tuples(st.just("student,nu"), st.floats(1, 1000)),
    ),
)
def test_every_allowed_strength_has_a_finite_truth_and_finite_samples(dim, kind_and_strength):
    kind, strength = kind_and_strength
    task = task_of(f"dim={dim},kind={kind}={strength!r}")
    assert 0 <= task.truth.nats < math.inf
    assert np.isfinite(np.hstack(task.sample(20))).all()


@pytest.mark.parametrize(
    ("kind", "strengths"),
    [
        ("equicorrelated,rho", [0, 0.1, 0.5, 0.99]),
        ("ar1,rho", [0, -0.1, 0.5, -0.99]),
        ("factor,loading", [0, 0.1, 0.5, 0.99]),
        ("rotated-uniform,angle", [0, 1, 30, 45]),
        ("student,nu", [1000, 50, 5, 1]),
    ],
)
@pytest.mark.parametrize("dim", [2, 3, 12])
def test_the_truth_grows_with_the_strength_and_never_falls_with_the_blocks(kind, strengths, dim):
    values = [task_of(f"dim={dim},kind={kind}={strength}").truth.nats for strength in strengths]
    assert all(np.diff(values) > 0)
    if kind != "factor,loading":
        more = [task_of(f"dim={dim + 1},kind={kind}={strength}").truth.nats for strength in strengths]
        assert all(b >= a for a, b in zip(values, more, strict=True))
