import math

import pandas as pd
import pytest

from mibench.board.build import build_board
from mibench.board.provenance import hardware_class
from mibench.board.selection import Selection
from mibench.board.tables import leaderboard_table
from mibench.errors import StoreError


def entry(board, name):
    return next(item for item in board.estimators if item.spec.startswith(name))


def test_estimators_stand_in_the_order_of_the_ranking(board):
    assert [item.label for item in board.estimators] == ["ksg", "binning", "zero", "made-up:level=3"]
    assert [item.is_ranked for item in board.estimators] == [True, True, False, False]


def test_the_best_of_the_board_is_marked_and_failures_never_are(board):
    assert entry(board, "ksg").mark == "best"
    part = entry(board, "binning").tasks["gaussian:dim=1,mi=2.0"]
    assert (part.summary.ok, part.summary.cells, part.mark) == (13, 16, "")


def test_the_lowest_score_is_not_bold_where_it_holds_failures(make_frame, environments):
    frame = make_frame({"sharp": (0, 0.01, 1.0), "poor": (0.5, 0.3, 1.0)})
    frame.loc[frame.index[0], ["status", "nats"]] = ["crash", math.nan]
    board = build_board(Selection("trial", frame), environments)
    assert board.estimators[0].spec == "sharp"
    assert board.estimators[0].mark == ""


def test_unsupported_tasks_are_neither_scored_nor_counted(board):
    item = entry(board, "made-up")
    assert "gaussian:dim=5,rho=0.0" not in item.tasks
    assert item.overall.cells == 48
    assert item.statuses == {"ok": 48, "unsupported": 16}


def test_truths_come_with_their_method_and_reference(board):
    task = next(item for item in board.tasks if item.spec == "gaussian:dim=1,mi=0.5")
    assert (task.truth, task.truth_method, task.dim) == (0.5, "closed form", 1)
    assert "Cover" in task.truth_reference
    assert task.blocks == "2 blocks of 1 continuous"


def test_definitions_come_from_the_docstrings(board):
    ksg = entry(board, "ksg").definition
    assert ksg.summary
    assert ("k", "5") in [parameter[:2] for parameter in ksg.parameters]
    assert any("DOI" in reference for reference in ksg.references)
    assert entry(board, "made-up").definition.missing
    assert entry(board, "made-up").definition.parameters == (("level", "3", ""),)


def test_repeated_attempts_are_counted(board):
    assert board.provenance.attempts == board.provenance.cells + 3
    assert entry(board, "binning").overall.repeated == 3


def test_curves_are_the_first_seed_at_the_largest_n_thinned(board):
    curves = entry(board, "ksg").curves
    assert {(curve.n, curve.seed) for curve in curves} == {(1000, 0)}
    assert len(curves) == 4
    assert len(curves[0].points) == 80
    assert curves[0].points[-1] == (297.0, pytest.approx(2.97))


def test_provenance_is_of_the_attempts(board):
    made = board.provenance
    assert (made.first, made.last, made.seeds, made.samples) == ("2026-03-01", "2026-03-05", 8, (250, 1000))
    assert made.hardware == ("Some CPU, 4 cores, 16 GB, Linux x86_64",)
    assert made.software == ("Python 3.11.9, mibench 0.1.0, numpy 2.0.0",)
    assert made.run == "mibench run trial"


def test_times_are_kept_apart_by_hardware(board_frame, environments):
    frame = board_frame.copy()
    frame.loc[frame["seed"] == 7, "environment"] = "e2"
    board = build_board(Selection("trial", frame), {**environments, "e2": {"cpu": "Other CPU"}})
    assert [cost.hardware for cost in entry(board, "ksg").costs] == ["Other CPU", "Some CPU"]
    assert hardware_class({}) == "unknown hardware"


def test_costs_of_one_task_are_of_the_main_hardware_alone(board_frame, environments):
    frame = board_frame.copy()
    other = frame["seed"] >= 5
    frame.loc[~other, "cpu_s"] = 1.0 + 0.1 * frame.loc[~other, "seed"]
    frame.loc[other, "environment"] = "e2"
    frame.loc[other, "cpu_s"] = 1000.0
    board = build_board(Selection("trial", frame), {**environments, "e2": {"cpu": "Other CPU"}})
    ksg = entry(board, "ksg")
    assert ksg.main_cost.hardware.startswith("Some CPU")
    assert "1.20 (of several CPUs)" in [cell.text for cell in leaderboard_table(board).rows[0]]
    results = [item for item in board.results if item.estimator == ksg.spec]
    assert {round(item.cpu_median, 12) for item in results} == {1.2}
    assert max(item.cpu_q3 for item in results) < 1.5


