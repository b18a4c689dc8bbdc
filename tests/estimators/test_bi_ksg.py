import math

import numpy as np
import pytest
from scipy.special import digamma

from mibench import get_estimator
from mibench.errors import InputError, SpecError
from mibench.estimators.neighbors import _euclidean

RNG = np.random.default_rng(0)


def ball(d):
    return math.log(math.pi ** (d / 2) / math.gamma(1 + d / 2))


def naive(blocks, k):
    """The paper's estimate, and its form for more blocks."""
    n, m = len(blocks[0]), len(blocks)
    squares = [((block[:, None] - block[None]) ** 2).sum(axis=2) for block in blocks]
    joint = sum(squares) + np.diag(np.full(n, np.inf))
    edge = np.sort(joint, axis=1)[:, k - 1 : k]
    logs = sum(np.log(np.sum(matrix <= edge, axis=1) - 1) for matrix in squares)
    dims = [block.shape[1] for block in blocks]
    return digamma(k) + (m - 1) * math.log(n) + sum(map(ball, dims)) - ball(sum(dims)) - np.mean(logs)


def blocks_of(n, dims):
    rng = np.random.default_rng([n, *dims])
    common = rng.standard_normal((n, 1))
    return [0.7 * common + rng.standard_normal((n, d)) for d in dims]


@pytest.mark.parametrize("regime", ["tree", "brute force"])
@pytest.mark.parametrize("dims", [(1, 1), (2, 3), (1, 1, 2), (5, 5)], ids=str)
def test_agrees_with_the_naive_reference(monkeypatch, regime, dims):
    monkeypatch.setattr(_euclidean, "choose_regime", lambda n, d: regime)
    for n, k in [(300, 5), (60, 1), (12, 11)]:
        blocks = blocks_of(n, dims)
        found = get_estimator(f"bi-ksg:k={k},standardize=false").estimate(*blocks, rng=RNG)
        assert found.nats == pytest.approx(naive(blocks, k), abs=1e-10)


def test_volumes_of_unit_balls():
    volumes = [math.exp(_euclidean.log_unit_ball(d)) for d in (1, 2, 3, 4)]
    assert volumes == pytest.approx([2, math.pi, 4 / 3 * math.pi, math.pi**2 / 2], rel=1e-14)


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_gaussian_pairs(rho):
    values = []
    for seed in range(10):
        x, z = np.random.default_rng(seed).standard_normal((2, 1000, 1))
        values.append(get_estimator("bi-ksg").estimate(x, rho * x + math.sqrt(1 - rho**2) * z, rng=RNG).nats)
    assert np.mean(values) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.03)


def test_a_rotation_of_a_block_changes_nothing():
    x, y = blocks_of(300, (3, 2))
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    estimator = get_estimator("bi-ksg:standardize=false")
    assert estimator.estimate(x @ turn, y, rng=RNG).nats == pytest.approx(estimator.estimate(x, y, rng=RNG).nats)


def test_threads_do_not_show(monkeypatch):
    blocks = blocks_of(2500, (5, 5))
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(_euclidean, "thread_count", lambda threads=threads: threads)
        found.append(get_estimator("bi-ksg").estimate(*blocks, rng=RNG).nats)
    assert found[0] == found[1]


def test_refusals():
    with pytest.raises(InputError, match="bi-ksg: n is 5 with k=5; allowed: more than k samples"):
        get_estimator("bi-ksg").estimate(*blocks_of(5, (1, 1)), rng=RNG)
    with pytest.raises(SpecError, match="k is 0; allowed: 1 or more"):
        get_estimator("bi-ksg:k=0")
