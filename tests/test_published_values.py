"""Values that papers print: read with care, and set beside ours."""

import math
from pathlib import Path

import pytest

from mibench import list_suites, load_suite
from mibench.board.published import published_rows
from mibench.errors import SuiteError
from mibench.published import COLUMNS, parse_published

HEAD = ",".join(COLUMNS)
ROW = "A paper,10.1/x,KSG(3),ksg:k=3,gaussian:mi=1,1000,1.5,0.3,9,bits,a note"


def test_a_row_is_read_in_nats():
    (value,) = parse_published(f"{HEAD}\n{ROW}\n", "t.csv")
    assert (value.estimator_as_named, value.task, value.n) == ("KSG(3)", "gaussian:mi=1", 1000)
    assert value.nats == pytest.approx(1.5 * math.log(2))
    assert value.stderr == pytest.approx(0.1 * math.log(2))


def test_a_spread_that_is_not_printed_is_unknown():
    (value,) = parse_published(f"{HEAD}\nA,,K,,gaussian:mi=1,10,1,,,nats,\n", "t.csv")
    assert math.isnan(value.sd)
    assert math.isnan(value.stderr)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "t.csv: columns are a, b; allowed: source, doi"),
        (f"{HEAD}\n{ROW},more\n", "t.csv, line 2: it has not 11 entries"),
        (f"{HEAD}\n{ROW.replace('1000', 'many')}\n", "t.csv, line 2: n is 'many'; allowed: a whole number"),
        (f"{HEAD}\n{ROW.replace('1.5', 'nan')}\n", "t.csv, line 2: value is 'nan'; allowed: a finite number"),
        (f"{HEAD}\n{ROW.replace('0.3', '-1')}\n", "t.csv, line 2: sd is '-1'; allowed: a finite number of at least 0"),
        (f"{HEAD}\n{ROW.replace('bits', 'hartleys')}\n", "t.csv, line 2: unit is 'hartleys'; allowed: nats, bits"),
        (f"{HEAD}\n{ROW.replace('A paper', ' ')}\n", "t.csv, line 2: source is empty"),
    ],
)
def test_what_cannot_be_is_refused_naming_the_line(text, message):
    with pytest.raises(SuiteError) as caught:
        parse_published(text, "t.csv")
    assert message in str(caught.value)


def test_a_suite_brings_the_table_beside_its_file():
    Path("mine.toml").write_text('tasks = ["gaussian:mi=1"]\nestimators = ["zero"]\nsamples = [50]\nseeds = 1\n')
    assert load_suite("mine.toml").published == ()
    Path("mine.published.csv").write_text(f"{HEAD}\n{ROW}\n", encoding="utf-8")
    assert load_suite("mine.toml").published[0].estimator == "ksg:k=3"
    Path("mine.published.csv").write_text("x\n", encoding="utf-8")
    with pytest.raises(SuiteError, match=r"mine\.published\.csv: columns are x"):
        load_suite("mine.toml")


def test_the_bundled_tables_are_of_cells_of_their_suites():
    some = [name for name in list_suites() if load_suite(name).published]
    assert "mutinfo-convergence" in some
    for name in some:
        suite = load_suite(name)
        grid = suite.grid()
        rows = published_rows(suite.published, ())
        assert {row.task for row in rows} <= set(grid.tasks)
        assert {row.estimator for row in rows} - {""} <= set(grid.estimators)
        assert {row.theirs.n for row in rows} <= set(grid.samples)
        assert suite.about or all(row.theirs.note for row in rows)


def test_the_difference_is_in_standard_errors_of_both(make_attempt, as_frame):
    from mibench.board.build import build_board
    from mibench.board.selection import Selection
    from mibench.board.tables import published_table

    ksg = "ksg:algorithm=1,k=3,standardize=true,ties=jitter"
    values = [1.0, 1.2, 1.1, 0.9]
    frame = as_frame([make_attempt(ksg, "gaussian:dim=1,mi=1.0", 1000, seed, nats=v) for seed, v in enumerate(values)])
    published = parse_published(f"{HEAD}\n{ROW.replace('bits', 'nats')}\n{ROW.replace('1000', '50')}\n", "t.csv")
    board = build_board(Selection("trial", frame, published=published), {})
    first, other = board.published
    spread = math.hypot(math.sqrt(0.05 / 3) / 2, 0.1)
    assert first.in_stderr == pytest.approx((1.05 - 1.5) / spread)
    assert first.cells == 4
    assert math.isnan(other.ours.value)
    assert "–3.8" in published_table(board).rows[0][7].text.replace("-", "–")
