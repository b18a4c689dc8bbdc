import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mibench.stats.metrics import average, failure_counts, group_metrics, relative, samples_needed, wilson
from mibench.stats.score import score

ERRORS = [0.1, -0.2, 0.3, 0.0]


@pytest.fixture
def by_hand(make_attempt, as_frame):
    """Errors 0.1, -0.2, 0.3, 0 on a truth of 2 nats, and one failure."""
    attempts = [
        make_attempt("a", "t", 100, seed, nats=2 + error, truth_nats=2.0, stderr=0.1)
        for seed, error in enumerate(ERRORS)
    ]
    attempts.append(make_attempt("a", "t", 100, 4, status="crash", nats=None, truth_nats=2.0))
    return score(as_frame(attempts))


@pytest.fixture(scope="module")
def repetitions(make_attempt, as_frame):
    """2,000 groups of 40 Gaussian errors each."""
    errors = 0.3 + 0.5 * np.random.default_rng(0).standard_normal((2000, 40))
    frame = as_frame([make_attempt("a", f"t{index}", 100, 0) for index in range(2000)])
    frame = frame.loc[np.repeat(np.arange(2000), 40)]
    return group_metrics(score(frame.assign(seed=np.tile(np.arange(40), 2000), nats=1 + errors.ravel())))


def test_metrics_of_a_small_case_by_hand(by_hand):
    row = group_metrics(by_hand).iloc[0]
    assert (row["cells"], row["ok"], row["failures"]) == (5, 4, 1)
    assert row["bias"] == pytest.approx(0.05)
    assert row["sd"] == pytest.approx(np.sqrt(0.13 / 3))
    assert row["bias_se"] == pytest.approx(np.sqrt(0.13 / 3) / 2)
    assert row["rmse"] == pytest.approx(np.sqrt(0.14 / 4))
    assert row["mae"] == pytest.approx(0.15)
    assert row["median"] == pytest.approx(0.05)
    assert row["score"] == pytest.approx((0.05 + 0.1 + 0.15 + 0.0 + 1) / 5)
    assert row["with_stderr"] == 4
    assert row["covered"] == 3  # ± 0.2 holds 0.1, -0.2 and 0


def test_standard_errors_by_hand(by_hand):
    row = group_metrics(by_hand).iloc[0]
    squares = np.square(ERRORS)
    assert row["mse_se"] == pytest.approx(np.std(squares, ddof=1) / 2)
    assert row["rmse_se"] == pytest.approx(np.std(squares, ddof=1) / 2 / (2 * row["rmse"]))
    assert row["mae_se"] == pytest.approx(np.std(np.abs(ERRORS), ddof=1) / 2)
    assert row["sd_se"] == pytest.approx(np.sqrt(stats.kstatvar(ERRORS, 2)) / (2 * row["sd"]))


@pytest.mark.parametrize("metric", ["bias", "sd", "rmse", "mae"])
def test_standard_errors_are_the_spread_over_repetitions(metric, repetitions):
    assert repetitions[f"{metric}_se"].mean() == pytest.approx(repetitions[metric].std(), rel=0.06)


def test_the_interval_of_the_median_holds_the_median(make_attempt, as_frame):
    values = np.arange(1.0, 21.0)
    attempts = [make_attempt("a", "t", 100, seed, nats=value, truth_nats=0.0) for seed, value in enumerate(values)]
    row = group_metrics(score(as_frame(attempts))).iloc[0]
    assert row["median"] == pytest.approx(10.5)
    assert (row["median_low"], row["median_high"]) == (6.0, 15.0)  # the textbook ranks for n = 20
    confidence = 1 - 2 * stats.binom.cdf(5, 20, 0.5)
    assert confidence >= 0.95


def test_too_few_values_have_no_interval_of_the_median(make_attempt, as_frame):
    attempts = [make_attempt("a", "t", 100, seed, nats=1.0 + seed) for seed in range(4)]
    row = group_metrics(score(as_frame(attempts))).iloc[0]
    assert np.isnan(row["median_low"])
    assert np.isnan(row["median_high"])


