"""Published numbers beside ours: which number, which error, which verdict."""

import math

import numpy as np
import pandas as pd
import pytest

import mibench
from mibench import reproduction
from mibench.errors import SuiteError, UnknownNameError
from mibench.published import parse_published

TASK = "gaussian:dim=1,mi=0.5"
HEADS = "source,doi,estimator_as_named,estimator,task,n,value,sd,sd_over,unit,note,metric,level,incomparable"
SUITE = """
name = "trial"
summary = "A trial."
about = "What they did, and what differs."
tasks = ["gaussian:dim=1,mi=0.5"]
estimators = ["gaussian", "zero"]
samples = [200]
seeds = 4
short = { seeds = 2 }
"""


def published(**given):
    row = {
        "source": "S", "doi": "", "estimator_as_named": "G", "estimator": "gaussian", "task": TASK, "n": "100",
        "value": "0.5", "sd": "", "sd_over": "", "unit": "nats", "note": "", "metric": "", "level": "",
        "incomparable": "", **given,
    }  # fmt: skip
    entries = ",".join(f'"{row[name]}"' for name in HEADS.split(","))
    return parse_published(f"{HEADS}\n{entries}\n", "x.csv")[0]


def attempts(values, truth=0.5, **more):
    task, estimator = mibench.get_task(TASK).spec, mibench.get_estimator("gaussian").spec
    return pd.DataFrame([
        {"status": "ok", "estimator": estimator, "task": task, "n": 100, "nats": value, "truth_nats": truth,
         "diagnostics": {}, **more}
        for value in values
    ])  # fmt: skip


def row(frame, **given):
    suite = mibench.load_suite("ci").replace(published=(published(**given),))
    (found,) = reproduction.compare_published(suite, frame, True).rows
    return found


VALUES = np.random.default_rng(0).normal(0.55, 0.1, 400)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("mean", 0.55), ("bias", 0.05), ("abs-bias", 0.05), ("sd", 0.1), ("rmse", math.hypot(0.05, 0.1))],
)
def test_each_number_is_that_of_our_cells_within_its_own_standard_error(metric, expected):
    found = row(attempts(VALUES), metric=metric)
    assert abs(found.ours - expected) < 3 * found.stderr
    again = [
        row(attempts(np.random.default_rng(seed).normal(0.55, 0.1, 400)), metric=metric).ours for seed in range(60)
    ]
    assert 0.7 < np.std(again, ddof=1) / found.stderr < 1.4


def test_a_number_agrees_within_three_standard_errors_of_the_difference():
    stderr = VALUES.std(ddof=1) / 20
    for shift, verdict in [(2.9, "agrees"), (3.1, "differs"), (-2.9, "agrees"), (-3.1, "differs")]:
        printed = f"{VALUES.mean() + shift * stderr:.9f}"
        assert row(attempts(VALUES), value=printed).verdict == verdict
    far = f"{VALUES.mean() + 3.1 * stderr:.9f}"
    assert row(attempts(VALUES), value=far, sd="0.1", sd_over="100").verdict == "agrees"
    assert row(attempts(VALUES), value=far, sd_over="100").verdict == "agrees"  # ten times fewer, of our spread


def test_half_a_unit_of_the_last_digit_is_theirs():
    assert published(value="1.90").rounding == pytest.approx(0.005)
    assert published(value="3").rounding == pytest.approx(0.5)
    assert published(value="1.2e-3").rounding == pytest.approx(0.5e-4)
    assert published(value="1.0", unit="bits").rounding == pytest.approx(0.05 * math.log(2))
    assert row(attempts(VALUES), value="1").verdict == "agrees"
    assert row(attempts(VALUES), value="1.000").verdict == "differs"


def test_what_cannot_be_compared_says_why():
    assert row(attempts(VALUES), incomparable="tuned on the truth").why == "tuned on the truth"
    assert row(attempts(VALUES), estimator="").verdict == "cannot be compared"
    assert row(attempts(VALUES[:1])).why == "too few cells for a standard error"
    assert row(attempts(VALUES), n="7").verdict == "not run"
    assert row(attempts(VALUES, status="crash")).verdict == "not run"


def test_a_level_of_a_stream_is_found_by_its_true_value():
    levels = [
        {"truth_nats": 2 * math.log(2), "nats": 1.3, "stderr_nats": 0.01, "sd_nats": 0.2},
        {"truth_nats": 4 * math.log(2), "nats": 2.5, "stderr_nats": 0.02, "sd_nats": 0.4},
    ]
    frame = attempts([0.0] * 4, diagnostics={"levels": levels})
    bits = {"unit": "bits", "level": "4"}
    assert row(frame, **bits).ours == 2.5
    assert row(frame, **bits).stderr == pytest.approx(0.01)
    assert row(frame, **bits, metric="sd").ours == pytest.approx(0.4)
    assert row(frame, **bits, metric="bias").ours == pytest.approx(2.5 - 4 * math.log(2))
    assert row(frame, unit="bits", level="6").verdict == "not run"


class TestRun:
    @pytest.fixture
    def suite(self, tmp_path):
        (tmp_path / "trial.toml").write_text(SUITE)
        head = HEADS.split(",metric")[0]
        (tmp_path / "trial.published.csv").write_text(f'{head}\nS,,G,gaussian,"{TASK}",200,0.5,0.1,10,nats,near\n')
        return tmp_path / "trial.toml"

    def test_the_short_run_is_the_default_and_the_page_says_how_it_was_made(self, suite, tmp_path):
        found = mibench.reproduce(str(suite), tmp_path / "s.sqlite", workers=1, progress=False)
        assert [(item.cells, item.verdict) for item in found.rows] == [(2, "agrees")]
        assert not found.whole
        page, table = (path.read_text() for path in reproduction.write(found, tmp_path / "out"))
        assert "What they did, and what differs." in page
        assert "`mibench reproduce trial`" in page
        assert "1 number: 1 agrees" in page
        assert table.count("\n") == 2
        empty = reproduction.compare_published(found.suite, attempts(VALUES), False)
        assert [item.verdict for item in empty.rows] == ["not run"]
        assert f"| {TASK} |" not in reproduction.render_markdown(empty)
        assert "1 number: 1 not run" in reproduction.render_markdown(empty)
        whole = mibench.reproduce(str(suite), tmp_path / "s.sqlite", workers=1, progress=False, full=True)
        assert whole.rows[0].cells == 4
        assert "trial --full`" in reproduction.render_markdown(whole)

    def test_a_suite_without_published_numbers_is_refused_by_name(self):
        with pytest.raises(SuiteError, match="suite 'quick' has no published values"):
            reproduction.load_reproduction("quick")
        with pytest.raises(UnknownNameError):
            reproduction.load_reproduction("kwick")


@pytest.mark.parametrize(
    ("given", "message"),
    [({"metric": "median"}, "metric is 'median'; allowed: mean, bias"), ({"level": "-1"}, "level is '-1'")],
)
def test_mistakes_in_the_table_are_named(given, message):
    with pytest.raises(SuiteError, match=message):
        published(**given)


@pytest.mark.parametrize(
    ("given", "why"),
    [({"task": "nope"}, "unknown task 'nope'"), ({"estimator": "ksg:q=3"}, "ksg: unknown parameter 'q'")],
)
def test_a_number_of_a_task_or_estimator_that_is_none_of_ours_says_so(given, why):
    """No run would ever have its cell, so that ``not run`` would be wrong."""
    found = row(attempts(VALUES), **given)
    assert (found.verdict, found.why) == ("cannot be compared", why)
