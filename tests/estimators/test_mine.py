import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator, get_task  # noqa: E402
from mibench.errors import InputError, SpecError  # noqa: E402
from mibench.estimators.neural._reliability import Report  # noqa: E402
from mibench.estimators.neural._scores import Scores  # noqa: E402


def run(spec, blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed))


def test_report_size_pairs_and_effective_size_are_told():
    found = run("mine:max_steps=20", get_task("gaussian:dim=1,mi=0.5").sample(250)).diagnostics
    assert found["report_size"] == 250
    assert found["report_pairs"] == 5 * 50 * 49
    assert 0 < found["effective_sample_size"] <= found["report_pairs"]
    assert "warning" not in found


def test_a_value_above_the_logarithm_of_the_pairs_is_warned_of():
    warnings = get_estimator("mine").warnings
    reports = [Report(nats=9.0, rows=50, pairs=2450, effective_rows=30.0, effective_pairs=300.0)] * 5
    assert warnings(7.80, reports) == []
    (found,) = warnings(7.81, reports)
    assert "exceeds ln(report pairs) = 7.8 nats" in found


@pytest.mark.parametrize("spec", ["mine", "mine:scaling=standard"])
@pytest.mark.parametrize("task", ["gaussian:dim=1,mi=20", "gaussian:dim=5,mi=20"])
def test_information_beyond_the_reach_of_the_sample_is_warned_of(task, spec):
    found = run(f"{spec},max_steps=400" if ":" in spec else f"{spec}:max_steps=400", get_task(task).sample(1000))
    assert "warning" in found.diagnostics


@pytest.mark.parametrize("task", ["gaussian:dim=1,mi=1", "gaussian:dim=5,mi=3"])
def test_information_within_reach_is_not_warned_of(task):
    assert "warning" not in run("mine:max_steps=400", get_task(task).sample(1000)).diagnostics


def test_what_ranks_can_carry_is_warned_of_near_its_limit():
    most = float(get_estimator("mine")._most([1, 1], 150))
    assert most == pytest.approx(np.log(151))
    assert get_estimator("mine")._most([1, 2, 3], 150) == pytest.approx(3 * np.log(151))
    assert get_estimator("mine:scaling=standard")._most([1, 1], 150) == np.inf
    reports = [Report(nats=1.0, rows=50, pairs=2450, effective_rows=30.0, effective_pairs=300.0, most=most)] * 5
    assert get_estimator("mine").warnings(most - math.log(10) - 0.01, reports) == []
    assert "carry at most 5.02 nats" in get_estimator("mine").warnings(most - math.log(10) + 0.01, reports)[0]


@pytest.mark.parametrize(("above", "beyond", "text"), [(0.7, 0.0, "in 70 of 100"), (0.5, 0.2, "20 of 100 joint rows")])
def test_joint_rows_beyond_the_pairs_are_warned_of(above, beyond, text):
    report = Report(1.0, 50, 2450, 30.0, 300.0, joint_above=above, joint_beyond=beyond)
    (found,) = get_estimator("mine").warnings(1.0, [report] * 5)
    assert text in found


@pytest.mark.parametrize("name", ["mine", "nwj"])
def test_the_best_step_is_not_the_one_of_the_largest_scale(name):
    """All joint rows score above all pairs looked at: the bound grows with the scale, what selects does not."""
    joint, marginal = normals(1, 50) + 5, normals(1, 800, seed=1) - 5
    estimator = get_estimator(name)
    scaled = [(Scores(scale * joint), Scores(scale * marginal)) for scale in (1.0, 10.0, 1000.0)]
    assert [float(estimator.criterion(*pair)) for pair in scaled] == sorted(
        (float(estimator.criterion(*pair)) for pair in scaled), reverse=True
    )
    assert float(estimator.criterion(*scaled[0])) <= np.log(800)
    assert float(get_estimator("mine").bound(*scaled[2])) > 1000


@pytest.mark.slow
def test_a_patient_training_at_high_information_is_not_ruined_by_one_pair():
    task = get_task("asinh:base=(gaussian:dim=5,mi=10)")
    values = [run("neural:mine-thorough", task.sample(1000, seed), seed).nats for seed in range(5)]
    assert min(values) > 3
    assert max(values) < np.log(200 * 199)


def test_one_fold_on_few_pairs_spoils_its_share():
    fold = Report(nats=1.0, rows=50, pairs=2450, effective_rows=30.0, effective_pairs=300.0)
    bad = Report(nats=1.0, rows=50, pairs=2450, effective_rows=0.25, effective_pairs=0.25)
    estimator = get_estimator("mine")
    assert estimator.diagnostics(1.0, [fold] * 5)["effective_sample_size"] == pytest.approx(1500)
    assert estimator.warnings(1.0, [fold] * 5) == []
    assert [text.partition(" hangs")[0] for text in estimator.warnings(1.0, [fold] * 4 + [bad])] == [
        "the mean of the critic", "the mean of exp(critic)"
    ]  # fmt: skip


