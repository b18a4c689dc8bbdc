import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mibench.gates.verdict import Verdict
from mibench.jsonable import MAX_ARRAY, MAX_DEPTH, to_json


@dataclass(frozen=True)
class Pair:
    one: float
    other: tuple


def test_all_that_json_does_not_have_is_replaced():
    assert to_json({1: (math.inf, Verdict.PASS), "b": Pair(-math.inf, ("text", math.nan, None, True))}) == {
        "1": [None, "pass"],
        "b": {"one": None, "other": ["text", None, None, True]},
    }


def test_numbers_are_cut_only_where_wanted():
    assert to_json([1 / 3, 7], digits=3) == [0.333, 7]
    assert to_json(1 / 3) == 1 / 3


def test_numbers_that_are_not_finite_are_null_or_text_as_asked():
    values = [math.nan, math.inf, -math.inf, np.float64(math.nan), np.array([1.0, math.inf])]
    assert to_json(values) == [None, None, None, None, [1.0, None]]
    assert to_json(values, nonfinite="text") == ["nan", "inf", "-inf", "nan", [1.0, "inf"]]


def test_numpy_scalars_become_numbers_and_large_arrays_their_abridged_text():
    assert to_json([np.int64(3), np.bool_(True), np.float32(0.5), np.arange(3)]) == [3, True, 0.5, [0, 1, 2]]
    large = to_json(np.zeros(MAX_ARRAY + 1))
    assert isinstance(large, str)
    assert len(large) < 200


def test_a_lone_surrogate_becomes_an_escape_in_values_and_keys():
    assert to_json({"\ud83d": ["a\udc00", "π", "\U0001f600"]}) == {"\\ud83d": ["a\\udc00", "π", "\U0001f600"]}


def test_what_is_nested_too_deep_or_in_itself_is_cut():
    nested: list = []
    nested.append(nested)
    text = json.dumps(to_json({"a": nested}))
    assert text.count("[") == MAX_DEPTH - 1
    assert "\\u2026" in text


def test_anything_else_is_its_text():
    assert to_json({"a": {1}, "b": b"x", "c": Path("p")}) == {"a": "{1}", "b": "b'x'", "c": "p"}
