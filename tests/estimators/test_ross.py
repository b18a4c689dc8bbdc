import numpy as np
import pytest
from scipy.special import digamma

from mibench import get_estimator, get_task
from mibench.cell import unsupported
from mibench.describe import facts
from mibench.errors import InputError, SpecError

RNG = np.random.default_rng(0)


def naive(labels, values, k):
    """Equation 2 of the paper, classes of k samples or less searched with all of theirs, single ones left out."""
    kept = np.array([np.sum(labels == label) > 1 for label in labels])
    labels, values = labels[kept], values[kept]
    n, total = len(labels), 0.0
    distances = np.abs(values[:, None] - values[None]).max(axis=2)
    np.fill_diagonal(distances, np.inf)
    for i in range(n):
        own = labels == labels[i]
        near = min(k, own.sum() - 1)
        radius = np.sort(distances[i][own])[near - 1]
        total += digamma(near) - digamma(own.sum()) - digamma(np.sum(distances[i] <= radius))
    return digamma(n) + total / n


def sample(n, dim, classes, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n).astype(float)
    return labels, labels[:, None] % 3 + rng.standard_normal((n, dim))


@pytest.mark.parametrize("dim", [1, 2, 6])
@pytest.mark.parametrize(("n", "classes", "k"), [(300, 3, 3), (200, 2, 1), (120, 60, 5), (1500, 4, 3)])
def test_agrees_with_the_naive_reference(dim, n, classes, k):
    labels, values = sample(n, dim, classes)
    found = get_estimator(f"ross:k={k},standardize=false").estimate(labels[:, None], values, rng=RNG)
    assert found.nats == pytest.approx(naive(labels, values, k), abs=1e-10)


@pytest.mark.parametrize("classes", [2, 5, 20])
def test_agrees_with_scikit_learn(classes):
    """Where classes are no smaller than 2k + 2; below, its search takes rounded squares and may count one more."""
    from sklearn.feature_selection import mutual_info_classif

    labels, values = sample(400, 1, classes)
    theirs = mutual_info_classif(values, labels.astype(int), discrete_features=False, random_state=0)[0]
    ours = get_estimator("ross").estimate(labels[:, None], values, rng=RNG).nats
    assert theirs > 0  # it clips
    assert ours == pytest.approx(theirs, abs=1e-12)


def test_either_block_may_be_the_discrete_one():
    labels, values = sample(300, 2, 4)
    estimator = get_estimator("ross")
    pair = labels[:, None], values
    assert estimator.estimate(*pair, rng=RNG).nats == estimator.estimate(*pair[::-1], rng=RNG).nats


def test_classes_may_have_several_columns():
    labels, values = sample(300, 1, 4)
    two = np.stack([labels // 2, labels % 2], axis=1)
    estimator = get_estimator("ross")
    expected = estimator.estimate(labels[:, None], values, rng=RNG).nats
    assert estimator.estimate(two, values, rng=RNG).nats == pytest.approx(expected, abs=1e-12)


def test_single_samples_are_left_out_and_counted():
    labels, values = sample(100, 1, 3)
    labels[7] = 99
    found = get_estimator("ross").estimate(labels[:, None], values, rng=RNG)
    assert found.diagnostics["left_out"] == 1
    rest = np.arange(100) != 7
    assert found.nats == pytest.approx(naive(labels[rest], values[rest], 3), abs=1e-9)


@pytest.mark.parametrize("levels", [2, 5])
def test_the_second_experiment_of_gao(levels):
    task = get_task(f"uniform-overlap:levels={levels}")
    found = [get_estimator("ross").estimate(*task.sample(1000, seed), rng=RNG).nats for seed in range(8)]
    assert np.mean(found) == pytest.approx(task.truth.nats, abs=0.04)


def test_it_takes_one_block_of_each_kind():
    estimator = get_estimator("ross")
    assert unsupported(estimator, get_task("uniform-overlap")) is None
    for task in (
        "gaussian:mi=1",
        "symmetric-channel:error=0.2",
        "gaussian-atoms",
        "gaussian-tree:count=3,rho=0.5,shape=line",
    ):
        assert "allowed: one each of continuous, discrete" in unsupported(estimator, get_task(task))


def test_what_it_takes_is_said_as_it_is():
    told = dict(facts(get_estimator("ross")))
    assert (told["Blocks"], told["Kinds of block"]) == ("2, one of each kind", "continuous, discrete")


def test_refusals():
    rng = np.random.default_rng(0)
    x, y, z = rng.standard_normal((3, 50, 1))
    with pytest.raises(InputError, match="ross: no row of either block is repeated; allowed: one discrete block"):
        get_estimator("ross").estimate(x, y, rng=RNG)
    with pytest.raises(InputError, match="ross: got 3 blocks; allowed: two"):
        get_estimator("ross").estimate(x, y, z, rng=RNG)
    with pytest.raises(SpecError, match="k is 0; allowed: 1 or more"):
        get_estimator("ross:k=0")
