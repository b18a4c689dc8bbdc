"""Runs that are killed, stopped and resumed, as processes of their own."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mibench.errors import StoreError
from mibench.store import Store, read_frame

HOSTILE = Path(__file__).with_name("hostile.py")
_PATIENCE_S = 60


@pytest.fixture
def start(tmp_path):
    """Start ``mibench run`` on a store of this test; end what is left of it after the test."""
    started = []

    def start(*arguments, store=tmp_path / "run.sqlite"):
        command = [sys.executable, "-m", "mibench", "run", "quick", "--plugin", HOSTILE, "--store", store]
        command += ["-t", "gaussian:dim=1,mi=1", "--samples", "10", *arguments]
        process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_until(condition):
    """Poll until *condition* holds; fail after a minute."""
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def finished(store):
    """The number of cells in a store that may not exist yet, or be just being made."""
    try:
        return len(read_frame(store, columns=["seed"]))
    except (StoreError, sqlite3.Error):
        return 0


def descendants(process):
    """The processes that a process has started, directly or not."""
    return psutil.Process(process.pid).children(recursive=True)


def is_gone(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize(
    ("kills", "seeds"), [(2, 40), pytest.param(20, 1000, marks=pytest.mark.slow)], ids=["2 kills", "20 kills"]
)
def test_a_killed_run_loses_only_what_was_in_flight_and_leaves_no_process(start, tmp_path, kills, seeds):
    store, rng, total = tmp_path / "run.sqlite", random.Random(0), 2 * seeds
    arguments = "-e", "parental", "-e", "zero", "--seeds", seeds
    for kill in range(kills):
        process, before = start(*arguments), finished(store)
        goal = before + rng.randint(0, 2 * (total - before) // (kills - kill + 1))
        wait_until(lambda goal=goal: finished(store) > goal)
        family = descendants(process)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        wait_until(lambda family=family: all(map(is_gone, family)))
        assert finished(store) > goal
    assert start(*arguments).wait() == 0
    frame = read_frame(store)
    assert len(frame) == total
    assert set(frame["attempts"]) == {1}
    assert set(frame["status"]) == {"ok"}
    with sqlite3.connect(store) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert start(*arguments).communicate()[0].splitlines()[-1] == f"0 run, {total} reused"


def test_ctrl_c_once_finishes_what_runs_and_the_same_command_resumes(start, tmp_path):
    store = tmp_path / "run.sqlite"
    arguments = "-e", "parental:seconds=0.1", "--seeds", 100
    process = start(*arguments)
    wait_until(lambda: finished(store) > 3)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=_PATIENCE_S)
    run = finished(store)
    assert process.returncode == 130
    assert "stopping: what runs is finished first" in errors
    assert output.splitlines()[-1] == f"{run} run, 0 reused, {100 - run} left: stopped, the same command resumes"
    assert set(read_frame(store)["status"]) == {"ok"}
    assert 3 < run < 100
    process = start("-e", "parental:seconds=0.1", "--seeds", run + 1)
    assert process.communicate(timeout=_PATIENCE_S)[0].splitlines()[-1] == f"1 run, {run} reused"


def test_ctrl_c_twice_stops_at_once_and_leaves_no_process(start, tmp_path):
    process = start("-e", "zero", "-e", "parental:seconds=10000", "--seeds", 5, "--timeout", 10000)
    wait_until(lambda: any("sleep" in child.name() for child in descendants(process)))
    family = descendants(process)
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline().startswith("mibench: stopping")
    process.send_signal(signal.SIGINT)
    assert process.wait(_PATIENCE_S) == 130
    assert process.stdout.read() == ""
    assert "Traceback" not in process.stderr.read()
    wait_until(lambda: all(map(is_gone, family)))
    assert "parental" not in set(read_frame(tmp_path / "run.sqlite")["estimator"])


def test_a_second_run_on_the_same_store_is_refused_while_the_first_goes_on(start, tmp_path):
    store = tmp_path / "run.sqlite"
    first = start("-e", "parental:seconds=0.1", "--seeds", 30)
    wait_until(lambda: finished(store) > 0)
    second = start("-e", "zero")
    output, errors = second.communicate(timeout=_PATIENCE_S)
    assert (second.returncode, output) == (2, "")
    assert f"is being written by another run (process {first.pid} on" in errors
    assert first.communicate(timeout=_PATIENCE_S)[0].splitlines()[-1] == "30 run, 0 reused"


_SCRIPT = """
print("once")
from dataclasses import dataclass
import mibench

OFFSET = 0.25

@mibench.register_estimator("mine-own")
@dataclass(frozen=True)
class Own(mibench.Estimator):
    slope: float = 1.0

    def estimate(self, *blocks, rng):
        return mibench.Estimate(self.slope * len(blocks[0]) + OFFSET)

frame = mibench.run(
    "quick", estimators=[Own(slope=2.0), "zero"], tasks=["gaussian:dim=1,mi=1"], samples=[10], seeds=2,
    store="script.sqlite", progress=False,
)
print(sorted(zip(frame["estimator"], frame["status"], frame["nats"])))
"""


@pytest.mark.parametrize("how", ["file", "stdin"])
def test_a_script_needs_no_main_guard_and_may_define_estimators(tmp_path, how):
    (tmp_path / "script.py").write_text(_SCRIPT)
    given = {"args": [sys.executable, "script.py"]} if how == "file" else {"args": [sys.executable], "input": _SCRIPT}
    done = subprocess.run(**given, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    expected = [("mine-own:slope=2.0", "ok", 20.25)] * 2 + [("zero", "ok", 0.0)] * 2
    assert done.stdout == f"once\n{expected}\n"


def test_a_lock_left_by_a_killed_run_is_no_lock(tmp_path):
    (tmp_path / "run.sqlite-lock").write_text("process 1 on nowhere\n")
    Store(tmp_path / "run.sqlite").close()
    assert not (tmp_path / "run.sqlite-lock").exists()
