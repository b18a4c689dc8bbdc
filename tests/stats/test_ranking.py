import math

import numpy as np
import pandas as pd
import pytest

from mibench.attempt import FAILURES
from mibench.stats.identical import Twin
from mibench.stats.interval import Interval
from mibench.stats.ranking import Standing, rank
from mibench.stats.score import current, score
from mibench.stats.score_table import ScoreTable


def ranked(frame):
    return rank(score(current(frame)))


def standing(ranking, name):
    return next(item for item in ranking.standings if item.estimator == name)


def pair(ranking, first, second):
    return next(item for item in ranking.pairs if {item.first, item.second} == {first, second})


def spoil(frame, estimator, status, rows):
    """Turn *rows* of an estimator's attempts, by position, into attempts of another status."""
    index = frame.index[frame["estimator"] == estimator][rows]
    frame = frame.copy()
    frame.loc[index, "status"] = status
    frame.loc[index, "nats"] = np.nan
    return frame


def test_pairs_name_the_better_score_first(make_frame):
    ranking = ranked(make_frame())
    assert [(item.first, item.second) for item in ranking.pairs] == [
        ("sharp", "biased"), ("sharp", "noisy"), ("biased", "noisy")
    ]  # fmt: skip
    assert all(item.suite.mean < 0 for item in ranking.pairs)


def test_clear_differences_are_ranked_in_their_order(make_frame):
    ranking = ranked(make_frame())
    assert [item.estimator for item in ranking.standings] == ["sharp", "biased", "noisy", "zero"]
    assert [(item.best, item.worst) for item in ranking.standings[:3]] == [(1, 1), (2, 2), (3, 3)]


def test_what_does_not_differ_shares_a_range(make_frame):
    methods = {"a": (0, 0.1, 1.0), "b": (0, 0.1, 1.0), "c": (0, 0.1, 1.0), "bad": (0.5, 0.1, 1.0)}
    ranking = ranked(make_frame(methods))
    assert [(item.best, item.worst) for item in ranking.standings[:4]] == [(1, 3)] * 3 + [(4, 4)]


def test_zero_is_a_reference_line_and_never_ranked(make_frame):
    item = standing(ranked(make_frame()), "zero")
    assert (item.best, item.worst, item.unranked) == (None, None, "reference line")


def test_a_method_no_better_than_zero_is_marked(make_frame):
    ranking = ranked(make_frame({"good": (0, 0.05, 1.0), "useless": (-1.0, 0.1, 1.0)}))
    assert standing(ranking, "good").beats_reference is True
    assert standing(ranking, "useless").beats_reference is False


def test_without_zero_the_best_constant_is_the_reference_all_the_same(make_frame):
    ranking = ranked(make_frame({"good": (0, 0.05, 1.0), "useless": (-1.0, 0.1, 1.0)}, with_zero=False))
    assert standing(ranking, "good").beats_reference is True
    assert standing(ranking, "useless").beats_reference is False


def test_a_constant_is_no_better_than_the_best_constant(make_frame):
    """Where the truths are near 1, the constant 1 is significantly better than 0, and has learnt nothing."""
    frame = make_frame({"one": (0, 0, 1.0)}, {f"t{k}": ("f", 1 + 0.1 * k) for k in range(4)})
    frame.loc[(frame["estimator"] == "one").to_numpy(), "nats"] = 1.0
    ranking = ranked(frame)
    assert standing(ranking, "one").score.mean < standing(ranking, "zero").score.mean
    assert standing(ranking, "one").beats_reference is False


@pytest.mark.parametrize(
    ("status", "share", "estimator"),
    [(status, 3, "biased") for status in FAILURES]
    + [("crash", share, name) for share in (1, 8, 64) for name in ("sharp", "biased", "noisy")],
)
def test_a_failure_never_gains_a_place(status, share, estimator, make_frame):
    frame = make_frame()
    before, after = ranked(frame), ranked(spoil(frame, estimator, status, slice(0, share)))
    was, now = standing(before, estimator), standing(after, estimator)
    assert now.score.mean > was.score.mean
    assert now.best >= was.best
    assert now.worst >= was.worst


