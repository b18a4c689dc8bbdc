import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator, get_task  # noqa: E402
from mibench.errors import InputError, SpecError  # noqa: E402
from mibench.estimators._reports import Report  # noqa: E402


def run(spec, blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed))


def test_report_size_pairs_and_effective_size_are_told():
    found = run("mine:max_steps=20", get_task("gaussian:dim=1,mi=0.5").sample(250)).diagnostics
    assert found["report_size"] == 250
    assert found["report_pairs"] == 5 * 50 * 49
    assert 0 < found["effective_sample_size"] <= found["report_pairs"]
    assert "warning" not in found


def test_a_value_above_the_logarithm_of_the_pairs_is_warned_of():
    judge = get_estimator("mine")._judge
    reports = [Report(nats=9.0, rows=50, pairs=2450, effective=3.0)] * 5
    assert "exceeds ln(report pairs) = 7.8 nats" in judge(7.81, reports)["warning"]
    assert "warning" not in judge(7.80, reports)


@pytest.mark.parametrize("critic", ["joint", "separable"])
def test_total_correlation_of_three_blocks(critic):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1000, 1))
    blocks = [z + rng.normal(size=(1000, 1)) for _ in range(3)]
    truth = -0.5 * np.log(np.linalg.det(np.full((3, 3), 0.5) + 0.5 * np.eye(3)))
    found = run(f"mine:critic={critic}", blocks)
    assert found.nats == pytest.approx(truth, abs=0.12)
    assert found.diagnostics["report_pairs"] == 64 * 200


def test_three_independent_blocks_share_nothing():
    blocks = np.random.default_rng(0).normal(size=(3, 1000, 1))
    assert abs(run("mine", blocks).nats) < 0.08


def test_three_blocks_of_which_two_depend_share_what_the_two_do():
    x, y = get_task("gaussian:dim=1,mi=1").sample(1000)
    z = np.random.default_rng(0).normal(size=(1000, 1))
    assert run("mine", (x, y, z)).nats == pytest.approx(1.0, abs=0.2)


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
