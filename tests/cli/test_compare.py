import json

import pytest

from mibench.store.interchange import write_jsonl

GAUSSIAN, KSG = "gaussian:correction=none", "ksg:algorithm=1,k=5,standardize=true,ties=jitter"
ENVIRONMENTS = {"e1": {"cpu": "Some CPU"}, "e2": {"cpu": "Other CPU"}}


@pytest.fixture
def attempts(make_attempt):
    def make(error, estimator=GAUSSIAN, version="1", seeds=5, environment="e1"):
        return [
            make_attempt(
                estimator, task, n, seed, nats=1 + error * (1 + 0.1 * seed), truth_nats=1.0, cpu_s=error,
                estimator_version=version, environment=environment, finished_at=f"2026-01-0{version[0]}",
            )
            for task in ("gaussian:dim=1,mi=1.0", "gaussian:dim=2,mi=1.0")
            for n in (100, 200)
            for seed in range(seeds)
        ]  # fmt: skip

    return make


@pytest.fixture
def store(attempts, tmp_path):
    path = tmp_path / "results.jsonl"
    write_jsonl(path, [*attempts(0.1), *attempts(0.3, KSG), *attempts(0.2, KSG, version="2")], ENVIRONMENTS)
    return path


def test_two_estimators(cli, store):
    result = cli("compare", "gaussian", "ksg", "--store", store)
    assert result.code == 0
    assert result.out.startswith("gaussian is better than ksg, score difference -0.120")
    assert [line.split()[0] for line in result.out.splitlines() if line.endswith(" better")] == [
        "all",
        "family",
        "task",
        "task",
    ]


def test_cells_on_request(cli, store):
    out = cli("compare", "gaussian", "ksg", "--store", store, "--cells").out
    assert sum(line.startswith("cell") for line in out.splitlines()) == 4


def test_two_versions(cli, store):
    found = json.loads(cli("compare", "ksg@1", "ksg@2", "--store", store, "--json").out)
    overall = found[0]["differences"][0]
    assert overall["verdict"] == "worse"
    assert overall["score"]["mean"] == pytest.approx(0.12)
    assert found[0]["cost"]["ratio"] == pytest.approx(1.5)


def test_two_stores(cli, store, attempts, tmp_path):
    other = tmp_path / "other.jsonl"
    write_jsonl(other, attempts(0.1, environment="e2"), ENVIRONMENTS)
    found = json.loads(cli("compare", store, other, "--json").out)
    assert len(found) == 1
    assert found[0]["differences"][0]["verdict"] == "no difference shown"
    assert found[0]["differences"][0]["reason"] == "identical scores"
    assert found[0]["cost"]["reason"] == "they ran on different hardware"


def test_markdown(cli, store):
    out = cli("compare", "gaussian", "ksg", "--store", store, "--markdown").out
    assert out.startswith("# Comparison\n")
    assert "## gaussian compared with ksg" in out
    assert out.count("| cell |") == 4


def test_what_cannot_be_compared(cli, store, attempts, tmp_path):
    assert "allowed: two stores, or two estimators" in cli("compare", store, "ksg").complaint
    assert "holds no results of binning" in cli("compare", "binning", "ksg", "--store", store).complaint
    assert "version is '7'" in cli("compare", "ksg@7", "ksg", "--store", store).complaint
    assert "are: 1, 2" in cli("compare", "ksg@7", "ksg", "--store", store).complaint
    assert "unknown estimator 'kgs'" in cli("compare", "kgs", "ksg", "--store", store).complaint
    other = tmp_path / "other.jsonl"
    write_jsonl(other, attempts(0.1, "zero"), ENVIRONMENTS)
    assert "have no estimator in common" in cli("compare", store, other).complaint


def test_seeds_that_one_lacks_are_said(cli, attempts, tmp_path):
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    write_jsonl(one, attempts(0.1), ENVIRONMENTS)
    write_jsonl(other, attempts(0.2, seeds=3), ENVIRONMENTS)
    assert "8 cells were run for the first alone" in " ".join(cli("compare", one, other).out.split())