@pytest.mark.parametrize("estimator", ["sharp", "noisy"])
@pytest.mark.parametrize("task", ["gaussian:dim=1,mi=2.0", "gaussian:dim=5,rho=0.0"])
def test_declaring_less_support_loses_the_rank(estimator, task, make_frame):
    frame = make_frame()
    refused = ((frame["estimator"] == estimator) & (frame["task"] == task)).to_numpy()
    frame.loc[refused, "status"] = "unsupported"
    frame.loc[refused, "nats"] = np.nan
    ranking = ranked(frame)
    item = standing(ranking, estimator)
    assert (item.best, item.unranked) == (None, "supports 3 of 4 tasks")
    others = [other for other in ranking.standings if other.best is not None]
    assert len(others) == 2
    assert not any(estimator in (found.first, found.second) for found in ranking.pairs)


def test_an_unranked_estimator_is_compared_on_the_common_tasks(make_frame):
    frame = make_frame()
    refused = ((frame["estimator"] == "sharp") & (frame["task"] == "gaussian:dim=1,mi=2.0")).to_numpy()
    frame.loc[refused, "status"] = "unsupported"
    ranking = ranked(frame)
    rest = ranked(frame[frame["task"] != "gaussian:dim=1,mi=2.0"])
    found = next(item for item in ranking.unranked_pairs if item.second == "biased")
    assert found.tasks == 3
    same = pair(rest, "sharp", "biased")
    assert (found.first, found.second) == (same.first, same.second)
    assert found.suite == same.suite


def test_not_running_cells_loses_the_rank(make_frame):
    frame = make_frame()
    missing = (frame["estimator"] == "biased") & (frame["seed"] == 7)
    ranking = ranked(frame[~missing])
    assert standing(ranking, "biased").unranked == "incomplete: 56 of 64 cells were run"
    assert standing(ranking, "sharp").best == 1


@pytest.mark.parametrize("spoiled", [None, "timeout", "unsupported"])
def test_a_third_estimator_changes_nothing_between_two_others(spoiled, make_frame):
    methods = {"one": (0.02, 0.1, 1.0), "two": (0.0, 0.12, 1.0)}
    alone = ranked(make_frame(methods))
    frame = make_frame(methods | {"third": (0.3, 0.3, 1.0)})
    together = ranked(spoil(frame, "third", spoiled, slice(0, 16)) if spoiled else frame)
    for name in methods:
        assert standing(together, name).score == standing(alone, name).score
    before, after = pair(alone, "one", "two"), pair(together, "one", "two")
    assert after.suite == before.suite
    assert (after.cells, after.tasks) == (before.cells, before.tasks)


def test_the_adjusted_verdict_depends_on_how_many_are_compared(make_frame):
    methods = {"one": (0.0, 0.1, 1.0), "two": (0.0, 0.12, 1.0)}
    alone = pair(ranked(make_frame(methods)), "one", "two")
    crowd = {f"m{index}": (0.0, 0.11, 1.0) for index in range(6)}
    together = pair(ranked(make_frame(methods | crowd)), "one", "two")
    assert alone.suite_adjusted_p == pytest.approx(alone.suite.p)
    assert together.suite_adjusted_p > alone.suite_adjusted_p


def test_pairs_are_paired_seed_by_seed(make_attempt, as_frame):
    """Estimators that differ by little on every seed, where seeds differ by much."""
    rng = np.random.default_rng(0)
    attempts = []
    for seed, level in enumerate(rng.uniform(0.1, 0.5, size=10)):
        attempts.append(make_attempt("a", "t", 100, seed, nats=1 + level))
        attempts.append(make_attempt("b", "t", 100, seed, nats=1 + level + 0.01 + 0.001 * rng.standard_normal()))
    ranking = ranked(as_frame(attempts))
    assert pair(ranking, "a", "b").winner == "a"
    assert standing(ranking, "a").score.high > standing(ranking, "b").score.low


