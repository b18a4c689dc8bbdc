"""Second derivations of the truths of tasks with noise: additive, multiplicative, and on functions."""

import math

import mpmath
import numpy as np
import pytest

from mibench import get_task
from mibench.errors import SpecError

SPECS = [
    "additive-noise:noise=uniform,noise_scale=1", "additive-noise:noise=uniform,noise_scale=0.1",
    "additive-noise:noise=gaussian,noise_scale=0.1", "additive-noise:noise=laplace,noise_scale=0.3,dim=3",
    "additive-noise:noise=exponential,noise_scale=0.2", "additive-noise:noise=exponential,noise_scale=5",
    "multiplicative-noise:noise=gaussian", "multiplicative-noise:noise=lognormal,noise_scale=0.3",
    "multiplicative-noise:noise=lognormal,noise_scale=3", "functional-noise:function=sine,noise=0.1,frequency=4",
    "functional-noise:function=parabola,noise=0.2", "functional-noise:function=zigzag,noise=0.2,frequency=3",
    "functional-noise:function=exponential,noise=0.05", "functional-noise:function=step,noise=0.3,frequency=2",
    "cross:noise=0.2", "cross:noise=0.01", "circle:noise=0.3", "circle:noise=0.02",
]  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_the_mean_of_the_log_ratio_is_the_truth(spec):
    task = get_task(spec)
    ratios = task.pointwise(*task.draw(100_000, np.random.default_rng(0)))
    assert np.isfinite(ratios).all()
    assert abs(ratios.mean() - task.truth.nats) <= 4 * ratios.std() / math.sqrt(len(ratios)) + 1e-12


def near(value, tolerance):
    def check(nats):
        assert abs(nats - value) <= tolerance

    return check


class TestAdditive:
    @pytest.mark.parametrize(("s", "nats"), [(2.0, 1 / 8), (0.75, 1 / 3), (0.1, 0.1 - math.log(0.2))])
    def test_uniform_noise_has_a_closed_form(self, s, nats, confirm_sharply):
        confirm_sharply(get_task(f"additive-noise:noise=uniform,noise_scale={s}").truth.nats, near(nats, 1e-11))

    @pytest.mark.parametrize(
        ("noise", "s"),
        [("gaussian", 0.1), ("gaussian", 2.0), ("laplace", 0.3), ("laplace", 3.0), ("exponential", 0.2),
         ("exponential", 5.0)],
    )  # fmt: skip
    def test_by_the_convolution_in_many_digits(self, noise, s, confirm_sharply):
        """I = E[ln p(y|x)] − E[ln p(y)], p(y) = ∫ p_N(y − x) dx with the antiderivative written out."""
        with mpmath.workdps(25):
            s = mpmath.mpf(s)
            upto, entropy, knots = {
                "gaussian": (mpmath.ncdf, mpmath.log(2 * mpmath.pi * mpmath.e) / 2, 11),
                "laplace": (
                    lambda z: mpmath.exp(z) / 2 if z < 0 else 1 - mpmath.exp(-z) / 2, 1 + mpmath.log(2), 45,
                ),
                "exponential": (lambda z: mpmath.mpf(0) if z < 0 else 1 - mpmath.exp(-z), mpmath.mpf(1), 50),
            }[noise]  # fmt: skip

            def integrand(y):
                p = upto(y / s) - upto((y - 1) / s)
                return -p * mpmath.log(p) if p > 0 else mpmath.mpf(0)

            low = mpmath.mpf(0) if noise == "exponential" else -knots * s
            ends = sorted({low, low / 9, low / 3, mpmath.mpf(0), mpmath.mpf(1), 1 + s, 1 + 5 * s, 1 + knots * s})
            second = float(mpmath.quad(integrand, ends) - entropy - mpmath.log(s))
        confirm_sharply(get_task(f"additive-noise:noise={noise},noise_scale={float(s)}").truth.nats, near(second, 1e-9))

    def test_columns_add_up(self):
        one, three = (get_task(f"additive-noise:noise=laplace,noise_scale=0.5,dim={d}").truth.nats for d in (1, 3))
        assert three == pytest.approx(3 * one, rel=1e-14)


class TestMultiplicative:
    def test_gaussian_by_an_integral_over_signal_and_noise(self, confirm_sharply):
        """E ln p(Y|X) − E ln p(Y) over X = x and Z = z, with p(y) an integral over ln x instead of E₁."""
        nodes, weights = np.polynomial.legendre.leggauss(200)
        log_x, v = -20 + 20 * nodes, 20 * weights
        z, w = 6 * (nodes + 1), 6 * weights * np.exp(-0.5 * (6 * (nodes + 1)) ** 2) * math.sqrt(2 / math.pi)
        y = np.exp(log_x)[:, None] * z
        ratio = np.log(np.maximum(y, 1e-300))[..., None] - log_x
        density = np.sum(v * np.exp(-0.5 * np.exp(2 * np.clip(ratio, -700, 30))), axis=-1) / math.sqrt(2 * math.pi)
        mean = float((v * np.exp(log_x)) @ (np.log(density) @ w))
        second = -0.5 * math.log(2 * math.pi * math.e) + 1 - mean
        confirm_sharply(get_task("multiplicative-noise:noise=gaussian").truth.nats, near(second, 1e-3))

    @pytest.mark.parametrize("s", [0.3, 1.0, 3.0])
    def test_lognormal_by_the_convolution_in_many_digits(self, s, confirm_sharply):
        """W = ln X + s·Z by the integral over −ln X, exponential, instead of its closed form."""
        with mpmath.workdps(20):
            s = mpmath.mpf(s)
            nodes = mpmath.calculus.quadrature.GaussLegendre(mpmath.mp).calc_nodes(5, 80)

            def density(w):  # E N(w; −E, s²), E exponential, within 10 s of where the normal density peaks
                low, high = max(mpmath.mpf(0), -w - 10 * s), max(mpmath.mpf(0), -w + 10 * s)
                half, middle = (high - low) / 2, (high + low) / 2
                return half * mpmath.fsum(
                    weight * mpmath.exp(-e) * mpmath.npdf(w + e, 0, s)
                    for node, weight in nodes
                    for e in [middle + half * node]
                )

            def integrand(w):
                p = density(w)
                return -p * mpmath.log(p) if p > 0 else mpmath.mpf(0)

            entropy = mpmath.quad(integrand, [-60 - 3 * s * s, -20, -10, -3, -s, 0, s, 3 * s, 14 * s])
            second = float(entropy - mpmath.log(2 * mpmath.pi * mpmath.e * s * s) / 2)
        task = get_task(f"multiplicative-noise:noise=lognormal,noise_scale={float(s)}")
        confirm_sharply(task.truth.nats, near(second, 1e-7))

    def test_signal_and_noisy_signal_are_uncorrelated(self):
        x, y = get_task("multiplicative-noise").draw(200_000, np.random.default_rng(0))
        assert abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1]) < 0.01


