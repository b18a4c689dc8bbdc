"""Measures of the runner and the store, on a quiet machine: ``python tests/benchmarks/runner.py NAME…``.

Each prints one line. ``throughput``: cells a second of a trivial estimator. ``overhead``: the share of a run of the
suite ``quick`` that is no cell's. ``workers``: the speed-up of two workers over one. ``cluster``: that of two
dask.distributed workers over one. ``million``: 10⁶ attempts: size, time to load, to write a board, to find that nothing
is missing.
"""

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mibench.attempt import Attempt
from mibench.protocol import Outcome
from mibench.runner.request import Request, run_plan
from mibench.store import Store, read_frame


def timed_run(folder: Path, name: str, workers: int | None = None, scheduler: str | None = None, **choices) -> float:
    """Run a suite into an empty store; return the seconds."""
    plan = Request(**choices).plan()
    start = time.perf_counter()
    with Store(folder / f"{name}.sqlite") as store:
        run_plan(plan, store, workers=workers, scheduler=scheduler, progress=False)
    return time.perf_counter() - start


def throughput(folder: Path) -> str:
    count = 10_000
    seconds = timed_run(
        folder,
        "throughput",
        suite="quick",
        estimators=["zero"],
        tasks=["gaussian:dim=1,mi=1"],
        samples=[10],
        seeds=count,
    )
    return f"{count / seconds:.0f} cells/s with isolation and store, start-up included ({seconds:.1f} s)"


def overhead(folder: Path) -> str:
    seconds = timed_run(folder, "overhead", workers=2, suite="quick")
    frame = read_frame(folder / "overhead.sqlite")
    used = float((frame["wall_s"] + frame["sample_s"]).sum()) + float(
        frame.groupby("estimator")["setup_s"].max().sum() * 2
    )
    return f"{1 - used / (2 * seconds):.1%} of {seconds:.0f} s on 2 workers is no cell's and no preparation's"


def workers(folder: Path) -> str:
    one, two = (timed_run(folder, f"workers-{count}", workers=count, suite="quick") for count in (1, 2))
    return f"2 workers over 1 on quick: {one / two:.2f} ({one:.0f} s, {two:.0f} s)"


def cluster(folder: Path) -> str:
    seconds = []
    for count in (1, 2):
        with running_cluster(folder, count) as address:
            seconds.append(timed_run(folder, f"cluster-{count}", scheduler=address, suite="quick"))
    one, two = seconds
    return f"2 cluster workers over 1 on quick: {one / two:.2f} ({one:.0f} s, {two:.0f} s)"


@contextlib.contextmanager
def running_cluster(folder: Path, count: int):
    """Start a scheduler and workers of one thread; give the scheduler's address."""
    file = folder / f"scheduler-{count}.json"
    options = ["--scheduler-file", str(file), "--no-dashboard"]
    commands = [["scheduler", "--host", "127.0.0.1", "--port", "0"], *[["worker", "--nthreads", "1"]] * count]
    with contextlib.ExitStack() as stack:
        for name, *words in commands:
            command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *words, *options]
            process = stack.enter_context(subprocess.Popen(command, stderr=subprocess.DEVNULL))
            stack.callback(process.terminate)
            while not file.exists():
                time.sleep(0.1)
        from distributed import Client

        address = json.loads(file.read_text())["address"]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(count)
        yield address


def million(folder: Path) -> str:
    store = folder / "million.sqlite"
    choices = {
        "suite": "quick", "estimators": ["zero", "gaussian", "ksg:k=[1,2,3,4,5,6,7,8]"],
        "tasks": ["gaussian:dim=[1,2,3,4,5],mi=[0.1,0.2,0.5,1,2]"], "samples": [100, 200, 400, 800], "seeds": 1000,
    }  # fmt: skip
    plan = Request(**choices).plan()
    with Store(store) as opened:
        count = opened.extend(fake(plan.job(cell), index) for index, cell in enumerate(plan.cells()))
    size = store.stat().st_size / 1e6
    start = time.perf_counter()
    assert timed_run(folder, "million", **choices) < 1e9
    resume = time.perf_counter() - start
    peak_resume = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    start = time.perf_counter()
    frame = read_frame(store)
    load = time.perf_counter() - start
    assert len(frame) == count
    code = ["-m", "mibench", "leaderboard", "quick", "--store", str(store), "-o", str(folder / "board")]
    start = time.perf_counter()
    subprocess.run([sys.executable, *code], check=True, stdout=subprocess.DEVNULL)
    board = time.perf_counter() - start
    peak_board = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return (
        f"{count} attempts, {size:.0f} MB: resume {resume:.1f} s ({peak_resume:.2f} GB), load {load:.1f} s, "
        f"board {board:.1f} s ({peak_board:.2f} GB)"
    )


def fake(job, index: int) -> Attempt:
    """An attempt as an estimator would have left it, of made-up cost and value."""
    noise = (index * 2654435761 % 1_000_003) / 1_000_003 - 0.5
    outcome = Outcome(
        status="ok", nats=job.truth_nats + 0.1 * noise, stderr=0.01, cpu_s=0.01 + 0.001 * noise,
        wall_s=0.011 + 0.001 * noise, setup_s=0.2, sample_s=0.0001, peak_mb=1.5, diagnostics={"algorithm": "tree"},
    )  # fmt: skip
    return job.to_attempt(outcome, "0123456789abcdef")


MEASURES = {measure.__name__: measure for measure in (throughput, overhead, workers, cluster, million)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=MEASURES)
    for name in parser.parse_args().names:
        with tempfile.TemporaryDirectory(prefix="mibench-measure-") as folder:
            print(f"{name}: {MEASURES[name](Path(folder))}", flush=True)
