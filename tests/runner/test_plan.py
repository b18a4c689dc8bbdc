import hashlib
import json
import sys
from dataclasses import dataclass, replace
from functools import cached_property

import pytest

import mibench
from mibench import Block, Estimate, Estimator, Tags, Task, Truth
from mibench.errors import MissingExtraError, SuiteError
from mibench.registry import ESTIMATORS, TASKS
from mibench.runner.config import WorkerConfig
from mibench.runner.forecast import forecast
from mibench.runner.plan import Plan, parse_shard
from mibench.runner.request import Request
from mibench.suite import Suite

SUITE = Suite(
    name="s", summary="", tasks=("gaussian:dim=[1,2],mi=1", "gaussian:dim=1,rho=0"), estimators=("zero", "gaussian"),
    samples=(10, 20), seeds=7,
)  # fmt: skip


def plan(suite=SUITE, shard=(1, 1)):
    return Plan(suite, suite.build_estimators(), suite.build_tasks(), shard)


@pytest.fixture
def registered():
    """Register classes for one test."""
    names = []

    def register(registry, name, cls):
        names.append((registry, name))
        return registry.register(name)(dataclass(frozen=True)(cls))

    yield register
    for registry, name in names:
        del registry._classes[name], registry._origins[name]


def test_the_grid_is_complete_and_every_key_is_its_cells():
    cells = list(plan().cells())
    assert len(cells) == 3 * 2 * 2 * 7
    assert len({cell.key for cell in cells}) == len(cells)
    for cell in cells:
        whole = cell.pair.cell._replace(n=cell.n, seed=cell.seed)
        assert cell.key.hex() == whole.key


def test_a_key_is_the_hash_of_canonical_json():
    cell = next(plan().cells())
    content = {
        "format": 1, "estimator": "zero", "estimator_version": "1", "task": "gaussian:dim=1,mi=1.0",
        "task_version": "1", "n": 10, "seed": 0,
    }  # fmt: skip
    assert cell.key == hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).digest()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 100])
def test_shards_part_the_grid_evenly_within_every_estimator(count):
    whole = {cell.key: cell.pair.cell.estimator for cell in plan().cells()}
    shards = [[cell.key for cell in plan(shard=(index, count)).cells()] for index in range(1, count + 1)]
    assert sorted(key for shard in shards for key in shard) == sorted(whole)
    for estimator in set(whole.values()):
        sizes = [sum(whole[key] == estimator for key in shard) for shard in shards]
        assert max(sizes) - min(sizes) <= 1


def test_a_shard_does_not_depend_on_the_order_of_the_grid():
    turned = replace(
        SUITE, tasks=SUITE.tasks[::-1], estimators=SUITE.estimators[::-1], samples=SUITE.samples[::-1], timeout_s=1.0
    )
    for shard in ((1, 3), (3, 3)):
        assert {cell.key for cell in plan(shard=shard).cells()} == {cell.key for cell in plan(turned, shard).cells()}


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "-1/2", "1/0", "1/2/3", ""])
def test_a_bad_shard_is_named(text):
    with pytest.raises(SuiteError, match="allowed: i/n with 1 ≤ i ≤ n"):
        parse_shard(text)


def test_what_a_request_chooses_replaces_the_suites_own():
    request = Request(
        suite="quick", estimators=["zero"], tasks=["gaussian:dim=[1,2],mi=1"], samples=[10], seeds=2, timeout_s=3.0,
        memory="1GB",
    )  # fmt: skip
    chosen = request.plan()
    assert [cell.pair.cell.task for cell in chosen.cells()] == ["gaussian:dim=1,mi=1.0", "gaussian:dim=2,mi=1.0"] * 2
    assert (chosen.suite.timeout_s, chosen.suite.memory_mb, chosen.notices) == (3.0, 1000.0, ())
    job = chosen.job(next(chosen.cells()))
    assert (job.truth_nats, job.family, job.suite, job.timeout_s) == (1.0, "gaussian", "quick", 3.0)


def test_an_estimator_without_its_package_is_left_out_or_refused(registered):
    class Needy(Estimator):
        tags = Tags(requires=("no_such_module",), install="mibench[needy]")

        def estimate(self, *blocks, rng):
            return Estimate(0.0)

    registered(ESTIMATORS, "needy", Needy)
    suite = replace(SUITE, estimators=("zero", "needy"))
    chosen = Request(suite=suite).plan()
    assert [item.spec for item in chosen.estimators] == ["zero"]
    assert chosen.notices == ("left out: needy needs no_such_module: pip install 'mibench[needy]'",)
    with pytest.raises(MissingExtraError, match=r"pip install 'mibench\[needy\]'"):
        Request(suite=SUITE, estimators=["zero", "needy"]).plan()
    with pytest.raises(SuiteError, match="none of its estimators can run"):
        Request(suite=replace(SUITE, estimators=("needy",))).plan()


