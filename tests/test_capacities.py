"""Capacities: truths by rate, oracles and estimates beside them, and the files that show them."""

import math

import numpy as np
import pytest

from mibench import get_task
from mibench.capacities import ORACLES, disentangle
from mibench.capacities_view import chart, save, table, traversals
from mibench.errors import InputError, UnknownNameError
from mibench.protocol import FixedSample
from mibench.registry import get_estimator


@pytest.fixture(scope="module")
def found():
    return disentangle(["gaussian"], n=200)


def test_the_truth_is_the_mean_over_trainings_by_rate(found):
    assert found.trainings == ("c2", "beta4", "c5", "beta1", "c8")
    assert list(found.rates) == sorted(found.rates)
    for pair in ("tc", "xz"):
        expected = np.mean([get_task(f"disentanglement:asset=c5-{s},pair={pair}").truth.nats for s in range(3)])
        assert getattr(found.truth, pair)[2] == pytest.approx(expected)


def test_capacity_is_what_training_held(found):
    rates = dict(zip(found.trainings, found.rates, strict=True))
    assert [rates["c2"], rates["c5"], rates["c8"]] == pytest.approx([2, 5, 8], abs=0.1)


def test_correlation_falls_and_information_is_lost_with_capacity(found):
    by_training = dict(zip(found.trainings, zip(found.truth.tc, found.truth.xz, strict=True), strict=True))
    assert by_training["c2"] < by_training["c5"] < by_training["c8"]
    assert by_training["c2"][1] < by_training["c5"][1] < by_training["c8"][1]


def test_an_estimate_is_that_of_the_cell(found):
    (trace,) = found.traces
    tasks = [get_task(f"disentanglement:asset=beta1-{seed},pair=xz") for seed in range(3)]
    cells = [FixedSample(200).run(get_estimator("gaussian"), task, 0).nats for task in tasks]
    assert trace.xz[3] == pytest.approx(np.mean(cells), abs=1e-12)


def test_the_oracles_are_not_among_the_estimators(found):
    assert [trace.label for trace in found.oracles] == list(ORACLES.values())
    assert [trace.label for trace in found.traces] == ["gaussian"]
    stratified, weighted = found.oracles
    assert abs(stratified.tc[0] - found.truth.tc[0]) < 0.05
    assert weighted.tc[0] > 20  # about 5·ln 1536


def test_files_are_written(found, tmp_path):
    files = save(found, tmp_path / "new")
    assert [file.name for file in files] == ["capacity.svg", "capacity.html", "traversals-c5-0.png"]
    assert all(file.stat().st_size > 1000 for file in files)
    assert "minibatch, stratified" in files[0].read_text()
    assert "weighted" not in files[0].read_text()


def test_what_failed_is_left_out_of_the_chart_and_named(tmp_path):
    plugin = tmp_path / "refuses.py"
    plugin.write_text(
        "from dataclasses import dataclass\n"
        "from mibench import Estimate, Estimator, register_estimator\n"
        '@register_estimator("refuses")\n'
        "@dataclass(frozen=True)\n"
        "class Refuses(Estimator):\n"
        "    def estimate(self, *blocks, rng):\n"
        "        if len(blocks) == 2:\n"
        '            raise ValueError("two blocks")\n'
        "        return Estimate(0.25)\n"
    )
    found = disentangle(["refuses"], n=50, plugins=[plugin])
    (trace,) = found.traces
    assert trace.tc == (0.25,) * 5
    assert all(map(math.isnan, trace.xz))
    assert "two blocks" in trace.failures[0]
    assert table(found)[-1][-1] == "failed"
    chart(found).to_dict()


def test_a_traversal_moves_the_sprite_along_two_latents_alone():
    grey = traversals()
    tiles = (255 - grey.astype(float)).reshape(6, 18, 9, 18)[:, 1:-1, :, 1:-1]
    places = np.einsum("lrvc,c->lv", tiles, np.arange(16)) / tiles.sum(axis=(1, 3))
    downs = np.einsum("lrvc,r->lv", tiles, np.arange(16)) / tiles.sum(axis=(1, 3))
    moved = np.ptp(places, axis=1) + np.ptp(downs, axis=1)
    assert (np.flatnonzero(moved > 3) == [3, 4]).all()
    assert moved[[0, 1, 2, 5]].max() < 0.5


def test_only_one_decoder_was_kept():
    with pytest.raises(InputError, match="asset is 'c2-0'; allowed for decoded pictures: 'c5-0'"):
        get_task("disentanglement:asset=c2-0").decoded(np.zeros((1, 6)))


def test_the_decoder_draws_what_the_encoder_was_shown():
    """Within the cross-entropy of training, about 25 nats a picture; the mean picture costs 73."""
    from mibench.tasks import _sprites

    task, x = get_task("disentanglement:asset=c5-0"), _sprites.load().images / 16
    cost = lambda p: -(x * np.log(p) + (1 - x) * np.log1p(-p)).sum(axis=1).mean()  # noqa: E731
    assert cost(np.clip(task.decoded(task.posterior.mean), 1e-9, 1 - 1e-9)) < 30 < 70 < cost(x.mean(axis=0) + 0 * x)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 1}, InputError, "n is 1; allowed: 2 or more"),
        ({"estimators": ["ksgg"]}, UnknownNameError, "unknown estimator 'ksgg'"),
    ],
)
def test_mistakes(arguments, error, message):
    with pytest.raises(error, match=message):
        disentangle(**arguments)
