"""The accuracy gate: red when significant, large enough and felt; inconclusive when it could not see; else green."""

import numpy as np
import pandas as pd
import pytest

from mibench.gates.accuracy.pairs import pair
from mibench.gates.accuracy.rule import Rule, judge
from mibench.gates.verdict import Verdict

OTHER = "ksg:k=3"


def judged(base, head, deterministic=False, **rule):
    return judge(pair(base, head), lambda spec: deterministic, Rule(**rule), permutations=9_999)


def errors(seed=0, count=20, size=0.2):
    return size * np.random.default_rng(seed).standard_normal(count)


def test_equal_results_pass_without_a_test(frame):
    result = judged(frame(errors()), frame(errors()))
    assert result.verdict is Verdict.PASS
    assert result.estimators[0].p is None
    assert result.estimators[0].ratio == 1


def test_a_doubled_error_is_red(frame):
    result = judged(frame(errors()), frame(2 * errors()))
    assert result.verdict is Verdict.REGRESSION
    assert result.estimators[0].ratio == pytest.approx(2)
    assert [cell.verdict for cell in result.cells] == [Verdict.REGRESSION]


def test_a_halved_error_is_improved_and_the_gate_passes(frame):
    result = judged(frame(errors()), frame(errors() / 2))
    assert result.verdict is Verdict.PASS
    assert result.estimators[0].verdict is Verdict.IMPROVED
    assert result.estimators[0].p_less == judged(frame(errors() / 2), frame(errors())).estimators[0].p


def test_an_improvement_does_not_hide_another_estimator_s_regression(frame):
    base = pd.concat([frame(errors()), frame(errors(1), estimator=OTHER)])
    head = pd.concat([frame(errors() / 2), frame(2 * errors(1), estimator=OTHER)])
    result = judged(base, head)
    assert [item.verdict for item in result.estimators] == [Verdict.IMPROVED, Verdict.REGRESSION]
    assert result.verdict is Verdict.REGRESSION


def test_a_change_below_the_tolerance_is_not_red_however_significant(frame):
    values = errors(size=1)
    result = judged(frame(values), frame(1.05 * values))
    assert result.estimators[0].p < 0.005
    assert result.verdict is Verdict.PASS
    assert judged(frame(values), frame(1.05 * values), tolerance=0.04).verdict is Verdict.REGRESSION


def test_a_change_that_nobody_feels_is_not_red(frame):
    result = judged(frame(errors(size=0.001)), frame(3 * errors(size=0.001)))
    assert result.estimators[0].p < 0.005
    assert result.verdict is Verdict.PASS
    assert judged(frame(errors(size=0.001)), frame(3 * errors(size=0.001)), min_change=0).verdict is Verdict.REGRESSION


def test_too_few_seeds_are_inconclusive_never_a_pass(frame):
    result = judged(frame(errors(count=4)), frame(1.2 * errors(count=4)))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.estimators[0].detectable is None


def test_noise_that_hides_the_tolerance_is_inconclusive(frame):
    result = judged(frame(errors(1)), frame(errors(2)))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.estimators[0].detectable > 1.1


def test_one_cell_that_got_worse_is_red_though_the_others_hide_it(frame):
    tasks = [f"gaussian:dim={dim},mi=1.0" for dim in range(1, 9)]
    base = pd.concat([frame(errors(i), task=task) for i, task in enumerate(tasks)])
    head = pd.concat([frame(errors(i) * (2.5 if i == 0 else 0.95), task=task) for i, task in enumerate(tasks)])
    result = judged(base, head)
    assert [cell.task for cell in result.cells if cell.verdict is Verdict.REGRESSION] == [tasks[0]]
    assert result.verdict is Verdict.REGRESSION


