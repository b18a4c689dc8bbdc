"""A device is where a cell runs: a run's option and an attempt's field, and no part of what the cell is."""

import pandas as pd
import pytest

import mibench
from mibench.board.provenance import hardware_of
from mibench.device import current_device, on_device
from mibench.errors import EngineError
from mibench.store import read_environments

PLUGIN = '''
from dataclasses import dataclass
from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.device import current_device

@register_estimator("portable")
@dataclass(frozen=True)
class Portable(Estimator):
    """Says where it runs."""

    tags = Tags(devices=frozenset({"cpu", "cuda"}))

    def estimate(self, *blocks, rng):
        return Estimate(1.0, diagnostics={"ran_on": current_device()})
'''


@pytest.fixture
def options(tmp_path, temporary_classes):
    (tmp_path / "portable.py").write_text(PLUGIN)
    (tmp_path / "small.toml").write_text(
        'tasks = ["gaussian:mi=1"]\nestimators = ["portable", "zero"]\nsamples = [20]\nseeds = 1\n'
    )
    return {
        "suite": tmp_path / "small.toml", "store": tmp_path / "s.sqlite", "plugins": [tmp_path / "portable.py"],
        "workers": 1, "progress": False,
    }  # fmt: skip


@pytest.fixture
def gpu(monkeypatch):
    """A machine that has a GPU, as far as mibench is told."""
    monkeypatch.setattr("mibench.runner.request.check_device", lambda name: "Fake GPU" if name == "cuda" else "")


def test_each_estimator_runs_where_it_can_and_the_record_says_where(options, gpu, tmp_path):
    with pytest.warns(UserWarning, match="on the CPU, as they do not run on cuda: zero"):
        frame = mibench.run(**options, device="cuda").set_index("estimator")
    assert frame["device"].to_dict() == {"portable": "cuda", "zero": ""}
    assert frame.loc["portable", "diagnostics"] == {"ran_on": "cuda"}
    environments = read_environments(tmp_path / "s.sqlite")
    assert {environments[name].get("gpu") for name in frame["environment"]} == {"Fake GPU"}
    classes = hardware_of(frame, environments)
    cpu = environments[frame["environment"].iloc[0]]["cpu"]
    assert classes.to_dict() == {"portable": f"{cpu} + Fake GPU", "zero": cpu}


def test_a_device_is_in_no_key(options, gpu):
    first = mibench.run(**options).set_index("estimator")
    with pytest.warns(UserWarning, match="on the CPU"):
        again = mibench.run(**options, device="cuda", fresh=True).set_index("estimator")
    assert first["key"].to_dict() == again["key"].to_dict()
    assert set(first["device"]) == {""}
    assert first.loc["portable", "diagnostics"] == {"ran_on": "cpu"}
    assert list(again["attempts"]) == [2, 2]
    assert again.loc["portable", "device"] == "cuda"


def test_a_device_that_is_not_there_is_refused_before_the_run(options, tmp_path):
    with pytest.raises(EngineError, match="device is 'tpu'; allowed: cpu or cuda"):
        mibench.run(**options, device="tpu")
    assert not (tmp_path / "s.sqlite").exists()


def test_a_missing_gpu_is_refused_in_one_line(options, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EngineError, match="device 'cuda' is not available: torch finds no CUDA device here"):
        mibench.run(**options, device="cuda")


def test_a_run_of_which_nothing_can_use_the_device_is_refused(options, gpu):
    with pytest.raises(
        EngineError, match="device is 'cuda', on which none of the estimators runs; allowed for them: cpu"
    ):
        mibench.run(**options, estimators=["zero"], device="cuda")


def test_the_device_of_a_cell_ends_with_it():
    assert current_device() == "cpu"
    with on_device("cuda"):
        assert current_device() == "cuda"
    assert current_device() == "cpu"


def test_times_are_told_apart_by_cpu_and_by_device():
    frame = pd.DataFrame({"environment": ["a", "a", "b", "gone"], "device": ["", "cuda", "", ""]})
    found = hardware_of(frame, {"a": {"cpu": "A", "gpu": "G"}, "b": {"cpu": "B"}})
    assert list(found) == ["A", "A + G", "B", "unknown hardware"]
