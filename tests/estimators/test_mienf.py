"""MIENF: the closed form of Gaussian pairs, exact flows, invariance, and dependence that bending undoes."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator  # noqa: E402
from mibench.errors import InputError, SpecError  # noqa: E402
from mibench.estimators.generative._flows import (  # noqa: E402
    Flow,
    GaussianPair,
    canonical,
    paired_correlations,
)
from mibench.estimators.generative._training import seeded_torch  # noqa: E402


def run(spec, *blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed)).nats


def gaussian(n, rho, dim=1, seed=0):
    x, noise = np.random.default_rng(seed).normal(size=(2, n, dim))
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def stirred(module, scale=0.3):
    """*module* with every parameter moved, so that no map in it is the identity."""
    for parameter in module.parameters():
        parameter.data.add_(scale * torch.randn(parameter.shape))
    return module.double().requires_grad_(False)


def test_the_log_determinant_of_a_flow_is_that_of_its_jacobian():
    with seeded_torch(np.random.default_rng(0)):
        flow = stirred(Flow(np.eye(5) + 0.1, couplings=3, hidden=8, layers=2))
        x = torch.randn(4, 5, dtype=torch.float64)
        image, log_det = flow(x)
        for row, expected, moved in zip(x, log_det, image, strict=True):
            jacobian = torch.autograd.functional.jacobian(lambda z: flow(z[None])[0][0], row)
            assert jacobian.slogdet().logabsdet.item() == pytest.approx(expected.item(), abs=1e-10)
            assert not torch.allclose(moved, row)


def test_two_couplings_move_every_column():
    with seeded_torch(np.random.default_rng(0)):
        flow = stirred(Flow(np.eye(5), couplings=2, hidden=8, layers=1))
    moved = {column for coupling in flow.couplings for column in coupling.moved.tolist()}
    assert moved == set(range(5))


def test_the_density_is_that_of_the_gaussian_it_names():
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    left, right, rho = np.diag([2.0, 0.5, 1.0]), np.eye(2), np.array([0.9, -0.4])
    with seeded_torch(rng):
        pair = GaussianPair((left, right, rho), couplings=0, hidden=4, layers=1)
    cross = np.zeros((3, 2))
    cross[[0, 1], [0, 1]] = rho
    covariance = np.block([[np.eye(3), cross], [cross.T, np.eye(2)]])
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    expected = multivariate_normal(np.zeros(5), covariance).logpdf(np.hstack([x @ left, y])) + math.log(
        np.linalg.det(left)
    )
    found = pair.log_density(torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32))
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-5, atol=1e-5)


def test_canonical_pairs_carry_the_closed_form_of_correlated_gaussians():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(500, 7)) @ rng.normal(size=(7, 7))
    x, y = z[:, :4], z[:, 4:]
    a, b, rho = canonical(x, y)
    images = x @ a, y @ b
    np.testing.assert_allclose(paired_correlations(*images), rho, atol=1e-10)
    np.testing.assert_allclose(np.cov(images[0].T, bias=True), np.eye(4), atol=1e-10)
    logdet = [np.linalg.slogdet(np.cov(block.T))[1] for block in (x, y, z)]
    assert -0.5 * np.log1p(-(rho**2)).sum() == pytest.approx((logdet[0] + logdet[1] - logdet[2]) / 2, rel=1e-9)


def test_one_dimensional_blocks_give_the_held_out_correlation_of_normal_scores():
    from scipy.special import digamma

    from mibench.estimators._columns import scale
    from mibench.estimators._held_out import folds

    x, y = gaussian(1500, 0.8)
    rng = np.random.default_rng(3)
    rng.integers(2**63)  # the seed of torch
    (fold,) = folds(1500, rng)
    scores = [scale(block, block[fold.train], "normal-scores")[fold.report, 0] for block in (x, y)]
    r = np.corrcoef(scores)[0, 1]
    m = len(fold.report)
    expected_log = digamma((m - 1) / 2) - digamma((m - 2) / 2)  # twice the bias of −½ ln(1 − r²)
    assert run("mienf", x, y, seed=3) == pytest.approx(-0.5 * math.log(1 - r**2) - expected_log / 2, abs=1e-10)


def test_increasing_maps_of_the_columns_change_nothing():
    x, y = gaussian(1000, 0.7, dim=2)
    spec = "mienf:max_steps=5"
    assert run(spec, x, y) == run(spec, np.exp(3 * x), y**3 + y)


def test_five_dimensional_gaussians_are_measured():
    x, y = gaussian(5000, math.sqrt(1 - math.exp(-0.8)), dim=5)  # I = 5 · 0.4
    turn = np.random.default_rng(1).normal(size=(5, 5))
    assert run("mienf", x, y @ turn) == pytest.approx(2, abs=0.15)


@pytest.mark.slow
def test_bends_are_undone_that_the_gaussian_copula_cannot_see_through():
    def bend(block):
        block = block.copy()
        block[:, 1] += 2 * block[:, 0] ** 2
        return block

    x, y = gaussian(5000, 0.8, dim=2)
    truth = -math.log(0.36)
    flow, copula = (run(f"mienf:couplings={number}", bend(x), bend(y)) for number in (4, 0))
    assert flow == pytest.approx(truth, abs=0.15)
    assert copula < truth - 0.25


def test_heavy_tails_do_no_harm():
    rng = np.random.default_rng(0)
    scale = np.sqrt(rng.chisquare(1, size=(2000, 1)))
    x, y = (block / scale for block in gaussian(2000, 0.8, dim=2))
    assert 0.5 < run("mienf:max_steps=40", x, y) < 2


def test_determined_blocks_and_tiny_samples_are_refused_in_words():
    x, _ = gaussian(200, 0.5)
    with pytest.raises(InputError, match="determine one another"):
        run("mienf", x, np.exp(x))
    with pytest.raises(InputError, match="n is 20"):
        run("mienf", x[:20], x[:20] ** 3)


@pytest.mark.parametrize("setting", ["couplings=-1", "hidden=0", "learning_rate=0", "averaging=1", "patience=0"])
def test_parameters_out_of_range_are_refused(setting):
    with pytest.raises(SpecError, match="allowed"):
        get_estimator(f"mienf:{setting}")
