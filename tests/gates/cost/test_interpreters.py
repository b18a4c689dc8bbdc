"""The runtime gate: order of the processes, what is compared, and what cannot be."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from mibench.errors import MeasurementError
from mibench.gates.cost.blocks import BLOCKS
from mibench.gates.cost.interpreters import CostCell, Pair, compare_runtimes, cost_cells
from mibench.gates.verdict import Verdict
from mibench.suite import Suite

CELLS = [CostCell("zero", "gaussian:dim=1,mi=1", 50), CostCell("gaussian", "gaussian:dim=1,mi=1", 50)]


class FakePair(Pair):
    """Two interpreters whose timings are made up."""

    def __init__(self, head=(1.0, 1.0), base_line=None, head_line=None):
        super().__init__(Path("base"), Path("head"))
        self.slowdown = dict(zip(CELLS, head, strict=True))
        self.changes = {"base": base_line or {}, "head": head_line or {}}
        self.order: list[str] = []
        self.rng = np.random.default_rng(0)

    def run(self, side, cells, least_s):
        self.order.append(side)
        lines = []
        for cell in cells:
            seconds = np.exp(0.02 * self.rng.standard_normal()) * (self.slowdown[cell] if side == "head" else 1)
            line = {"seconds": seconds, "work": {"gradient_steps": 10}, "data": "same"} | self.changes[side]
            lines.append({key: value for key, value in line.items() if value is not None})
        return [{"mibench": "1", "folder": side, "python": side}, *lines]


def test_processes_are_interleaved_base_head_head_base():
    pair = FakePair()
    result = compare_runtimes(pair, CELLS)
    assert pair.order == ["base", "head", *["base", "head", "head", "base"] * BLOCKS]
    assert result.verdict is Verdict.PASS


def test_only_flagged_cells_are_measured_again():
    pair = FakePair(head=(1.0, 2.0))
    result = compare_runtimes(pair, CELLS)
    assert len(pair.order) == 2 + 2 * 4 * BLOCKS
    assert [item.confirmed_bound is not None for item in result.costs] == [False, True]
    assert [item.verdict for item in result.costs] == [Verdict.PASS, Verdict.REGRESSION]


def test_more_work_is_red_and_less_is_not():
    assert compare_runtimes(FakePair(head_line={"work": {"gradient_steps": 11}}), CELLS).verdict is Verdict.REGRESSION
    less = compare_runtimes(FakePair(head_line={"work": {"gradient_steps": 9}}), CELLS)
    assert less.verdict is Verdict.PASS
    assert less.work[0].head == 9


def test_what_the_head_cannot_do_is_missing_and_what_the_base_cannot_is_new():
    broken = {"seconds": None, "data": None, "error": "RuntimeError: no"}
    pair = FakePair(head_line={})
    whole = pair.run

    def partly(side_broken):
        def run(side, cells, least_s):
            lines = whole(side, cells, least_s)
            if side == side_broken and CELLS[1] in cells:
                lines[1 + list(cells).index(CELLS[1])] = {"error": broken["error"]}
            return lines

        return run

    pair.run = partly("head")
    result = compare_runtimes(pair, CELLS)
    assert result.verdict is Verdict.ERROR
    assert "RuntimeError: no" in result.missing[0]
    pair.run = partly("base")
    result = compare_runtimes(pair, CELLS)
    assert result.verdict is Verdict.PASS
    assert len(result.new) == 1


def test_other_data_cannot_be_compared():
    with pytest.raises(MeasurementError, match="different data"):
        compare_runtimes(FakePair(head_line={"data": "other"}), CELLS)


def test_specs_of_the_suite_are_kept_as_written():
    suite = Suite("s", "", ("gaussian:dim=[1,2],mi=1",), ("ksg", "zero"), (50, 100), 5)
    cells = cost_cells(suite)
    assert len(cells) == 8
    assert cells[0] == CostCell("ksg", "gaussian:dim=1,mi=1", 50)


def test_an_interpreter_measures_in_one_thread_and_not_what_lies_in_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "mibench.py").write_text("raise RuntimeError('the wrong mibench')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    plugin = tmp_path / "threads.py"
    plugin.write_text(
        "import os\nfrom dataclasses import dataclass\n"
        "from mibench import Estimate, Estimator, register_estimator\n"
        "@register_estimator('threads')\n"
        "@dataclass(frozen=True)\n"
        "class Threads(Estimator):\n"
        "    def estimate(self, *blocks, rng):\n"
        "        return Estimate(0.0, diagnostics={'thread_steps': int(os.environ['OMP_NUM_THREADS'])})\n"
    )
    pair = Pair(Path(sys.executable), Path(sys.executable), [plugin])
    lines = pair.run("base", [CostCell("threads", "gaussian:dim=1,mi=1", 50)], 0.0)
    assert lines[1]["work"] == {"thread_steps": 1}


def test_an_interpreter_that_is_missing_broken_or_stuck_is_an_error(tmp_path):
    with pytest.raises(MeasurementError, match="cannot be started"):
        Pair(tmp_path / "no-python", Path(sys.executable)).run("base", CELLS, 0.0)
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'No module named mibench' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(MeasurementError, match="No module named mibench"):
        Pair(broken, Path(sys.executable)).run("base", CELLS, 0.0)
    stuck = tmp_path / "stuck"
    stuck.write_text("#!/bin/sh\nsleep 1000\n")
    stuck.chmod(0o755)
    with pytest.raises(MeasurementError, match=r"longer than 0\.2 s"):
        Pair(stuck, Path(sys.executable), timeout_s=0.2).run("base", CELLS, 0.0)


@pytest.mark.slow
def test_a_version_against_itself_and_against_a_slower_one(tmp_path):
    """A real gate on this machine: one plugin file, twice as slow in the head's environment."""
    plugin = tmp_path / "busy.py"
    plugin.write_text(
        "import os\nfrom dataclasses import dataclass\n"
        "from mibench import Estimate, Estimator, register_estimator\n"
        "@register_estimator('busy')\n"
        "@dataclass(frozen=True)\n"
        "class Busy(Estimator):\n"
        "    def estimate(self, *blocks, rng):\n"
        "        total = 0.0\n"
        "        for i in range(int(20_000 * float(os.environ.get('SLOWDOWN', '1')))):\n"
        "            total += i\n"
        "        return Estimate(0.0)\n"
    )
    slow = tmp_path / "python"
    slow.write_text(f'#!/bin/sh\nSLOWDOWN=3 exec {sys.executable} "$@"\n')
    slow.chmod(0o755)
    cells = [CostCell("busy", "gaussian:dim=1,mi=1", 50)]
    same = compare_runtimes(Pair(Path(sys.executable), Path(sys.executable), [plugin]), cells)
    assert same.verdict is not Verdict.REGRESSION
    worse = compare_runtimes(Pair(Path(sys.executable), slow, [plugin]), cells)
    assert worse.verdict is Verdict.REGRESSION
    assert os.environ.get("SLOWDOWN") is None
