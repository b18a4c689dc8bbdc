import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mibench.cli import main
from mibench.cli.app import app

PLUGIN = '''
from dataclasses import dataclass
from mibench import Estimate, Estimator, register_estimator

@register_estimator("climber")
@dataclass(frozen=True)
class Climber(Estimator):
    """Climbs to the truth."""

    def estimate(self, *blocks, rng):
        return Estimate(0.0)

    def learning_curve(self, sampler, *, steps=None, rng):
        return Estimate(0.5, curve=[(step, 0.5 * step / 10) for step in range(1, (steps or 10) + 1)])
'''


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "climber.py"
    path.write_text(PLUGIN)
    return str(path)


def invoke(*arguments):
    assert main.app is app  # the commands are registered by importing main
    return CliRunner().invoke(app, ["curve", *arguments], catch_exceptions=False)


def test_a_curve_is_drawn_and_written(plugin, tmp_path):
    out = tmp_path / "figures"
    result = invoke("gaussian:dim=1,mi=0.5", "-e", "climber", "--plugin", plugin, "-o", str(out), "--seeds", "2")
    assert result.exit_code == 0
    assert "climber on gaussian:dim=1,mi=0.5" in result.output
    assert "0.5000 ┤" in result.output
    assert result.output.count("step 9") == 2
    assert sorted(path.name for path in out.iterdir()) == ["gaussian-climber.html", "gaussian-climber.svg"]


def test_json_holds_the_whole_curve(plugin, tmp_path):
    options = ["--plugin", plugin, "-o", str(tmp_path), "--steps", "3", "--json"]
    record = json.loads(invoke("gaussian:mi=0.5", "-e", "climber", *options).stdout)
    assert record["truth_nats"] == 0.5
    assert record["runs"][0]["curve"] == [[1, 0.05], [2, 0.1], [3, pytest.approx(0.15)]]
    assert record["runs"][0]["first_step_at_90_percent"] is None
    assert len(record["files"]) == 2


def test_the_article_recipe_is_drawn_by_name(tmp_path):
    pytest.importorskip("torch")
    result = invoke("article", "--steps", "3", "--seeds", "1", "-o", str(tmp_path), "--json")
    record = json.loads(result.stdout)
    assert record["truth_nats"] == pytest.approx(0.65873, abs=1e-5)
    assert (tmp_path / "article.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gaussian:mi=0.5"], "estimator is missing for the task 'gaussian:mi=0.5'; allowed: -e SPEC"),
        (["artcle", "-e", "mine"], "unknown task 'artcle'; did you mean 'article'"),
        (["gaussian:mi=0.5", "-e", "zero"], "zero learns no curve"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, message):
    code = f"import sys; sys.argv = {['mibench', 'curve', *arguments]!r}; from mibench.cli.main import main; main()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