def naive(curves, noise):
    """I by plain sums: p(y|x) on a grid of midpoints x and points y; *curves*(x) has one row for each branch."""
    x = (np.arange(3000) + 0.5) / 3000
    branches = np.atleast_2d(curves(x))
    y = np.linspace(branches.min() - 9 * noise, branches.max() + 9 * noise, 2400)
    given = sum(np.exp(-0.5 * ((y[:, None] - row) / noise) ** 2) for row in branches) / len(branches)
    given /= noise * math.sqrt(2 * math.pi)
    alone = given.mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(given > 0, given * np.log(given / alone), 0.0)
    return float(terms.mean(axis=1).sum() * (y[1] - y[0]))


@pytest.mark.parametrize(
    ("spec", "curves", "noise", "tolerance"),
    [
        ("functional-noise:function=sine,noise=0.3,frequency=3", lambda x: np.sin(6 * np.pi * x), 0.3, 1e-6),
        ("functional-noise:function=parabola,noise=0.2", lambda x: 2 * (2 * x - 1) ** 2 - 1, 0.2, 1e-5),
        ("functional-noise:function=zigzag,noise=0.2,frequency=2",
         lambda x: np.interp((2 * x) % 1, [0, 0.5, 1], [1, -1, 1]), 0.2, 1e-5),
        ("functional-noise:function=exponential,noise=0.1",
         lambda x: 2 * (np.exp(4 * x) - 1) / (np.exp(4) - 1) - 1, 0.1, 1e-5),
        ("functional-noise:function=step,noise=0.5,frequency=1", lambda x: np.where(x < 0.5, -1.0, 1.0), 0.5, 1e-6),
        ("cross:noise=0.2", lambda x: np.stack([2 * x - 1, 1 - 2 * x]), 0.2, 1e-5),
    ],
)  # fmt: skip
def test_by_plain_sums_over_the_plane(spec, curves, noise, tolerance, confirm_sharply):
    confirm_sharply(get_task(spec).truth.nats, near(naive(curves, noise), tolerance))


@pytest.mark.parametrize("noise", [0.15, 0.5])
def test_the_circle_by_plain_sums_over_the_plane(noise, confirm_sharply):
    grid = np.linspace(-1 - 8 * noise, 1 + 8 * noise, 700)
    angles = 2 * np.pi * np.arange(400) / 400
    in_x, in_y = (
        np.exp(-0.5 * ((grid[:, None] - f(angles)) / noise) ** 2) / noise / math.sqrt(2 * math.pi)
        for f in (np.cos, np.sin)
    )
    joint = in_x @ in_y.T / 400
    product = np.outer(in_x.mean(axis=1), in_y.mean(axis=1))
    second = float((joint * np.log(joint / product)).sum() * (grid[1] - grid[0]) ** 2)
    confirm_sharply(get_task(f"circle:noise={noise}").truth.nats, near(second, 1e-6))


def test_known_relations():
    zigzag = get_task("functional-noise:function=zigzag,noise=0.2,frequency=5").truth.nats
    assert zigzag == pytest.approx(get_task("additive-noise:noise=gaussian,noise_scale=0.1").truth.nats, abs=1e-9)
    step = get_task("functional-noise:function=step,noise=0.5,frequency=1").truth.nats
    assert step == pytest.approx(get_task("binary-gaussian:noise_var=0.25").truth.nats, abs=1e-9)
    wide, narrow = (get_task(f"circle:noise={noise}").truth.nats for noise in (1.0, 0.02))
    assert 0 < wide < narrow


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("additive-noise:noise=gaussian,noise_scale=0", "noise_scale is 0.0; allowed"),
        ("multiplicative-noise:noise=gaussian,noise_scale=2", "noise_scale is 2.0; allowed with noise=gaussian: 1"),
        (
            "functional-noise:function=parabola,noise=0.2,frequency=2",
            "frequency is 2; allowed with function=parabola: 1",
        ),
        ("functional-noise:function=tan,noise=0.2", "function is 'tan'"),
        ("cross:noise=0", "noise is 0.0; allowed: from 0.01 to 2"),
        ("circle:noise=3", "noise is 3.0; allowed: from 0.01 to 2"),
    ],
)
def test_mistakes_are_named(spec, message):
    with pytest.raises(SpecError, match=message):
        get_task(spec)
