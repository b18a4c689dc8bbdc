"""Scopes: who is ranked where, and that scores over different tasks never stand in one column."""

import math

import pytest

from mibench.board.build import build_board
from mibench.board.figures import FIGURES
from mibench.board.selection import Selection
from mibench.board.tables import families_table, leaderboard_table, scopes_tables

TASKS = {
    **{f"gaussian:dim=1,mi={mi}": ("gaussian", mi) for mi in (0.5, 1.0, 2.0)},
    **{f"total-correlation:dim=3,kind=equicorrelated,rho={rho}": ("total-correlation", 1.0) for rho in (0.3, 0.5, 0.8)},
}


@pytest.fixture
def narrow(make_frame, environments):
    """Two estimators of everything, and one of the Gaussian pairs alone, where it is far the best."""
    frame = make_frame({"wide": (0, 0.1, 1.0), "broad": (-0.3, 0.1, 1.0), "narrow": (0, 0.001, 1.0)}, TASKS)
    refused = (frame["estimator"] == "narrow") & frame["task"].str.startswith("total")
    frame.loc[refused, ["status", "nats"]] = ["unsupported", math.nan]
    return build_board(Selection("trial", frame), environments)


def scope(board, key):
    return next(item for item in board.scopes if item.key == key)


def test_each_sample_size_is_a_scope_with_a_ranking_of_its_own(make_frame, environments):
    frame = make_frame({"early": (0, 0.1, 1.0), "late": (0, 0.1, 1.0)})
    for name, n in (("early", 250), ("late", 1000)):
        good = ((frame["estimator"] == name) & (frame["n"] == n)).to_numpy()
        frame.loc[good, "nats"] = frame.loc[good, "truth_nats"]
    board = build_board(Selection("trial", frame), environments)
    assert [item.key for item in board.scopes] == ["all", "n=250", "n=1000"]
    assert scope(board, "n=250").standings[0].estimator == "early"
    assert scope(board, "n=1000").standings[0].estimator == "late"
    assert scope(board, "n=250").samples == (250,)


def test_a_tag_of_three_tasks_is_a_scope_and_ranks_who_supports_it(narrow):
    """The tags follow from the blocks: the total correlations here are of many blocks, and all is continuous."""
    many = scope(narrow, "tag:many-block")
    assert len(many.tasks) == 3
    assert [item.estimator for item in many.standings if item.best] == ["wide", "broad"]
    assert "tag:continuous" not in [item.key for item in narrow.scopes]


def test_an_estimator_without_a_rank_elsewhere_gets_one_on_what_it_takes(narrow):
    own = scope(narrow, "supported:narrow")
    assert (own.title, len(own.tasks)) == ("Tasks that narrow takes", 3)
    assert own.standings[0].estimator == "narrow"
    assert (own.standings[0].best, own.standings[0].worst) == (1, 1)


def test_a_partial_score_is_no_score_on_the_board(narrow):
    table = leaderboard_table(narrow)
    row = next(row for row in table.rows if row[1].text.startswith("narrow"))
    texts = dict(zip((column.title for column in table.columns), (cell.text for cell in row), strict=True))
    assert texts["Rank"] == "–"
    assert texts["Score"] == "– (48 of 96 cells)"
    assert texts["RMSE (nats)"] == texts["Mean abs. bias (nats)"] == "–"
    assert "``narrow``: supports 3 of 6 tasks" in table.caption
    families = next(row for row in families_table(narrow).rows if row[0].text == "narrow")
    assert float(families[1].text) < 0.01
    assert families[2].text == "unsupported"


def test_scopes_stand_side_by_side(narrow):
    sizes, kinds = scopes_tables(narrow)
    heads = [[column.title.replace("``", "") for column in table.columns[1:]] for table in (sizes, kinds)]
    assert heads == [
        ["All tasks (6)", "n = 250 (6)", "n = 1,000 (6)"],
        ["Tasks that are many-block (3)", "Tasks that narrow takes (3)"],
    ]
    rows = [next(row for row in table.rows if row[0].text == "narrow") for table in (sizes, kinds)]
    assert [cell.text for cell in rows[0][1:]] == ["–"] * 3
    assert rows[1][1].text == "–"
    assert rows[1][2].text.startswith("1: 0.0")


def test_one_scope_needs_no_table(make_frame, environments):
    frame = make_frame({"a": (0, 0.1, 1.0)}, {"gaussian:dim=1,mi=1.0": ("f", 1.0)}, samples=(100,))
    assert scopes_tables(build_board(Selection("trial", frame), environments)) == ()


def test_a_family_of_which_a_task_is_missing_shows_no_score(make_frame, environments):
    frame = make_frame()
    lacking = (frame["estimator"] == "sharp") & (frame["task"] == "gaussian:dim=1,mi=2.0")
    board = build_board(Selection("trial", frame[~lacking]), environments)
    sharp = next(item for item in board.estimators if item.spec == "sharp")
    assert not sharp.families["gaussian"].is_complete
    assert sharp.families["independence"].is_complete
    row = next(row for row in families_table(board).rows if row[0].text == "sharp")
    assert "– (part only)" in [cell.text for cell in row]


@pytest.mark.parametrize("key", ["pareto", "ranks"])
def test_figures_show_no_partial_score(narrow, key):
    figure = next(item for item in FIGURES if item.key == key)
    values = str(_rows(figure.chart(narrow).to_dict(validate=False)))
    assert "'wide'" in values
    assert "'narrow'" not in values


def _rows(chart):
    """The rows of data in a chart's specification."""
    if isinstance(chart, dict):
        found = chart.get("values", []) if isinstance(chart.get("values"), list) else []
        rows = [row for row in found if isinstance(row, dict)]
        return rows + [row for value in chart.values() for row in _rows(value)]
    return [row for value in chart for row in _rows(value)] if isinstance(chart, list) else []
