import math
from dataclasses import dataclass

from mibench.gates.verdict import Verdict
from mibench.jsonable import plain


@dataclass(frozen=True)
class Pair:
    one: float
    other: tuple


def test_all_that_json_does_not_have_is_replaced():
    assert plain({1: (math.inf, Verdict.PASS), "b": Pair(-math.inf, ("text", math.nan, None, True))}) == {
        "1": [None, "pass"],
        "b": {"one": None, "other": ["text", None, None, True]},
    }


def test_numbers_are_cut_only_where_wanted():
    assert plain([1 / 3, 7], 3) == [0.333, 7]
    assert plain(1 / 3) == 1 / 3
