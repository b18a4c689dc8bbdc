"""Information planes: their numbers are those of cells of a board, and what is drawn is what they hold."""

import json
import math
import re
from dataclasses import dataclass

import numpy as np
import pytest

import mibench
from mibench import Estimate, Estimator, get_estimator, get_task
from mibench.errors import InputError, SpecError
from mibench.information_plane import Plane, Point, Trace
from mibench.plane_view import chart, heads, save_chart, summary, text_plot
from mibench.protocol import FixedSample


@dataclass(frozen=True)
class Stumbles(Estimator):
    """Fails on some samples, says a third elsewhere."""

    name = "stumbles"

    def estimate(self, *blocks, rng):
        if blocks[0].shape[1] == 12:
            raise ValueError("too wide for me")
        return Estimate(1 / 3)


@pytest.fixture(scope="module")
def drawn():
    return mibench.plane("binary", ["gaussian", "zero"], n=200, seeds=2, layers=[1, 5], epochs=[0, 3000])


def test_the_truth_is_that_of_the_tasks(drawn):
    for point in drawn.truth.points:
        for pair in ("xt", "ty"):
            spec = f"information-plane:net=binary,layer={point.layer},epoch={point.epoch},pair={pair}"
            assert getattr(point, pair) == get_task(spec).truth.nats
    assert (drawn.layers, drawn.epochs) == ((1, 5), (0, 3000))


def test_an_estimate_is_the_mean_over_the_cells_of_a_board(drawn):
    task = get_task("information-plane:net=binary,layer=5,epoch=3000,pair=ty")
    values = [FixedSample(200).run(get_estimator("gaussian"), task, seed).nats for seed in (0, 1)]
    (trace,) = [trace for trace in drawn.traces if trace.label == "gaussian"]
    assert trace.of_layer(5)[-1].ty == pytest.approx(np.mean(values), abs=1e-15)
    assert values[0] != values[1]


def test_errors_are_estimate_less_truth(drawn):
    zero = drawn.traces[1]
    assert drawn.errors(zero, 5, "xt") == [-point.xt for point in drawn.truth.of_layer(5)]
    row = dict(zip(heads(drawn), list(summary(drawn))[-1], strict=True))
    last = drawn.truth.of_layer(5)
    assert row["mean error I(X;T)"] == f"{-np.mean([point.xt for point in last]):+.3f}"
    assert row["RMSE I(T;Y)"] == f"{math.sqrt(np.mean([point.ty**2 for point in last])):.3f}"


def test_what_fails_is_left_out_and_named():
    found = mibench.plane("noisy", [Stumbles()], n=50, layers=[2], epochs=[10])
    (trace,) = found.traces
    assert math.isnan(trace.points[0].xt)
    assert trace.points[0].ty == 1 / 3
    assert len(trace.failures) == 1
    assert "too wide for me" in trace.failures[0]
    assert found.to_record()["traces"][0]["points"][0]["xt"] is None
    assert "NaN" not in json.dumps(chart(found).to_dict())


def test_binning_makes_compression_of_saturation():
    """The quantised network's first layers keep all of the input; 30 bins say that the last loses it twice over."""
    bins = "binning:bins=30,strategy=equal-width"
    found = mibench.plane("quantised", [bins], n=5000, layers=[3, 5], epochs=[0, 1000])
    truth, binned = found.truth, found.traces[0]
    assert [point.xt for point in truth.of_layer(3)] == [pytest.approx(math.log(4096), abs=1e-3)] * 2
    fallen = [trace.of_layer(5)[0].xt - trace.of_layer(5)[1].xt for trace in (truth, binned)]
    assert fallen[0] < fallen[1]
    assert truth.of_layer(5)[1].xt - binned.of_layer(5)[1].xt > 1


def test_the_files_need_no_network_and_hold_every_point(drawn, tmp_path):
    svg, page = save_chart(drawn, tmp_path / "deep" / drawn.name)
    assert (svg.name, page.name) == ("plane-binary.svg", "plane-binary.html")
    text = page.read_text()
    assert not re.findall(r'<(?:script|link)[^>]*(?:src|href)="?http', text)
    assert "The binary network" in svg.read_text()
    spec = chart(drawn).to_dict()
    panels = [panel for row in spec["vconcat"] for panel in row["hconcat"]]
    shown = [spec["datasets"][panel["layer"][1]["data"]["name"]] for panel in panels]
    assert [len(rows) for rows in shown] == [4, 4, 4, 4]
    assert shown[0][-1] == {"layer": "layer 5", "epoch": 3000, "step": 1, **_rounded(drawn.traces[0].points[-1])}


def _rounded(point):
    return {"xt": round(point.xt, 5), "ty": round(point.ty, 5)}


def test_the_text_shows_each_layer_where_it_is():
    points = (Point(1, 0, 1.0, 0.5), Point(1, 9, 2.0, 1.0), Point(2, 0, 0.0, 0.0), Point(2, 9, 1.0, 1.0))
    rows = text_plot(Plane("toy", 10, 1, Trace("truth", points)), width=49, height=5).splitlines()
    assert rows[1] == "  1.000 ┤" + " " * 19 + "[2]" + " " * 16 + "[1"
    assert rows[3] == "        ┤" + " " * 20 + "1"
    assert rows[5] == "      0 ┤2"
    assert rows[-1].endswith("I(X; T) = 2.00")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"net": "relu"}, SpecError, "net is 'relu'; allowed"),
        ({"layers": [7]}, SpecError, "layer is 7; allowed: one of 1, 2, 3, 4, 5"),
        ({"epochs": [2]}, SpecError, "epoch is 2; allowed: one of 0, 1, 3"),
        ({"n": 1}, InputError, "n is 1; allowed: 2 or more"),
        ({"seeds": 0}, InputError, "seeds is 0; allowed: 1 or more"),
    ],
)
def test_mistakes_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        mibench.plane(**arguments)
