"""pytest-benchmark's files: the same statistics, and never across machines."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from mibench.errors import MeasurementError
from mibench.gates.cost.benchmark_json import compare_benchmarks
from mibench.gates.verdict import Verdict


@pytest.fixture
def write(tmp_path):
    def writer(name, samples, node="here"):
        path = tmp_path / name
        benchmarks = [{"fullname": key, "stats": {"data": list(data)}} for key, data in samples.items()]
        path.write_text(
            json.dumps({"machine_info": {"node": node, "cpu": {"brand_raw": "X"}}, "benchmarks": benchmarks})
        )
        return path

    return writer


def timings(seed=0, slowdown=1.0, count=200):
    return slowdown * 1e-3 * np.exp(0.03 * np.random.default_rng(seed).standard_normal(count))


def test_a_slower_benchmark_is_red_and_an_unchanged_one_is_not(write):
    base = write("base.json", {"a": timings(0), "b": timings(1)})
    head = write("head.json", {"a": timings(2), "b": timings(3, 1.5)})
    result = compare_benchmarks(base, head)
    assert {item.name: item.verdict for item in result.costs} == {"a": Verdict.PASS, "b": Verdict.REGRESSION}
    assert result.verdict is Verdict.REGRESSION
    assert compare_benchmarks(head, base).verdict is Verdict.PASS


def test_half_a_run_that_was_slow_is_not_enough(write):
    disturbed = timings(1)
    disturbed[:100] *= 2
    result = compare_benchmarks(write("base.json", {"a": timings(0)}), write("head.json", {"a": disturbed}))
    assert result.verdict is Verdict.PASS


def test_too_few_samples_are_inconclusive(write):
    result = compare_benchmarks(write("base.json", {"a": timings(count=39)}), write("head.json", {"a": timings()}))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "39 samples" in result.short[0]


def test_a_benchmark_that_is_gone_is_an_error_and_a_new_one_is_not(write):
    both, one = write("both.json", {"a": timings(), "b": timings()}), write("one.json", {"a": timings(1)})
    assert compare_benchmarks(both, one).verdict is Verdict.ERROR
    assert compare_benchmarks(one, both).new == ("b",)
    with pytest.raises(MeasurementError, match="no benchmark in common"):
        compare_benchmarks(one, write("other.json", {"c": timings()}))


def test_two_machines_are_not_compared(write):
    with pytest.raises(MeasurementError, match="allowed: two files of one machine"):
        compare_benchmarks(write("a.json", {"a": timings()}), write("b.json", {"a": timings()}, node="there"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"benchmarks": [{"fullname": "a", "stats": {}}]}'])
def test_a_file_of_another_kind_is_refused(tmp_path, text):
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(MeasurementError, match=r"no JSON|no file of pytest-benchmark"):
        compare_benchmarks(path, path)
    with pytest.raises(MeasurementError, match="cannot be read"):
        compare_benchmarks(tmp_path / "none.json", path)


def test_reads_what_pytest_benchmark_writes(tmp_path):
    (tmp_path / "test_it.py").write_text("def test_sum(benchmark):\n    benchmark(sum, range(1000))\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-max-time=0.05",
               "--benchmark-min-rounds=50", "--benchmark-json=out.json", "test_it.py"]  # fmt: skip
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    subprocess.run(command, cwd=tmp_path, env=alone, check=True, capture_output=True)  # in a worker it writes no file
    result = compare_benchmarks(tmp_path / "out.json", tmp_path / "out.json")
    assert [item.ratio for item in result.costs] == [1.0]
    assert result.verdict is not Verdict.REGRESSION
