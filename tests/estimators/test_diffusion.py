"""MMG and MINDE: with the exact denoisers of Gaussian blocks every form is the closed form."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator  # noqa: E402
from mibench.errors import InputError, SpecError  # noqa: E402
from mibench.estimators.generative._diffusion import (  # noqa: E402
    ROLES,
    Denoiser,
    Noised,
    integrate,
    places,
)
from mibench.estimators.generative._training import seeded_torch  # noqa: E402

#: Covariance of a block x of two columns and a block y of one.
COVARIANCE = np.array([[1.0, 0.3, 0.7], [0.3, 1.0, -0.4], [0.7, -0.4, 1.0]])
DIM_X = 2
TRUTH = (
    np.linalg.slogdet(COVARIANCE[:DIM_X, :DIM_X])[1]
    + np.linalg.slogdet(COVARIANCE[DIM_X:, DIM_X:])[1]
    - np.linalg.slogdet(COVARIANCE)[1]
) / 2
FORMS = ["mmg", "mmg:form=gap", "minde", "minde:form=sigma", "minde:form=sigma,sigma=0.5", "minde:variant=j",
         "minde:variant=j,form=sigma", "minde:variant=j,form=sigma,sigma=2"]  # fmt: skip


def exact(roles, rows):
    """E[ε | what is known] in each role, for rows at one and the same λ."""
    return [exact_of(role, *rows.inputs(role), rows.log_snr) for role in roles]


def exact_of(role, x, y, log_snr):
    signal, noise = torch.sigmoid(log_snr[0]), torch.sigmoid(-log_snr[0])
    covariance = torch.tensor(COVARIANCE)
    own, other = slice(0, DIM_X), slice(DIM_X, 3)
    if role == "xy":
        inverse = (signal * covariance + noise * torch.eye(3)).inverse()
        return noise.sqrt() * torch.cat([x, y], dim=1) @ inverse
    if role == "y|x":
        own, other, x, y = other, own, y, x
    if role == "x":
        inner, mean = covariance[own, own], torch.zeros_like(x)
    else:
        regression = covariance[other, other].inverse() @ covariance[other, own]
        inner, mean = covariance[own, own] - covariance[own, other] @ regression, y @ regression
    inverse = (signal * inner + noise * torch.eye(inner.shape[0])).inverse()
    return noise.sqrt() * (x - signal.sqrt() * mean) @ inverse


@pytest.fixture(scope="module")
def design():
    """Rows of x, y and the noise of each, whose second moments are the exact ones: means of squares are exact."""
    raw = np.random.default_rng(0).normal(size=(50, 6))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(raw.T @ raw / len(raw))).T
    blocks = white[:, :3] @ np.linalg.cholesky(COVARIANCE).T
    columns = [blocks[:, :2], blocks[:, 2:], white[:, 3:5], white[:, 5:]]
    return [torch.tensor(block) for block in columns]


@pytest.mark.parametrize("spec", FORMS)
def test_exact_denoisers_give_the_closed_form(spec, design):
    estimator = get_estimator(spec)
    x, y, *noise = design
    total, points = 0.0, 2000
    for place in (np.arange(points) + 0.5) / points:
        log_snr, inverse = estimator.schedule(torch.tensor([[place]], dtype=torch.float64))
        rows = Noised(x, y, log_snr.expand(len(x), 1), tuple(noise))
        total += float(inverse) * float(estimator.integrand(exact, rows).mean()) / points / 2
    assert total == pytest.approx(TRUTH, abs=1e-3 if spec.startswith("minde") else 1e-4)


@pytest.mark.parametrize("spec", ["mmg", "minde"])
def test_the_schedule_weighs_by_the_inverse_of_its_density(spec):
    place = torch.linspace(0.001, 0.999, 99, dtype=torch.float64).unsqueeze(1).requires_grad_()
    log_snr, inverse = get_estimator(spec).schedule(place)
    (slope,) = torch.autograd.grad(log_snr.sum(), place)
    torch.testing.assert_close(slope, inverse.detach())


def test_the_levels_of_noise_are_those_of_the_diffusion():
    edges = get_estimator("minde").schedule(torch.tensor([[0.0], [1.0]], dtype=torch.float64))[0].flatten().tolist()
    kept = [math.exp(-(0.1 * t + 19.9 * t**2 / 2)) for t in (1.0, 0.001)]  # e^(−B): the share of x in the variance
    assert edges == pytest.approx([math.log(share / (1 - share)) for share in kept])
    edges = get_estimator("mmg").schedule(torch.tensor([[0.0], [1.0]], dtype=torch.float64))[0].flatten().tolist()
    assert edges == pytest.approx([2 - 12, 2 + 12])


def test_integration_covers_rows_and_levels():
    with seeded_torch(np.random.default_rng(0)):
        z = torch.randn(400, 3) @ torch.tensor(np.linalg.cholesky(COVARIANCE).T, dtype=torch.float32)
        seen = []

        def integrand(denoise, rows):
            seen.append((len(rows.x), rows.log_snr.min().item(), rows.log_snr.max().item()))
            return rows.log_snr.squeeze(1) ** 2

        schedule = get_estimator("minde").schedule
        found = integrate(exact, (z[:, :2], z[:, 2:]), schedule, integrand)
    low, high = min(lowest for _, lowest, _ in seen), max(highest for _, _, highest in seen)
    assert found == pytest.approx((high**3 - low**3) / 6, rel=0.01)
    assert {rows for rows, _, _ in seen} == {400}


def test_a_role_sees_what_it_may_see_alone():
    with seeded_torch(np.random.default_rng(0)):
        model = Denoiser([2, 3], hidden=8, layers=1)
        x, y = torch.randn(5, 2), torch.randn(5, 3)
        rows = Noised(x, y, places(5) * 4, (torch.randn(5, 2), torch.randn(5, 3)))
        found = dict(zip(ROLES, model(ROLES, rows), strict=True))
    assert {role: tuple(value.shape) for role, value in found.items()} == {
        "x": (5, 2), "x|y": (5, 2), "y|x": (5, 3), "xy": (5, 5)
    }  # fmt: skip
    assert rows.inputs("x")[1].abs().max() == 0
    assert torch.equal(rows.inputs("x|y")[1], y)
    assert torch.equal(rows.inputs("y|x")[0], x)
    assert torch.equal(torch.cat([rows.target("x"), rows.target("y|x")], dim=1), rows.target("xy"))


def pairs(n, nats, dim=1, seed=0):
    x, noise = np.random.default_rng(seed).normal(size=(2, n, dim))
    return x, math.sqrt(-math.expm1(-2 * nats / dim)) * x + math.exp(-nats / dim) * noise


def run(spec, *blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed)).nats


@pytest.mark.parametrize("spec", ["mmg:max_steps=300", "minde:max_steps=300,variant=j"])
def test_a_gaussian_pair_is_measured(spec):
    assert run(spec, *pairs(1000, 1)) == pytest.approx(1, abs=0.25)


#: With exact denoisers these forms are right (above); trained for 2,000 steps they are half too low.
TOO_LOW = {"minde:variant=j,form=sigma", "minde:variant=j,form=sigma,sigma=2"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(spec, marks=pytest.mark.xfail(strict=True, reason="1.0 to 1.2 nats: a difference of three errors"))
        if spec in TOO_LOW
        else spec
        for spec in FORMS
    ],
)
def test_five_gaussian_pairs_are_measured(spec):
    assert run(spec, *pairs(5000, 2, dim=5)) == pytest.approx(2, abs=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["mmg", "minde"])
def test_independent_blocks_share_next_to_nothing(spec):
    assert 0 <= run(spec, *pairs(5000, 0, dim=5)) < 0.1


def test_increasing_maps_of_the_columns_change_nothing():
    x, y = pairs(200, 0.7, dim=2)
    assert run("mmg:max_steps=5", x, y) == run("mmg:max_steps=5", np.exp(3 * x), y**3 + y)


def test_tiny_samples_are_refused_in_words():
    with pytest.raises(InputError, match="minde: n is 9"):
        run("minde", *pairs(9, 1))


@pytest.mark.parametrize(
    "spec", ["mmg:form=sigma", "mmg:scale=0", "mmg:loc=inf", "minde:variant=k", "minde:form=gap", "minde:sigma=0"]
)
def test_parameters_out_of_range_are_refused(spec):
    with pytest.raises(SpecError, match="allowed"):
        get_estimator(spec)
