"""The stream protocol: fresh draws at every step, a schedule of true values, and a score over its levels."""

from dataclasses import dataclass

import numpy as np
import pytest

import mibench
from mibench import Estimate, Estimator, Learner, get_estimator, get_task
from mibench.cell import Cell, CellKeys, make_cell
from mibench.errors import InputError, SpecError, SuiteError
from mibench.protocol import FixedSample, Stream, parse_protocol, protocol_spec
from mibench.runner.retry import failed_cells
from mibench.stats.score import score
from mibench.store import read_frame
from mibench.suite import parse_suite

TASK = get_task("gaussian:dim=1,mi=0.5")


@dataclass(frozen=True)
class Correlator(Estimator):
    """The Gaussian value of every batch."""

    name = "correlator"
    batch_size: int = 4000

    def estimate(self, *blocks, rng):
        raise AssertionError

    def learning_curve(self, sampler, *, steps=None, rng):
        sampler.pilot(10)
        values = []
        for _ in range(steps or 8):
            x, y = sampler(self.batch_size)
            values.append(-0.5 * np.log1p(-(np.corrcoef(x[:, 0], y[:, 0])[0, 1] ** 2)))
        return Estimate(values[-1], curve=list(enumerate(values, start=1)), diagnostics={"own": rng.random()})


class Scripted(Correlator):
    """A given curve."""

    values = ()

    def learning_curve(self, sampler, *, steps=None, rng):
        return Estimate(7.0, curve=list(enumerate(self.values, start=1)))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("fixed", ""),
        ("", ""),
        ("stream:batch=64", "stream:batch=64"),
        ("stream:steps=40,mi=2/4.0/6.5,batch=64", "stream:batch=64,mi=2/4/6.5,steps=40"),
    ],
)
def test_a_protocol_is_a_spec_with_one_canonical_form(text, canonical):
    assert protocol_spec(text) == canonical
    assert protocol_spec(canonical) == canonical


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("streem:batch=64", "protocol is 'streem:batch=64'; allowed: fixed, or stream:"),
        ("stream:batch=0", "batch is 0; allowed: 1 or more"),
        ("stream:batch=64,mi=2/4", "steps is missing; allowed: a whole number, as mi has several values"),
        ("stream:batch=64,mi=2//4,steps=5", "mi is '2//4'; allowed: numbers of at least 0 joined by slashes"),
        ("stream:batch=64,mi=-1,steps=5", "mi is '-1'"),
        ("stream:batch=64,mi=[2,4],steps=5", "a grid .2,4. stands where one value is needed"),
        ("stream:size=64", "unknown parameter 'size'"),
    ],
)
def test_what_is_no_protocol_is_refused(text, message):
    with pytest.raises(SpecError, match=message):
        protocol_spec(text)


def test_a_fixed_sample_changes_no_key():
    """The key as it was, computed before there were protocols."""
    cell = Cell("zero", "1", "gaussian:dim=1,mi=1.0", "1", 100, 0)
    assert cell.key == "6ec981149d0dd4e55c8e83c3b8fa7d4b163b9a0f89071d6fd1f7d29f09fd8031"
    assert CellKeys(cell).digest(100, 0).hex() == cell.key
    streamed = make_cell(get_estimator("zero"), TASK, 64, 0, "stream:batch=64")
    assert streamed.key != make_cell(get_estimator("zero"), TASK, 64, 0).key
    assert CellKeys(streamed).digest(64, 0).hex() == streamed.key


def test_every_level_is_drawn_at_its_own_truth():
    protocol = Stream(batch=4000, mi="0.2/1/0.5", steps=8)
    outcome = protocol.run(Correlator(), TASK, 0)
    assert (outcome.status, len(outcome.curve)) == ("ok", 24)
    for level, truth, first in zip(outcome.diagnostics["levels"], (0.2, 1.0, 0.5), (1, 9, 17), strict=True):
        assert (level["truth_nats"], level["first_step"]) == (truth, first)
        values = [nats for step, nats in outcome.curve if first <= step < first + 8]
        np.testing.assert_allclose(values, truth, atol=0.08)
        assert level["nats"] == pytest.approx(np.mean(values[2:]), abs=1e-12)
    assert outcome.nats == pytest.approx(np.mean([level["nats"] for level in outcome.diagnostics["levels"]]), abs=1e-12)
    assert protocol.truth(TASK)[0] == pytest.approx(1.7 / 3)
    assert outcome.sample_s > 0


