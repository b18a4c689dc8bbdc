import numpy as np
import pytest

from mibench.attempt import FAILURES
from mibench.stats.score import current, score


@pytest.mark.parametrize(
    ("nats", "truth", "expected"),
    [(0.6, 0.5, 0.2), (0.4, 0.5, 0.2), (0.5, 0.5, 0.0), (-3.0, 0.5, 1.0), (0.05, 0.0, 0.5), (0.02, 0.01, 0.1)],
)
def test_score_is_the_error_over_the_scale_and_at_most_1(nats, truth, expected, make_attempt, as_frame):
    row = score(as_frame([make_attempt("a", "t", 100, 0, nats=nats, truth_nats=truth)])).iloc[0]
    assert row["score"] == pytest.approx(expected)
    assert row["error"] == pytest.approx(nats - truth)


@pytest.mark.parametrize("status", FAILURES)
def test_a_failure_scores_1_and_is_imputed(status, make_attempt, as_frame):
    attempts = [
        make_attempt("a", "t", 100, 0),
        make_attempt("a", "t", 100, 1, status=status, nats=None, truth_nats=None),
    ]
    scored = score(as_frame(attempts))
    assert scored["score"].tolist() == [0.0, 1.0]
    assert scored["imputed"].tolist() == [False, True]
    assert scored["truth"].tolist() == [1.0, 1.0]
    assert np.isnan(scored["error"].iloc[1])


def test_a_failure_that_brings_a_value_gains_nothing_by_it(make_attempt, as_frame):
    scored = score(as_frame([make_attempt("a", "t", 100, 0, status="timeout", nats=1.0)]))
    assert scored["score"].item() == 1.0
    assert np.isnan(scored["error"].item())


@pytest.mark.parametrize("nats", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_a_failure_whatever_the_status_says(nats, make_attempt, as_frame):
    scored = score(as_frame([make_attempt("a", "t", 100, 0, nats=nats)]))
    assert scored["imputed"].item()
    assert scored["score"].item() == 1.0


def test_unsupported_has_no_score_and_is_no_failure(make_attempt, as_frame):
    scored = score(as_frame([make_attempt("a", "t", 100, 0, status="unsupported", nats=None)]))
    assert np.isnan(scored["score"].item())
    assert not scored["imputed"].item()


def test_of_two_versions_the_one_finished_last_counts(make_attempt, as_frame):
    old = [make_attempt("a", "t", 100, seed, finished_at="2026-01-01", nats=9.0) for seed in range(3)]
    new = [
        make_attempt("a", "t", 100, seed, finished_at="2026-01-02", estimator_version="2", nats=1.0)
        for seed in range(2)
    ]
    frame = current(as_frame([*new, *old]))
    assert frame["estimator_version"].tolist() == ["2", "2"]


def test_the_version_of_a_lifted_estimator_is_told_by_its_own_part(make_attempt, as_frame):
    attempts = [
        make_attempt("a", "two blocks", 100, 0, estimator_version="1", finished_at="2026-01-02"),
        make_attempt("a", "three blocks", 100, 0, estimator_version="1;chain-rule=1", finished_at="2026-01-01"),
        make_attempt("a", "four blocks", 100, 0, estimator_version="1;chain-rule=1", finished_at="2026-01-01"),
        make_attempt("a", "four blocks", 100, 0, estimator_version="1;chain-rule=2", finished_at="2026-01-03"),
    ]
    kept = current(as_frame(attempts))
    versions = dict(zip(kept["task"], kept["estimator_version"], strict=True))
    assert versions == {"two blocks": "1", "three blocks": "1;chain-rule=1", "four blocks": "1;chain-rule=2"}


def test_of_two_versions_of_a_task_the_one_finished_last_counts(make_attempt, as_frame):
    old = make_attempt("a", "t", 100, 0, finished_at="2026-01-01")
    new = make_attempt("b", "t", 100, 0, task_version="2", finished_at="2026-01-02")
    assert current(as_frame([old, new]))["estimator"].tolist() == ["b"]


def test_a_board_never_mixes_two_versions_of_one_estimator(make_attempt, as_frame):
    """Version 2 ran on one task alone: what version 1 gave on the other is not shown beside it."""
    attempts = [
        *(make_attempt("a", task, 100, 0, finished_at="2026-01-01") for task in ("one", "other")),
        make_attempt("a", "one", 100, 0, estimator_version="2", finished_at="2026-01-02"),
    ]
    kept = current(as_frame(attempts))
    assert list(zip(kept["task"], kept["estimator_version"], strict=True)) == [("one", "2")]
