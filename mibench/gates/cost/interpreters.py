"""The runtime gate: two interpreters of one machine, interleaved process by process."""

import json
import math
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mibench.environment import SINGLE_THREAD
from mibench.errors import MeasurementError
from mibench.spec import Spec
from mibench.suite import Suite

from ..verdict import COST_TOLERANCE, Verdict, worst
from . import measure
from .blocks import BLOCKS, TIMINGS, CostComparison, Stage, compare, flagged

#: The least CPU time the repeats of a cell take in a process.
LEAST_S = 0.05

_ORDER = ("base", "head", "head", "base")


@dataclass(frozen=True)
class CostCell:
    """One timed cell: an estimator on one sample of a task."""

    estimator: str
    task: str
    n: int
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.estimator} on {self.task}, n = {self.n}"


@dataclass(frozen=True)
class WorkChange:
    """A work counter that is not what it was; more work is a regression."""

    name: str
    counter: str
    base: int
    head: int


@dataclass(frozen=True)
class RuntimeResult:
    """The outcome of a runtime gate.

    Attributes:
        base, head: the installations: mibench's version and folder, and the interpreter.
        costs: the cells timed.
        work: the counters that changed.
        missing: one line for each cell the base can do and the head cannot, or whose data differ.
        new: one line for each cell that only the head can do.
    """

    base: dict[str, str]
    head: dict[str, str]
    costs: tuple[CostComparison, ...]
    work: tuple[WorkChange, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict."""
        found = [item.verdict for item in self.costs]
        found += [Verdict.REGRESSION for item in self.work if item.head > item.base]
        found += [Verdict.ERROR for _ in self.missing]
        return worst(found)


def cost_cells(suite: Suite) -> list[CostCell]:
    """Return the cells of a suite on their first seed, by the spec strings that the suite itself has.

    Those leave out defaults, so that a parameter that only one side knows does not part them.
    """
    grids = [
        [str(spec) for text in texts for spec in Spec.parse(text).expand()] for texts in (suite.estimators, suite.tasks)
    ]
    return [CostCell(estimator, task, n) for estimator in grids[0] for task in grids[1] for n in suite.samples]


class Pair:
    """The base's and the head's interpreter, and how to have cells measured in fresh processes of either."""

    def __init__(self, base: Path, head: Path, plugins: Sequence[Path] = (), timeout_s: float = 3600.0) -> None:
        self.pythons = {"base": base, "head": head}
        self.plugins = [str(path.expanduser().resolve()) for path in plugins]
        self.timeout_s = timeout_s

    def run(self, side: str, cells: Sequence[CostCell], least_s: float) -> list[dict[str, Any]]:
        """Return the lines a fresh process of *side* writes: on the installation, then of each cell.

        Raises:
            MeasurementError: the interpreter cannot be started, fails, or takes longer than the limit.
        """
        plan = {"plugins": self.plugins, "least_s": least_s, "cells": [asdict(cell) for cell in cells]}
        # -P: neither the working directory nor this package's folder hides the installation that is to be measured
        command = [str(self.pythons[side]), "-P", measure.__file__]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise MeasurementError(f"{side} interpreter {command[0]!r} cannot be started: {error.strerror}") from error
        try:
            out, complaints = process.communicate(json.dumps(plan), timeout=self.timeout_s)
        except subprocess.TimeoutExpired:
            raise MeasurementError(f"{side} interpreter {command[0]!r} took longer than {self.timeout_s:g} s") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        lines = [json.loads(line) for line in out.splitlines()]
        if process.returncode or len(lines) != len(cells) + 1:
            last = complaints.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
            raise MeasurementError(f"{side} interpreter {command[0]!r} failed: {last[0]}")
        return lines

    def stage(self, cells: Sequence[CostCell], tell: Callable[[str], None]) -> list[Stage]:
        """Measure *cells* in ``BLOCKS`` blocks of fresh processes, base, head, head, base in each."""
        seconds = {side: np.full((len(cells), BLOCKS, TIMINGS), np.nan) for side in self.pythons}
        for block in range(BLOCKS):
            tell(f"block {block + 1} of {BLOCKS}: {len(cells)} cell(s)")
            turn = {"base": 0, "head": 0}
            for side in _ORDER:
                lines = self.run(side, cells, LEAST_S)[1:]
                for index, line in enumerate(lines):
                    if "seconds" not in line:
                        raise MeasurementError(f"{side}: {cells[index]} failed on a repeat: {line.get('error', line)}")
                    seconds[side][index, block, turn[side]] = line["seconds"]
                turn[side] += 1
        return [Stage(base, head) for base, head in zip(seconds["base"], seconds["head"], strict=True)]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return {**kept, **SINGLE_THREAD, "PYTHONHASHSEED": "0"}


def compare_runtimes(
    pair: Pair,
    cells: Sequence[CostCell],
    tolerance: float = COST_TOLERANCE,
    tell: Callable[[str], None] = lambda text: None,
) -> RuntimeResult:
    """Measure *cells* on both sides and judge them.

    A first process of each side, not timed, fills caches, counts work, and finds the cells that both can do on the same
    data. Then 10 blocks of all cells, and 10 fresh ones of those flagged.

    Raises:
        MeasurementError: an interpreter fails, or there is no cell both sides can do.
    """
    tell("looking at what both sides can do")
    started = time.monotonic()
    base, head = (pair.run(side, cells, 0.0) for side in ("base", "head"))
    probes = list(zip(cells, base[1:], head[1:], strict=True))
    common = [cell for cell, ours, theirs in probes if "data" in ours and ours["data"] == theirs.get("data")]
    missing = [f"{cell}: {why}" for cell, ours, theirs in probes if (why := _missing(ours, theirs))]
    if not common:
        raise MeasurementError("nothing measured: no cell works on both sides" + "".join(f"; {x}" for x in missing[:3]))
    tell(f"about {_minutes(started, probes)} min for the first stage, of {len(common)} cell(s)")
    first = pair.stage(common, tell)
    again = [index for index, stage in enumerate(first) if flagged(stage, tolerance)]
    second: dict[int, Stage] = {}
    if again:
        tell(f"{len(again)} cell(s) flagged, measured once more")
        second = dict(zip(again, pair.stage([common[index] for index in again], tell), strict=True))
    costs = [compare(str(cell), first[index], second.get(index), tolerance) for index, cell in enumerate(common)]
    return RuntimeResult(
        base=base[0],
        head=head[0],
        costs=tuple(costs),
        work=tuple(change for probe in probes for change in _work(*probe)),
        missing=tuple(missing),
        new=tuple(
            f"{cell}: {_reason(ours)}" for cell, ours, theirs in probes if "data" in theirs and "data" not in ours
        ),
    )


def _minutes(started: float, probes: Sequence[tuple[CostCell, dict[str, Any], dict[str, Any]]]) -> int:
    """Return the time of a stage, rounded up: per process the time of the first look, and the repeats of each cell."""
    looked = time.monotonic() - started
    repeats = sum(max(LEAST_S, line.get("seconds", 0.0)) for _, *sides in probes for line in sides)
    return math.ceil((looked + repeats) * len(_ORDER) / 2 * BLOCKS / 60)


def _missing(base: dict[str, Any], head: dict[str, Any]) -> str:
    if "data" not in base:
        return ""
    if "data" not in head:
        return f"the base can do it, the head cannot: {_reason(head)}"
    return "" if base["data"] == head["data"] else "base and head draw different data; their cost cannot be compared"


def _reason(line: dict[str, Any]) -> str:
    return str(line.get("error") or f"unsupported, {line.get('unsupported')}")


def _work(cell: CostCell, base: dict[str, Any], head: dict[str, Any]) -> Iterator[WorkChange]:
    before, after = base.get("work", {}), head.get("work", {})
    for counter in sorted(before.keys() & after.keys()):
        if before[counter] != after[counter] and base["data"] == head["data"]:
            yield WorkChange(str(cell), counter, before[counter], after[counter])
