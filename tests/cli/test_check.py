"""``mibench check``: verdicts as text, Markdown and JSON, and exit codes that a script can use."""

import json

import pytest

PLUGIN = '''
from dataclasses import dataclass
from mibench import Estimate, Estimator, Tags, register_estimator

@register_estimator("trial-wrong")
@dataclass(frozen=True)
class Wrong(Estimator):
    """A method."""

    tags = Tags(deterministic=False, requires=("{requires}",), install="it")
    expected_failures = {"check_monotone": "it is a constant", "check_docstring": "it is a trial"}

    def estimate(self, *blocks, rng):
        return Estimate(1.0)
'''


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "plugin.py"
    path.write_text(PLUGIN.replace("{requires}", "numpy"))
    return path


def test_a_sound_estimator_exits_with_0(cli):
    result = cli("check", "gaussian:correction=none")
    assert result.code == 0
    assert "gaussian from mibench itself, version 1" in result.out
    assert "pass              check_independence" in result.out
    assert "not applicable    check_monotone_maps: invariance under monotone maps of a column" in result.out
    assert "expected failure  check_typed_failure: blocks that determine one another" in result.out
    assert result.out.splitlines()[-1] == "23 pass, 4 not applicable, 2 expected failure"


def test_a_broken_promise_exits_with_1_and_says_what_it_means(cli, plugin):
    result = cli("check", "trial-wrong", "--plugin", plugin)
    assert result.code == 1
    assert f"trial-wrong from the file {plugin}, version 1+sha256:" in result.out
    assert "fail              check_independence: at a true value of 0.000 nats the mean is 1.000" in result.out
    assert "It reports dependence between variables that have none." in result.out
    assert "expected failure  check_monotone: it is a constant" in result.out


def test_json_has_every_verdict(cli, plugin):
    found = json.loads(cli("check", "trial-wrong", "--plugin", plugin, "--json").out)
    statuses = {verdict["check"]: verdict["status"] for verdict in found}
    assert statuses["check_independence"] == "fail"
    assert statuses["check_monotone"] == "expected failure"
    assert statuses["check_swap"] == "not applicable"
    assert statuses["check_same_seed"] == "pass"
    assert all(verdict["meaning"] for verdict in found)


def test_markdown_is_one_table(cli):
    lines = cli("check", "zero", "gaussian:mi=1", "--markdown").out.splitlines()
    assert lines[0] == "| subject | pass | not applicable | expected failure |"
    assert lines[2] == (
        "| `zero` | 20 of 29 | estimate many, ceiling, direction "
        "| docstring, raw values, calibration, total correlation, uncorrelated dependence, monotone |"
    )
    assert lines[3].startswith("| `gaussian:mi=1.0` | 1")
    assert "- `zero`, docstring (expected failure): a constant has no source to cite" in lines


def test_what_is_not_installed_is_no_failure(cli, plugin):
    plugin.write_text(PLUGIN.replace("{requires}", "no_such_module_anywhere"))
    result = cli("check", "trial-wrong", "--plugin", plugin)
    assert "not installed" in result.out
    assert "trial-wrong needs no_such_module_anywhere: pip install 'it'" in result.out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "give the names of what to check, or --all"),
        (("zero", "--all"), "give the names of what to check, or --all"),
        (("zeroo",), "unknown estimator or task 'zeroo'; did you mean 'zero'?"),
        (("ksg:k=0",), "ksg: k is 0"),
        (("subprocess",), "subprocess: command is missing; allowed: a string"),
    ],
)
def test_mistakes_are_one_line(arguments, complaint, cli):
    assert complaint in cli("check", *arguments).complaint


def test_all_is_everything_that_needs_no_parameters(cli, monkeypatch):
    monkeypatch.setattr("mibench.list_estimators", lambda: ["subprocess", "zero"])
    monkeypatch.setattr("mibench.list_tasks", lambda: ["binary-gaussian"])
    result = cli("check", "--all", "--json")
    assert {verdict["subject"] for verdict in json.loads(result.out)} == {"zero", "binary-gaussian"}
    assert "subprocess is not checked: subprocess: " in result.err
