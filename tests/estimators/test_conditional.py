"""Families of densities, the networks that choose among them, and the linear frame they start from."""

import math

import numpy as np
import pytest
from scipy.stats import logistic, norm

torch = pytest.importorskip("torch")

from mibench.estimators.neural._conditional import ConditionalDensity, Family  # noqa: E402
from mibench.estimators.neural._linear_frame import LinearFrame  # noqa: E402


def parameters(family, seed=0):
    return torch.randn(family.size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kernel", ["gaussian", "logistic"])
def test_a_density_is_the_mixture_of_products_of_its_kernels(kernel):
    family = Family(kernel, 3, 2)
    drawn = parameters(family).double()
    logits, locations, scales = (part.numpy() for part in drawn.split([3, 6, 6]))
    weights = np.exp(logits) / np.exp(logits).sum()
    law = {"gaussian": norm, "logistic": logistic}[kernel]
    target = np.array([[0.3, -1.2], [2.0, 0.1]])
    by_hand = [
        math.log(
            sum(
                weight * np.prod(law.pdf(t, location, np.exp(scale)))
                for weight, location, scale in zip(weights, locations.reshape(3, 2), scales.reshape(3, 2), strict=True)
            )
        )
        for t in target
    ]
    assert family.log_density(drawn, torch.tensor(target)).numpy() == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("family", [Family("gaussian", 1, 1), Family("logistic", 1, 1), Family("gaussian", 5, 1)])
def test_a_density_integrates_to_one(family):
    grid = torch.linspace(-60, 60, 240_001, dtype=torch.float64).unsqueeze(1)
    density = family.log_density(parameters(family).double(), grid).exp()
    assert float(torch.trapezoid(density, grid[:, 0])) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("family", [Family("gaussian", 1, 2), Family("logistic", 1, 2), Family("gaussian", 200, 2)])
def test_the_start_has_the_moments_of_a_standard_gaussian(family):
    points = torch.randn((1, family.components, 2), generator=torch.Generator().manual_seed(0))
    start = family.start(points, 0.5)[0].double()
    axis = torch.linspace(-12, 12, 121, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), dim=-1)
    density = family.log_density(start, grid).exp()
    assert float((density * grid[..., 0].square()).sum() * 0.2**2) == pytest.approx(1, abs=0.06)


def test_a_network_starts_at_one_density_for_every_context():
    family = Family("gaussian", 4, 3)
    start = family.start(torch.randn((2, 4, 3)), 0.5)
    network = ConditionalDensity(family, start, 5, 16, 2, torch.Generator().manual_seed(0))
    at = network.at(torch.randn((2, 7, 5)))
    assert torch.equal(at, start.unsqueeze(1).expand(2, 7, family.size))


def test_a_frame_finds_the_regression_and_makes_its_residual_white():
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(4000, 3)), rng.normal(size=(4000, 2)) @ np.array([[0.1, 0.05], [0.0, 0.3]])
    slope = np.array([[1.0, 0.0], [0.5, -2.0], [0.0, 0.3]])
    frame = LinearFrame.fit(x, x @ slope + noise + 5)
    assert frame.slope == pytest.approx(slope, abs=0.02)
    _, v, u, t = frame.blocks(x, x @ slope + noise + 5)
    assert np.cov((u - v).T) == pytest.approx(np.eye(2), abs=0.01)
    assert np.cov(t.T) == pytest.approx(np.eye(2), abs=0.01)
    assert frame.conditional_log_det == pytest.approx(np.linalg.slogdet(frame.residual_map)[1], abs=1e-9)


@pytest.mark.parametrize("columns", [30, 300])
def test_a_frame_foresees_the_residual_of_rows_it_has_not_seen(columns):
    """Of few rows or many columns, training residuals are too small: the variance is that of other rows."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5100, columns))
    y = x[:, :1] + rng.normal(size=(5100, 1))
    frame = LinearFrame.fit(x[:100], y[:100])
    _, v, u, _ = frame.blocks(x[100:], y[100:])
    assert 0.6 < float(np.mean((u - v) ** 2)) < 1.5


def test_what_x_determines_keeps_a_least_variance():
    x = np.random.default_rng(0).normal(size=(100, 1))
    frame = LinearFrame.fit(x, x.copy())
    assert math.isfinite(frame.conditional_log_det)
    assert frame.conditional_log_det < 10
