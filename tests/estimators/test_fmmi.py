"""FMMI: the exact velocities of Gaussian ends give the closed form; a learnt one comes near it."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator  # noqa: E402
from mibench.errors import InputError, SpecError  # noqa: E402
from mibench.estimators.generative._training import seeded_torch  # noqa: E402
from mibench.estimators.generative._velocity import (  # noqa: E402
    VelocityNet,
    conditional_ends,
    divergence,
    joint_ends,
    losses,
    matching_loss,
    mean_divergence,
    times,
)

#: Covariance of a block x of two columns and a block y of one.
COVARIANCE = torch.tensor([[1.0, 0.3, 0.7], [0.3, 1.0, -0.4], [0.7, -0.4, 1.0]], dtype=torch.float64)
PRODUCT = torch.block_diag(COVARIANCE[:2, :2], COVARIANCE[2:, 2:])
TRUTH = float(PRODUCT.logdet() - COVARIANCE.logdet()) / 2


def between(start, stop, centred, time):
    """E[z₁ − z₀ | z_t] of independent centred Gaussians with these covariances."""
    late, early = time[:, :, None], 1 - time[:, :, None]
    cross, within = late * stop - early * start, early**2 * start + late**2 * stop
    return (cross @ torch.linalg.solve(within, centred.unsqueeze(2))).squeeze(2)


def exact_joint(place, time, given):
    return between(PRODUCT, COVARIANCE, place, time)


def exact_conditional(place, time, given):
    regression = COVARIANCE[:2, 2:] / COVARIANCE[2, 2]
    mean = given @ regression.T
    inner = COVARIANCE[:2, :2] - regression @ COVARIANCE[2:, :2]
    return mean + between(COVARIANCE[:2, :2], inner, place - time * mean, time)


def rows(count):
    z = torch.randn(count, 3, dtype=torch.float64) @ torch.linalg.cholesky(COVARIANCE).T
    return z[:, :2], z[:, 2:]


@pytest.mark.parametrize(("velocity", "ends"), [(exact_joint, joint_ends), (exact_conditional, conditional_ends)])
def test_exact_velocities_give_the_closed_form(velocity, ends):
    with seeded_torch(np.random.default_rng(0)):
        assert -mean_divergence(velocity, rows(1000), ends) == pytest.approx(TRUTH, abs=1e-4)


@pytest.mark.parametrize(("velocity", "ends"), [(exact_joint, joint_ends), (exact_conditional, conditional_ends)])
def test_the_matching_error_is_least_at_the_exact_velocity(velocity, ends):
    with seeded_torch(np.random.default_rng(0)):
        paths, time = ends(*rows(50_000)), times(50_000)
        errors = [
            float(matching_loss(lambda *known, share=share: share * velocity(*known), paths, time))
            for share in (0.9, 1.0, 1.1)
        ]
    assert errors[1] < min(errors[0], errors[2])


def test_the_divergence_is_the_trace_of_the_jacobian():
    with seeded_torch(np.random.default_rng(0)):
        net = VelocityNet(3, 2, hidden=8, layers=2).double().requires_grad_(False)
        place, time, given = torch.randn(4, 3).double(), torch.rand(4, 1).double(), torch.randn(4, 2).double()
    found = divergence(net, place, time, given)
    for z, t, c, expected in zip(place, time, given, found, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda x, t=t, c=c: net(x[None], t[None], c[None])[0], z)
        assert jacobian.trace().item() == pytest.approx(expected.item(), abs=1e-12)


def test_paths_start_where_the_blocks_are_independent_and_end_at_the_rows():
    x, y = torch.arange(10.0).unsqueeze(1), torch.arange(10.0).unsqueeze(1)
    start, stop, given = joint_ends(x, y)
    assert torch.equal(stop, torch.cat([x, y], dim=1))
    assert given.shape == (10, 0)
    assert (start[:, 0] != start[:, 1]).all()
    assert (start != stop).all()
    start, stop, given = conditional_ends(x, y)
    assert torch.equal(stop, x)
    assert torch.equal(given, y)
    assert (start[:, 0] != given[:, 0]).all()


def test_the_validation_error_is_the_same_at_every_look():
    with seeded_torch(np.random.default_rng(0)):
        blocks = [torch.randn(50, 2), torch.randn(50, 1)]
        _, validate = losses(blocks, blocks, conditional_ends, 16)
        net = VelocityNet(2, 1, hidden=8, layers=1)
        assert validate(net).item() == validate(net).item()


def pairs(n, nats, dim=1, seed=0):
    x, noise = np.random.default_rng(seed).normal(size=(2, n, dim))
    return x, math.sqrt(-math.expm1(-2 * nats / dim)) * x + math.exp(-nats / dim) * noise


def run(spec, *blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed)).nats


@pytest.mark.parametrize("variant", ["c", "j"])
def test_a_gaussian_pair_is_measured(variant):
    assert run(f"fmmi:max_steps=300,variant={variant}", *pairs(1000, 1)) == pytest.approx(1, abs=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["c", "j"])
@pytest.mark.parametrize("nats", [0, 2])
def test_five_gaussian_pairs_are_measured(variant, nats):
    assert run(f"fmmi:variant={variant}", *pairs(5000, nats, dim=5)) == pytest.approx(nats, abs=0.35)


def test_increasing_maps_of_the_columns_change_nothing():
    x, y = pairs(200, 0.7, dim=2)
    assert run("fmmi:max_steps=5", x, y) == run("fmmi:max_steps=5", np.exp(3 * x), y**3 + y)


def test_bad_parameters_and_tiny_samples_are_refused_in_words():
    with pytest.raises(SpecError, match="allowed: c or j"):
        get_estimator("fmmi:variant=k")
    with pytest.raises(InputError, match="fmmi: n is 9"):
        run("fmmi", *pairs(9, 1))
