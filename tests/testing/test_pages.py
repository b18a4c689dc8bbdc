"""The pages on conformance say what the kit says."""

from pathlib import Path

import pytest

from mibench.testing import ESTIMATOR_CHECKS, TASK_CHECKS, checks_of, find_subjects, judge, meaning
from mibench.testing.report import markdown

DOCS = Path(__file__).parents[2] / "docs"
QUICK = ["zero", "gaussian:correction=none", "binning", "ennemi", "binary-gaussian"]


@pytest.mark.parametrize("check", sorted({*ESTIMATOR_CHECKS, *TASK_CHECKS}, key=lambda check: check.__name__))
def test_every_check_is_explained(check):
    checked = " ".join(check.__doc__.split("\n\n")[0].split())
    row = f"| `{check.__name__}` | {checked} | {meaning(check)} |"
    assert row in (DOCS / "conformance.md").read_text().splitlines()


@pytest.mark.parametrize("name", QUICK)
def test_the_published_verdicts_are_those_of_today(name):
    (subject,) = find_subjects(name)
    verdicts = [judge(check, subject) for check in checks_of(subject)]
    if any(verdict.status == "not installed" for verdict in verdicts):
        pytest.skip(f"{name} is not installed")
    published = (DOCS / "verdicts.md").read_text().splitlines()
    (row,) = [line for line in published if line.startswith(f"| `{subject.label}` |")]
    today = dict(zip(*(_cells(line) for line in markdown(verdicts).splitlines()[:3:2]), strict=True))
    shown = dict(zip(_cells(published[0]), _cells(row), strict=True))
    assert {column: cell for column, cell in shown.items() if cell != "—"} == {
        column: cell for column, cell in today.items() if cell != "—"
    }


def _cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]
