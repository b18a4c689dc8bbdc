"""Runs on a real scheduler and real workers, each a process of its own."""

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

import mibench
from mibench.errors import EngineError
from mibench.protocol import Outcome, OutcomeError
from mibench.registry import get_estimator, get_task
from mibench.runner.config import WorkerConfig
from mibench.runner.dask.cluster import Cluster, _Pending
from mibench.runner.dask.remote import read_report, report
from mibench.runner.plan import Plan
from mibench.store import read_frame
from mibench.suite import load_suite

HOSTILE = Path(__file__).with_name("hostile.py")
CHOICES = {"tasks": ["gaussian:dim=1,mi=1"], "samples": [50], "progress": False, "plugins": [HOSTILE]}
_PATIENCE_S = 90


def wait_until(condition):
    """Poll until *condition* holds; fail after a while."""
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a scheduler with two workers, under nannies as by default."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    programs = [["scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)]]
    programs += [["worker", "--scheduler-file", str(file), "--nthreads", "1", "--name", f"w{i}"] for i in range(2)]
    processes = []
    for name, *options in programs:
        command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *options, "--no-dashboard"]
        with (folder / f"{name}-{len(processes)}.log").open("w") as log:
            processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
        wait_until(file.exists)
    yield json.loads(file.read_text())["address"]
    for process in reversed(processes):
        end(process)


def end(process):
    """End a program of dask's; a nanny whose worker has just been killed may not end by itself."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    for member in [process, *family]:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def values(frame):
    return {(row.estimator, row.seed): (row.status, row.nats) for row in frame.fillna(-1).itertuples()}


@pytest.mark.slow
def test_cells_get_the_statuses_and_values_they_get_locally(hostile, cluster, tmp_path):
    faults = ["segfault", "python_loop", "ask_64_gb", "leave_children", "nan", "unpicklable", "close_everything"]
    choices = {
        **CHOICES, "estimators": ["sloppy", "gaussian", *(f"hostile:fault={fault}" for fault in faults)],
        "timeout": 3.0, "memory": "1GB", "seeds": 3,
    }  # fmt: skip
    remote = mibench.run("quick", store=tmp_path / "remote.sqlite", scheduler=cluster, **choices)
    local = mibench.run("quick", store=tmp_path / "local.sqlite", **choices)
    assert values(remote) == values(local)
    assert set(remote["environment"]) == set(local["environment"])
    found = {row.estimator.rpartition("=")[2]: row.status for row in remote.itertuples() if "fault" in row.estimator}
    assert found == {fault: hostile.STATUSES[fault] for fault in faults}


@pytest.mark.slow
def test_a_cell_whose_worker_is_killed_once_is_run_again(hostile, cluster, tmp_path):
    before = {process.pid for process in sleepers()}
    command = [
        sys.executable, "-m", "mibench", "run", "quick", "--plugin", HOSTILE, "--store", tmp_path / "a.sqlite", "-e",
        "parental:seconds=8", "-t", "gaussian:dim=1,mi=1", "--samples", 50, "--seeds", 2, "--scheduler", cluster,
    ]  # fmt: skip
    run = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    wait_until(lambda: any(process.pid not in before for process in sleepers()))
    victim = next(process for process in sleepers() if process.pid not in before)
    dask_worker = victim.parent().parent().parent().parent()
    assert "spawn" in " ".join(dask_worker.cmdline())
    dask_worker.kill()
    wait_until(lambda: not victim.is_running() or victim.status() == psutil.STATUS_ZOMBIE)
    assert run.communicate(timeout=_PATIENCE_S)[0].splitlines()[-1] == "2 run, 0 reused"
    assert set(read_frame(tmp_path / "a.sqlite")["status"]) == {"ok"}


@pytest.mark.slow
def test_a_cell_that_kills_workers_is_a_crash_and_the_others_go_on(hostile, cluster, tmp_path):
    frame = mibench.run(
        "quick", estimators=["zero", "treacherous", "gaussian"], seeds=2, store=tmp_path / "a.sqlite",
        scheduler=cluster, **CHOICES,
    )  # fmt: skip
    assert {(row.estimator.partition(":")[0], row.status) for row in frame.itertuples()} == {
        ("zero", "ok"), ("gaussian", "ok"), ("treacherous", "crash"),
    }  # fmt: skip
    assert frame.set_index("estimator").loc["treacherous", "message"].str.contains("workers that ran it died").all()


@pytest.fixture
def jobs(hostile):
    """Return the jobs of 40 cells."""
    suite = load_suite("quick").replace(seeds=40, samples=(50,))
    plan = Plan(suite, [get_estimator("zero")], [get_task("gaussian:dim=1,mi=1")])
    return [plan.job(cell) for cell in plan.cells()]


def sleepers():
    """The programs "sleep" that descend from this process; those of another run of the tests do not count."""
    return [process for process in psutil.Process().children(recursive=True) if name_of(process) == "sleep"]


def name_of(process):
    with suppress(psutil.Error):
        return process.name()


def fork_servers():
    """The fork servers of mibench that descend from this process, the cluster's workers among them."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            found += [word for word in process.cmdline() if "mibench.runner" in word]
    return found


