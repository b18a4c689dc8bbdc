"""Tables in a terminal: nothing wider than it, no number broken, what matters most shown first."""

import pytest
from rich.cells import cell_len

from mibench.cli.table import Column, break_text, fit, plain

COLUMNS = [
    Column("estimator", priority=0),
    Column("score", number=True, priority=0),
    Column("RMSE (nats)", number=True, priority=2),
    Column("failures", number=True, priority=1),
    Column("what it is", priority=3),
]
ROWS = [
    ["ksg:algorithm=2,k=3", "0.1234 ± 0.0056", "0.3886 ± 0.0011", "12", "a nearest-neighbour estimator of 2004"],
    ["mine", "-1.5e-05", "2.42100 ± 0.00065", "1,600", "日本語 a neural one"],
]
NUMBERS = [[row[1], row[2], row[3]] for row in ROWS]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("width", [*range(20, 130, 3), 200])
def test_no_line_is_wider_and_no_number_of_a_shown_column_is_broken(width, whole):
    found = fit(COLUMNS, ROWS, width, whole)
    assert max(map(cell_len, found.lines)) <= width
    assert not (whole and found.hidden)
    for title, index in (("score", 1), ("RMSE (nats)", 2), ("failures", 3)):
        if title not in found.hidden and width >= 40:
            assert all(any(row[index] in line for line in found.lines) for row in ROWS)


def test_columns_are_hidden_by_their_priority():
    hidden = [fit(COLUMNS, ROWS, width).hidden for width in (120, 75, 55, 44, 36)]
    assert hidden == [
        [], ["what it is"], ["RMSE (nats)", "what it is"], ["RMSE (nats)", "what it is"],
        ["RMSE (nats)", "failures", "what it is"],
    ]  # fmt: skip


def test_what_does_not_fit_stands_below_each_other():
    lines = fit(COLUMNS, ROWS, 50, whole=True).lines
    assert lines[0] == "estimator    ksg:algorithm=2,k=3"
    assert lines[1:3] == ["score        0.1234 ± 0.0056", "RMSE (nats)  0.3886 ± 0.0011"]
    assert "" in lines


def test_columns_without_a_text_take_no_room():
    found = fit([Column("a", priority=0), Column("b")], [["x", ""]], 40)
    assert found.lines == ["a", "─", "x"]
    assert found.hidden == []


def test_specs_are_broken_at_their_marks_and_joined_again():
    spec = "dimension-scaling:dim=10,mode=embedded,mi=-1.5,signal_dims=1"
    for width in (8, 12, 20, 40, 80):
        lines = break_text(spec, width)
        assert "".join(lines) == spec
        assert max(map(len, lines)) <= width
    assert "mi=-1.5," in break_text(spec, 20)[2] or any("-1.5" in line for line in break_text(spec, 20))


def test_into_a_pipe_every_column_stands_in_one_line_a_row():
    lines = plain(COLUMNS, ROWS)
    assert len(lines) == 3
    assert lines[0].split("  ")[0] == "estimator"
    assert all(cell in lines[1] for cell in ROWS[0])
