"""``mibench gate`` from end to end: what it runs, what it prints, how it exits."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mibench.gates.accuracy.baseline import accept
from mibench.gates.accuracy.results import run_head
from mibench.store import read_attempts
from mibench.store.interchange import write_jsonl
from mibench.suite import load_suite

SUITE = """
samples = [60]
seeds = {seeds}
estimators = ["gaussian", "{estimator}"]
tasks = ["gaussian:dim=1,mi=0.5", "gaussian:dim=2,mi=1"]
"""
PLUGIN = """
from dataclasses import dataclass
from mibench import Estimate, Estimator, get_estimator, register_estimator
@register_estimator("mine-own")
@dataclass(frozen=True)
class MineOwn(Estimator):
    def estimate(self, *blocks, rng):
        {body}
"""
GOOD = "return get_estimator('gaussian').estimate(*blocks, rng=rng)"


@pytest.fixture
def suite(tmp_path):
    def write(seeds=12, estimator="zero", name="own.toml"):
        path = tmp_path / name
        path.write_text(SUITE.format(seeds=seeds, estimator=estimator))
        return path

    return write


def test_accept_then_pass_then_red_when_the_plugin_gets_worse(cli, suite, tmp_path):
    plugin, baseline = tmp_path / "own.py", tmp_path / "baseline.jsonl"
    common = ["--baseline", baseline, "--suite", suite(estimator="mine-own"), "--plugin", plugin, "--workers", 1]
    plugin.write_text(PLUGIN.format(body=GOOD))
    accepted = cli("gate", *common, "--accept")
    assert accepted.code == 0, accepted.err
    assert "48 line(s) changed" in accepted.out
    assert cli("gate", *common, "--exact").code == 0
    plugin.write_text(PLUGIN.format(body="return Estimate(1.5 + 3 * rng.random())"))
    worse = cli("gate", *common, "-o", tmp_path / "r.md", "-o", tmp_path / "r.json")
    assert worse.code == 1
    assert worse.out.rstrip().endswith("accuracy gate: regression")
    verdicts = {
        item["estimator"]: item["verdict"] for item in json.loads((tmp_path / "r.json").read_text())["estimators"]
    }
    assert verdicts["mine-own"] == "regression"
    assert verdicts["gaussian:correction=none"] == "pass"
    assert "❌ mine-own" in (tmp_path / "r.md").read_text()
    plugin.write_text(PLUGIN.format(body="raise RuntimeError('broken')"))
    broken = cli("gate", *common, "--json")
    assert broken.code == 1
    assert json.loads(broken.out)["failures"][1]["count"]["only_head"] == 24


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The suite measured once for all tests, as a baseline."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "own.toml").write_text(SUITE.format(seeds=12, estimator="zero"))
    run_head(load_suite(folder / "own.toml"), folder / "head.sqlite", [], 1)
    accept(folder / "baseline.jsonl", folder / "head.sqlite", keep_others=False)
    return folder / "baseline.jsonl"


@pytest.fixture
def baseline(measured, tmp_path):
    return Path(shutil.copy(measured, tmp_path))


def test_a_missing_cell_exits_with_3_and_part_of_the_grid_is_fine(cli, suite, baseline):
    fewer = suite(seeds=11, name="fewer.toml")
    assert cli("gate", "--baseline", baseline, "--suite", fewer, "--workers", 1).code == 3
    part = cli("gate", "--baseline", baseline, "--suite", suite(), "--seeds", 11, "-e", "gaussian", "--workers", 1)
    assert part.code == 0, part.out


def test_result_files_are_judged_without_running(cli, baseline, tmp_path):
    same = cli("gate", "--baseline", baseline, "--head", baseline)
    assert same.code == 0
    assert "accuracy gate: pass" in same.out


def test_inconclusive_exits_with_4_only_when_strict(cli, baseline, tmp_path):
    few = [item for item in read_attempts(baseline) if item.seed < 2]
    write_jsonl(tmp_path / "few.jsonl", few, {})
    moved = [type(item)(**{**vars(item), "nats": item.nats * 1.3}) for item in few]
    write_jsonl(tmp_path / "moved.jsonl", moved, {})
    files = ["--baseline", tmp_path / "few.jsonl", "--head", tmp_path / "moved.jsonl"]
    assert cli("gate", *files).code == 0
    strict = cli("gate", *files, "--strict")
    assert strict.code == 4
    assert "accuracy gate: inconclusive" in strict.out


def test_mistakes_in_the_command_exit_with_2(cli, baseline, tmp_path):
    assert "allowed: one of --baseline, --runtime, --benchmark-json" in cli("gate").complaint
    assert "does not exist" in cli("gate", "--baseline", "no.jsonl", "--head", baseline).complaint
    both = cli("gate", "--baseline", baseline, "--runtime", "python", "python")
    assert "--baseline and --runtime given" in both.complaint
    assert "--exact" in cli("gate", "--runtime", "python", "python", "--exact").complaint
    assert "--seeds" in cli("gate", "--baseline", baseline, "--head", baseline, "--seeds", 3).complaint
    text = cli("gate", "--baseline", baseline, "--head", baseline, "-o", tmp_path / "r.txt")
    assert "allowed: a file that ends in" in text.complaint
    assert "unknown suite" in cli("gate", "--baseline", baseline, "--suite", "nosuch").complaint


def test_a_missing_baseline_is_said_before_anything_runs(cli, suite, monkeypatch):
    monkeypatch.setattr("mibench.gates.run.run_head", pytest.fail)
    assert "'nosuch.jsonl' does not exist" in cli("gate", "--baseline", "nosuch.jsonl", "--suite", suite()).complaint
    assert "release is given without accept" in cli("gate", "--baseline", "no.jsonl", "--release").complaint


def test_small_changes_accepted_one_by_one_are_shown_together(cli, baseline, tmp_path):
    def inflated(ratio):
        moved = [replace(item, nats=item.truth_nats + ratio * (item.nats - item.truth_nats)) for item in original]
        write_jsonl(tmp_path / "head.jsonl", moved, {})
        return tmp_path / "head.jsonl"

    original = [item for item in read_attempts(baseline) if item.estimator.startswith("gaussian")]
    write_jsonl(baseline, original, {})
    baseline.with_name("baseline.release.jsonl").unlink(missing_ok=True)
    for times in (1, 2, 3):
        head = inflated(1.09**times)
        quiet = cli("gate", "--baseline", baseline, "--head", head, "--min-change", 0)
        assert quiet.code == 0, quiet.out
        accepted = cli("gate", "--baseline", baseline, "--head", head, "--accept", "--min-change", 0)
    assert "Since the last release" in accepted.out
    assert "drift: gaussian has +29.5 % error since the last release" in accepted.out
    later = json.loads(cli("gate", "--baseline", baseline, "--head", head, "--min-change", 0, "--json").out)
    assert later["verdict"] == "pass"
    assert later["drift"][0]["verdict"] == "regression"
    assert later["drift"][0]["ratio"] == pytest.approx(1.09**3)
    released = cli("gate", "--baseline", baseline, "--head", head, "--accept", "--release", "--min-change", 0)
    assert "Since the last release" not in released.out
    back = cli("gate", "--baseline", baseline, "--head", inflated(1.0), "--min-change", 0)
    assert back.code == 0
    assert "improved" in back.out


def test_an_interpreter_that_cannot_measure_exits_with_3(cli, suite, tmp_path):
    result = cli("gate", "--runtime", tmp_path / "none", sys.executable, "--suite", suite())
    assert result.code == 3
    assert "cannot be started" in result.err


def test_a_breakdown_is_never_taken_for_a_regression(cli, baseline, monkeypatch):
    monkeypatch.setattr("mibench.gates.run.compare_results", lambda *_: 1 / 0)
    result = cli("gate", "--baseline", baseline, "--head", baseline)
    assert result.code == 3
    assert "ZeroDivisionError" in result.err


def test_benchmark_files(cli, tmp_path):
    for name, scale in (("a", 1.0), ("b", 2.0)):
        stats = {"data": [scale * (1 + 0.001 * (i % 7)) for i in range(80)]}
        (tmp_path / f"{name}.json").write_text(json.dumps({"benchmarks": [{"fullname": "t", "stats": stats}]}))
    files = tmp_path / "a.json", tmp_path / "b.json"
    assert cli("gate", "--benchmark-json", *files).code == 1
    assert cli("gate", "--benchmark-json", *reversed(files)).code == 0
    assert cli("gate", "--benchmark-json", files[0], tmp_path / "c.json").code == 3


@pytest.mark.slow
def test_a_version_against_itself_is_no_regression(cli, suite):
    result = cli("gate", "--runtime", sys.executable, sys.executable, "--suite", suite(), "-e", "gaussian")
    assert result.code == 0
    assert "compares it with itself" in " ".join(result.out.split())
