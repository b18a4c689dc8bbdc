"""Latent MI: what is trained, on which rows, and a few directions among many columns, which neighbours alone miss."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator  # noqa: E402
from mibench.errors import InputError, SpecError  # noqa: E402
from mibench.estimators.generative._autoencoder import CrossAutoencoder  # noqa: E402
from mibench.estimators.generative._training import seeded_torch  # noqa: E402


def run(spec, *blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed)).nats


def pairs(n, nats, dim=1, seed=0):
    x, noise = np.random.default_rng(seed).normal(size=(2, n, dim))
    return x, math.sqrt(-math.expm1(-2 * nats / dim)) * x + math.exp(-nats / dim) * noise


def test_the_loss_is_the_error_of_both_blocks_from_either_code():
    with seeded_torch(np.random.default_rng(0)):
        model = CrossAutoencoder([3, 2], latent=2, hidden=4, layers=1)
        x, y = torch.randn(6, 3), torch.randn(6, 2)
    a, b = model.encode(x, y)
    from_a_x, from_a_y, from_b_x, from_b_y = (net(code) for net, code in zip(model.decoders, (a, a, b, b), strict=True))
    by_hand = sum(
        ((found - block) ** 2).mean() for found, block in ((from_a_x, x), (from_a_y, y), (from_b_x, x), (from_b_y, y))
    )
    assert model.loss(x, y).item() == pytest.approx(by_hand.item(), rel=1e-6)


@pytest.mark.parametrize("n", [20, 21, 1003])
def test_half_of_the_rows_report_and_no_row_does_two_things(n):
    (fold,) = get_estimator("latent-mi").splits(n, np.random.default_rng(0))
    assert sorted(np.concatenate(fold)) == list(range(n))
    assert len(fold.report) == n - n // 2
    assert len(fold.validation) == n // 5


def test_rows_that_report_do_not_train():
    x, y = pairs(400, 1)
    estimator = get_estimator("latent-mi:max_steps=20")
    rng = np.random.default_rng(0)
    rng.integers(2**63)  # the seed of torch
    (fold,) = estimator.splits(400, rng)
    shuffled = y.copy()
    shuffled[fold.report] = np.random.default_rng(1).permutation(y[fold.report])
    assert run(estimator.spec, x, y) > 0.6
    assert abs(run(estimator.spec, x, shuffled)) < 0.15


def test_the_value_is_in_nats():
    assert run("latent-mi:max_steps=200", *pairs(2000, 1)) == pytest.approx(1, abs=0.15)  # 1 nat is 1.44 bits


@pytest.mark.slow
def test_two_directions_among_a_hundred_columns_are_found_that_neighbours_alone_miss():
    rng = np.random.default_rng(0)
    signal = [3 * block for block in pairs(4000, 1, dim=2)]
    blocks = []
    for block in signal:
        turn, _ = np.linalg.qr(rng.normal(size=(100, 100)))
        blocks.append(np.hstack([block, rng.normal(size=(4000, 98))]) @ turn)
    found, neighbours = run("latent-mi", *blocks), run("ksg:k=3", *blocks)
    assert 0.6 < found < 1.1
    assert neighbours < 0.35


def test_discrete_blocks_give_a_finite_value():
    letters = np.random.default_rng(0).integers(4, size=(300, 1)).astype(float)
    assert np.isfinite(run("latent-mi:max_steps=40", letters, letters % 2))


def test_bad_parameters_and_tiny_samples_are_refused_in_words():
    for setting in ("latent=0", "k=0"):
        with pytest.raises(SpecError, match="allowed: 1 or more"):
            get_estimator(f"latent-mi:{setting}")
    with pytest.raises(InputError, match="latent-mi: n is 19"):
        run("latent-mi", *pairs(19, 1))
