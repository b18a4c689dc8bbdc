"""The code that runs inside the two interpreters."""

import json
import subprocess
import sys
import time

import pytest

from mibench.gates.cost import measure

CELL = {"estimator": "zero", "task": "gaussian:dim=1,mi=1", "n": 50, "seed": 0}


def test_counters_are_integer_diagnostics_of_work_summed_over_terms():
    diagnostics = {
        "gradient_steps": 5,
        "warning": "no",
        "loss_steps": 0.5,
        "term_diagnostics": [{"gradient_steps": 2, "distance_evaluations": 7}, {}],
    }
    assert measure.counters(diagnostics) == {"gradient_steps": 7, "distance_evaluations": 7}


def test_a_call_is_repeated_until_the_cpu_time_is_spent():
    def work(rng):
        end = time.process_time() + 0.001
        while time.process_time() < end:
            pass

    start = time.process_time()
    per_call = measure.cpu_per_call(work, lambda: None, 0.05)
    assert time.process_time() - start >= 0.05
    assert per_call >= 0.001


def test_every_batch_starts_from_the_same_stream(monkeypatch):
    streams = []
    monkeypatch.setattr(measure, "_cpu_seconds", lambda: 1e-5 * sum(map(len, streams)))  # each call takes 10 µs
    per_call = measure.cpu_per_call(lambda rng: rng.append(1), lambda: streams.append([]) or streams[-1], 0.001)
    assert per_call == pytest.approx(1e-5)
    *growing, one, two, three, four, five = [len(stream) for stream in streams]
    assert growing == sorted(set(growing))
    assert {one, two, three, four, five} == {20}


def test_a_cell_is_measured_on_its_own_data():
    found = measure.measure(CELL, 0.0)
    assert found["seconds"] > 0
    assert found["data"] == measure.measure(CELL, 0.0)["data"]
    assert found["data"] != measure.measure({**CELL, "seed": 1}, 0.0)["data"]


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "plugin.py"
    path.write_text(
        "from dataclasses import dataclass\n"
        "from mibench import Estimate, Estimator, Tags, register_estimator\n"
        "@register_estimator('loud')\n"
        "@dataclass(frozen=True)\n"
        "class Loud(Estimator):\n"
        "    fails: bool = False\n"
        "    tags = Tags(kinds=frozenset({'continuous'}))\n"
        "    def estimate(self, *blocks, rng):\n"
        "        print('on standard output')\n"
        "        if self.fails:\n"
        "            raise RuntimeError('on purpose')\n"
        "        return Estimate(0.0, diagnostics={'gradient_steps': 3})\n"
    )
    return path


def test_the_protocol_survives_output_failures_and_refusals(plugin):
    cells = [
        {**CELL, "estimator": "loud"},
        {**CELL, "estimator": "loud:fails=true"},
        {**CELL, "estimator": "loud", "task": "binary-gaussian"},
        {**CELL, "estimator": "nothing-of-that-name"},
    ]
    plan = {"plugins": [str(plugin)], "least_s": 0.0, "cells": cells}
    done = subprocess.run(
        [sys.executable, "-P", measure.__file__], input=json.dumps(plan), capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["mibench"]
    assert lines[1]["work"] == {"gradient_steps": 3}
    assert lines[2]["error"] == "RuntimeError: on purpose"
    assert "discrete" in lines[3]["unsupported"]
    assert "UnknownNameError" in lines[4]["error"]
    assert "on standard output" in done.stderr
