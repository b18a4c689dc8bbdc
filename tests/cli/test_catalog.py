import inspect
import json
import math
import os
import subprocess
import sys

import pytest

from mibench import get_task, list_estimators, list_suites, list_tasks, load_suite
from mibench.registry import ESTIMATORS, TASKS

HEAVY = ("torch", "pandas", "sklearn", "numba", "altair", "scipy.stats")
PLUGIN = '''
from dataclasses import dataclass
from mibench import Estimate, Estimator, Tags, register_estimator

@register_estimator("trial-needy")
@dataclass(frozen=True)
class Needy(Estimator):
    """Î = the ``depth`` nats.

    Args:
        depth: how deep
            it goes.

    References:
        [1] A first book.
        [2] A second
        book.
    """

    depth: float
    tags = Tags(max_blocks=2, requires=("no_such_module",), install="no-such-package")

    def estimate(self, *blocks, rng):
        return Estimate(self.depth)
'''


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "needy.py"
    path.write_text(PLUGIN)
    return path


@pytest.mark.parametrize(
    ("kind", "known"), [("estimators", list_estimators), ("tasks", list_tasks), ("suites", list_suites)]
)
def test_list_shows_everything_in_one_line_each(cli, kind, known):
    result = cli("list", kind)
    assert result.code == 0
    assert result.err == ""
    heading, *lines = result.out.splitlines()
    assert heading.split()[0] == kind[:-1]
    assert [line.split()[0] for line in lines] == known()
    assert [record["name"] for record in json.loads(cli("list", kind, "--json").out)] == known()