def test_draws_are_fresh_and_a_function_of_task_and_seed_alone():
    first, again, other = (Stream(batch=4000).run(Correlator(), TASK, seed) for seed in (0, 0, 1))
    assert first.curve == again.curve
    assert first.diagnostics["own"] == again.diagnostics["own"]
    values = [nats for _, nats in (*first.curve, *other.curve)]
    assert len(set(values)) == len(values)


def test_the_score_is_the_mean_error_of_the_settled_steps_by_level():
    class Own(Scripted):
        values = (9.0, 1.0, 1.0, 1.6, -5.0, 3.0, 3.0, 6.0)  # steps 1 and 5 are not settled; 6 is capped at nothing yet

    protocol = Stream(mi="1/4", steps=4)
    outcome = protocol.run(Own(), TASK, 0)
    errors = [level["error_nats"] for level in outcome.diagnostics["levels"]]
    assert errors == [pytest.approx(0.2), pytest.approx(4 / 3)]
    assert protocol.score(outcome.curve, 0.5) == pytest.approx((0.2 / 1 + (4 / 3) / 4) / 2)
    assert outcome.diagnostics["final_nats"] == 7.0
    far = [(step, 100.0) for step in range(1, 9)]
    assert protocol.score(far, 0.5) == 1.0
    assert protocol.score(far[:4], 0.5) == 1.0


@pytest.mark.parametrize(
    ("values", "status", "message"),
    [
        ((), "error", "the learning curve is empty"),
        ((1.0,) * 4, "error", "has no value at steps 5 to 8"),
        ((1.0, np.nan, 1.0, 1.0) * 2, "nonfinite", "the curve's mean is nan"),
    ],
)
def test_a_curve_that_is_not_whole_is_a_failure(values, status, message):
    learner = type("Own", (Scripted,), {"values": values})()
    outcome = Stream(mi="1/4", steps=4).run(learner, TASK, 0)
    assert outcome.status == status
    assert message in outcome.message


def test_batches_of_another_size_are_refused_before_and_while_drawing():
    protocol = Stream(batch=64)
    assert "correlator trains on batches of 4000; allowed under stream:batch=64: batch_size=64" in protocol.refusal(
        Correlator(), TASK
    )

    class Sly(Correlator):
        def learning_curve(self, sampler, *, steps=None, rng):
            sampler(100)

    outcome = protocol.run(Sly(batch_size=64), TASK, 0)
    assert outcome.status == "error"
    assert "draws batches of 100; allowed under this protocol: 64" in outcome.message


def test_an_estimator_without_steps_cannot_take_part():
    assert not isinstance(get_estimator("zero"), Learner)
    assert "zero learns no curve" in Stream(batch=64).refusal(get_estimator("zero"), TASK)
    assert FixedSample(64).refusal(get_estimator("zero"), TASK) is None


@pytest.mark.parametrize(
    ("task", "spec"),
    [
        ("gaussian:dim=3,rho=0.5", "gaussian:dim=3,mi=2.0"),
        ("dimension-scaling:dim=4,mode=embedded,mi=1,signal_dims=2", None),
        ("gaussian:dim=1,mi=1", "gaussian:dim=1,mi=2.0"),
    ],
)
def test_a_task_is_brought_to_another_truth(task, spec):
    moved = get_task(task).at(2.0)
    assert moved.truth.nats == pytest.approx(2.0, abs=1e-12)
    assert spec in (None, moved.spec)


@pytest.mark.parametrize(
    ("task", "mi", "message"),
    [
        ("binary-gaussian", 0.3, "binary-gaussian has one true value; allowed: a task with a parameter mi"),
        ("gaussian:mi=1", 100.0, "gaussian at 100 nats: mi is 100"),
        ("dimension-scaling:dim=2,mode=fixed-rho,rho=0.5", 1.0, "dimension-scaling at 1 nats"),
    ],
)
def test_a_task_that_has_one_truth_says_so(task, mi, message):
    with pytest.raises(InputError, match=message):
        get_task(task).at(mi)
    assert message.split(":")[0] in Stream(mi=f"{mi:g}", steps=2).refusal(Correlator(), get_task(task))


SUITE = {"tasks": ["gaussian:mi=1"], "estimators": ["zero"], "seeds": 2, "protocol": "stream:batch=64,mi=1/2,steps=4"}


def test_a_stream_decides_the_sample_size_of_its_suite():
    suite = parse_suite(SUITE)
    assert (suite.protocol, suite.samples) == ("stream:batch=64,mi=1/2,steps=4", (64,))
    assert parse_suite({**SUITE, "samples": [10], "protocol": "fixed"}).protocol == ""
    with pytest.raises(SuiteError, match=r"samples is \[10\]; allowed with a stream: none"):
        parse_suite({**SUITE, "samples": [10]})
    with pytest.raises(SuiteError, match="batch is missing in its protocol"):
        parse_suite({**SUITE, "protocol": "stream"})
    with pytest.raises(SuiteError, match="suite '': protocol is 'flow'"):
        parse_suite({**SUITE, "protocol": "flow"})


