"""Files of results: restricted to a grid, judged, and accepted as a baseline with the smallest diff."""

import dataclasses
import json

import numpy as np
import pytest

from mibench import get_estimator, get_task
from mibench.attempt import Attempt
from mibench.cell import make_cell
from mibench.errors import MeasurementError, StoreError
from mibench.gates.accuracy.baseline import accept
from mibench.gates.accuracy.results import compare_results, is_deterministic, run_head, within
from mibench.gates.accuracy.rule import Rule
from mibench.gates.verdict import Verdict
from mibench.store import read_attempts, read_frame
from mibench.store.interchange import write_jsonl
from mibench.suite import Suite

GAUSSIAN, TASK = get_estimator("gaussian"), get_task("gaussian:dim=1,mi=1")
RULE = Rule()


def attempts(inflation=1.0, seeds=20, **changes):
    for seed in range(seeds):
        cell = make_cell(GAUSSIAN, TASK, 100, seed)
        error = inflation * 0.3 * np.random.default_rng(seed).standard_normal()
        record = Attempt(
            key=cell.key.hex() if isinstance(cell.key, bytes) else cell.key,
            estimator=cell.estimator, estimator_version=cell.estimator_version, task=cell.task,
            task_version=cell.task_version, n=100, seed=seed, status="ok", nats=1 + error, truth_nats=1.0,
            cpu_s=np.random.default_rng().random(), environment="e", finished_at=f"2030-01-01T00:00:{seed:02}",
        )  # fmt: skip
        yield dataclasses.replace(record, **changes)


@pytest.fixture
def write(tmp_path):
    def writer(name, *args, **kwargs):
        write_jsonl(tmp_path / name, attempts(*args, **kwargs), {})
        return tmp_path / name

    return writer


def test_compares_two_files(write):
    base = write("base.jsonl")
    assert compare_results(base, write("same.jsonl"), RULE).verdict is Verdict.PASS
    assert compare_results(base, write("worse.jsonl", 2), RULE).verdict is Verdict.REGRESSION
    changed = compare_results(base, write("exact.jsonl", 1.000001), Rule(exact=True))
    assert changed.verdict is Verdict.REGRESSION
    assert len(changed.changes) == 1


def test_a_grid_leaves_out_the_baseline_s_other_cells(write):
    base, head = write("base.jsonl"), write("head.jsonl", seeds=5)
    part = Suite("part", "", (TASK.spec,), (GAUSSIAN.spec,), (100,), 5)
    assert len(within(read_frame(base), part)) == 5
    assert compare_results(base, head, RULE).verdict is Verdict.ERROR
    assert compare_results(base, head, RULE, part).verdict is Verdict.PASS


def test_no_baseline_and_no_result_are_errors(write, tmp_path):
    head = write("head.jsonl")
    with pytest.raises(StoreError, match="--accept writes the first one"):
        compare_results(tmp_path / "none.jsonl", head, RULE)
    empty = write("empty.jsonl", status="unsupported", nats=None)
    with pytest.raises(MeasurementError, match="nothing measured"):
        compare_results(head, empty, RULE)
    with pytest.raises(MeasurementError, match="nothing measured"):
        accept(tmp_path / "new.jsonl", empty, keep_others=False)
    assert not (tmp_path / "new.jsonl").exists()


def test_accepting_the_same_again_changes_no_byte(write, tmp_path):
    baseline = tmp_path / "folder" / "baseline.jsonl"
    assert accept(baseline, write("head.jsonl"), keep_others=False) == 20
    before = baseline.read_bytes()
    records = [json.loads(line) for line in before.splitlines()]
    assert {record["cpu_s"] for record in records} == {None}
    assert {record["finished_at"] for record in records} == {""}
    rounded = write("again.jsonl", 1 + 1e-13, finished_at="2031-01-01")
    assert accept(baseline, rounded, keep_others=False) == 0
    assert baseline.read_bytes() == before
    assert compare_results(baseline, rounded, Rule(exact=True)).verdict is Verdict.PASS


def test_accepting_a_change_makes_the_gate_green(write, tmp_path):
    baseline, head = tmp_path / "baseline.jsonl", write("head.jsonl", 2)
    accept(baseline, write("old.jsonl"), keep_others=False)
    assert compare_results(baseline, head, RULE).verdict is Verdict.REGRESSION
    assert accept(baseline, head, keep_others=False) == 20
    assert compare_results(baseline, head, Rule(exact=True)).verdict is Verdict.PASS


def test_accepting_a_part_keeps_the_rest(write, tmp_path):
    baseline = tmp_path / "baseline.jsonl"
    accept(baseline, write("old.jsonl"), keep_others=False)
    accept(baseline, write("part.jsonl", 3, seeds=2), keep_others=True)
    assert len(list(read_attempts(baseline))) == 20
    accept(baseline, write("part.jsonl", 3, seeds=2), keep_others=False)
    assert len(list(read_attempts(baseline))) == 2


def test_a_baseline_is_jsonl(write, tmp_path):
    with pytest.raises(StoreError, match=r"allowed with --accept: a \.jsonl file"):
        accept(tmp_path / "baseline.sqlite", write("head.jsonl"), keep_others=False)


def test_what_is_not_installed_is_not_called_deterministic():
    assert is_deterministic("gaussian")
    assert not is_deterministic("no-such-estimator:k=1")


def test_the_head_is_run_anew(tmp_path):
    suite = Suite("s", "", (TASK.spec,), ("zero",), (50,), 2)
    for _ in range(2):
        assert run_head(suite, tmp_path / "head.sqlite", [], 1) == []
    assert read_frame(tmp_path / "head.sqlite")["attempts"].tolist() == [2, 2]