def test_list_is_whole_in_a_narrow_pipe(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    assert cli("list", "tasks").out.count("\n") == len(list_tasks()) + 1


@pytest.mark.parametrize("arguments", [["--help"], ["list", "estimators"], ["list", "tasks"], ["info", "mine"]])
def test_nothing_heavy_is_imported(arguments):
    code = (
        "import sys\nfrom mibench.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as stop:\n    assert not stop.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_info_shows_every_kind_of_thing_of_a_name(cli):
    kinds = [record["kind"] for record in json.loads(cli("info", "gaussian", "--json").out)]
    assert kinds == ["estimator", "task"]
    out = cli("info", "gaussian").out
    assert "gaussian (estimator)" in out
    assert "gaussian (task)" in out


@pytest.mark.parametrize("name", list_estimators() + list_tasks())
def test_info_describes_every_parameter(cli, name):
    records = json.loads(cli("info", name, "--json").out)
    for record in (record for record in records if record["kind"] != "suite"):
        cls = (ESTIMATORS if record["kind"] == "estimator" else TASKS).get(name)
        assert [item["name"] for item in record["parameters"]] == list(inspect.signature(cls).parameters)
        assert record["summary"]
        assert record["references"] or name == "zero"
        for item in record["parameters"]:
            assert item["meaning"], f"{cls.__name__}.{item['name']} is missing from Args"


def test_info_of_an_estimator(cli):
    out = cli("info", "binning").out
    for words in (
        "strategy  choice, default equal-frequency", "allowed: equal-frequency or equal-width", "blocks: any number",
        "bins  int | choice, default cochran", "mibench itself, version 1", "DOI 10.1103/PhysRevE.71.066208",
        "spec: binning:bins=cochran,correction=none,strategy=equal-frequency", "gives: an estimate",
    ):  # fmt: skip
        assert words in out
    assert "``" not in out


def test_info_of_a_spec_shows_its_truth_and_blocks(cli):
    out = cli("info", "gaussian:dim=2,mi=1").out
    assert "truth: 1 nats (1.4427 bits), by closed form" in out
    assert "blocks: 2 blocks of 2 continuous" in out
    assert "(estimator)" not in out
    (record,) = json.loads(cli("info", "binary-gaussian:noise_var=1", "--json").out)
    assert record["truth"]["nats"] == get_task("binary-gaussian:noise_var=1").truth.nats
    assert [block["kind"] for block in record["blocks"]] == ["discrete", "continuous"]


def test_info_of_a_task_without_defaults_says_how_to_see_its_truth(cli):
    assert "try mibench info gaussian:key=value,…" in cli("info", "gaussian").out


def test_info_of_a_suite(cli, tmp_path):
    suite = load_suite("quick")
    (record,) = json.loads(cli("info", "quick", "--json").out)
    grid = len(suite.build_estimators()) * len(suite.build_tasks()) * len(suite.samples) * suite.seeds
    assert record["cells"] == grid
    assert f"cells: {grid:,} = " in cli("info", "quick").out
    own = tmp_path / "own.toml"
    own.write_text('tasks = ["gaussian:mi=[1,2]"]\nestimators = ["zero"]\nsamples = [50]\nseeds = 3\n')
    assert "cells: 6 = 1 estimators × 2 tasks × 1 sample sizes × 3 seeds" in cli("info", own).out


def test_a_missing_extra_is_shown_with_what_to_install(cli, plugin):
    hint = "pip install 'no-such-package'"
    result = cli("list", "estimators", "--plugin", plugin)
    (line,) = [line for line in result.out.splitlines() if line.startswith("trial-needy")]
    assert hint in line
    out = cli("info", "trial-needy").out
    assert hint in out
    assert "needs: no_such_module" in out


def test_info_of_a_plugin_file(cli, plugin):
    (record,) = json.loads(cli("info", "trial-needy", "--plugin", plugin, "--json").out)
    assert record["spec"] is None
    assert record["parameters"][0] == {
        "name": "depth", "type": "float", "required": True, "default": None, "allowed": "a finite number",
        "meaning": "how deep it goes.",
    }  # fmt: skip
    assert record["references"] == ["[1] A first book.", "[2] A second book."]
    assert str(plugin) in record["origin"]
    assert "sha256" in record["version"]
    assert "depth  float, required" in cli("info", "trial-needy:depth=2").out


def test_a_broken_plugin_is_one_warning_in_lists_and_explained_by_info(tmp_path):
    package = tmp_path / "mibench_trial-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: mibench-trial\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[mibench.estimators]\ntrial-broken = mibench_trial\n")
    (tmp_path / "mibench_trial.py").write_text("import a_module_nobody_has\n")

    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-m", "mibench", *arguments], capture_output=True, text=True, env=environment, check=False
        )

    listed = run("list", "estimators")
    assert listed.returncode == 0
    assert "ksg" in listed.stdout
    (line,) = listed.stderr.splitlines()
    assert line.startswith("mibench: warning: estimator 'trial-broken' of the package mibench-trial 1.0")
    told = run("info", "trial-broken")
    assert told.returncode == 2
    assert "No module named 'a_module_nobody_has'" in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_unknown_names_offer_the_nearest(cli):
    assert cli("info", "gausian").complaint.startswith("unknown name 'gausian'; did you mean 'gaussian'")
    assert "'task' is not one of 'estimators', 'tasks', 'suites'" in cli("list", "task").complaint
    complaint = cli("info", "gaussian:dmi=1").complaint
    assert complaint.startswith("as estimator, gaussian: unknown parameter 'dmi'")
    assert "as task, gaussian: unknown parameter 'dmi'; did you mean 'mi' or 'dim'?" in complaint


@pytest.mark.parametrize(
    ("words", "offered"), [("mibench info binar", "binary-gaussian"), ("mibench list ta", "tasks")]
)
def test_the_shell_completes_names(words, offered):
    environment = {
        **os.environ, "_MIBENCH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "2",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "mibench"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.split() == [offered]


def test_completion_can_be_installed(cli):
    assert "--install-completion" in cli("--help").out


def test_truth_in_bits_is_nats_over_ln_2(cli):
    assert f"({math.log2(math.e) * 3:.6g} bits)" in cli("info", "gaussian:mi=3").out
