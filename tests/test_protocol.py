import copy
import json
import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench import Estimate, Estimator, get_estimator, get_task
from mibench.cell import lift
from mibench.protocol import INNER, STATUSES, FixedSample, Outcome, OutcomeError
from mibench.protocol.outcome import of_estimate
from mibench.streams import estimator_stream

GOOD = Outcome(
    status="ok", nats=0.5, stderr=0.1, cpu_s=1.0, wall_s=2.0, setup_s=0.0, sample_s=0.1, peak_mb=3.0,
    diagnostics={"warning": "é", "terms": [1, 2.5, None, True, {"k": 3}]}, curve=((1.0, 0.1), (2.0, 0.2)),
)  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=6,
)


@dataclass(frozen=True)
class Returning(Estimator):
    """Returns what it is told to; its class is registered nowhere."""

    name = "returning"
    make: object = None

    def estimate(self, *blocks, rng):
        return self.make()


def returned(make):
    blocks = get_task("gaussian:dim=1,mi=1").sample(20)
    return FixedSample(20).estimate(Returning(make), blocks, None)


def through_json(outcome):
    return Outcome.from_message(json.loads(json.dumps(outcome.to_message())))


def test_an_outcome_comes_through_json_as_it_was():
    assert through_json(GOOD) == GOOD
    curve = ((1.0, math.inf),)
    lost = Outcome(status="nonfinite", nats=-math.inf, message="the estimate is -inf", curve=curve)
    assert through_json(lost) == lost


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "timeout"}, "status is 'timeout'"),
        ({"status": None}, "status is None"),
        ({"status": ["ok"]}, "status is"),
        ({"nats": "0.5"}, "nats is '0.5'"),
        ({"nats": True}, "nats is True"),
        ({"nats": "nan"}, "allowed: a finite number"),
        ({"nats": 10**400}, "nats is"),
        ({"nats": None}, "allowed: a finite number"),
        ({"status": "error"}, "allowed: none"),
        ({"status": "nonfinite"}, "allowed: no finite number"),
        ({"cpu_s": -1}, "cpu_s is -1"),
        ({"wall_s": "inf"}, "wall_s is 'inf'"),
        ({"message": 3}, "message is 3"),
        ({"signal": 1.5}, "signal is 1.5"),
        ({"exit_code": -3}, "exit_code is -3"),
        ({"diagnostics": []}, "diagnostics is"),
        ({"curve": [[1, 2, 3]]}, "curve holds"),
        ({"curve": {"1": 2}}, "curve is"),
        ({"curve": [[1, "x"]]}, "a value of curve"),
        ({"truth_nats": 0.5}, "unknown field 'truth_nats'"),
        ({"key": "ab"}, "unknown field 'key'"),
    ],
)
def test_what_is_no_outcome_is_refused_by_its_field(changes, words):
    with pytest.raises(OutcomeError, match=words):
        Outcome.from_message(GOOD.to_message() | changes)


@pytest.mark.parametrize("data", [None, [], "ok", 3, {}])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(OutcomeError):
        Outcome.from_message(data)


@given(st.dictionaries(st.sampled_from([*GOOD.to_message(), "message", "traceback", "signal", "x"]), json_values))
def test_anything_is_an_outcome_that_every_store_can_hold_or_refused(changes):
    data = GOOD.to_message() | changes
    before = copy.deepcopy(data)
    try:
        outcome = Outcome.from_message(data)
    except OutcomeError as error:
        assert len(str(error)) < 1000  # noqa: PT017
        return
    assert str(data) == str(before)
    text = json.dumps(outcome.to_message(), ensure_ascii=False, allow_nan=False)
    assert text.encode()
    assert "\0" not in outcome.message
    assert (outcome.status, math.isfinite(outcome.nats)) == ("ok", True)


