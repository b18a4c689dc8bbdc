"""Packs: cells of one estimator, task and size estimated together, each with the value and status it has alone."""

from collections import Counter

import numpy as np
import pytest

import mibench
from mibench import get_task
from mibench.protocol import FixedSample
from mibench.runner.local.flight import Flight
from mibench.runner.request import Request

PLUGIN = '''
import os
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from mibench import Block, Estimate, Estimator, Task, Truth, register_estimator, register_task

def one(x, rng, how):
    return Estimate(float(x.mean() + rng.random()), diagnostics={"how": how})

@register_estimator("single")
@dataclass(frozen=True)
class Single(Estimator):
    """Takes samples one by one."""

    def estimate(self, *blocks, rng):
        return one(blocks[0], rng, 1)

@register_estimator("together")
@dataclass(frozen=True)
class Together(Estimator):
    """Takes several samples at once, well or badly."""

    does: Literal["right", "few", "more", "dies", "nan", "raises", "float", "hangs", "none"] = "right"

    def estimate(self, *blocks, rng):
        return one(blocks[0], rng, 1)

    def estimate_many(self, samples, rngs):
        found = [one(sample[0], rng, len(samples)) for sample, rng in zip(samples, rngs)]
        if self.does == "few":
            return found[:-1]
        if self.does == "more":
            return [*found, found[0]]
        if self.does == "dies":
            os._exit(3)
        if self.does == "nan":
            found[2] = Estimate(float("nan"))
        if self.does == "raises":
            raise RuntimeError("as told")
        if self.does == "float":
            found[1] = 1.0
        if self.does == "hangs":
            time.sleep(3600)
        return None if self.does == "none" else found

@register_task("uniform-pair")
@dataclass(frozen=True)
class UniformPair(Task):
    """Two independent uniforms."""

    family = "uniform"

    @property
    def blocks(self):
        return Block(1), Block(1)

    @cached_property
    def truth(self):
        return Truth(0.0, "closed form")

    def draw(self, n, rng):
        return rng.random((n, 1)), rng.random((n, 1))

@register_estimator("wide-together")
@dataclass(frozen=True)
class WideTogether(Together):
    """The same, and its own estimate of one sample fails."""

    def estimate(self, *blocks, rng):
        raise RuntimeError("alone")
'''


@pytest.fixture
def options(tmp_path, temporary_classes):
    (tmp_path / "together.py").write_text(PLUGIN)
    (tmp_path / "packs.toml").write_text(
        'tasks = ["gaussian:mi=1"]\nestimators = ["together"]\nsamples = [30]\nseeds = 16\n'
    )
    return {
        "suite": tmp_path / "packs.toml", "store": tmp_path / "s.sqlite", "plugins": [tmp_path / "together.py"],
        "workers": 1, "progress": False,
    }  # fmt: skip


def run(options, *estimators, **more):
    frame = mibench.run(**{**options, "estimators": estimators, **more})
    return frame.sort_values("seed")


def how(frame):
    """In packs of which size the cells were estimated, and how many of each."""
    return dict(Counter(found.get("how") for found in frame["diagnostics"]))


def value_alone(estimator, seed, task="gaussian:mi=1"):
    return FixedSample(30).run(mibench.get_estimator(estimator), get_task(task), seed).nats


