import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.attempt import COLUMNS, DEFAULTS, FAILURES, Attempt, Status, fields_of

REQUIRED = {"key": "k", "estimator": "zero", "task": "gaussian:dim=1,mi=1.0", "n": 100, "seed": 0, "status": "ok"}

finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
attempts = st.builds(
    Attempt,
    key=st.text(max_size=8),
    estimator=st.text(max_size=8),
    task=st.text(max_size=8),
    n=st.integers(2, 10**9),
    seed=st.integers(0, 10**9),
    status=st.sampled_from(Status.__args__),
    nats=st.none() | finite | st.sampled_from([math.inf, -math.inf]),
    stderr=st.none() | finite,
    truth_nats=st.none() | finite,
    cpu_s=st.none() | finite,
    message=st.text(),
    traceback=st.text(),
    output=st.text(),
    signal=st.none() | st.integers(1, 64),
    lifted=st.booleans(),
    diagnostics=st.dictionaries(st.text(max_size=5), json_values, max_size=3),
    curve=st.none() | st.lists(st.tuples(finite, finite), max_size=3).map(tuple),
)


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def parse(line):
    return json.loads(line, parse_constant=refuse_constant)


@given(attempts)
def test_an_attempt_written_and_read_is_the_same(attempt):
    line = attempt.to_json()
    assert "\n" not in line
    assert Attempt.from_record(parse(line)) == attempt
    assert Attempt.from_record(parse(line)).to_json() == line


@pytest.mark.parametrize(("value", "text"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_values_that_are_not_finite_survive_as_text_that_every_json_reader_takes(value, text):
    attempt = Attempt(**REQUIRED, nats=value, diagnostics={"ratio": [value]}, curve=((1.0, value),))
    record = parse(attempt.to_json())
    assert record["nats"] == text
    assert record["diagnostics"] == {"ratio": [text]}
    back = Attempt.from_record(record)
    assert repr(back.nats) == repr(value)
    assert repr(back.curve) == repr(((1.0, value),))


def test_defaults_are_left_out_except_the_fields_every_record_has():
    assert list(parse(Attempt(**REQUIRED).to_json())) == [
        "key", "estimator", "task", "n", "seed", "status", "suite", "family", "nats", "stderr", "truth_nats",
        "truth_stderr", "cpu_s", "wall_s", "setup_s", "peak_mb", "message", "estimator_version", "task_version",
        "environment", "finished_at",
    ]  # fmt: skip


def test_fields_stand_in_the_order_of_the_definition():
    filled = Attempt(**REQUIRED, message="m", cpu_s=1.0, lifted=True, timeout_s=2.0, exit_code=1, finished_at="t")
    order = [field.name for field in dataclasses.fields(Attempt)]
    written = list(parse(filled.to_json()))
    assert written == sorted(written, key=order.index)


def test_fields_of_a_newer_version_are_passed_over():
    record = {**parse(Attempt(**REQUIRED).to_json()), "colour": "green"}
    assert Attempt.from_record(record) == Attempt(**REQUIRED)


def test_numpy_values_and_other_objects_in_the_diagnostics_become_json():
    numbers = {"a": np.float64(0.5), "b": np.int64(3), "c": np.bool_(True), "d": (1, 2), 5: {"e": np.float32(math.inf)}}
    diagnostics = {**numbers, "f": np.arange(2), "g": object}
    record = parse(Attempt(**REQUIRED, diagnostics=diagnostics).to_json())["diagnostics"]
    assert record["a"] == 0.5
    assert record["b"] == 3
    assert record["c"] is True
    assert record["d"] == [1, 2]
    assert record["5"] == {"e": "inf"}
    assert record["f"] == [0, 1]
    assert isinstance(record["g"], str)


def test_everything_but_a_value_and_a_declared_lack_of_support_is_a_failure():
    assert set(Status.__args__) - set(FAILURES) == {"ok", "unsupported"}


def test_every_field_is_declared_once_with_its_column_and_the_rest_is_derived():
    kinds = ("key", "label", "real", "integer", "flag", "text", "json")
    assert [field.name for field in dataclasses.fields(Attempt)] == list(COLUMNS) == list(DEFAULTS)
    assert sorted(name for kind in kinds for name in fields_of(kind)) == sorted(COLUMNS)
    assert all(column.local for name, column in COLUMNS.items() if name.endswith("_s"))


def test_a_text_that_is_no_unicode_is_written_as_an_escape():
    attempt = Attempt(**REQUIRED, message="bad \ud83d", diagnostics={"\udc00": "π\ud800"}, output="π")
    record = parse(attempt.to_json().encode())
    assert record["message"] == "bad \\ud83d"
    assert record["diagnostics"] == {"\\udc00": "π\\ud800"}
    assert record["output"] == "π"
    assert parse(Attempt.from_record(record).to_json()) == record


def test_protocol_and_device_stand_in_a_line_where_they_are_not_the_usual_ones():
    assert not {"protocol", "device"} & parse(Attempt(**REQUIRED).to_json()).keys()
    streamed = Attempt(**REQUIRED, protocol="stream:batch=64", device="cuda:0")
    assert parse(streamed.to_json()).items() >= {"protocol": "stream:batch=64", "device": "cuda:0"}.items()
    assert Attempt.from_record(parse(streamed.to_json())) == streamed


def test_a_number_that_a_file_spells_as_whole_is_the_same_attempt():
    record = {**parse(Attempt(**REQUIRED, nats=1.0, cpu_s=2.0).to_json()), "nats": 1, "cpu_s": 2}
    assert Attempt.from_record(record).to_json() == Attempt(**REQUIRED, nats=1.0, cpu_s=2.0).to_json()
