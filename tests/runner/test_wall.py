"""Whatever an estimator or a task does to the runner, it costs its own cells only."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mibench
from mibench.errors import SuiteError

ATTACKS = Path(__file__).with_name("hostile_wall.py")
CHOICES = {"samples": [50], "tasks": ["gaussian:dim=1,mi=1"], "plugins": [ATTACKS], "progress": False}


@pytest.fixture
def run(attacks, tmp_path):
    """Run estimators on one small task."""

    def run(*estimators, **choices):
        choices = CHOICES | {"seeds": 1, "workers": 2, "store": tmp_path / "a.sqlite"} | choices
        return mibench.run("quick", estimators=list(estimators), **choices)

    return run


@pytest.fixture
def honest(run, tmp_path):
    """The values of built-ins where nobody attacks, by estimator and seed."""
    frame = run("gaussian", "zero", seeds=3, store=tmp_path / "honest.sqlite")
    return frame.set_index(["estimator", "seed"])["nats"].to_dict()


def test_an_attack_costs_its_own_cell_and_a_resume_runs_nothing(attacks, run, honest, strays):
    specs = [f"attacker:how={name}" for name in attacks.STATUSES]
    frame = run("gaussian", *specs, "zero", seeds=2, timeout=60.0)
    found = {(row.estimator, row.status) for row in frame.itertuples() if "attacker" in row.estimator}
    assert found == {(f"attacker:how={name}", status) for name, status in attacks.STATUSES.items()}
    values = frame.set_index(["estimator", "seed"])["nats"].to_dict()
    assert {key: values[key] for key in honest if key in values} == {k: v for k, v in honest.items() if k[1] < 2}
    forged = {estimator for (estimator, _), value in values.items() if value == 42.0}
    assert forged == {"attacker:how=forged_value"}
    again = run("gaussian", *specs, "zero", seeds=2, timeout=60.0)
    assert again["attempts"].tolist() == frame["attempts"].tolist()


def test_broken_messages_are_named(run):
    frame = run("attacker:how=[forged_token,forged_status,forged_time,endless_ready]").set_index("estimator")
    words = {"forged_token": "about no work", "forged_status": "status is 'unsupported'", "forged_time": "cpu_s is"}
    for how, word in (words | {"endless_ready": "not due"}).items():
        message = frame.loc[f"attacker:how={how}", "message"]
        assert message.startswith("the worker's messages are broken: ")
        assert word in message


def test_an_estimator_cannot_change_what_others_return(run, honest):
    frame = run("patcher", "gaussian", "zero", seeds=3, workers=1)
    values = frame.set_index(["estimator", "seed"])["nats"].to_dict()
    assert {key: values[key] for key in honest} == honest


def test_an_estimator_sees_neither_the_truth_nor_the_task(run):
    row = run("peeker", workers=1, tasks=["gaussian:dim=[1,2],mi=1"]).iloc[0]
    assert (row.status, row.nats, row.diagnostics) == ("ok", 0.0, {"texts": [], "tasks": []})


def test_a_sample_drawn_elsewhere_is_the_cells_own(run, tmp_path):
    path = tmp_path / "mean.py"
    path.write_text(
        "from dataclasses import dataclass\nimport mibench\n\n@mibench.register_estimator('third-mean')\n"
        "@dataclass(frozen=True)\nclass Mean(mibench.Estimator):\n    def estimate(self, *blocks, rng):\n"
        "        return mibench.Estimate(sum(float(b.sum()) for b in blocks) + rng.random())\n"
    )
    task = mibench.get_task("total-correlation:dim=3,kind=equicorrelated,rho=0.5")
    row = run("third-mean", tasks=[task], plugins=[path], seeds=1).iloc[0]
    from mibench.streams import estimator_stream

    rng = estimator_stream("third-mean", task.spec, task.full_version, 50, 0)
    assert row.nats == sum(float(block.sum()) for block in task.sample(50, 0)) + rng.random()
    assert row.sample_s > 0


def test_a_plugin_that_fails_in_workers_costs_its_own_cells(run):
    frame = run("zero", "absent").set_index("estimator")
    assert frame["status"].to_dict() == {"zero": "ok", "absent": "error"}
    assert "not in a worker" in frame.loc["absent", "message"]


@pytest.mark.parametrize(
    ("how", "words"),
    [("hang", "took longer than 1 s"), ("leave", "exit code 0"), ("fail", r"ValueError: no\ntruth \\ud83d")],
)
def test_a_truth_that_is_not_to_be_had_is_a_clear_error(run, how, words, strays):
    with pytest.raises(SuiteError, match=f"task bad-truth:how={how}: its truth cannot be computed: .*{words}"):
        run("zero", tasks=[f"bad-truth:how={how}"], timeout=1.0)


def test_a_truth_that_leaves_is_exit_code_2(attacks):
    command = [sys.executable, "-m", "mibench", "run", "quick", "--plugin", ATTACKS, "-e", "zero", "--seeds", "1"]
    done = subprocess.run([*command, "-t", "bad-truth:how=leave"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_the_truth_of_a_plugins_task_is_computed_in_a_worker(run):
    frame = run("zero", tasks=["bad-truth:how=peep", "bad-truth:how=zero"]).set_index("task")
    assert frame["truth_nats"].to_dict() == {"bad-truth:how=peep": 1.0, "bad-truth:how=zero": 0.0}
    assert frame["family"].to_dict() == {"bad-truth:how=peep": "bad", "bad-truth:how=zero": "independence"}


@pytest.mark.parametrize("how", ["kill", pytest.param("stop", marks=pytest.mark.slow)])
def test_who_ends_the_fork_server_is_found_out_and_leaves_nothing(run, how, strays):
    frame = run("zero", f"server-killer:how={how}", "gaussian").set_index("estimator")
    assert frame["status"].to_dict() == {
        "zero": "ok", f"server-killer:how={how}": "crash", "gaussian:correction=none": "ok",
    }  # fmt: skip
    assert {"kill": "was killed", "stop": "was stopped"}[how] in frame["message"][f"server-killer:how={how}"]


def test_files_in_memory_count(run):
    row = run("hoarder:how=memfd", memory="200MB").iloc[0]
    assert row.status == "oom"
    assert float(re.match(r"used (\d+) MB; the limit is 200 MB", row.message)[1]) < 700


@pytest.mark.parametrize("how", ["shared", "shared-left"])
def test_shared_memory_is_removed(run, how):
    row = run(f"hoarder:how={how}").iloc[0]
    assert row.status == {"shared": "ok", "shared-left": "crash"}[how]
    assert row.output.startswith("psm_")
    assert not Path("/dev/shm", row.output.strip()).exists()


def test_temporary_files_are_removed_and_so_is_their_folder(run):
    frame = run("hoarder:how=files", "hoarder:how=files-and-hang", timeout=1.0)
    for folder in frame["output"]:
        assert "/mibench-run-" in folder
        assert not Path(folder.strip()).exists()
        assert not Path(folder.strip()).parents[1].exists()


def test_too_few_open_files_are_one_clear_line():
    command = f"ulimit -n 12; exec {sys.executable} -m mibench run quick -e zero --seeds 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"mibench: error: open files are limited to 12 \(ulimit -n\); allowed: \d+ .*\n", done.stderr)