def test_averages_weigh_families_then_tasks_then_sample_sizes_equally(make_attempt, as_frame):
    attempts = [
        make_attempt("a", "t1", 100, 0, family="f", nats=1.1),
        make_attempt("a", "t1", 100, 1, family="f", nats=1.3),
        make_attempt("a", "t1", 200, 0, family="f", nats=1.0),
        make_attempt("a", "t2", 100, 0, family="f", nats=1.4),
        make_attempt("a", "t3", 100, 0, family="g", nats=0.0),
    ]
    metrics = group_metrics(score(as_frame(attempts)))
    task = average(metrics, ["estimator", "family", "task"])
    assert task.loc[("a", "f", "t1"), "score"] == pytest.approx(0.1)
    assert average(metrics, ["estimator", "family"]).loc[("a", "f"), "score"] == pytest.approx(0.25)
    board = average(metrics, ["estimator"]).loc["a"]
    assert board["score"] == pytest.approx((0.25 + 1) / 2)
    assert board["bias"] == pytest.approx((0.25 - 1) / 2)
    assert board["rmse"] == pytest.approx(np.sqrt((((0.01 + 0.09) / 2 / 2 + 0.16) / 2 + 1) / 2))
    assert board["cells"] == 5


def test_the_standard_error_of_an_average_is_that_of_a_mean_of_independent_ones(make_frame):
    metrics = group_metrics(score(make_frame()))
    task = average(metrics, ["estimator", "family", "task"])
    one = metrics.loc[("noisy", "gaussian", "gaussian:dim=1,mi=0.5"), "bias_se"]
    assert task.loc[("noisy", "gaussian", "gaussian:dim=1,mi=0.5"), "bias_se"] == pytest.approx(np.hypot(*one) / 2)


def test_relative_errors_exist_where_the_truth_is_positive(make_frame):
    shares = relative(group_metrics(score(make_frame())))
    zero = shares.xs("independence", level="family")
    assert zero.isna().all().all()
    biased = shares.loc[("biased", "gaussian"), "relative_bias"]
    assert np.allclose(biased, -0.1, atol=0.05)


def test_samples_needed_is_where_it_holds_from_onward(make_attempt, as_frame):
    errors = {100: 0.05, 200: 0.2, 400: 0.05, 800: 0.05}
    attempts = [make_attempt("a", "t", n, 0, nats=1 + error) for n, error in errors.items()]
    attempts += [make_attempt("b", "t", n, 0, nats=1.05) for n in errors]
    attempts += [make_attempt("c", "t", n, 0, nats=1.5) for n in errors]
    attempts += [make_attempt("d", "t", n, seed, nats=1.0) for n in errors for seed in range(2)]
    attempts += [make_attempt("d", "t", n, 2, status="oom" if n == 400 else "ok", nats=1.0) for n in errors]
    needed = samples_needed(group_metrics(score(as_frame(attempts))))
    assert needed["a", "t"] == 400
    assert needed["b", "t"] == 100
    assert np.isnan(needed["c", "t"])
    assert needed["d", "t"] == 800


def test_failures_are_counted_by_status(make_attempt, as_frame):
    statuses = ["ok", "ok", "timeout", "oom", "crash", "error", "nonfinite", "unsupported", "timeout"]
    attempts = [make_attempt("a", "t", 100, seed, status=status) for seed, status in enumerate(statuses)]
    attempts.append(make_attempt("a", "t", 100, 99, status="ok", nats=np.inf))
    counts = failure_counts(score(as_frame(attempts))).loc["a"]
    assert counts.to_dict() == {
        "ok": 2, "timeout": 2, "oom": 1, "crash": 1, "error": 1, "nonfinite": 2, "unsupported": 1
    }  # fmt: skip


def test_wilson_agrees_with_the_formula():
    z = stats.norm.ppf(0.975)
    share, n = 0.85, 20
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    assert wilson(17, 20) == pytest.approx((centre - reach, centre + reach))
    assert all(np.isnan(wilson(0, 0)))


def test_groups_without_a_value_keep_their_score(make_attempt, as_frame):
    attempts = [make_attempt("a", "t", 100, seed, status="crash", nats=None) for seed in range(3)]
    row = group_metrics(score(as_frame(attempts))).iloc[0]
    assert row["score"] == 1.0
    assert np.isnan(row["bias"])
    assert pd.isna(row["median"])


def test_biases_of_opposite_sign_do_not_cancel_in_the_mean_absolute_bias(make_attempt, as_frame):
    attempts = [make_attempt("a", task, 100, 0, nats=nats) for task, nats in (("one", 1.1), ("other", 0.7))]
    row = average(group_metrics(score(as_frame(attempts))), ["estimator"]).loc["a"]
    assert row["bias"] == pytest.approx(-0.1)
    assert row["abs_bias"] == pytest.approx(0.2)
