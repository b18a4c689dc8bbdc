"""What the pool and the run do when cells fail, workers die and the run is interrupted or frozen."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

import mibench
from mibench.protocol import Outcome
from mibench.registry import get_estimator, get_task
from mibench.runner.config import WorkerConfig
from mibench.runner.execute import execute
from mibench.runner.job import single_jobs
from mibench.runner.local.flight import Flight
from mibench.runner.local.pool import LocalPool
from mibench.runner.local.worker_handle import OUTPUT_BYTES, WorkerHandle, _output_file
from mibench.runner.plan import Plan
from mibench.runner.view import View
from mibench.store import Store, read_frame
from mibench.store.opening import read_runs
from mibench.suite import load_suite

ATTACKS = Path(__file__).with_name("hostile_wall.py")
CHOICES = {"samples": [50], "tasks": ["gaussian:dim=1,mi=1"], "plugins": [ATTACKS], "progress": False}
_PATIENCE_S = 60


def wait_until(condition):
    """Poll until *condition* holds; fail after a minute."""
    end = time.monotonic() + _PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)
    return found


def make_plan(*estimators, seeds=1):
    suite = load_suite("quick").replace(seeds=seeds, samples=(50,))
    return Plan(suite, [get_estimator(spec) for spec in estimators], [get_task("gaussian:dim=1,mi=1")])


def test_time_outs_of_an_estimator_known_to_be_slow_are_not_repeated(attacks, tmp_path):
    notes = tmp_path / "notes"
    frame = mibench.run(
        "quick", estimators=[f"noted:path={notes}", f"noted:path={notes},hang=true"], seeds=2, workers=1, timeout=0.5,
        store=tmp_path / "a.sqlite", **CHOICES,
    )  # fmt: skip
    assert sorted(frame["status"]) == ["ok", "ok", "timeout", "timeout"]
    assert notes.read_text().split().count("True") == 3  # the first in a used worker and again in a fresh one, the next


def test_the_cells_a_fork_server_died_under_are_run_one_by_one(attacks, tmp_path):
    frame = mibench.run(
        "quick", estimators=["server-killer:how=kill", "attacker:how=pause"], seeds=1, workers=2,
        store=tmp_path / "a.sqlite", **CHOICES,
    )  # fmt: skip
    assert dict(zip(frame["estimator"], frame["status"], strict=True)) == {
        "server-killer:how=kill": "crash", "attacker:how=pause": "ok",
    }  # fmt: skip


def test_what_is_printed_without_end_is_dropped_from_the_disk():
    worker = object.__new__(WorkerHandle)
    worker._output = _output_file()
    os.write(worker._output, bytes(5_000_000))
    worker.drop_flood()
    assert os.fstat(worker._output).st_size == OUTPUT_BYTES + 1
    assert worker.take_output().endswith("[cut here]")
    os.close(worker._output)


def test_what_a_worker_sent_before_its_death_counts(attacks):
    (cell,) = make_plan("attacker:how=value_and_exit").cells()
    job = make_plan("attacker:how=value_and_exit").job(cell)
    pool = LocalPool(WorkerConfig.of([cell.pair.estimator], [cell.pair.task], [ATTACKS]), workers=1)
    try:
        flight = Flight(job)
        pool._begin(flight)
        while flight.work == "sample":
            assert list(pool._step()) == []
        (worker,) = [worker for worker in pool._workers.values() if worker.flight]
        exits = wait_until(
            lambda: [r for r in pool._server.reports() if r["worker"] == worker.number and "status" in r]
        )
        (attempt,) = pool._on_exit(worker, exits[0]["status"])
        assert (attempt.status, attempt.nats) == ("ok", 42.0)
    finally:
        pool.close()


class Interrupted:
    """An engine that is interrupted by Ctrl-C once *after* cells have ended."""

    def __init__(self, after):
        self.environments, self._after, self._stopped = {}, after, False

    def run(self, jobs):
        for number, job in enumerate(single_jobs(jobs), start=1):
            if self._stopped:
                return
            if number == self._after:
                os.kill(os.getpid(), signal.SIGINT)
            yield job.to_attempt(Outcome(status="ok", nats=1.0), "")

    def stop(self):
        self._stopped = True

    def close(self):
        pass


@pytest.mark.parametrize(("after", "stopped"), [(3, False), (2, True)])
def test_a_run_interrupted_under_its_last_cell_is_complete(tmp_path, after, stopped):
    plan = make_plan("zero", seeds=3)
    with Store(tmp_path / "a.sqlite") as store:
        summary = execute(plan.missing(), store, lambda: Interrupted(after), View(Counter(zero=3), {"zero": "zero"}, 1))
    assert (summary.stopped, summary.run) == (stopped, after)
    assert read_runs(tmp_path / "a.sqlite")["ended"].tolist() == ["stopped" if stopped else "complete"]


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True], ids=["the run alone", "all of its processes"])
def test_time_in_which_a_run_was_stopped_counts_for_no_limit(tmp_path, whole):
    store = tmp_path / "run.sqlite"
    command = [
        sys.executable, "-m", "mibench", "run", "quick", "--plugin", ATTACKS, "--store", store, "-t",
        "gaussian:dim=1,mi=1", "--samples", 10, "-e", "attacker:how=pause", "--seeds", 6, "--timeout", 3,
    ]  # fmt: skip
    process = psutil.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: store.is_file() and len(read_frame(store, columns=["seed"])) > 0)
        members = [process, *(process.children(recursive=True) if whole else [])]
        for member in members:
            member.suspend()
        time.sleep(5)  # the very thing that is tested
        for member in members:
            member.resume()
        assert process.communicate(timeout=_PATIENCE_S)[0].splitlines()[-1] == "6 run, 0 reused"
    finally:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert set(read_frame(store)["status"]) == {"ok"}