PLUGIN = '''
from dataclasses import dataclass
from mibench import Estimate, Estimator, register_estimator

@register_estimator("stepper")
@dataclass(frozen=True)
class Stepper(Estimator):
    """Says 1 and, where it is told so, fails."""

    fail: bool = False
    batch_size: int = 64

    def estimate(self, *blocks, rng):
        return Estimate(1.0)

    def learning_curve(self, sampler, *, steps=None, rng):
        if self.fail:
            raise RuntimeError("as told")
        return Estimate(1.0, curve=[(step, float(len(sampler(64)[0]) == 64)) for step in range(1, steps + 1)])
'''
TOML = """
protocol = "stream:batch=64,mi=1/2,steps=4"
tasks = ["gaussian:mi=1"]
estimators = ["stepper:fail=[false,true]", "zero"]
seeds = 2
"""


@pytest.fixture
def finished(tmp_path, temporary_classes):
    (tmp_path / "stepper.py").write_text(PLUGIN)
    (tmp_path / "steps.toml").write_text(TOML)
    options = {
        "suite": tmp_path / "steps.toml", "store": tmp_path / "s.sqlite", "plugins": [tmp_path / "stepper.py"],
        "workers": 1, "progress": False,
    }  # fmt: skip
    mibench.run(**options)
    return options


def test_a_stream_suite_runs_and_resumes_and_is_scored_like_any_other(finished, tmp_path):
    frame = mibench.run(**finished)
    assert set(frame["attempts"]) == {1}
    assert set(frame["protocol"]) == {"stream:batch=64,mi=1/2,steps=4"}
    found = {key: list(part["status"]) for key, part in frame.groupby("estimator")}
    assert found == {
        "stepper:batch_size=64,fail=false": ["ok", "ok"],
        "stepper:batch_size=64,fail=true": ["error", "error"],
        "zero": ["unsupported", "unsupported"],
    }
    ok = frame[frame["status"] == "ok"]
    assert list(ok["truth_nats"]) == [1.5, 1.5]
    assert list(ok["nats"]) == [1.0, 1.0]
    assert len(ok["curve"].iloc[0]) == 8
    scored = score(frame).groupby("estimator")["score"].mean()
    assert scored["stepper:batch_size=64,fail=false"] == pytest.approx((0 + 1 / 2) / 2)
    assert scored["stepper:batch_size=64,fail=true"] == 1.0
    retries, reasons = failed_cells(tmp_path / "s.sqlite", {"error"}, None, None)
    assert [(len(retry.cells), retry.plan.suite.protocol) for retry in retries] == [(2, frame["protocol"].iloc[0])]
    assert not reasons


def test_boards_are_of_one_protocol(finished, tmp_path):
    """The same task and number of rows under both protocols, in one store."""
    (tmp_path / "fixed.toml").write_text(
        'tasks = ["gaussian:mi=1"]\nestimators = ["stepper", "zero"]\nsamples = [64]\nseeds = 2\n'
    )
    mibench.run(**{**finished, "suite": tmp_path / "fixed.toml"})
    assert len(read_frame(tmp_path / "s.sqlite")) == 10
    cells = {}
    for name in ("steps", "fixed"):
        board = mibench.leaderboard(str(tmp_path / f"{name}.toml"), store=tmp_path / "s.sqlite")
        cells[name] = board.provenance.cells
    assert cells == {"steps": 6, "fixed": 4}


def test_a_protocol_is_the_one_place_of_a_cell():
    assert isinstance(parse_protocol("", 100), FixedSample)
    outcome = parse_protocol("", 100).run(get_estimator("gaussian"), TASK, 3)
    x, y = TASK.sample(100, seed=3)
    assert outcome.nats == mibench.estimate(x, y, estimator="gaussian").nats


def test_a_suite_file_of_one_learning_curve_can_be_drawn(tmp_path, temporary_classes):
    (tmp_path / "stepper.py").write_text(PLUGIN)
    (tmp_path / "one.toml").write_text(TOML.replace("stepper:fail=[false,true]", "stepper").replace(', "zero"', ""))
    found = mibench.curve(str(tmp_path / "one.toml"), plugins=[tmp_path / "stepper.py"])
    assert [len(run.curve) for run in found.runs] == [8, 8]
    assert found.levels == ((1, 1.0), (5, 2.0))
