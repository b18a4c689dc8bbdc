"""Pairs are matched on specs, task version, n and seed, and nothing goes missing unsaid."""

import pandas as pd

from mibench.gates.accuracy.pairs import pair


def test_pairs_whatever_the_key(frame):
    base, head = frame([0.1, 0.2]), frame([0.1, 0.3]).assign(key="another")
    pairs = pair(base, head)
    assert pairs.missing == ()
    assert pairs.frame["seed"].tolist() == [0, 1]
    assert pairs.frame["base_error"].round(9).tolist() == [0.1, 0.2]
    assert pairs.frame["head_error"].round(9).tolist() == [0.1, 0.3]
    assert pairs.frame["changed"].tolist() == [False, True]


def test_a_cell_on_one_side_only_is_missing(frame):
    pairs = pair(frame([0.1, 0.2, 0.3]), frame([0.1, 0.2]))
    assert len(pairs.frame) == 2
    assert len(pairs.missing) == 1
    assert "1 cell(s) not measured by the head" in pairs.missing[0]
    assert "not in the baseline" in pair(frame([0.1]), frame([0.1, 0.2])).missing[0]


def test_another_task_version_does_not_pair(frame):
    head = frame([0.1]).assign(task_version="2")
    pairs = pair(frame([0.1]), head)
    assert pairs.frame.empty
    assert len(pairs.missing) == 2


def test_unsupported_on_both_sides_is_left_out_and_on_one_is_missing(frame):
    refused = frame([None]).assign(status="unsupported")
    assert pair(refused, refused).missing == ()
    assert "not measured by the head" in pair(frame([0.1]), refused).missing[0]


def test_the_attempt_finished_last_counts(frame):
    early, late = frame([0.5]).assign(finished_at="2029"), frame([0.1])
    pairs = pair(pd.concat([late, early]), frame([0.1]))
    assert not pairs.frame["changed"].any()
    assert len(pairs.frame) == 1


def test_another_truth_needs_another_version(frame):
    moved = frame([0.1]).assign(truth_nats=1.01)
    pairs = pair(frame([0.1]), moved)
    assert pairs.frame.empty
    assert "raise the task's version" in pairs.missing[0]


def test_a_failure_has_no_error(frame):
    pairs = pair(frame([0.1, None, None]), frame([None, 0.1, None])).frame
    assert pairs["base_failed"].tolist() == [False, True, True]
    assert pairs["head_failed"].tolist() == [True, False, True]
    assert pairs["changed"].tolist() == [True, True, False]
    assert pairs["base_error"].isna().tolist() == [False, True, True]


def test_a_value_that_is_not_finite_is_a_failure_whatever_the_status(frame):
    head = frame([float("inf")])
    assert pair(frame([0.1]), head).frame["head_failed"].all()


def test_rounding_is_no_change(frame):
    assert not pair(frame([0.1]), frame([0.1 + 1e-12])).frame["changed"].any()
    assert pair(frame([0.1]), frame([0.1 + 1e-7])).frame["changed"].all()
