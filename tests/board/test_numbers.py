import math

import pytest

from mibench.board.numbers import counted, interval, number, ok_note, p_value, rank_range, share, with_error


def test_one_thing_is_not_written_as_many():
    assert [counted(count, "task") for count in (0, 1, 1200)] == ["0 tasks", "1 task", "1,200 tasks"]
    assert [counted(count, "family", "families") for count in (1, 2)] == ["1 family", "2 families"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.01234, "0.0123"), (1.0, "1.00"), (-2.345, "-2.35"), (12345.6, "12346"), (0, "0"), (-0.0, "0"),
     (3.2e-6, "3.20e-06"),
     (2e7, "2.00e+07"), (math.nan, "–"), (0.5, "0.500"), (9.999, "10.0")],
)  # fmt: skip
def test_number(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [(0.12345, 0.0067, "0.1235 ± 0.0067"), (1.0, 0.5, "1.00 ± 0.50"), (123.4, 12.3, "123 ± 12"),
     (-0.0001, 0.05, "0.000 ± 0.050"), (0.5, math.nan, "0.500"), (0.5, 0.0, "0.500"), (math.nan, 0.1, "–")],
)  # fmt: skip
def test_with_error(value, error, text):
    assert with_error(value, error) == text


def test_the_others():
    assert interval(0.1, 0.25) == "[0.100, 0.250]"
    assert interval(math.nan, 1.0) == "–"
    assert (p_value(0.0004), p_value(0.04), p_value(math.nan)) == ("< 0.001", "0.040", "–")
    assert (share(0, 20), share(3, 20)) == ("0", "3 of 20 (15 %)")
    assert (share(2, 2), share(999, 1000)) == ("2 of 2 (100 %)", "999 of 1000 (99 %)")
    assert (share(1, 1000), share(7, 80)) == ("1 of 1000 (0.1 %)", "7 of 80 (8.8 %)")
    assert (rank_range(2, 2), rank_range(2, 4), rank_range(None, None)) == ("2", "2–4", "–")
    assert (ok_note(20, 20), ok_note(17, 20)) == ("", " (17/20 ok)")
