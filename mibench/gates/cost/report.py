"""The reports of a runtime gate and of a comparison of two pytest-benchmark files."""

from typing import Any

from ..report import Report, Table, percent, with_former_names
from ..verdict import Verdict
from .benchmark_json import BenchmarkResult
from .blocks import CostComparison
from .interpreters import RuntimeResult

_COLUMNS = ("cell", "verdict", "base", "head", "change", "at least", "confirmed", "needed", "detectable")


def report_runtime(result: RuntimeResult) -> Report:
    """Lay out the outcome of a runtime gate."""
    work = [
        Table(
            "Work that changed",
            ("cell", "counter", "base", "head"),
            tuple((item.name, item.counter, str(item.base), str(item.head)) for item in result.work),
            tuple(Verdict.REGRESSION if item.head > item.base else Verdict.PASS for item in result.work),
        )
    ]
    notes = [f"missing: {line}" for line in result.missing] + [f"new, not judged: {line}" for line in result.new]
    if result.base["folder"] == result.head["folder"]:
        notes.append(f"both interpreters use one installation, {result.base['folder']}: this compares it with itself")
    summary = (
        f"mibench {result.base['mibench']} of {result.base['python']} against {result.head['mibench']} of "
        f"{result.head['python']}: {len(result.costs)} cells, CPU time of estimate()."
    )
    tables = (_cost_table("Cost", result.costs), *(work if result.work else []))
    data = {
        "base": result.base,
        "head": result.head,
        "costs": _costs(result.costs),
        "work": result.work,
        "missing": result.missing,
        "new": result.new,
    }
    return Report("runtime", result.verdict, summary, tables, tuple(notes), data)


def report_benchmarks(result: BenchmarkResult) -> Report:
    """Lay out the outcome of a comparison of two files of pytest-benchmark."""
    notes = [f"too few samples: {line}" for line in result.short]
    notes += [f"missing: {line}" for line in result.missing] + [f"new, not judged: {line}" for line in result.new]
    notes.append("the two files were not measured in turns: what slowed all of one of them down looks like a slow-down")
    data = {"costs": _costs(result.costs), "short": result.short, "missing": result.missing, "new": result.new}
    summary = f"{len(result.costs)} benchmarks compared by their raw samples."
    return Report("benchmarks", result.verdict, summary, (_cost_table("Cost", result.costs),), tuple(notes), data)


def _costs(costs: tuple[CostComparison, ...]) -> list[dict[str, Any]]:
    return [with_former_names(item, visible="detectable") for item in costs]


def _cost_table(title: str, costs: tuple[CostComparison, ...]) -> Table:
    rows = tuple(
        (
            item.name,
            str(item.verdict),
            _seconds(item.base_s),
            _seconds(item.head_s),
            percent(item.ratio),
            percent(item.bound),
            "–" if item.confirmed_bound is None else percent(item.confirmed_bound),
            f"> {percent(item.threshold)}",
            f"≥ {percent(item.detectable)}",
        )
        for item in costs
    )
    return Table(title, _COLUMNS, rows, tuple(item.verdict for item in costs))


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"
