"""Running again what failed, from the records alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mibench.errors import CommandError, MibenchError
from mibench.registry import get_estimator, get_task, refuse_commands
from mibench.store import read_frame
from mibench.suite import Suite

from .plan import Pair, Plan, Planned

_FIELDS = ("key", "suite", "estimator", "task", "protocol", "n", "seed", "status", "timeout_s", "memory_mb")


@dataclass
class Retry:
    """The failed cells of one suite in a store, under the limits they had or others.

    Attributes:
        plan: the suite as far as its failed cells show it, with its limits.
        cells: the cells to run again.
    """

    plan: Plan
    cells: list[Planned]


def failed_cells(
    store: Path,
    statuses: Collection[str],
    timeout_s: float | None,
    memory_mb: float | None,
    plugins: Sequence[Path] = (),
    allow_commands: bool = False,
) -> tuple[list[Retry], list[str]]:
    """Return the cells whose latest attempt has one of *statuses*, by suite and limits, and why others cannot be run.

    A cell cannot be run again where its estimator or task is gone or has another version by now: it would be another
    cell. Neither where its spec would run a command, which comes from the store and may be a stranger's, unless that is
    allowed.
    """
    frame = read_frame(store, columns=_FIELDS)
    groups: dict[tuple[str, str, float, float], list[Planned]] = {}
    pairs: dict[tuple[str, str, str], Pair | str] = {}
    reasons: list[str] = []
    rows: list[Any] = frame[frame["status"].isin(set(statuses))].to_dict("records")
    for row in rows:
        names = row["estimator"], row["task"], row["protocol"]
        if names not in pairs:
            pairs[names] = _pair(*names, allow_commands)
        cell = _cell(pairs[names], row)
        if isinstance(cell, str):
            reasons.append(cell)
        else:
            limits = timeout_s or row["timeout_s"], memory_mb or row["memory_mb"]
            groups.setdefault((row["suite"], row["protocol"], *limits), []).append(cell)
    return [Retry(_plan(cells, plugins, *group), cells) for group, cells in sorted(groups.items())], reasons


def _cell(pair: Pair | str, row: dict[str, Any]) -> Planned | str:
    if isinstance(pair, str):
        return pair
    cell = Planned(pair, row["n"], row["seed"], pair.key(row["n"], row["seed"]))
    if cell.key.hex() == row["key"]:
        return cell
    return f"{row['estimator']} on {row['task']} has another version by now; run the suite"


def _pair(estimator: str, task: str, protocol: str, allow_commands: bool) -> Pair | str:
    try:
        if not allow_commands:
            for spec in (estimator, task):
                refuse_commands(spec)
        return Pair(get_estimator(estimator), get_task(task), protocol)
    except CommandError as error:
        return f"{error} (--allow-commands runs it)"
    except MibenchError as error:
        return str(error)


def _plan(
    cells: list[Planned], plugins: Sequence[Path], name: str, protocol: str, timeout_s: float, memory_mb: float
) -> Plan:
    estimators = {cell.pair.estimator.spec: cell.pair.estimator for cell in cells}
    tasks = {cell.pair.task.spec: cell.pair.task for cell in cells}
    suite = Suite(
        name=name,
        summary="",
        tasks=tuple(tasks),
        estimators=tuple(estimators),
        samples=tuple(sorted({cell.n for cell in cells})),
        seeds=1 + max(cell.seed for cell in cells),
        timeout_s=timeout_s,
        memory_mb=memory_mb,
        protocol=protocol,
    )
    return Plan(suite, list(estimators.values()), list(tasks.values()), plugins=tuple(plugins))
