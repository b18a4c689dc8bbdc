"""The example package, installed as a user would install it, and everything it brings in use."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mibench.store import read_frame

EXAMPLE = Path(__file__).parents[2] / "examples" / "mibench-gaussian-mixture"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Install the package into a folder of its own; run Python there with it on the path."""
    pytest.importorskip("setuptools", minversion="77")
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--target", folder / "site", folder / "source"], check=True, timeout=120)
    environment = os.environ | {"PYTHONPATH": str(folder / "site"), "OMP_NUM_THREADS": "1"}

    def execute(*arguments):
        return subprocess.run(
            [sys.executable, "-m", *map(str, arguments)], cwd=folder, env=environment, capture_output=True, text=True,
            timeout=300,
        )  # fmt: skip

    return execute


def mibench(run, *arguments):
    done = run("mibench", *arguments)
    assert not done.returncode, done.stderr
    return done.stdout


def test_what_it_brings_is_shown_with_its_package_and_version(run):
    for kind, name in (("estimators", "gaussian-mixture"), ("tasks", "uniform-noise"), ("suites", "uniform-noise")):
        (record,) = [item for item in json.loads(mibench(run, "list", kind, "--json")) if item["name"] == name]
        assert record["origin"] == "the package mibench-gaussian-mixture 0.1.0"


def test_its_suite_runs_in_workers_and_its_version_is_in_the_results(run, tmp_path):
    store = tmp_path / "results.sqlite"
    mibench(run, "run", "uniform-noise", "--samples", 200, "--seeds", 1, "-e", "gaussian-mixture", "--store", store)
    frame = read_frame(store)
    assert list(frame["status"]) == ["ok"] * 5
    assert set(frame["estimator_version"]) == {"1+mibench-gaussian-mixture-0.1.0"}
    assert frame["nats"].to_numpy() == pytest.approx(frame["truth_nats"].to_numpy(), abs=0.5)


@pytest.mark.slow
def test_its_own_tests_pass(run):
    done = run("pytest", "-q", "-p", "no:cacheprovider", "source/tests")
    assert not done.returncode, done.stdout
    assert " passed" in done.stdout
