"""Tests of independence, matrices and rankings of columns: their statistics, and what they do with bad columns."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from mibench import dependence, estimate, get_task
from mibench.errors import InputError


def test_the_p_value_is_uniform_under_independence():
    """Of 400 tests of 19 permutations a p of k/20 comes with probability 1/20: the chi-square of the twenty counts."""
    rng = np.random.default_rng(3)
    found = [
        dependence.permutation_test(*rng.normal(size=(2, 12)), estimator="gaussian", permutations=19, seed=seed).p_value
        for seed in range(400)
    ]
    counts = np.bincount(np.rint(np.array(found) * 20).astype(int), minlength=21)[1:]
    assert counts.sum() == 400
    assert ((counts - 20) ** 2 / 20).sum() < 45.97  # the 0.9995 quantile of 19 degrees of freedom


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["gaussian", "binning:bins=3"])
def test_the_p_value_is_uniform_in_ten_thousand_tests(estimator):
    rng = np.random.default_rng(4)
    draw = (lambda: rng.normal(size=(2, 20))) if estimator == "gaussian" else (lambda: rng.exponential(size=(2, 20)))
    runs = 5_000
    found = np.array([
        dependence.permutation_test(*draw(), estimator=estimator, permutations=9, seed=seed).p_value
        for seed in range(runs)
    ])  # fmt: skip
    for level in (0.1, 0.2, 0.5):  # ties make the test of counts conservative, never liberal
        share = float((found <= level + 1e-9).mean())
        assert share < level + 4 * math.sqrt(level * (1 - level) / runs)
        if estimator == "gaussian":
            assert share > level - 4 * math.sqrt(level * (1 - level) / runs)


def test_dependence_is_found_whatever_the_bias_of_the_estimator():
    x, y = get_task("gaussian:dim=1,mi=0.3").sample(150)
    for estimator in ("ksg", "binning:bins=10", "gaussian"):
        found = dependence.permutation_test(x, y, estimator=estimator, permutations=99)
        assert found.p_value == 0.01, estimator
        assert found.nats == estimate(x, y, estimator=estimator).nats
    assert found.null_mean < 0.02
    biased = dependence.permutation_test(x, y, estimator="binning:bins=10", permutations=99)
    assert biased.null_mean > 0.2, "the bias of counting is seen under permutation"


def test_three_blocks_are_permuted_each_by_itself():
    x, y = get_task("gaussian:dim=1,mi=0.5").sample(200)
    z = np.random.default_rng(5).normal(size=200)
    assert dependence.permutation_test(z, x, y, estimator="ksg", permutations=39).p_value == 1 / 40
    with pytest.raises(InputError, match="permutations is 0"):
        dependence.permutation_test(x, y, permutations=0)


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    strong = rng.normal(size=400)
    frame = pd.DataFrame({
        "strong": strong, "weak": 0.5 * strong + rng.normal(size=400), "none": rng.normal(size=400),
        "target": strong + 0.5 * rng.normal(size=400), "fixed": 1.0, "name": [f"id{i}" for i in range(400)],
    })  # fmt: skip
    frame.loc[::50, "weak"] = np.nan
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv", frame


class TestRank:
    def test_columns_stand_by_what_they_tell(self, cli, table):
        file, frame = table
        shown = cli(
            "rank", file, "--target", "target", "-e", "gaussian", "--permutations", "99", "--drop-missing", "--json"
        )
        assert shown.code == 0, shown.err
        result = json.loads(shown.out)
        rows = result["ranking"]
        assert [row["column"] for row in rows] == ["strong", "weak", "none"]
        both = frame[["weak", "target"]].dropna()
        assert rows[1]["nats"] == pytest.approx(estimate(both[["weak"]], both[["target"]], estimator="gaussian").nats)
        assert rows[0]["p_value"] == 0.01
        assert rows[0]["adjusted"] == pytest.approx(0.03)
        assert rows[2]["p_value"] > 0.05
        assert set(result["refused"]) == {"fixed", "name"}

    def test_what_cannot_be_used_is_named_and_stops_nothing(self, cli, table):
        shown = cli("rank", table[0], "-y", "target", "-e", "gaussian")
        text = " ".join(shown.out.split())
        assert shown.code == 0
        assert "left out 'fixed': column 'fixed' is constant" in text
        assert "left out 'weak'" in text
        assert "--drop-missing" in text
        assert text.index("strong 0.") < text.index("none ")

    def test_mistakes_are_one_line(self, cli, table):
        assert (
            "has no column 'tarhet'; did you mean 'target'?"
            in cli("rank", table[0], "-y", "tarhet", "--columns", "strong").complaint
        )
        assert "column 'fixed' is constant" in cli("rank", table[0], "-y", "fixed").complaint


class TestMatrix:
    def test_it_is_symmetric_and_every_pair_is_an_estimate(self, cli, table, tmp_path):
        file, frame = table
        shown = cli(
            "matrix", file, "--columns", "strong,none,target", "-e", "gaussian", "-o", tmp_path / "out" / "m", "--json"
        )
        result = json.loads(shown.out)
        values = np.array(result["matrix"], dtype=float)
        assert values[0, 2] == values[2, 0]
        assert values[0, 2] == pytest.approx(estimate(frame[["strong"]], frame[["target"]], estimator="gaussian").nats)
        assert np.isnan(np.diag(values)).all()
        assert result["order"].index("none") in (0, 2), "strong and target stand together"
        written = pd.read_csv(tmp_path / "out" / "m.csv", index_col=0)
        assert written.loc["strong", "target"] == pytest.approx(values[0, 2], rel=1e-5)
        svg = (tmp_path / "out" / "m.svg").read_text()
        assert all(name in svg for name in ("strong", "none", "target"))

    def test_the_strongest_pair_comes_first_and_a_failing_one_last(self, cli, table):
        shown = cli("matrix", table[0], "-e", "gaussian", "--drop-missing")
        first = next(line for line in shown.out.splitlines() if line.startswith("strong"))
        assert first.split()[:2] == ["strong", "target"]
        assert shown.code == 0

    def test_a_failure_of_one_pair_is_its_own(self):
        columns = {"a": np.arange(9.0), "b": np.arange(9.0) ** 2, "c": np.r_[np.full(6, np.nan), 1.0, 2.0, 3.0]}
        found = dependence.matrix(columns, estimator="ksg")
        assert set(found.failures) == {("a", "c"), ("b", "c")}
        assert math.isfinite(found.nats[0, 1])
        with pytest.raises(InputError, match="1 column"):
            dependence.matrix({"a": np.arange(9.0)})


def test_estimate_tests_independence(cli, table):
    arguments = [
        "estimate",
        table[0],
        "--x",
        "strong",
        "--y",
        "target",
        "-e",
        "gaussian",
        "-e",
        "ksg",
        "--permutations",
        "19",
    ]
    result = json.loads(cli(*arguments, "--json").out)
    assert [item["p_value"] for item in result["estimates"]] == [0.05, 0.05]
    assert abs(result["estimates"][0]["null_mean"]) < 0.02
    heads, first = cli(*arguments).out.splitlines()[1:3]
    assert heads.split()[-1] == "p"
    assert first.split()[-1] == "0.05"