@pytest.mark.slow
def test_few_cells_are_in_flight_and_stopping_runs_no_more(cluster, jobs):
    taken = 0

    def source():
        nonlocal taken
        for job in jobs:
            taken += 1
            yield job

    engine = Cluster(WorkerConfig(), cluster)
    try:
        for landed, _ in enumerate(engine.run(source()), start=1):
            assert taken - landed <= 6
            if landed == 10:
                engine.stop()
    finally:
        engine.close()
    assert 10 <= landed <= 16
    wait_until(lambda: not fork_servers())


def test_a_scheduler_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EngineError, match=r"scheduler 'nonsense://here' cannot be reached"):
        mibench.run("quick", estimators=["zero"], store=tmp_path / "a.sqlite", scheduler="nonsense://here", **CHOICES)


def test_a_report_that_cannot_be_read_is_refused(jobs):
    attempt = jobs[0].to_attempt(Outcome(status="error", message="\ud83d"), "e", "out")
    outcome, output, description = read_report(report(attempt, {"cpu": "é"}))
    assert (outcome.message, output, description) == ("\\ud83d", "out", {"cpu": "é"})
    whole = report(attempt, {})
    for text in [None, 3, "", "{}", "[" * 100_000, whole[:-5], whole.replace('"error"', '"none"'),
                 whole.replace('"out"', "3")]:  # fmt: skip
        with pytest.raises(OutcomeError):
            read_report(text)


def test_what_a_worker_reports_costs_its_cell_and_no_more(jobs):
    """Events of every kind reach a client; a real cluster has no say in what they hold."""
    engine = object.__new__(Cluster)
    engine.environments, engine._stopping = {}, False
    engine._pending = {job.key: _Pending(job, Released()) for job in jobs[:3]}
    assert [list(engine._take(event)) for event in (None, "x", {}, {"key": []}, {"key": "unknown"})] == [[]] * 5
    for event in ({"report": None}, {"report": '{"outcome": {"status": "ok", "nats": "x"}}'}, {"report": 3}):
        key = next(iter(engine._pending))
        (attempt,) = engine._take({"key": key, **event})
        assert (attempt.key, attempt.status) == (key, "crash")
        assert attempt.message.startswith("the report of its worker is broken: ")
    assert engine._pending == {}


class Released:
    def release(self):
        """A future that is done with."""


@pytest.mark.slow
def test_text_that_is_no_unicode_reaches_the_record_from_a_cluster(cluster, tmp_path):
    attacks = Path(__file__).with_name("hostile_wall.py")
    hows = ["surrogate_in_exception", "surrogate_in_diagnostics", "nested_diagnostics", "forged_status"]
    frame = mibench.run(
        "quick", estimators=[f"attacker:how={how}" for how in hows], seeds=1, store=tmp_path / "a.sqlite",
        scheduler=cluster, **{**CHOICES, "plugins": [attacks]},
    ).set_index("estimator")  # fmt: skip
    assert [frame.loc[f"attacker:how={how}", "status"] for how in hows] == ["error", "ok", "ok", "crash"]
    assert "\\ud83d" in frame.loc["attacker:how=surrogate_in_exception", "message"]
    assert frame["truth_nats"].tolist() == [1.0] * 4