def test_size_and_depth_are_bounded_and_text_is_made_safe():
    deep = []
    for _ in range(25):
        deep = [deep]
    for diagnostics in ({"deep": deep}, {"long": "x" * 1_000_001}, {str(index): index for index in range(500_001)}):
        with pytest.raises(OutcomeError, match="diagnostics are"):
            Outcome.from_message(GOOD.to_message() | {"diagnostics": diagnostics})
    with pytest.raises(OutcomeError, match="allowed: a list of up to"):
        Outcome.from_message(GOOD.to_message() | {"curve": [[0, 0]] * 200_001})
    broken = {"message": "\ud83d\0" + "x" * 5000, "diagnostics": {"\ud83d": ["\udc00"], "big": 10**30}}
    outcome = Outcome.from_message(GOOD.to_message() | broken)
    assert outcome.message.startswith("\\ud83d\\x00x")
    assert len(outcome.message) == 2000
    assert outcome.diagnostics == {"\\ud83d": ["\\udc00"], "big": str(10**30)}


def test_all_statuses_are_known_to_who_watches_from_outside():
    assert {status: Outcome.from_message({"status": status}, STATUSES).status for status in set(STATUSES) - set(INNER)}
    with pytest.raises(OutcomeError):
        Outcome.from_message({"status": "unknown"}, STATUSES)


def changed(**fields):
    estimate = Estimate(1.0)
    for name, value in fields.items():
        object.__setattr__(estimate, name, value)
    return estimate


class Odd:
    def __repr__(self):
        raise RuntimeError("no repr")


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"inner": value}
    return value


def circle():
    value = {}
    value["itself"] = value
    return value


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda: Estimate(1.0, diagnostics=nested(3000)), "ok"),
        (lambda: Estimate(1.0, diagnostics=circle()), "ok"),
        (lambda: Estimate(1.0, diagnostics={"\ud83d": "\ud83d", 3: {1, 2}}), "ok"),
        (lambda: Estimate(1.0, diagnostics={"odd": Odd()}), "error"),
        (lambda: Estimate(1.0, diagnostics={"long": "x" * 2_000_000}), "error"),
        (lambda: changed(nats="1.0 nat"), "error"),
        (lambda: changed(nats=None), "error"),
        (lambda: changed(nats=float("nan")), "nonfinite"),
        (lambda: changed(diagnostics=[1]), "error"),
        (lambda: changed(curve=3), "error"),
        (lambda: changed(stderr="small"), "error"),
        (lambda: 1.0, "error"),
    ],
)
def test_whatever_an_estimator_returns_is_an_outcome(make, status):
    outcome = returned(make)
    assert outcome.status == status
    assert str(through_json(outcome)) == str(outcome)
    assert status == "ok" or outcome.message


def test_a_run_is_the_estimate_of_the_cells_own_sample_on_its_own_stream():
    estimator, task = get_estimator("ksg"), get_task("total-correlation:dim=3,kind=equicorrelated,rho=0.5")
    outcome = FixedSample(100).run(estimator, task, seed=3)
    rng = estimator_stream(estimator.spec, task.spec, "1", 100, 3)
    assert outcome.nats == lift(estimator, task).estimate(*task.sample(100, 3), rng=rng).nats
    assert outcome.sample_s > 0
    assert outcome.wall_s > 0


def test_a_sample_that_cannot_be_drawn_is_an_outcome_too():
    task = get_task("gaussian:dim=1,mi=1")
    object.__setattr__(task, "draw", lambda n, rng: 1 / 0)
    outcome = FixedSample(10).run(get_estimator("zero"), task, seed=0)
    assert (outcome.status, outcome.message) == ("error", "ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("name", "value"), [("nats", "x"), ("stderr", [1]), ("curve", 5), ("curve", [(1, "x")]), ("nats", 10**400)]
)
def test_a_changed_estimate_is_refused_by_the_name_of_its_field(name, value):
    estimate = Estimate(1.0)
    object.__setattr__(estimate, name, value)
    with pytest.raises(TypeError, match=f"zero.estimate returned an Estimate whose {name} is"):
        of_estimate(get_estimator("zero"), estimate)