def test_a_pack_gives_each_cell_what_it_has_alone(options):
    alone, packed = run(options, "single"), run(options, "together")
    assert how(alone) == {1: 16}
    assert how(packed) == {4: 16}  # four packs for the one worker
    assert list(packed["nats"]) == [value_alone("together", seed) for seed in packed["seed"]]
    assert set(packed["status"]) == {"ok"}
    assert packed["sample_s"].notna().all()
    for _, costs in packed.groupby(np.arange(16) // 4):
        assert costs["cpu_s"].nunique() == costs["wall_s"].nunique() == 1


@pytest.mark.parametrize("does", ["few", "more", "dies", "raises", "none"])
def test_a_pack_that_fails_is_repeated_cell_by_cell(options, does):
    frame = run(options, f"together:does={does}")
    assert set(frame["status"]) == {"ok"}
    assert how(frame) == {1: 16}
    assert set(frame["attempts"]) == {1}
    assert list(frame["nats"]) == [value_alone(f"together:does={does}", seed) for seed in frame["seed"]]


@pytest.mark.parametrize(("does", "failed"), [("nan", 4), ("float", 4)])
def test_a_cell_that_fails_in_a_pack_is_repeated_and_the_others_are_kept(options, does, failed):
    frame = run(options, f"together:does={does}")
    assert set(frame["status"]) == {"ok"}
    assert how(frame) == {4: 16 - failed, 1: failed}


def test_the_limit_of_a_pack_is_that_of_its_cells_together_and_a_pack_that_hangs_costs_no_cell(options):
    frame = run(options, "together:does=hangs", timeout=0.5)
    assert set(frame["status"]) == {"ok"}
    assert how(frame) == {1: 16}
    plan = Request(**{key: options[key] for key in ("suite", "plugins")}, timeout_s=0.5).plan()
    (first, *_) = plan.missing().packs(1)
    flight = Flight(tuple(map(plan.job, first)))
    assert flight.limit_s == 4 * 0.5
    flight.close()


def test_what_fails_alone_too_has_the_status_it_has_alone(options):
    frame = run(options, "wide-together:does=nan")
    assert frame["status"].value_counts().to_dict() == {"ok": 12, "error": 4}
    assert set(frame.loc[frame["status"] == "error", "message"]) == {"RuntimeError: alone"}


def test_keys_and_resuming_know_no_packs(options):
    frame = run(options, "together", seeds=5)
    again = run(options, "together")
    assert set(frame["key"]) < set(again["key"])
    assert set(again["attempts"]) == {1}


SUITE = {"tasks": ["gaussian:mi=[1,2]"], "samples": [20, 40], "seeds": 8}


@pytest.mark.parametrize("shard", [None, "2/3"])
@pytest.mark.parametrize("workers", [1, 2, 50])
def test_packs_part_the_missing_cells(options, workers, shard):
    request = Request(
        suite=options["suite"], plugins=options["plugins"], estimators=["together", "single"], shard=shard, **SUITE
    )
    plan = request.plan()
    missing = plan.missing({cell.key for cell in plan.cells() if cell.seed == 3}, ())
    wanted = [cell.key for cell in missing.cells(refused=False)]
    packs = list(missing.packs(workers))
    assert sorted(cell.key for pack in packs for cell in pack) == sorted(wanted)
    assert all(len({(cell.pair, cell.n) for cell in pack}) == 1 for pack in packs)
    sizes = {spec: max(len(p) for p in packs if p[0].pair.cell.estimator == spec) for spec in ("single",)}
    assert sizes == {"single": 1}
    largest = max(map(len, packs))
    assert largest <= max(1, len(wanted) // (4 * workers))
    assert (largest > 1) == (len(wanted) // 2 >= 8 * workers)


def test_packs_are_kept_out_of_the_core_of_plain_estimators():
    """No built-in that defines no estimate_many is packed."""
    plan = Request(suite="quick", estimators=["ksg", "binning", "zero"]).plan()
    assert all(len(pack) == 1 for pack in plan.missing().packs(1))


def test_a_pack_of_one_home_is_drawn_where_it_is_estimated(options):
    """Estimator and task of one file: no sample crosses processes."""
    frame = run(options, "together", tasks=["uniform-pair"])
    assert how(frame) == {4: 16}
    assert list(frame["nats"]) == [value_alone("together", seed, "uniform-pair") for seed in frame["seed"]]
    assert set(run(options, "together:does=dies", tasks=["uniform-pair"])["status"]) == {"ok"}