def test_bound_by_hand():
    joint, marginal = (
        torch.tensor([[1.0, 3.0], [0.0, 0.0]]),
        torch.log(torch.tensor([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])),
    )
    found = get_estimator("mine").bound(Scores(joint), Scores(marginal))
    assert found.tolist() == pytest.approx([2 - np.log(2), -np.log(5)], abs=1e-6)


def gradients(rate, steps):
    """Gradients of the loss in the scores, for a list of (joint, marginal) batches."""
    estimator, memory, found = get_estimator(f"mine:ema_rate={rate}"), {}, []
    for joint, marginal in steps:
        joint, marginal = joint.clone().requires_grad_(), marginal.clone().requires_grad_()
        estimator.loss(Scores(joint), Scores(marginal), memory).sum().backward()
        found.append((joint.grad.numpy(), marginal.grad.numpy()))
    return found


def normals(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_moving_average_stands_in_the_denominator_of_the_gradient():
    batches = [(normals(1, 4, seed=step), normals(1, 6, seed=step + 9)) for step in range(4)]
    average = None
    for (_, marginal), (of_joint, of_marginal) in zip(batches, gradients(0.3, batches), strict=True):
        weights = np.exp(marginal.numpy().astype(float))
        average = weights.mean() if average is None else 0.7 * average + 0.3 * weights.mean()
        assert of_joint == pytest.approx(np.full((1, 4), -1 / 4), rel=1e-5)
        assert of_marginal == pytest.approx(weights / 6 / average, rel=1e-5)


def test_with_rate_one_the_gradient_is_that_of_the_bound_itself():
    joint, marginal = normals(2, 4), normals(2, 6, seed=1).requires_grad_()
    (-get_estimator("mine").bound(Scores(joint), Scores(marginal))).sum().backward()
    (_, _), (_, of_marginal) = gradients(1, [(joint, normals(2, 6, seed=2)), (joint, marginal.detach())])
    assert of_marginal == pytest.approx(marginal.grad.numpy(), rel=1e-5)


@pytest.mark.parametrize("critic", ["joint", "separable"])
def test_total_correlation_of_three_blocks(critic):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1000, 1))
    blocks = [z + rng.normal(size=(1000, 1)) for _ in range(3)]
    truth = -0.5 * np.log(np.linalg.det(np.full((3, 3), 0.5) + 0.5 * np.eye(3)))
    found = run(f"mine:critic={critic},max_steps=400", blocks)
    assert found.nats == pytest.approx(truth, abs=0.12)
    assert found.diagnostics["report_pairs"] == 64 * 200


def test_three_independent_blocks_share_nothing():
    blocks = np.random.default_rng(0).normal(size=(3, 1000, 1))
    assert abs(run("mine:max_steps=400", blocks).nats) < 0.08


def test_three_blocks_of_which_two_depend_share_what_the_two_do():
    x, y = get_task("gaussian:dim=1,mi=1").sample(1000)
    z = np.random.default_rng(0).normal(size=(1000, 1))
    assert run("mine:max_steps=400", (x, y, z)).nats == pytest.approx(1.0, abs=0.2)


def test_as_many_rows_as_blocks_are_needed_in_every_part():
    blocks = np.random.default_rng(0).normal(size=(4, 19, 1))
    with pytest.raises(InputError, match="n is 19; allowed: at least 20"):
        run("mine", blocks)
    assert run("mine:max_steps=5", np.random.default_rng(0).normal(size=(4, 20, 1))).finite


def test_a_batch_smaller_than_the_blocks_is_refused():
    with pytest.raises(InputError, match="batch_size is 2; allowed: at least 3, one row a block"):
        run("mine:batch_size=2", np.random.default_rng(0).normal(size=(3, 100, 1)))


@pytest.mark.parametrize("setting", ["shuffles=0", "ema_rate=0", "ema_rate=1.5"])
def test_parameters_out_of_range_are_refused(setting):
    with pytest.raises(SpecError, match="allowed"):
        get_estimator(f"mine:{setting}")


@pytest.mark.slow
def test_small_samples_are_estimated_as_well_as_folds_and_all_pairs_allow():
    task = get_task("gaussian:dim=1,mi=0.5")
    errors = [run("mine", task.sample(250, seed), seed).nats - 0.5 for seed in range(10)]
    assert np.sqrt(np.mean(np.square(errors))) < 0.1
