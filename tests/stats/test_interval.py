import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mibench.stats.interval import Layout, fixed_tasks_interval, holm, random_tasks_interval


def layout_of(rows):
    return Layout.of(pd.DataFrame(rows, columns=["family", "task", "n"]))


def test_weights_are_equal_at_each_level():
    layout = layout_of([("f", "a", 1), ("f", "a", 2), ("f", "b", 1), ("g", "c", 1)])
    assert layout.weights.tolist() == pytest.approx([1 / 8, 1 / 8, 1 / 4, 1 / 2])


def test_one_stratum_is_the_one_sample_t_test():
    values = np.array([0.1, 0.3, -0.2, 0.4, 0.25])
    found = fixed_tasks_interval(values, layout_of([("f", "a", 1)] * 5))
    test = stats.ttest_1samp(values, 0)
    low, high = test.confidence_interval(0.95)
    assert (found.mean, found.p, found.df) == pytest.approx((values.mean(), test.pvalue, 4))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_two_tasks_are_welch_s_test():
    """The mean of two tasks' means is half a difference of which one is negated: Welch's test has the same p."""
    first, second = np.array([0.1, 0.5, 0.3, 0.2]), np.array([-1.0, 1.4, 0.9, 0.1, 0.7, 2.0])
    layout = layout_of([("f", "a", 1)] * 4 + [("f", "b", 1)] * 6)
    found = fixed_tasks_interval(np.concatenate([first, second]), layout)
    test = stats.ttest_ind(first, -second, equal_var=False)
    assert found.p == pytest.approx(test.pvalue)
    assert found.df == pytest.approx(test.df)
    assert found.mean == pytest.approx((first.mean() + second.mean()) / 2)


def test_the_order_of_the_cells_does_not_matter():
    rng = np.random.default_rng(1)
    rows = [(f"f{i % 3}", f"t{i % 6}", n) for i in range(6) for n in (1, 2) for _ in range(4)]
    values = rng.standard_normal(len(rows))
    shuffle = rng.permutation(len(rows))
    one = fixed_tasks_interval(values, layout_of(rows))
    other = fixed_tasks_interval(values[shuffle], layout_of([rows[i] for i in shuffle]))
    assert (one.mean, one.low, one.df) == pytest.approx((other.mean, other.low, other.df))


def test_a_single_seed_tells_nothing():
    found = fixed_tasks_interval(np.array([0.1, 0.2, 0.3]), layout_of([("f", "a", 1), ("f", "a", 1), ("f", "b", 1)]))
    assert math.isfinite(found.mean)
    assert math.isnan(found.low)
    assert math.isnan(found.p)


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (0.1, 0.0)])
def test_no_spread_at_all(value, p):
    found = fixed_tasks_interval(np.full(6, value), layout_of([("f", "a", 1)] * 6))
    assert (found.low, found.high, found.p) == (pytest.approx(value), pytest.approx(value), p)


def suite(tasks_per_family):
    return [
        (f"f{f}", f"f{f}t{t}", n)
        for f, k in enumerate(tasks_per_family)
        for t in range(k)
        for n in (1, 2)
        for _ in range(3)
    ]


def test_suites_like_it_by_hand():
    rows = suite([5, 7])
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rows, columns=["family", "task", "n"]).assign(value=rng.standard_normal(len(rows)))
    found = random_tasks_interval(frame["value"].to_numpy(), Layout.of(frame))
    means = frame.groupby(["family", "task"])["value"].mean().reset_index()
    one, other = (part["value"].to_numpy() for _, part in means.groupby("family"))
    pooled = (one.var() * 5 + other.var() * 7) / 10
    assert found.df == 10
    assert found.mean == pytest.approx((one.mean() + other.mean()) / 2)
    assert found.stderr == pytest.approx(np.sqrt(pooled * (1 / 5 + 1 / 7)) / 2)
    assert found.high - found.mean == pytest.approx(stats.t.ppf(0.975, 10) * found.stderr)


def test_suites_like_it_of_one_family_is_the_t_test_of_task_means():
    rows = suite([12])
    frame = pd.DataFrame(rows, columns=["family", "task", "n"])
    values = np.random.default_rng(3).standard_normal(len(rows))
    found = random_tasks_interval(values, Layout.of(frame))
    means = frame.assign(value=values).groupby("task")["value"].mean()
    assert found.p == pytest.approx(stats.ttest_1samp(means, 0).pvalue)


@pytest.mark.parametrize(
    ("tasks", "given"), [([2] * 8, True), ([2] * 7, False), ([9, 1], False), ([9], True), ([8], False)]
)
def test_too_few_tasks(tasks, given):
    rows = suite(tasks)
    found = random_tasks_interval(np.zeros(len(rows)), layout_of(rows))
    assert (found is not None) == given


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_counts_what_could_not_be_tested():
    adjusted = holm(np.array([0.02, np.nan]))
    assert adjusted[0] == pytest.approx(0.04)
    assert math.isnan(adjusted[1])
    assert len(holm(np.array([]))) == 0
