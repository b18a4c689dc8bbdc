import numpy as np
import pytest
from scipy.special import digamma

from mibench import get_estimator, get_task
from mibench.errors import InputError, SpecError

RNG = np.random.default_rng(0)


def naive(blocks, k):
    """Algorithm 1 of the paper without Z, before the maximum with 0."""
    n = len(blocks[0])
    distances = [np.abs(block[:, None] - block[None]).max(axis=2) for block in blocks]
    for matrix in distances:
        np.fill_diagonal(matrix, np.inf)
    joint = np.maximum.reduce(distances)
    rho = np.sort(joint, axis=1)[:, k - 1 : k]
    tied = np.sum(joint <= rho, axis=1)
    counts = [np.sum(matrix <= rho, axis=1) for matrix in distances]
    return np.mean(digamma(tied) + (len(blocks) - 1) * digamma(n) - sum(map(digamma, counts)))


def blocks_of(kind, n, dims):
    rng = np.random.default_rng([n, *dims])
    common = rng.standard_normal((n, 1))
    blocks = [0.7 * common + rng.standard_normal((n, d)) for d in dims]
    if kind == "atoms":
        return [np.where(rng.random((n, 1)) < 0.4, np.sign(block), block) for block in blocks]
    return [np.round(2 * block) for block in blocks] if kind == "counts" else blocks


@pytest.mark.parametrize("kind", ["continuous", "atoms", "counts"])
@pytest.mark.parametrize("dims", [(1, 1), (2, 3), (1, 1, 2)], ids=str)
def test_agrees_with_the_naive_reference(kind, dims):
    for n, k in [(200, 5), (60, 1), (12, 11)]:
        blocks = blocks_of(kind, n, dims)
        found = get_estimator(f"mesner-shalizi:k={k}").estimate(*blocks, rng=RNG)
        assert found.nats == pytest.approx(naive(blocks, k), abs=1e-10)


def test_large_samples_agree_with_small_searches():
    blocks = blocks_of("counts", 1500, (2, 1))
    found = get_estimator("mesner-shalizi").estimate(*blocks, rng=RNG)
    assert found.nats == pytest.approx(naive(blocks, 5), abs=1e-10)


def test_integer_data_are_swapped_without_a_change():
    x, y = blocks_of("counts", 500, (1, 2))
    estimator = get_estimator("mesner-shalizi")
    assert estimator.estimate(x, y, rng=RNG).nats == estimator.estimate(y, x, rng=RNG).nats
    assert estimator.estimate(x, y, rng=RNG).diagnostics["samples_with_ties"] > 400


@pytest.mark.parametrize("task", ["uniform-overlap", "gaussian-atoms", "symmetric-channel:levels=4,error=0.2"])
def test_mixed_and_discrete_tasks(task):
    task = get_task(task)
    found = [get_estimator("mesner-shalizi").estimate(*task.sample(2000, seed), rng=RNG).nats for seed in range(5)]
    assert np.mean(found) == pytest.approx(task.truth.nats, abs=0.2)


def test_the_value_is_raw():
    rng = np.random.default_rng(1)
    found = [get_estimator("mesner-shalizi").estimate(*rng.standard_normal((2, 300, 1)), rng=RNG) for _ in range(5)]
    assert min(each.nats for each in found) < 0


def test_refusals():
    with pytest.raises(InputError, match="mesner-shalizi: n is 5 with k=5; allowed: more than k samples"):
        get_estimator("mesner-shalizi").estimate(*blocks_of("continuous", 5, (1, 1)), rng=RNG)
    with pytest.raises(SpecError, match="k is 0; allowed: 1 or more"):
        get_estimator("mesner-shalizi:k=0")