def test_earlier_versions_are_left_out_and_said(board_frame, environments):
    old = board_frame.head(3).assign(estimator_version="0", finished_at="2020-01-01", key="old")
    board = build_board(Selection("trial", pd.concat([old, board_frame])), environments)
    assert board.provenance.left_out == ("3 cells of earlier versions of an estimator or a task",)


def test_tasks_are_sorted_by_their_numbers(make_frame, environments):
    tasks = {f"gaussian:dim={dim},mi=1.0": ("gaussian", 1.0) for dim in (10, 2, 1)}
    board = build_board(Selection("trial", make_frame({"a": (0, 0.1, 1.0)}, tasks)), environments)
    assert [task.dim for task in board.tasks] == [1, 2, 10]


def test_no_results_at_all(board_frame, environments):
    with pytest.raises(StoreError, match="suite 'trial' has no results"):
        build_board(Selection("trial", board_frame.head(0)), environments)


def test_a_suite_in_which_everything_failed_has_a_board(make_frame, environments):
    frame = make_frame()
    frame["status"], frame["nats"] = "crash", math.nan
    board = build_board(Selection("trial", frame), environments)
    assert {item.standing.score.mean for item in board.estimators} == {1.0}
    assert all(item.mark == "" and item.costs == () for item in board.estimators)


def test_the_mean_estimate_is_the_truth_plus_the_mean_error(make_attempt, as_frame, environments):
    values = [1.3, 1.1, 1.5, 1.3]
    frame = as_frame([make_attempt("a", "t", 100, seed, nats=value) for seed, value in enumerate(values)])
    (result,) = build_board(Selection("trial", frame), environments).results
    assert result.summary.bias.value == pytest.approx(0.3)
    assert result.estimate.value == pytest.approx(1.3)


def test_coverage_is_of_the_cells_that_give_a_standard_error(make_attempt, as_frame, environments):
    given = [0.2, 0.01, None, None]
    frame = as_frame([make_attempt("a", "t", 100, seed, nats=1.1, stderr=s) for seed, s in enumerate(given)])
    (item,) = build_board(Selection("trial", frame), environments).estimators
    assert (item.coverage.covered, item.coverage.cells) == (1, 2)


def test_cost_grows_with_the_dimension_along_each_line_of_tasks(make_attempt, as_frame, environments):
    """Two lines of tasks, one ten times as dear: along each the cost is as dim², over both it would be otherwise."""
    lines = {"gaussian:dim={},mi=1.0": (1.0, (1, 2, 4)), "gaussian:dim={},rho=0.5": (10.0, (4, 8, 16))}
    attempts = [
        make_attempt("a", line.format(dim), 100, seed, cpu_s=level * dim**2)
        for line, (level, dims) in lines.items()
        for dim in dims
        for seed in range(2)
    ]
    (item,) = build_board(Selection("trial", as_frame(attempts)), environments).estimators
    assert item.costs[0].growth_dim.exponent == pytest.approx(2)


def test_an_unranked_estimator_is_never_the_best_of_the_whole_board(board_frame, environments):
    frame = board_frame.copy()
    mine = frame["estimator"].str.startswith("made-up") & (frame["status"] == "ok")
    frame.loc[mine, "nats"] = frame.loc[mine, "truth_nats"]
    board = build_board(Selection("trial", frame), environments)
    unranked = entry(board, "made-up")
    assert math.isnan(unranked.standing.score.mean)
    assert unranked.mark == ""
    assert unranked.families["gaussian"].mark == "best"
    assert entry(board, "ksg").mark == "best"


def test_a_twin_of_the_best_is_not_marked_beside_it(board_frame, environments):
    ksg = "ksg:algorithm=1,k=5,standardize=true,ties=jitter"
    copy = board_frame[board_frame["estimator"] == ksg].assign(estimator=f"chain-rule:base=({ksg}),order=given")
    board = build_board(Selection("trial", pd.concat([board_frame, copy])), environments)
    twin = entry(board, "chain-rule")
    assert twin.standing.unranked == "same values as ksg on 4 of 4 tasks"
    assert twin.standing.score == entry(board, "ksg").standing.score
    assert (twin.mark, entry(board, "ksg").mark) == ("", "best")


def test_a_board_shows_the_last_version_of_an_estimator_and_nothing_of_the_one_before(
    make_attempt, as_frame, environments
):
    old = [make_attempt("a", task, 100, 0, finished_at="2026-01-01") for task in ("one", "other")]
    new = make_attempt("a", "one", 100, 0, estimator_version="2", finished_at="2026-01-02")
    board = build_board(Selection("trial", as_frame([*old, new])), environments)
    assert [item.task for item in board.results] == ["one"]
    assert board.estimators[0].version == "2"
