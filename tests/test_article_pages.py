"""The pages on disentanglement and generalisation: their commands run, their numbers are today's."""

import math
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mibench import get_task
from mibench.cli import main
from mibench.cli.app import app
from mibench.generalisation import CompressionBound, GaussianMean

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("disentanglement", "generalisation")}
#: What takes long is run on few rows, or planned and not run.
SHORTER = {"-n 10000": "-n 50", "mibench run disentanglement": "mibench run disentanglement --dry-run"}


def commands():
    for page in PAGES.values():
        for line in re.findall(r"^    (mibench .*)$", page, re.MULTILINE):
            yield line.partition("#")[0].strip()


def test_every_command_has_been_found():
    assert len(list(commands())) >= 7
    assert {line.split()[1] for line in commands()} == {"info", "disentangle", "run", "bound"}


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_runs(command, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    assert main.app is app  # the commands are registered by importing main
    monkeypatch.chdir(tmp_path)
    x, z = get_task("gaussian:dim=2,mi=1").sample(200)
    pd.DataFrame(np.hstack([x, z]), columns=list("abcd")).to_csv("data.csv", index=False)
    for long, short in SHORTER.items():
        command = command.replace(long, short)
    result = CliRunner().invoke(app, shlex.split(command)[1:], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_the_figures_are_there():
    for name, page in PAGES.items():
        figures = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", page)
        assert figures, name
        assert all((DOCS / figure).is_file() for figure in figures)


@pytest.mark.slow
def test_the_script_of_the_figure_runs(tmp_path):
    import subprocess
    import sys

    subprocess.run([sys.executable, DOCS / "make_generalisation.py", tmp_path], check=True, capture_output=True)
    drawn = (tmp_path / "gaussian-mean.svg").read_text(encoding="utf-8")
    assert drawn.count("<path") == (DOCS / "figures" / "gaussian-mean.svg").read_text(encoding="utf-8").count("<path")


@pytest.mark.parametrize("training", ["c2", "beta4", "c5", "beta1", "c8"])
def test_the_table_of_trainings(training):
    name = training.replace("c", "C = ").replace("betaC", "beta").replace("beta", "β = ")
    (row,) = re.findall(rf"^\| {name} \| (.*) \|$", PAGES["disentanglement"], re.MULTILINE)
    shown = row.split(" | ")
    tasks = [get_task(f"disentanglement:asset={training}-{seed},pair=tc") for seed in range(3)]
    facts = [
        [task.posterior.mean_divergence for task in tasks],
        [get_task(f"disentanglement:asset={training}-{seed},pair=xz").truth.nats for seed in range(3)],
        [task.truth.nats for task in tasks],
        [task.posterior.gaussian_total_correlation for task in tasks],
        [task.information_gap for task in tasks],
    ]
    for text, values in zip(shown, facts, strict=True):
        digits = len(text.partition(".")[2])
        assert float(text) == pytest.approx(np.mean(values), abs=0.51 * 10**-digits)


@pytest.mark.parametrize(("bits", "epsilon", "rows"), [(4, 0.054, 10), (8, 0.199, 130), (11, 0.559, 1026)])
def test_the_table_of_the_heuristic(bits, epsilon, rows):
    assert f"| {bits} | {epsilon} | {rows:,} |" in PAGES["generalisation"]
    found = CompressionBound(bits * math.log(2), 3277)
    assert (round(found.epsilon, 3), found.rows_needed) == (epsilon, rows)


def test_what_the_theorem_says_at_a_hundred_rows():
    assert "At n = 100 it says 0.143 where the gap is 0.020." in PAGES["generalisation"]
    case = GaussianMean(100)
    assert (round(case.bound, 3), case.gap) == (0.143, 0.02)
