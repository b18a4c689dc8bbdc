"""pytest-benchmark's JSON: the runtime gate's statistics on the raw samples of two files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mibench.errors import MeasurementError

from ..verdict import COST_TOLERANCE, Verdict, worst
from .blocks import BLOCKS, TIMINGS, CostComparison, Stage, compare

#: The fewest samples of a benchmark: one for each timing of each block of both stages.
LEAST_SAMPLES = 2 * BLOCKS * TIMINGS


@dataclass(frozen=True)
class BenchmarkResult:
    """The outcome of a comparison of two files.

    Attributes:
        costs: the benchmarks compared.
        short: those with too few samples to say anything.
        missing: those that only the base has.
        new: those that only the head has.
    """

    costs: tuple[CostComparison, ...]
    short: tuple[str, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict."""
        found = [item.verdict for item in self.costs]
        found += [Verdict.INCONCLUSIVE for _ in self.short]
        found += [Verdict.ERROR for _ in self.missing]
        return worst(found)


def compare_benchmarks(base: Path, head: Path, tolerance: float = COST_TOLERANCE) -> BenchmarkResult:
    """Compare two files written with ``--benchmark-json`` on one machine.

    The samples of a benchmark, in the order taken, are cut into 40 groups, of which the minima are the timings of two
    stages of 10 blocks; the k-th block of one file goes with the k-th of the other. The files are not interleaved, so
    what slowed the machine down for the whole of one of them cannot be told from a slow-down.

    Raises:
        MeasurementError: a file that is no such JSON or holds no samples, or files of two machines.
    """
    before, after = _read(base), _read(head)
    if before.machine != after.machine:
        raise MeasurementError(
            f"{base} was measured on {before.machine}, {head} on {after.machine}; allowed: two files of one machine"
        )
    common = sorted(before.samples.keys() & after.samples.keys())
    if not common:
        raise MeasurementError(f"nothing measured: {base} and {head} have no benchmark in common")
    return BenchmarkResult(
        costs=tuple(_costs(before, after, common, tolerance)),
        short=tuple(
            f"{name}: {fewest} samples; needed: {LEAST_SAMPLES} on both sides (--benchmark-min-rounds={LEAST_SAMPLES})"
            for name in common
            if (fewest := min(len(before.samples[name]), len(after.samples[name]))) < LEAST_SAMPLES
        ),
        missing=tuple(sorted(before.samples.keys() - after.samples.keys())),
        new=tuple(sorted(after.samples.keys() - before.samples.keys())),
    )


@dataclass(frozen=True)
class _File:
    machine: str
    samples: dict[str, np.ndarray]


def _read(path: Path) -> _File:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MeasurementError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise MeasurementError(f"{path} is no JSON: {error}") from error
    try:
        samples = {item["fullname"]: _samples(item["stats"]) for item in content["benchmarks"]}
        machine = content.get("machine_info", {})
        cpu = (machine.get("cpu") or {}).get("brand_raw", machine.get("machine", ""))
    except (AttributeError, KeyError, TypeError) as error:
        raise MeasurementError(
            f"{path} is no file of pytest-benchmark: {error!r}; allowed: --benchmark-json=FILE"
        ) from error
    return _File(f"{machine.get('node', '')} ({cpu})", samples)


def _samples(stats: dict[str, Any]) -> np.ndarray:
    data = np.asarray(stats["data"], dtype=float)
    return data[data > 0]


def _costs(before: _File, after: _File, names: list[str], tolerance: float) -> Iterator[CostComparison]:
    for name in names:
        sides = before.samples[name], after.samples[name]
        if min(map(len, sides)) >= LEAST_SAMPLES:
            base, head = (_timings(side) for side in sides)
            stages = [Stage(*item) for item in zip(base, head, strict=True)]
            yield compare(name, stages[0], stages[1], tolerance)


def _timings(samples: np.ndarray) -> np.ndarray:
    """Return the minima of consecutive groups, of shape ``(stages, BLOCKS, TIMINGS)``."""
    minima = [group.min() for group in np.array_split(samples, LEAST_SAMPLES)]
    return np.array(minima).reshape(2, BLOCKS, TIMINGS)
