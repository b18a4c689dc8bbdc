"""What every bound on MI promises: its closed-form optimum, its report, its learning on easy data."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator, get_task  # noqa: E402
from mibench.errors import SpecError  # noqa: E402
from mibench.estimators.neural._critics import CRITICS  # noqa: E402
from mibench.estimators.neural._scores import Scores  # noqa: E402

#: Joint counts of two discrete variables, whose frequencies are the distribution.
COUNTS = np.array([[6, 1, 1], [1, 2, 5]])
SHIFTED = ["mine", "nwj", "smile"]


def run(spec, blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed))


def exact(critic):
    """Scores of a 2 × 3 table of critic values, averaged over exactly the joint and the product distribution."""
    x, y = (np.repeat(index.ravel(), COUNTS.ravel()) for index in np.indices(COUNTS.shape))
    return Scores(critic[x, y][None]), Scores(critic[np.ix_(x, y)][None])


def log_ratio():
    joint = COUNTS / COUNTS.sum()
    return torch.tensor(np.log(joint / np.outer(joint.sum(axis=1), joint.sum(axis=0))))


def truth():
    return float((torch.tensor(COUNTS / COUNTS.sum()) * log_ratio()).sum())


@pytest.mark.parametrize("name", [*SHIFTED, "smile:tau=1000"])
def test_at_the_log_density_ratio_the_value_is_the_information(name):
    assert log_ratio().abs().max() < 5  # so that SMILE does not clip
    assert get_estimator(name).bound(*exact(log_ratio())).item() == pytest.approx(truth(), rel=1e-12)


@pytest.mark.parametrize("name", SHIFTED)
def test_training_rests_at_the_log_density_ratio(name):
    critic = log_ratio().requires_grad_()
    get_estimator(name).loss(*exact(critic), {}).sum().backward()
    assert critic.grad.abs().max() < 1e-12
    moved = (log_ratio() + 0.1 * torch.tensor([[1.0, -1, 0], [0, 1, 2]])).requires_grad_()
    get_estimator(name).loss(*exact(moved), {}).sum().backward()
    assert moved.grad.abs().max() > 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_bounds_are_ordered_for_any_critic(seed):
    critic = 2 * torch.tensor(np.random.default_rng(seed).normal(size=COUNTS.shape))
    values = {name: get_estimator(name).bound(*exact(critic)).item() for name in ("mine", "nwj")}
    assert values["nwj"] <= values["mine"] <= truth()


def test_smile_clips_the_marginal_mean_alone_and_is_no_bound():
    product = torch.tensor(np.outer(COUNTS.sum(axis=1), COUNTS.sum(axis=0)) / COUNTS.sum() ** 2)
    critic = 3 * log_ratio()
    clipped = float((product * critic.exp().clamp(math.exp(-0.2), math.exp(0.2))).sum())
    found = get_estimator("smile:tau=0.2").bound(*exact(critic)).item()
    assert found == pytest.approx(3 * truth() - math.log(clipped), rel=1e-12)
    assert found > truth()
    assert get_estimator("smile").tags.direction == "estimate"


def test_smile_trains_and_selects_by_the_jensen_shannon_objective():
    joint, marginal = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, 3.0, -1.0]])
    sigmoid = lambda t: 1 / (1 + math.exp(-t))  # noqa: E731
    by_hand = np.mean([math.log(sigmoid(t)) for t in (1, -2)]) + np.mean([math.log(sigmoid(-t)) for t in (0.5, 3, -1)])
    estimator = get_estimator("smile")
    assert estimator.criterion(Scores(joint), Scores(marginal)).item() == pytest.approx(by_hand, abs=1e-6)
    assert estimator.loss(Scores(joint), Scores(marginal), {}).item() == pytest.approx(-by_hand, abs=1e-6)


NAIVE = {
    "mine": lambda joint, others, matrix: joint.mean() - np.log(np.exp(others).mean()),
    "nwj": lambda joint, others, matrix: 1 + joint.mean() - np.exp(others).mean(),
    "smile": lambda joint, others, matrix: joint.mean() - np.log(np.clip(np.exp(others), np.exp(-5), np.exp(5)).mean()),
    "infonce": lambda joint, others, matrix: (joint - np.log(np.exp(matrix).mean(axis=1))).mean(),
}


@pytest.mark.parametrize("kind", CRITICS)
@pytest.mark.parametrize("name", NAIVE)
def test_a_report_agrees_with_a_naive_computation_in_float64(name, kind):
    generator = torch.Generator().manual_seed(1)
    critic = CRITICS[kind]([2, 2], 8, 2, 1, generator)
    for tensor in critic.parameters():
        tensor.requires_grad_(False).mul_(3)
    blocks = [torch.randn((1, 17, 2), generator=generator) for _ in range(2)]
    pairs = [
        [critic.combine(critic.embed([blocks[0][:, [i]], blocks[1][:, [j]]])) for j in range(17)] for i in range(17)
    ]
    matrix = np.array([[float(score) for score in row] for row in pairs])
    joint, others = np.diag(matrix), matrix[~np.eye(17, dtype=bool)]
    report = get_estimator(name)._report(critic, blocks, np.random.default_rng(0))
    assert report.nats == pytest.approx(NAIVE[name](joint, others, matrix), rel=1e-5, abs=1e-5)
    assert (report.rows, report.pairs) == (17, 17 * (17 if name == "infonce" else 16))
    terms = joint - np.log(np.exp(matrix).mean(axis=1)) if name == "infonce" else joint
    distances = np.abs(terms - np.median(terms))
    assert report.effective_rows == pytest.approx(distances.sum() ** 2 / (distances**2).sum(), rel=1e-4)


@pytest.mark.parametrize("name", ["nwj", "smile"])
def test_a_gaussian_pair_is_measured(name):
    assert run(f"{name}:max_steps=400", get_task("gaussian:dim=1,mi=1").sample(1000)).nats == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("name", ["nwj", "smile"])
def test_independent_blocks_share_nothing(name):
    assert abs(run(f"{name}:max_steps=400", get_task("gaussian:dim=1,mi=0").sample(1000)).nats) < 0.08


@pytest.mark.parametrize("name", ["nwj", "smile"])
def test_total_correlation_of_three_blocks(name):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1000, 1))
    blocks = [z + rng.normal(size=(1000, 1)) for _ in range(3)]
    truth = -0.5 * np.log(np.linalg.det(np.full((3, 3), 0.5) + 0.5 * np.eye(3)))
    assert run(f"{name}:max_steps=400", blocks).nats == pytest.approx(truth, abs=0.15)


@pytest.mark.parametrize("setting", ["tau=0", "tau=-1", "shuffles=0"])
def test_parameters_out_of_range_are_refused(setting):
    with pytest.raises(SpecError, match="allowed"):
        get_estimator(f"smile:{setting}")