def test_one_seed_leaves_every_rank_open(make_frame):
    ranking = ranked(make_frame(seeds=1))
    assert all((item.best, item.worst) == (1, 3) for item in ranking.standings if item.best)
    assert math.isnan(ranking.standings[0].score.low)


def test_an_estimator_that_supports_nothing_stands_last_without_a_score(make_frame):
    ranking = ranked(spoil(make_frame(), "sharp", "unsupported", slice(None)))
    assert math.isnan(standing(ranking, "sharp").score.mean)
    assert standing(ranking, "sharp").unranked == "supports 0 of 4 tasks"


def test_leaders_are_the_best_and_its_ties(make_frame):
    methods = {"a": (0, 0.1, 1.0), "b": (0, 0.1, 1.0), "bad": (0.5, 0.1, 1.0)}
    leaders = ScoreTable(score(make_frame(methods))).leaders(list(methods))
    assert sorted(leaders) == ["a", "b"]
    assert sorted(leaders.values()) == ["best", "tie"]


def test_an_estimator_with_a_cell_not_run_never_leads(make_frame):
    frame = make_frame({"gap": (0, 0.001, 1.0), "whole": (0, 0.1, 1.0), "other": (0, 0.3, 1.0)})
    gap = frame.index[frame["estimator"] == "gap"][0]
    table = ScoreTable(score(frame.drop(index=gap)))
    assert table.mean("gap")[0].mean < table.mean("whole")[0].mean
    assert table.leaders(["gap", "whole", "other"]) == {"whole": "best"}


def test_two_that_are_not_ranked_are_compared_with_each_other_and_with_zero(make_frame):
    frame = make_frame(
        {"sharp": (0, 0.02, 1.0), "biased": (-0.1, 0.02, 1.0), "noisy": (0, 0.2, 1.0), "useless": (-1, 0.05, 1.0)}
    )
    refused = (frame["estimator"].isin(["sharp", "useless"]) & (frame["task"] == "gaussian:dim=5,rho=0.0")).to_numpy()
    frame.loc[refused, ["status", "nats"]] = ["unsupported", np.nan]
    ranking = ranked(frame)
    assert ("sharp", "useless") in {(item.first, item.second) for item in ranking.unranked_pairs}
    assert {item.estimator for item in ranking.standings if item.best} == {"biased", "noisy"}
    assert standing(ranking, "sharp").beats_reference is True
    assert standing(ranking, "useless").beats_reference is False


EQUALS = {f"equal{index}": (0.0, 0.1, 1.0) for index in range(8)}


def test_of_equal_estimators_few_boards_have_a_winner(make_frame):
    """The family-wise error of the ranking itself: of 28 pairs unadjusted, two boards in three would show a winner."""
    frame = score(make_frame(EQUALS, samples=(1000,), with_zero=False))
    rng = np.random.default_rng(0)
    boards = [rank(frame.assign(score=np.abs(rng.normal(0, 0.1, len(frame))))) for _ in range(100)]
    assert np.mean([any(item.winner for item in board.pairs) for board in boards]) <= 0.05


def test_of_equal_estimators_few_boards_have_a_difference_on_suites_like_it(make_frame):
    """Equal on average over tasks, unequal on each: the same of the adjusted p-values there."""
    tasks = {f"task{index:02}": (f"family{index % 2}", 1.0) for index in range(12)}
    frame = score(make_frame(EQUALS, tasks, samples=(1000,), seeds=2, with_zero=False))
    place = frame.groupby(["estimator", "task"]).ngroup().to_numpy()
    rng = np.random.default_rng(0)
    boards = [rank(frame.assign(score=0.3 + rng.normal(0, 0.05, place.max() + 1)[place])) for _ in range(100)]
    assert all(item.generalization is not None for item in boards[0].pairs)
    assert np.mean([any(item.generalization_p_holm <= 0.05 for item in board.pairs) for board in boards]) <= 0.05


