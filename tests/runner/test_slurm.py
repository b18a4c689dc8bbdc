"""The example scripts for Slurm, run as Slurm would run them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mibench.store import read_frame

EXAMPLES = Path(__file__).parents[2] / "examples" / "slurm"
CHOICES = ["-e", "zero", "-e", "gaussian", "-t", "gaussian:dim=1,mi=1", "--samples", "20", "--seeds", "3"]
#: Starts as many copies of a command as asked for, as Slurm's own does on as many nodes.
_SRUN = """#!/bin/bash
count=${1#--ntasks=}
shift
trap 'kill $(jobs -p) 2>/dev/null; wait' TERM EXIT
for i in $(seq "$count"); do "$@" & done
wait
"""


@pytest.fixture
def slurm(tmp_path):
    """Run one of the examples with variables that Slurm sets."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "srun").write_text(_SRUN)
    (tmp_path / "bin" / "srun").chmod(0o755)
    path = os.pathsep.join([str(tmp_path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])

    def run(script, *arguments, **variables):
        environment = {**os.environ, "PATH": path, "SUITE": "quick", **variables}
        return subprocess.run(
            ["bash", EXAMPLES / script, *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True,
            check=True,
        )  # fmt: skip

    return run


def test_an_array_and_a_merge_make_the_whole(slurm, tmp_path):
    for index in ("1", "2"):
        slurm("array.sh", *CHOICES, SLURM_ARRAY_TASK_ID=index, SLURM_ARRAY_TASK_COUNT="2", SLURM_CPUS_PER_TASK="1")
    assert slurm("merge.sh").stdout == "6 attempts added to mibench.sqlite, 0 known already\n"
    assert slurm("merge.sh").stdout == "0 attempts added to mibench.sqlite, 6 known already\n"
    assert len(read_frame(tmp_path / "mibench.sqlite")) == 6


@pytest.mark.slow
def test_a_cluster_inside_one_job_runs_the_suite(slurm, tmp_path):
    done = slurm("cluster.sh", *CHOICES, SLURM_JOB_ID="7", SLURM_NTASKS="2")
    assert done.stdout.splitlines()[-1] == "6 run, 0 reused"
    assert set(read_frame(tmp_path / "mibench.sqlite")["status"]) == {"ok"}
    assert not list(tmp_path.glob("scheduler-*"))