def test_many_cells_show_what_one_cannot(frame):
    tasks = [f"gaussian:dim={dim},mi=1.0" for dim in range(1, 11)]
    noise = [errors(i) for i in range(20)]
    base = pd.concat([frame(noise[i], task=task) for i, task in enumerate(tasks)])
    head = pd.concat([frame(0.9 * noise[i] + 0.9 * noise[i + 10], task=task) for i, task in enumerate(tasks)])
    result = judged(base, head)
    assert result.estimators[0].verdict is Verdict.REGRESSION
    assert all(cell.verdict is not Verdict.REGRESSION for cell in result.cells)


def test_an_unchanged_estimator_costs_no_power(frame):
    changed = [errors(5, 8), 2 * errors(5, 8)]
    both = [
        pd.concat([frame(own), *(frame(errors(9, 8), estimator=f"{OTHER}{i}") for i in range(9))]) for own in changed
    ]
    alone = judged(frame(changed[0]), frame(changed[1])).estimators[0]
    among = judged(*both).estimators[0]
    assert among.p == alone.p


def test_new_failures_are_red_when_there_are_enough(frame):
    values = errors(count=20)
    failing = [None if i < 12 else value for i, value in enumerate(values)]
    result = judged(frame(values), frame(failing))
    assert result.failures[0].count.only_head == 12
    assert result.failures[0].count.p == 2**-12
    assert result.verdict is Verdict.REGRESSION
    assert judged(frame(failing), frame(values)).verdict is Verdict.PASS


def test_a_few_new_failures_are_inconclusive(frame):
    values = errors(count=20)
    result = judged(frame(values), frame([None, *values[1:]]))
    assert result.failures[0].verdict is Verdict.INCONCLUSIVE
    assert result.verdict is Verdict.INCONCLUSIVE


def test_all_failing_is_red_and_leaves_no_error_to_test(frame):
    result = judged(frame(errors()), frame([None] * 20))
    assert result.estimators[0].pairs == 0
    assert result.verdict is Verdict.REGRESSION


def test_failing_on_both_sides_alike_is_nothing_new(frame):
    values = [None, *errors(count=19)]
    assert judged(frame(values), frame(values)).verdict is Verdict.PASS


def test_a_changed_value_of_a_deterministic_method_is_shown_and_red_only_when_exact(frame):
    base, head = frame(errors()), frame(errors() * (1 + 1e-6))
    relaxed = judged(base, head, deterministic=True)
    assert relaxed.verdict is Verdict.PASS
    assert relaxed.changes[0].seeds == 20
    assert judged(base, head, deterministic=True, exact=True).verdict is Verdict.REGRESSION
    assert judged(base, head, deterministic=False, exact=True).verdict is Verdict.PASS
    assert judged(base, base, deterministic=True, exact=True).verdict is Verdict.PASS


def test_a_missing_cell_is_an_error(frame):
    assert judged(frame(errors()), frame(errors(count=19))).verdict is Verdict.ERROR


def test_errors_of_zero_pass(frame):
    assert judged(frame([0.0] * 20), frame([0.0] * 20)).verdict is Verdict.PASS
    worse = judged(frame([0.0] * 20), frame([0.05] * 20))
    assert worse.verdict is Verdict.REGRESSION


def test_the_outcome_is_the_same_every_time(frame):
    results = [judged(frame(errors(1)), frame(errors(2))) for _ in range(2)]
    assert results[0].estimators == results[1].estimators


def test_among_many_that_changed_each_must_change_more_to_be_seen(frame):
    """What a test could have seen is judged at the level it is held to among all tests, not at that of one alone."""
    noise = [errors(index, 10) for index in range(3)]
    changed = [noise[0], 0.8 * noise[0] + 0.6 * noise[1]]
    alone = judged(frame(changed[0]), frame(changed[1])).estimators[0]
    among = judged(
        *(pd.concat([frame(own, estimator=f"ksg:k={k}") for k in range(1, 21)]) for own in changed)
    ).estimators[0]
    assert alone.detectable == 2.0
    assert among.detectable is None or among.detectable > alone.detectable