def test_an_estimator_of_another_s_values_takes_no_rank(make_frame):
    frame = make_frame()
    copy = frame[frame["estimator"] == "sharp"].assign(estimator="chain-rule:base=(sharp)")
    ranking = ranked(pd.concat([frame, copy]))
    twin = standing(ranking, "chain-rule:base=(sharp)")
    assert (twin.best, twin.unranked) == (None, "same values as sharp on 4 of 4 tasks")
    assert [(item.second, item.suite, item.suite_adjusted_p) for item in ranking.pairs] == [
        (item.second, item.suite, item.suite_adjusted_p) for item in ranked(frame).pairs
    ]


def test_a_twin_on_fewer_than_half_of_the_tasks_is_ranked_and_said_to_be_one(make_frame):
    frame = make_frame()
    copy = frame[frame["estimator"] == "sharp"].assign(estimator="wrapped:base=(sharp)")
    copy.loc[(copy["task"] != "gaussian:dim=1,mi=0.5").to_numpy(), "nats"] += 0.01
    twin = standing(ranked(pd.concat([frame, copy])), "wrapped:base=(sharp)")
    assert twin.best is not None
    assert twin.twins == (Twin("sharp", 1, 4),)


def many_tasks(gap_of_task):
    """Two estimators on 12 tasks, of which the second's score is larger by *gap_of_task*."""
    rng = np.random.default_rng(3)
    rows = [
        {"estimator": name, "family": f"f{task % 2}", "task": f"t{task:02}", "n": 100, "seed": seed, "status": "ok",
         "ok": True, "protocol": "", "nats": float(rng.normal()), "truth": 1.0 + task,
         "score": 0.2 + (gap_of_task(task) if name == "b" else 0.0) + 0.001 * rng.standard_normal()}
        for name in "ab" for task in range(12) for seed in range(5)
    ]  # fmt: skip
    return rank(pd.DataFrame(rows))


def test_a_rank_that_hangs_on_one_task_does_not_hold_on_suites_like_it():
    first = standing(many_tasks(lambda task: 0.3 if task == 0 else -0.001), "a")
    assert (first.best, first.worst) == (1, 1)
    assert (first.general_best, first.general_worst) == (1, 2)
    assert first.holds is False
    assert 0.5 < first.place_kept < 0.95


def test_a_rank_that_every_task_gives_holds():
    first = standing(many_tasks(lambda task: 0.05), "a")
    assert ((first.best, first.worst), first.place_kept, first.holds) == ((1, 1), 1.0, True)


def test_with_too_few_tasks_nothing_is_said_of_suites_like_it(make_frame):
    first = standing(ranked(make_frame()), "sharp")
    assert (first.best, first.general_best, first.holds) == (1, None, None)
    assert math.isnan(first.place_kept)


def test_a_mean_over_fewer_tasks_is_no_score(make_frame):
    frame = make_frame()
    partial = ranked(frame[~((frame["estimator"] == "sharp") & (frame["task"] == "gaussian:dim=1,mi=2.0"))])
    item = standing(partial, "sharp")
    assert math.isnan(item.score.mean)
    assert (item.cells, item.asked, item.is_complete) == (48, 64, False)
    assert partial.standings[-1] == item


@pytest.mark.parametrize(
    ("general", "kept", "holds"), [((1, 2), 0.96, True), ((1, 2), 0.94, False), ((1, 3), 1.0, False)]
)
def test_a_rank_holds_by_the_tests_and_by_the_resamplings(general, kept, holds):
    unknown = Interval.unknown()
    assert Standing("a", unknown, unknown, 1, 2, "", True, *general, kept).holds is holds
