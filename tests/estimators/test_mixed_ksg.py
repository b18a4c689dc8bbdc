import numpy as np
import pytest
from scipy.special import digamma

from mibench import get_estimator, get_task
from mibench.errors import InputError, SpecError

RNG = np.random.default_rng(0)


def naive(blocks, k, function):
    """Algorithm 1 with the counts of the published code: balls hold their own centre, and are open where ρ > 0."""
    n = len(blocks[0])
    distances = [np.abs(block[:, None] - block[None]).max(axis=2) for block in blocks]
    joint = np.maximum.reduce(distances)
    total = 0.0
    for i in range(n):
        rho = np.sort(joint[i])[k]
        if rho == 0:
            total += digamma(np.sum(joint[i] == 0)) / n
            counts = [np.sum(matrix[i] == 0) for matrix in distances]
        else:
            total += digamma(k) / n
            counts = [np.sum(matrix[i] < rho) for matrix in distances]
        total += ((len(blocks) - 1) * np.log(n) - sum(map(function, counts))) / n
    return total


def blocks_of(kind, n, dims, seed=0):
    rng = np.random.default_rng([seed, *dims])
    common = rng.standard_normal((n, 1))
    blocks = [0.7 * common + rng.standard_normal((n, d)) for d in dims]
    if kind == "atoms":
        return [np.where(rng.random((n, 1)) < 0.4, np.sign(block), block) for block in blocks]
    return [np.round(block) for block in blocks] if kind == "counts" else blocks


@pytest.mark.parametrize("kind", ["continuous", "atoms", "counts"])
@pytest.mark.parametrize("dims", [(1, 1), (2, 3), (1, 1, 2)], ids=str)
@pytest.mark.parametrize("form", ["digamma", "log"])
def test_agrees_with_the_naive_reference(kind, dims, form):
    for n, k in [(200, 5), (60, 1), (12, 11)]:
        blocks = blocks_of(kind, n, dims)
        found = get_estimator(f"mixed-ksg:k={k},form={form}").estimate(*blocks, rng=RNG)
        expected = naive(blocks, k, digamma if form == "digamma" else np.log)
        assert found.nats == pytest.approx(expected, abs=1e-10)


def test_large_samples_agree_with_small_searches():
    blocks = blocks_of("atoms", 1500, (1, 2))
    assert get_estimator("mixed-ksg").estimate(*blocks, rng=RNG).nats == pytest.approx(
        naive(blocks, 5, digamma), abs=1e-10
    )


@pytest.mark.parametrize("task", ["uniform-overlap", "zero-inflated-poisson:inflation=0.15"])
def test_the_papers_experiments(task):
    task = get_task(task)
    found = [get_estimator("mixed-ksg").estimate(*task.sample(2000, seed), rng=RNG).nats for seed in range(5)]
    assert np.mean(found) == pytest.approx(task.truth.nats, abs=0.06)


def test_the_error_near_atoms_falls_with_n():
    """Neighbourhoods of continuous samples that reach an atom's coordinate hold all of its samples."""
    task, error = get_task("gaussian-atoms"), {}
    for n in (500, 4000):
        found = [get_estimator("mixed-ksg").estimate(*task.sample(n, seed), rng=RNG).nats for seed in range(5)]
        error[n] = task.truth.nats - np.mean(found)
    assert 0 < error[4000] < 0.7 * error[500]


def test_discrete_data_get_the_plug_in_estimate_but_for_digamma():
    x, y = get_task("symmetric-channel:levels=4,error=0.2").sample(4000)
    plug_in = get_estimator("binning").estimate(x, y, rng=RNG).nats
    assert get_estimator("mixed-ksg").estimate(x, y, rng=RNG).nats == pytest.approx(plug_in, abs=0.003)


def test_how_many_samples_lie_on_atoms_is_said():
    x, y = blocks_of("atoms", 500, (1, 1))
    share = np.mean((np.abs(x) == 1) & (np.abs(y) == 1))
    found = get_estimator("mixed-ksg").estimate(x, y, rng=RNG)
    assert found.diagnostics["samples_on_atoms"] == pytest.approx(500 * share)


def test_refusals():
    with pytest.raises(InputError, match=r"mixed-ksg: n is 5 with k=5; allowed: more than k samples"):
        get_estimator("mixed-ksg").estimate(*blocks_of("continuous", 5, (1, 1)), rng=RNG)
    with pytest.raises(SpecError, match="k is 0; allowed: 1 or more"):
        get_estimator("mixed-ksg:k=0")
    with pytest.raises(SpecError, match="form is 'ln'"):
        get_estimator("mixed-ksg:form=ln")
