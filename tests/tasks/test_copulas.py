"""Second derivations of the truths of copulas, and the laws of their samples."""

import math

import mpmath
import numpy as np
import pytest
from scipy.stats import kendalltau, kstest

from mibench import get_task
from mibench.errors import SpecError

SPECS = [
    "gaussian-copula:rho=0.8", "gaussian-copula:rho=-0.2,dim=4", "t-copula:rho=0,nu=1", "t-copula:rho=0.5,nu=3,dim=3",
    "clayton:theta=2", "clayton:theta=0.05", "clayton:theta=20", "clayton:theta=3,dim=5", "gumbel:theta=1.2",
    "gumbel:theta=10", "frank:theta=5", "frank:theta=-5", "frank:theta=40", "frank:theta=0", "gumbel:theta=1",
]  # fmt: skip
every_copula = pytest.mark.parametrize("spec", SPECS)


@every_copula
def test_the_mean_of_the_log_density_is_the_truth(spec):
    task = get_task(spec)
    ratios = task.pointwise(*task.draw(100_000, np.random.default_rng(0)))
    assert abs(ratios.mean() - task.truth.nats) <= 4 * ratios.std() / math.sqrt(len(ratios)) + 1e-12


@every_copula
def test_every_block_is_uniform(spec):
    for block in get_task(spec).draw(20_000, np.random.default_rng(0)):
        assert kstest(block[:, 0], "uniform").pvalue > 1e-4
        assert 0 < block.min() < block.max() < 1


@pytest.mark.parametrize(
    ("spec", "tau"),
    [("clayton:theta=2", 0.5), ("gumbel:theta=2", 0.5), ("gaussian-copula:rho=0.8", 2 / math.pi * math.asin(0.8)),
     ("t-copula:rho=0.8,nu=2", 2 / math.pi * math.asin(0.8)), ("frank:theta=5.736", 0.5), ("frank:theta=-5.736", -0.5)],
)  # fmt: skip
def test_kendalls_tau_is_that_of_the_copula(spec, tau):
    u, v = get_task(spec).draw(20_000, np.random.default_rng(0))
    assert kendalltau(u[:, 0], v[:, 0]).statistic == pytest.approx(tau, abs=0.02)


def square(count=1201, reach=4.5):
    """Nodes and weights of the tanh-sinh rule on the unit square."""
    t, step = np.linspace(-reach, reach, count, retstep=True)
    x = 0.5 * (1 + np.tanh(np.pi / 2 * np.sinh(t)))
    w = step * np.pi / 4 * np.cosh(t) / np.cosh(np.pi / 2 * np.sinh(t)) ** 2
    inside = (x > 1e-15) & (x < 1 - 1e-15)
    x, w = x[inside], w[inside]
    u, v = np.meshgrid(x, x, indexing="ij")
    return u.reshape(-1, 1), v.reshape(-1, 1), np.outer(w, w).ravel()


@pytest.fixture(scope="module")
def nodes():
    return square()


def clayton(u, v, theta):
    return (1 + theta) * (u * v) ** (-theta - 1) * (u**-theta + v**-theta - 1) ** (-2 - 1 / theta)


def frank(u, v, theta):
    top = theta * (1 - np.exp(-theta)) * np.exp(-theta * (u + v))
    return top / (1 - np.exp(-theta) - (1 - np.exp(-theta * u)) * (1 - np.exp(-theta * v))) ** 2


def gumbel(u, v, theta):
    x, y = -np.log(u), -np.log(v)
    s = (x**theta + y**theta) ** (1 / theta)
    return np.exp(-s) / (u * v) * (x * y) ** (theta - 1) * s ** (1 - 2 * theta) * (s + theta - 1)


@pytest.mark.parametrize(
    ("name", "density", "theta"),
    [("clayton", clayton, 0.5), ("clayton", clayton, 2.0), ("frank", frank, 5.0), ("frank", frank, 1.0),
     ("gumbel", gumbel, 1.5), ("gumbel", gumbel, 2.0)],
)  # fmt: skip
def test_the_truth_is_the_integral_of_c_ln_c_with_the_textbook_density(name, density, theta, nodes, confirm_sharply):
    u, v, w = nodes
    with np.errstate(all="ignore"):
        c = density(u[:, 0], v[:, 0], theta)
        values = np.where(c > 0, c * np.log(c), 0.0)
    assert w @ c == pytest.approx(1, abs=1e-9)
    second = float(w @ values)

    def check(nats):
        assert abs(nats - second) < 1e-8

    confirm_sharply(get_task(f"{name}:theta={theta}").truth.nats, check)


