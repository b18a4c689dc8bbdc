"""What a person sees of a run: an honest time left, and why cells failed."""

import io
import re
import sys
import types
from collections import Counter

import pytest

from mibench.runner import view
from mibench.runner.view import LineView, LiveView, NotebookView, View, choose_view, failure_line


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    time = types.SimpleNamespace(now=100.0)
    monkeypatch.setattr(view.time, "monotonic", lambda: time.now)
    return time


def attempt(make_attempt, name, seconds=0.0, **fields):
    return make_attempt(name, "gaussian:dim=1,mi=0.5", 20, 0, wall_s=seconds, sample_s=0.0, **fields)


def shown(total, workers=1, kind=View):
    labels = {name: name for name in total}
    return kind(Counter(total), labels, workers)


def test_the_time_left_is_that_of_what_is_still_to_run(make_attempt, clock):
    state = shown({"quick": 10, "slow": 10})
    assert state.time_left() == "time left not known yet"
    for _ in range(5):
        clock.now += 2.0
        state.update(attempt(make_attempt, "slow", 2.0))
    state.update(attempt(make_attempt, "quick", 0.0))
    assert state.eta_s() == pytest.approx(5 * 2.0, abs=0.5)


def test_what_running_a_cell_costs_besides_counts(make_attempt, clock):
    """Cells of no time of their own that take a tenth of a second each leave seven seconds for seventy more."""
    state = shown({"zero": 80})
    for _ in range(10):
        clock.now += 0.1
        state.update(attempt(make_attempt, "zero", 1e-6))
    assert state.eta_s() == pytest.approx(7.0, rel=0.01)
    assert state.time_left() == "about 7 s left"


def test_cells_that_cannot_be_run_say_nothing_of_the_time(make_attempt, clock):
    """They are recorded at once, before all others: a run seemed to be about to end when it had just begun."""
    state = shown({"some": 40})
    for _ in range(20):
        state.update(attempt(make_attempt, "some", None, status="unsupported", nats=None))
    assert state.eta_s() is None
    clock.now += 3.0
    state.update(attempt(make_attempt, "some", 3.0))
    assert state.eta_s() == pytest.approx(19 * 3.0)


def test_no_time_is_never_said_to_be_left_while_cells_are(make_attempt, clock):
    state = shown({"zero": 3}, workers=2)
    state.update(attempt(make_attempt, "zero", 1e-9))
    assert state.time_left() == "about 1 s left"
    state.update(attempt(make_attempt, "zero", 1e-9))
    state.update(attempt(make_attempt, "zero", 1e-9))
    assert state.time_left() == "done"


def test_a_notebook_shows_progress_and_failures_in_one_line(make_attempt, monkeypatch, clock):
    class OutStream(io.StringIO):
        __module__ = "ipykernel.iostream"

    monkeypatch.setattr(sys, "stderr", OutStream())
    assert choose_view() is NotebookView
    with shown({"some": 2}, kind=NotebookView) as state:
        clock.now += 1.0
        state.update(attempt(make_attempt, "some", 1.0))
        state.update(attempt(make_attempt, "some", 1.0, status="error", nats=None))
    text = sys.stderr.getvalue()
    assert text.split("\r")[1].rstrip() == "mibench: 1/2 cells, about 1 s left"
    assert text.split("\r")[-1].rstrip() == "mibench: 2/2 cells, 1 failed (error 1), done"
    assert text.endswith("\n")


def test_elsewhere_lines_are_printed_now_and_then(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert choose_view() is LineView


def test_a_failure_is_told_in_one_line_without_escapes():
    line = failure_line("mine", "error", 3, "ValueError: \x1b[31mno\nand more")
    assert line.startswith("mine: 3 error, first: ValueError: ")
    assert "\x1b" not in line
    assert "and more" not in line
    assert failure_line("ksg", "timeout", 1, "") == "ksg: 1 timeout"


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_live_table_fits_the_terminal(make_attempt, monkeypatch, capsys, width):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    with shown({"some": 2, "binning:strategy=equal-width": 3}, kind=LiveView) as state:
        state.update(attempt(make_attempt, "some", 1.0, status="error", nats=None))
        state.say("a word to the person")
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "1/2" in text
    assert "a word to the person" in text
    assert "error" in text
