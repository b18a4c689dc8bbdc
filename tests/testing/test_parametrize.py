"""The kit in pytest, as the author of a plugin meets it."""

import subprocess
import sys

import pytest

SUITE = """
from dataclasses import dataclass
from mibench import Estimate, Estimator, register_estimator
from mibench.testing import check_independence, check_monotone, check_same_seed, check_swap, parametrize_with_checks

@register_estimator("wrong")
@dataclass(frozen=True)
class Wrong(Estimator):
    expected_failures = {"check_monotone": "it is a constant", "check_same_seed": "it is random"}

    def estimate(self, *blocks, rng):
        return Estimate(1.0)

@parametrize_with_checks(["wrong"], checks=[check_independence, check_monotone, check_same_seed, check_swap])
def test_it(subject, check):
    check(subject)
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "test_wrong.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-rA", "-v", "-p", "no:cacheprovider", "test_wrong.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120).stdout


@pytest.mark.parametrize(
    ("check", "outcome"),
    [("independence", "FAILED"), ("monotone", "XFAIL"), ("same_seed", "FAILED"), ("swap", "SKIPPED")],
)
def test_each_pair_is_a_test_of_its_own(check, outcome, output):
    assert any(f"test_it[wrong-check_{check}] {outcome}" in line for line in output.splitlines()), output


def test_the_reasons_are_told(output):
    assert "at a true value of 0.000 nats the mean is 1.000" in output
    assert "What it means: It reports dependence between variables that have none." in output
    assert "it is a constant" in output
    assert "check_same_seed is declared an expected failure (it is random) but the verdict is 'pass'" in output
    assert "not applicable: invariance under swapping the blocks" in output