@pytest.mark.parametrize("spec", ["clayton:theta=2", "frank:theta=40", "gumbel:theta=10", "gumbel:theta=1.2"])
def test_the_density_of_the_task_integrates_to_one_and_to_the_truth(spec, nodes):
    u, v, w = nodes
    task = get_task(spec)
    logs = task.pointwise(u, v)
    assert w @ np.exp(logs) == pytest.approx(1, abs=1e-9)
    assert w @ (np.exp(logs) * logs) == pytest.approx(task.truth.nats, abs=1e-8)


@pytest.mark.parametrize(("theta", "m"), [(0.5, 2), (2.0, 3), (4.0, 6)])
def test_clayton_of_many_blocks_by_the_chain_rule_of_entropies(theta, m, confirm_sharply):
    """h of the Lomax variables X = u^−θ − 1: Σ h(X_i | X_<i), each again Lomax of a known shape."""
    a = 1 / theta  # X_i | X_<i is Lomax of shape a + i about a scale s with E ln s = ψ(a + i) − ψ(a)
    alone = -math.log(a) + 1 + 1 / a

    def given(i):
        shape = a + i
        return float(mpmath.digamma(shape) - mpmath.digamma(a)) - math.log(shape) + 1 + 1 / shape

    second = m * alone - sum(given(i) for i in range(m))

    def check(nats):
        assert abs(nats - second) < 1e-10

    confirm_sharply(get_task(f"clayton:theta={theta},dim={m}").truth.nats, check)


@pytest.mark.parametrize(("rho", "nu"), [(0.0, 1.0), (0.6, 3.0)])
def test_the_t_copula_by_entropies_of_student_variables(rho, nu, confirm_sharply):
    """2·h(t) − h(t₂): both entropies by quadrature of the densities in polar and plain coordinates, in many digits."""
    with mpmath.workdps(25):
        n, r = mpmath.mpf(nu), mpmath.mpf(rho)
        norm = mpmath.gamma((n + 1) / 2) / (mpmath.sqrt(n * mpmath.pi) * mpmath.gamma(n / 2))

        def one(t):
            p = norm * (1 + t * t / n) ** (-(n + 1) / 2)
            return -p * mpmath.log(p)

        alone = 2 * mpmath.quad(one, [0, 1, 10, 1000, mpmath.inf])

        def radial(q):  # q = xᵀR⁻¹x has density ½(1 + q/ν)^(−ν/2 − 1)
            p = (1 + q / n) ** (-n / 2 - 1)
            return -p / 2 * mpmath.log(p / (2 * mpmath.pi * mpmath.sqrt(1 - r * r)))

        second = float(2 * alone - mpmath.quad(radial, [0, 1, 10, 1000, mpmath.inf]))

    def check(nats):
        assert abs(nats - second) < 1e-9

    confirm_sharply(get_task(f"t-copula:rho={rho},nu={nu}").truth.nats, check)


def test_the_gaussian_copula_is_a_gaussian_pair_and_a_total_correlation():
    assert get_task("gaussian-copula:rho=0.8").truth.nats == pytest.approx(get_task("gaussian:rho=0.8").truth.nats)
    other = get_task("total-correlation:dim=5,kind=equicorrelated,rho=0.4").truth.nats
    assert get_task("gaussian-copula:rho=0.4,dim=5").truth.nats == pytest.approx(other)


def test_limits_and_symmetries():
    assert get_task("t-copula:rho=0.5,nu=1000").truth.nats == pytest.approx(
        get_task("gaussian-copula:rho=0.5").truth.nats, abs=1e-3
    )
    assert get_task("frank:theta=7").truth == get_task("frank:theta=-7").truth
    assert get_task("frank:theta=0").board_family == get_task("gumbel:theta=1").board_family == "independence"
    values = [get_task(f"clayton:theta={theta}").truth.nats for theta in (0.5, 1, 2, 4)]
    assert values == sorted(values)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gaussian-copula:rho=1", "rho is 1.0; allowed: more than -1 and less than 1"),
        ("gaussian-copula:rho=-0.5,dim=3", "rho is -0.5; allowed: more than -0.5"),
        ("t-copula:rho=0,nu=0.1", "nu is 0.1; allowed: from 0.5 to 1000"),
        ("clayton:theta=0", "theta is 0.0; allowed: from 0.01 to 100"),
        ("gumbel:theta=0.5", "theta is 0.5; allowed: from 1 to 50"),
        ("frank:theta=60", "theta is 60.0; allowed: from -50 to 50"),
    ],
)
def test_mistakes_are_named(spec, message):
    with pytest.raises(SpecError, match=message):
        get_task(spec)
