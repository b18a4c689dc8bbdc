"""The aliases of benchmark-mi's tasks, and the published comparison of its truths and draws with ours."""

import csv
from pathlib import Path

import pytest

from mibench import get_task, load_suite
from mibench.aliases import aliases

ROWS = list(csv.DictReader((Path(__file__).parents[2] / "docs" / "benchmark-mi.csv").open()))


def test_all_53_tasks_have_an_alias_and_a_row():
    assert len(ROWS) == 53
    assert {row["task_id"] for row in ROWS} == set(aliases("task", "bmi"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["task_id"])
def test_sizes_and_truths_are_those_of_benchmark_mi(row):
    """Its closed forms to the digits printed; its Monte Carlo means of 100,000 draws within five of their errors."""
    task = get_task(f"bmi:{row['task_id']}")
    assert [block.dim for block in task.blocks] == [int(row["dim_x"]), int(row["dim_y"])]
    assert task.spec == row["spec"]
    assert f"{task.truth.nats:.9f}" == row["mibench_nats"]
    simulated = row["method"] == "quadrature" and "additive" not in row["task_id"]
    assert abs(task.truth.nats - float(row["benchmark_mi_nats"])) < (0.01 if simulated else 1e-6)


def test_no_draws_can_be_told_apart():
    """53 classifiers on 5,000 rows; the largest of 53 normal deviates exceeds 3.7 once in a hundred times."""
    assert max(abs(float(row["z"])) for row in ROWS) < 3.7


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_inliers_have_one_truth_in_5_and_in_25_dimensions(share):
    five, many = (get_task(f"bmi:mult-sparse-w-inliers-{d}-{d}-2-2.0-{share}").truth.nats for d in (5, 25))
    assert five == many


@pytest.mark.parametrize(("name", "count"), [("bmi-2023", 40), ("bmi-v2", 26)])
def test_the_suites_hold_the_published_lists(name, count):
    suite = load_suite(name)
    assert (len(suite.build_tasks()), suite.samples, suite.seeds) == (count, (10_000,), 10)
