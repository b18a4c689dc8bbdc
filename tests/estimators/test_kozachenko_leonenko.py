import math

import numpy as np
import pytest
from scipy.special import digamma

from mibench import get_estimator
from mibench.errors import InputError, SpecError
from mibench.estimators.neighbors import _euclidean, _ksg

RNG = np.random.default_rng(0)


def naive_entropy(points, k, norm):
    """Equation 20 of Kraskov et al., with ε/2 their distance and c_d the volume of the unit ball."""
    n, d = points.shape
    gaps = points[:, None] - points[None]
    distances = np.abs(gaps).max(axis=2) if norm == "max" else np.sqrt((gaps**2).sum(axis=2))
    edge = np.sort(distances, axis=1)[:, k]
    volume = 2**d if norm == "max" else math.pi ** (d / 2) / math.gamma(1 + d / 2)
    return digamma(n) - digamma(k) + math.log(volume) + d * np.mean(np.log(edge))


def blocks_of(n, dims):
    rng = np.random.default_rng([n, *dims])
    common = rng.standard_normal((n, 1))
    return [0.7 * common + rng.standard_normal((n, d)) for d in dims]


@pytest.mark.parametrize("regime", ["tree", "brute force"])
@pytest.mark.parametrize("norm", ["max", "euclidean"])
@pytest.mark.parametrize("dims", [(1, 1), (2, 3), (1, 1, 2)], ids=str)
def test_agrees_with_the_naive_reference(monkeypatch, regime, norm, dims):
    for module in (_ksg, _euclidean):
        monkeypatch.setattr(module, "choose_regime", lambda n, d: regime)
    for n, k in [(300, 3), (60, 1)]:
        blocks = blocks_of(n, dims)
        expected = sum(naive_entropy(block, k, norm) for block in blocks) - naive_entropy(np.hstack(blocks), k, norm)
        found = get_estimator(f"kozachenko-leonenko:k={k},norm={norm},standardize=false").estimate(*blocks, rng=RNG)
        assert found.nats == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("norm", ["max", "euclidean"])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_gaussian_pairs(norm, rho):
    values = []
    for seed in range(10):
        x, z = np.random.default_rng(seed).standard_normal((2, 1000, 1))
        y = rho * x + math.sqrt(1 - rho**2) * z
        values.append(get_estimator(f"kozachenko-leonenko:norm={norm}").estimate(x, y, rng=RNG).nats)
    assert np.mean(values) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.05)


def test_refusals():
    x, y = blocks_of(50, (1, 1))
    with pytest.raises(InputError, match="kozachenko-leonenko: n is 3 with k=3; allowed: more than k samples"):
        get_estimator("kozachenko-leonenko").estimate(x[:3], y[:3], rng=RNG)
    with pytest.raises(SpecError, match="norm is 'l1'"):
        get_estimator("kozachenko-leonenko:norm=l1")
    with pytest.raises(SpecError, match="k is 0; allowed: 1 or more"):
        get_estimator("kozachenko-leonenko:k=0")
