"""What a board says of the cells it lacks, and whose definition of the suite it goes by."""

import dataclasses

import pytest

from mibench.board.build import build_board
from mibench.board.document import front, opening
from mibench.board.selection import Selection, select
from mibench.suite import parse_suite

TASKS = ["gaussian:dim=1,mi=[0.5,2]", "gaussian:dim=[1,5],rho=0"]


def make_suite(**changes):
    content = {"name": "trial", "summary": "A trial.", "tasks": TASKS, "estimators": ["ksg", "zero"]}
    return parse_suite({**content, "samples": [250, 1000], "seeds": 8, **changes})


@pytest.fixture
def frame(make_frame):
    ksg = "ksg:algorithm=1,k=5,standardize=true,ties=jitter"
    return make_frame({ksg: (0, 0.1, 1.0)})


def recorded(suite):
    return [(suite.name, suite.definition())]


def test_a_full_board_says_nothing_of_missing_cells(frame, environments):
    board = build_board(select(frame, "trial", recorded(make_suite(version=3))), environments)
    assert board.completeness.is_complete
    assert (board.completeness.present, board.completeness.asked) == (128, 128)
    assert (board.version, board.summary) == (3, "A trial.")
    assert "Incomplete" not in " ".join(opening(board))


def test_what_is_missing_is_said_at_the_top(frame, environments):
    kept = frame[(frame["task"] != "gaussian:dim=5,rho=0.0") & (frame["n"] == 250)]
    suite = make_suite(estimators=["ksg", "zero", "gaussian"])
    board = build_board(select(kept, "trial", recorded(suite)), environments)
    assert (board.completeness.present, board.completeness.asked) == (48, 192)
    text = opening(board)[1].replace("``", "")
    assert text.startswith("Incomplete: 48 of 192 cells of the suite (25 %)")
    assert "no results on the tasks gaussian:dim=5,rho=0" in text
    assert "none at n = 1,000" in text
    assert "none of the estimators gaussian" in text
    assert "in part ksg (24 of 64 cells), zero (24 of 64 cells)" in text


def test_a_run_of_a_part_of_a_suite_is_measured_by_the_whole(frame, environments):
    """``mibench run trial -t gaussian:dim=1,mi=2``: the run knows what it is a part of."""
    part = make_suite().replace(tasks=("gaussian:dim=1,mi=2",), seeds=4)
    few = frame[(frame["task"] == "gaussian:dim=1,mi=2.0") & (frame["seed"] < 4)]
    board = build_board(select(few, "trial", recorded(part)), environments)
    assert (board.completeness.present, board.completeness.asked) == (16, 128)
    assert len(board.completeness.tasks) == 3


def test_a_board_goes_by_the_definition_of_its_run_and_not_by_what_is_installed(make_attempt, as_frame, environments):
    """The bundled suite quick has other tasks; this store's run of it was of one task and two sizes."""
    old = make_suite(name="quick", tasks=["gaussian:dim=7,mi=1"], version=1, summary="As it was.")
    frame = as_frame([make_attempt("zero", "gaussian:dim=7,mi=1.0", 250, seed, suite="quick") for seed in range(8)])
    board = build_board(select(frame, "quick", recorded(old)), environments)
    assert board.summary == "As it was."
    assert [task.spec for task in board.tasks] == ["gaussian:dim=7,mi=1.0"]
    assert board.completeness.recorded
    assert board.completeness.samples == (1000,)


def test_the_last_definition_counts(frame, environments):
    runs = [*recorded(make_suite(version=1)), *recorded(make_suite(version=2, tasks=TASKS[:1]))]
    board = build_board(select(frame, "trial", runs), environments)
    assert board.version == 2
    assert len(board.tasks) == 2
    assert board.provenance.left_out == ("64 cells run under the suite's name on other tasks or sample sizes",)


def test_definitions_of_older_releases_join_to_the_smallest_grid_that_holds_them(frame, environments):
    """Version 0.1.0 recorded the suite as replaced, without saying of what it was a part."""
    whole, part = (dataclasses.asdict(suite) for suite in (make_suite(), make_suite(tasks=TASKS[:1], seeds=2)))
    for record in (whole, part):
        for name in ("whole", "version", "published"):
            record.pop(name)
    board = build_board(select(frame, "trial", [("trial", whole), ("trial", part)]), environments)
    assert len(board.tasks) == 4
    assert board.completeness.is_complete


@pytest.mark.parametrize("record", [{}, {"tasks": 3}, {"whole": {"tasks": []}}, {"samples": "many"}])
def test_a_definition_that_is_none_is_passed_over(frame, record, environments):
    board = build_board(select(frame, "trial", [("trial", record)]), environments)
    assert board.version is None
    assert board.completeness.is_complete


def test_without_a_definition_the_cells_are_measured_by_each_other(frame, environments):
    board = build_board(Selection("trial", frame.drop(index=frame.index[0])), environments)
    assert (board.completeness.present, board.completeness.asked) == (127, 128)


def test_a_run_records_the_whole_suite(tmp_path):
    import mibench
    from mibench.store import read_definitions

    mibench.run("quick", estimators=["zero"], tasks=["gaussian:mi=0.5"], seeds=1, store="mine.sqlite", progress=False)
    ((name, definition),) = read_definitions("mine.sqlite")
    assert name == "quick"
    assert definition["seeds"] == 1
    assert len(definition["whole"]["tasks"]) == len(mibench.load_suite("quick").build_tasks())


def test_a_long_list_of_what_is_missing_is_counted_first_and_written_out_below(board):
    missing = tuple(f"gaussian:dim={dim},rho=0.5" for dim in range(2, 12))
    found = dataclasses.replace(board.completeness, asked=board.completeness.present + 80, tasks=missing)
    page = front(dataclasses.replace(board, completeness=found))
    assert "no results on the tasks (10)" in " ".join(page.opening)
    assert missing[0] not in " ".join(page.opening)
    made = next(section for section in page.sections if section.key == "made")
    assert all(any(name in line for line in made.items[0].lines) for name in missing)
