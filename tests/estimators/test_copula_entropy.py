import numpy as np
import pytest
from scipy.special import digamma
from scipy.stats import rankdata

from mibench import estimate, get_estimator, get_task
from mibench.errors import InputError, SpecError
from mibench.estimators.density.copula_entropy import CopulaEntropy


def run(*blocks, **parameters):
    return CopulaEntropy(**parameters).estimate(*blocks, rng=np.random.default_rng(0))


def copula_entropy(columns, k):
    """Kozachenko and Leonenko's entropy of the ranks in the max-norm, by all pairs."""
    n, d = columns.shape
    ranks = rankdata(columns, axis=0) / n
    distances = np.abs(ranks[:, np.newaxis] - ranks).max(axis=2)
    kth = np.sort(distances, axis=1)[:, k]
    return digamma(n) - digamma(k) + d * np.log(2 * kth).mean()


@pytest.mark.parametrize("k", [1, 3, 7])
@pytest.mark.parametrize("dims", [(1, 1), (2, 1), (3, 2), (1, 2, 1)])
def test_agrees_with_all_pairs(dims, k):
    rng = np.random.default_rng(1)
    common = rng.normal(size=(150, 1))
    blocks = [common + rng.normal(size=(150, dim)) for dim in dims]
    margins = sum(copula_entropy(block, k) for block in blocks if block.shape[1] > 1)
    assert run(*blocks, k=k).nats == pytest.approx(margins - copula_entropy(np.hstack(blocks), k), abs=1e-10)


def test_two_columns_are_the_negative_copula_entropy():
    x, y = get_task("gaussian:rho=0.8").sample(400)
    assert run(x, y).nats == pytest.approx(-copula_entropy(np.hstack([x, y]), 3), abs=1e-12)


def test_whatever_the_margins():
    x, y = get_task("gaussian:dim=2,mi=1").sample(400)
    assert run(np.exp(9 * x), np.arctan(y) ** 3).nats == run(x, y).nats


@pytest.mark.parametrize("task", ["gaussian:mi=1", "clayton:theta=3", "total-correlation:dim=3,kind=ar1,rho=0.7"])
def test_copulas_of_known_entropy_are_measured(task):
    task = get_task(task)
    found = np.mean([run(*task.sample(4000, seed)).nats for seed in range(4)])
    assert found == pytest.approx(task.truth.nats, abs=0.12)
    assert found < task.truth.nats + 0.02


def test_random_ranks_of_ties_share_what_the_values_do():
    task = get_task("symmetric-channel:levels=4,error=0.1")
    found = estimate(*task.sample(4000), estimator="copula-entropy")
    assert found.diagnostics["jittered_columns"] == 2
    assert found.nats == pytest.approx(task.truth.nats, abs=0.1)


def test_mistakes_are_refused():
    with pytest.raises(SpecError, match="k is 0; allowed: 1 or more"):
        get_estimator("copula-entropy:k=0")
    with pytest.raises(InputError, match="n is 3 with k=3"):
        run(*np.random.default_rng(0).normal(size=(2, 3, 1)))
