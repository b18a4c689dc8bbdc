"""Reports: valid JSON, Markdown that GitHub reads, and nothing lost."""

import json

import numpy as np
import pytest

from mibench.errors import StoreError
from mibench.gates.accuracy.pairs import pair
from mibench.gates.accuracy.report import report_accuracy
from mibench.gates.accuracy.rule import judge
from mibench.gates.report import Report, Table, optional, percent
from mibench.gates.verdict import Verdict, exit_code, worst


@pytest.fixture
def report(frame):
    values = 0.3 * np.random.default_rng(0).standard_normal(20)
    failing = [None, *(3 * values[1:])]
    pairs = pair(frame(values), frame(failing))
    return report_accuracy(judge(pairs, lambda spec: True, permutations=999), "a against b")


def test_json_is_json_to_every_reader(report):
    content = json.loads(report.to_json(), parse_constant=pytest.fail)
    assert content["verdict"] == "regression" or content["verdict"] == "inconclusive"
    assert content["estimators"][0]["pairs"] == 19
    assert content["failures"][0]["count"]["only_head"] == 1


def test_markdown_tables_have_as_many_cells_in_every_row(report):
    widths, block = set(), []
    for line in [*report.to_markdown().splitlines(), ""]:
        if line.startswith("|"):
            block.append(line.count(" | "))
        elif block:
            widths.add(len(set(block)))
            block = []
    assert widths == {1}
    assert report.to_markdown().startswith("### ")


def test_a_bar_in_a_cell_does_not_break_the_table():
    table = Table("t", ("a", "b"), (("x|y", "z"),), (Verdict.PASS,))
    assert "x\\|y" in Report("accuracy", Verdict.PASS, "s", (table,)).to_markdown()


def test_writes_by_suffix(report, tmp_path):
    report.write(tmp_path / "r.md")
    report.write(tmp_path / "r.json")
    assert (tmp_path / "r.md").read_text() == report.to_markdown()
    assert json.loads((tmp_path / "r.json").read_text())["gate"] == "accuracy"
    with pytest.raises(StoreError, match=r"allowed: a file that ends in \.md or \.json"):
        report.write(tmp_path / "r.txt")


def test_numbers_as_text():
    assert percent(1.25) == "+25.0 %"
    assert percent(float("nan")) == "–"
    assert optional(None, ".2f") == optional(float("nan"), ".2f") == "–"


def test_the_gravest_verdict_counts():
    assert worst([]) is worst([Verdict.IMPROVED]) is Verdict.PASS
    assert worst([Verdict.INCONCLUSIVE, Verdict.REGRESSION, Verdict.ERROR]) is Verdict.REGRESSION
    assert [exit_code(verdict, strict=False) for verdict in Verdict] == [0, 0, 0, 3, 1]
    assert [exit_code(verdict, strict=True) for verdict in Verdict] == [0, 0, 4, 3, 1]