def test_a_task_of_unsure_truth_is_refused_before_anything_runs(registered, tmp_path):
    class Unsure(Task):
        stderr: float | None = None
        family = "unsure"
        blocks = (Block(1), Block(1))

        @cached_property
        def truth(self):
            return Truth(1.0, "Monte Carlo", stderr=1 / (0 if self.stderr is None else 1 / self.stderr))

        def draw(self, n, rng):
            return rng.standard_normal((2, n, 1))

    registered(TASKS, "unsure", Unsure)
    choices = {"estimators": ["zero"], "samples": [10], "seeds": 1, "progress": False}
    with pytest.raises(
        SuiteError, match=r"unsure:stderr=0.1: the standard error .* is 0.1 nats; allowed: at most 0.005"
    ):
        mibench.run("quick", tasks=["unsure:stderr=0.1"], store=tmp_path / "a.sqlite", **choices)
    with pytest.raises(SuiteError, match="its truth cannot be computed: ZeroDivisionError"):
        mibench.run("quick", tasks=["unsure"], store=tmp_path / "a.sqlite", **choices)
    frame = mibench.run("quick", tasks=["unsure:stderr=0.001"], store=tmp_path / "a.sqlite", **choices)
    assert frame["status"].tolist() == ["ok"]


def test_what_cannot_be_taken_is_recorded_without_being_run(registered, tmp_path):
    class Picky(Estimator):
        tags = Tags(kinds=frozenset({"discrete"}))

        def estimate(self, *blocks, rng):
            sys.exit("never called")

    registered(ESTIMATORS, "picky", Picky)
    frame = mibench.run(
        "quick", estimators=["picky"], tasks=["gaussian:dim=1,mi=1"], samples=[10], seeds=2,
        store=tmp_path / "a.sqlite", progress=False,
    )  # fmt: skip
    assert set(frame["status"]) == {"unsupported"}
    assert frame["message"][0] == "picky cannot take continuous blocks; allowed: discrete"
    assert frame["truth_nats"].tolist() == [1.0, 1.0]


def test_a_grid_of_any_size_is_counted_without_being_listed(tmp_path):
    huge = Request(suite=replace(SUITE, seeds=10**30)).plan()
    counted = forecast(huge, tmp_path / "none.sqlite", fresh=False)
    assert counted.total.total() == counted.missing.total() == 3 * 2 * 2 * 10**30
    mibench.run(SUITE, seeds=2, samples=[10], store=tmp_path / "a.sqlite", progress=False)
    counted = forecast(huge, tmp_path / "a.sqlite", fresh=False)
    assert counted.total.total() - counted.missing.total() == 3 * 2 * 2
    with pytest.raises(SuiteError, match="allowed with a shard: up to"):
        forecast(replace(huge, shard=(1, 2)), tmp_path / "none.sqlite", fresh=False)


def test_what_is_missing_is_what_the_store_does_not_hold(tmp_path):
    whole = plan()
    cells = list(whole.cells())
    rows = [(cell.pair.cell.estimator, cell.pair.cell.task, cell.n, cell.seed, cell.key) for cell in cells[::3]]
    foreign = [("zero", "gaussian:dim=1,mi=1.0", 10, 0, b"another version"), ("gone", "gone", 10, 0, b"?")]
    missing = whole.missing({row[-1] for row in [*rows, *foreign]}, [*rows, *rows, *foreign])
    assert (missing.total, missing.reused) == (len(cells) - len(rows), len(rows))
    assert {cell.key for cell in missing.cells(refused=False)} == {cell.key for cell in cells} - {
        row[-1] for row in rows
    }
    assert list(missing.cells(refused=True)) == []


@pytest.mark.parametrize(
    ("spec", "heavy"), [("zero", ()), ("mine", ("torch",)), ("chain-rule:base=(mine)", ("torch",))]
)
def test_workers_import_what_takes_long_only_for_who_needs_it(spec, heavy):
    chosen = Request(suite=replace(SUITE, estimators=(spec,))).plan()
    config = WorkerConfig.of(chosen.estimators, chosen.tasks, ())
    assert config.heavy == heavy
    assert "torch" not in config.modules
    assert chosen.job(next(chosen.cells())).heavy == bool(heavy)
