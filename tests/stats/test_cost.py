import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mibench.stats.cost import costs, growth
from mibench.stats.score import score


def test_costs_by_hand(make_attempt, as_frame):
    attempts = [make_attempt("a", "t", 100, seed, cpu_s=float(seed + 1), peak_mb=10.0 * seed) for seed in range(5)]
    attempts.append(make_attempt("a", "t", 100, 5, status="timeout", nats=None, cpu_s=600.0))
    row = costs(score(as_frame(attempts)), ["estimator"]).loc["a"]
    assert (row["cpu_q1"], row["cpu_median"], row["cpu_q3"]) == (2.0, 3.0, 4.0)
    assert (row["peak_mb"], row["timed"]) == (40.0, 5)


def points(exponent, noise=0.0):
    rng = np.random.default_rng(0)
    rows = [
        {"task": task, "n": n, "cpu_median": level * n**exponent * np.exp(noise * rng.standard_normal())}
        for task, level in (("one", 1e-6), ("two", 3e-4))
        for n in (250, 1000, 4000)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.5])
def test_growth_finds_the_exponent_whatever_the_level_of_each_line(exponent):
    found = growth(points(exponent), "n", ["task"])
    assert (found.exponent, found.low, found.high) == pytest.approx((exponent,) * 3, abs=1e-9)


def test_the_interval_of_one_line_is_that_of_linear_regression():
    line = points(1.3, noise=0.2)
    line = line[line["task"] == "one"]
    found = growth(line, "n", ["task"])
    fit = stats.linregress(np.log(line["n"]), np.log(line["cpu_median"]))
    assert found.exponent == pytest.approx(fit.slope)
    assert found.high - found.exponent == pytest.approx(stats.t.ppf(0.975, 1) * fit.stderr)


def test_two_points_leave_no_interval_and_one_no_slope():
    line = points(1.0).iloc[:2]
    assert np.isnan(growth(line, "n", ["task"]).low)
    assert growth(line.iloc[:1], "n", ["task"]) is None
    assert growth(line.iloc[:0], "n", ["task"]) is None
