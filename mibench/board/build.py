"""Building of the view-model from attempts. Nothing here depends on the time or place of the building."""

import itertools
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from mibench.describe import block_text
from mibench.errors import StoreError
from mibench.registry import list_estimators
from mibench.spec import Spec
from mibench.stats.cost import costs, growth
from mibench.stats.metrics import GROUP, average, failure_counts, group_metrics, relative, samples_needed, wilson
from mibench.stats.ranking import Ranking, Standing, rank_table
from mibench.stats.score import REFERENCE, current, score
from mibench.stats.score_table import ScoreTable
from mibench.task import Task

from .completeness import completeness
from .definitions import Described, describe_estimator, describe_task
from .model import (
    Board,
    Cost,
    Coverage,
    EstimatorEntry,
    Part,
    ReferenceLine,
    Result,
    TaskEntry,
    main_cost,
)
from .provenance import hardware_of, provenance
from .published import published_rows
from .reference import reference_lines
from .rows import COSTS, Row, learning_curves, result, rows_of, summary
from .scopes import find_scopes
from .selection import Selection

Environments = Mapping[str, Mapping[str, Any]]


def build_board(selection: Selection, environments: Environments) -> Board:
    """Build the board of a suite from its attempts.

    Args:
        selection: the attempts and what the suite asks for; see :func:`mibench.board.selection.select`.
        environments: what they were measured on, as :func:`mibench.store.read_environments` returns it.

    Raises:
        StoreError: there is no attempt.
    """
    frame, suite, grid = selection.frame, selection.name, selection.grid
    if frame.empty:
        raise StoreError(f"suite {suite!r} has no results; mibench run {suite} makes them")
    kept = current(frame)
    left_out = selection.left_out
    if len(kept) < len(frame):
        left_out += (f"{len(frame) - len(kept)} cells of earlier versions of an estimator or a task",)
    scored = score(kept)
    scored = scored.assign(hardware=hardware_of(scored, environments))
    builder = _Builder(scored)
    ranking, results = builder.ranking, builder.results()
    return Board(
        suite=suite,
        version=grid.version if grid else None,
        summary=grid.summary if grid else "",
        completeness=completeness(scored, grid, selection.is_recorded, builder.label),
        families=tuple(sorted(scored["family"].unique())),
        estimators=tuple(builder.estimator(item) for item in ranking.standings),
        lines=builder.lines(),
        scopes=find_scopes(builder.table, ranking, builder.tags, builder.labels),
        tasks=tuple(builder.task(*key) for key in builder.task_keys),
        results=results,
        pairs=ranking.pairs,
        unranked_pairs=ranking.unranked_pairs,
        reference_pairs=ranking.reference_pairs,
        published=published_rows(selection.published, results),
        provenance=provenance(scored, environments, selection.source or suite, grid, left_out),
    )


class _Builder:
    """The tables a board is read off, each computed once."""

    def __init__(self, scored: pd.DataFrame) -> None:
        self.scored = scored
        self.table = ScoreTable(scored)
        self.described = {name: describe_estimator(name) for name in self.table.estimators}
        self.labels = {name: described.label for name, described in self.described.items()}
        self.ranking: Ranking = rank_table(self.table, self.labels)
        self.order = {item.estimator: position for position, item in enumerate(self.ranking.standings)}
        self.groups = group_metrics(scored)
        self.by_task = rows_of(average(self.groups, GROUP[:3]))
        self.by_family = rows_of(average(self.groups, GROUP[:2]))
        self.overall = rows_of(average(self.groups, GROUP[:1]))
        self.needed: dict[Any, float] = samples_needed(self.groups).to_dict()
        self.statuses = rows_of(failure_counts(scored))
        self.task_keys: list[tuple[str, str]] = sorted(
            {(family, task) for _, family, task in self.by_task}, key=_natural
        )
        self.tasks: dict[str, Described] = {task: describe_task(task) for _, task in self.task_keys}
        self.tags = {
            spec: described.thing.tags if isinstance(described.thing, Task) else frozenset()
            for spec, described in self.tasks.items()
        }
        self.versions = scored.groupby("estimator")["estimator_version"].first().to_dict()
        self.marks = self._marks()
        self.costs = self._costs()
        self.curves = learning_curves(scored)

    def _marks(self) -> dict[tuple[str, ...], dict[str, Literal["best", "tie"]]]:
        """Leading estimators on the board, each family and each task, by (), (family,) and (family, task)."""
        table = self.table
        family, task = table.cells["family"].to_numpy(), table.cells["task"].to_numpy()
        areas: dict[tuple[str, ...], np.ndarray] = {(): np.ones(len(family), bool)}
        areas |= {(name,): family == name for name in np.unique(family)}
        areas |= {key: task == key[1] for key in self.task_keys}
        ranked = [item.estimator for item in self.ranking.standings if item.best is not None]
        others = [item.estimator for item in self.ranking.standings if item.estimator != REFERENCE]
        return {area: table.restricted(rows).leaders(others if area else ranked) for area, rows in areas.items()}

    def label(self, spec: str) -> str:
        """Return the label of an estimator or a task, of the board or not."""
        if spec in self.tasks:
            return self.tasks[spec].label
        return self.labels.get(spec) or _label(spec)

    def lines(self) -> tuple[ReferenceLine, ...]:
        """Return the reference lines; the constant 0 only where it is no estimator of the board."""
        tasks = {spec: item.thing for spec, item in self.tasks.items() if isinstance(item.thing, Task)}
        versions = {str(task): str(one) for task, one in self.scored.groupby("task")["task_version"].first().items()}
        found = reference_lines(self.table, tasks, versions)
        return tuple(line for line in found if line.name not in self.table.estimators)

    def _complete(self, spec: str) -> dict[str, bool]:
        """Return whether an estimator has a score on every cell of each family and each task."""
        known = np.isfinite(self.table.of(spec))
        cells = self.table.cells.assign(known=known)
        return {
            str(name): bool(whole)
            for key in ("family", "task")
            for name, whole in cells.groupby(key)["known"].all().items()
        }

    def _mark(self, area: tuple[str, ...], estimator: str, row: Row) -> str:
        return "" if row["failures"] else self.marks[area].get(estimator, "")

    def _costs(self) -> dict[str, list[Cost]]:
        line = {task: _line(task) for _, task in self.task_keys}
        dims = {task: _dim(task, described) for task, described in self.tasks.items()}
        overall = costs(self.scored, ["estimator", "hardware"])
        at: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        for one in costs(self.scored, ["estimator", "hardware", "n"]).reset_index().to_dict("records"):
            at[one["estimator"], one["hardware"]][int(one["n"])] = float(one["cpu_median"])
        points = costs(self.scored, ["estimator", "hardware", "task", "n"])[["cpu_median"]].reset_index()
        points = points.assign(line=points["task"].map(line), dim=points["task"].map(dims).astype(float))
        found: dict[str, list[Cost]] = {}
        for (estimator, hardware), row in rows_of(overall).items():
            own = points[(points["estimator"] == estimator) & (points["hardware"] == hardware)]
            found.setdefault(estimator, []).append(
                Cost(
                    hardware=hardware,
                    cells=int(row["timed"]),
                    cpu_at=at[estimator, hardware],
                    growth_n=growth(own, "n", ["task"]),
                    growth_dim=growth(own, "dim", ["line", "n"]),
                    **{name: float(row[name]) for name in COSTS},
                )
            )
        return found

    def estimator(self, standing: Standing) -> EstimatorEntry:
        spec = standing.estimator
        described, row, complete = self.described[spec], self.overall[spec], self._complete(spec)
        families = {
            family: Part(summary(part), self._mark((family,), spec, part), complete[family])
            for (estimator, family), part in self.by_family.items()
            if estimator == spec and part["unsupported"] < part["cells"]
        }
        tasks = {
            task: Part(summary(part), self._mark((family, task), spec, part), complete[task])
            for (estimator, family, task), part in self.by_task.items()
            if estimator == spec and part["unsupported"] < part["cells"]
        }
        covered, cells = int(row["covered"]), int(row["with_stderr"])
        return EstimatorEntry(
            spec=spec,
            label=described.label,
            version=str(self.versions[spec]).partition(";")[0],
            definition=described.definition,
            standing=standing,
            mark=self._mark((), spec, row),
            overall=summary(row),
            families=families,
            tasks=tasks,
            samples_needed={task: n for (estimator, task), n in self.needed.items() if estimator == spec},
            statuses={name: int(count) for name, count in self.statuses[spec].items() if count},
            coverage=Coverage(covered, cells, *wilson(covered, cells)),
            costs=tuple(self.costs.get(spec, [])),
            curves=self.curves.get(spec, ()),
        )

    def task(self, family: str, task: str) -> TaskEntry:
        label, definition, thing = self.tasks[task]
        rows = self.scored[self.scored["task"] == task]
        truth = getattr(thing, "truth", None)
        return TaskEntry(
            spec=task,
            label=label,
            family=family,
            version=str(rows["task_version"].iloc[0]),
            truth=float(rows["truth"].iloc[0]),
            truth_stderr=float(rows["truth_stderr"].iloc[0]),
            truth_method=truth.method if truth else "as recorded",
            truth_reference=truth.reference if truth else "",
            blocks=block_text(thing) if thing else "",  # type: ignore[arg-type]
            dim=_dim(task, self.tasks[task]),
            line=_line(task),
            tags=tuple(sorted(self.tags[task])),
            definition=definition,
        )

    def results(self) -> tuple[Result, ...]:
        keys = ["estimator", "task", "n"]
        table = self.groups.join(relative(self.groups)).reset_index().merge(
            costs(self._on_main_hardware(), keys).reset_index(), how="left", on=keys
        )  # fmt: skip
        places = {task: place for place, (_, task) in enumerate(self.task_keys)}
        table = table.assign(place=table["task"].map(places), order=table["estimator"].map(self.order))
        table = table.sort_values(["place", "order", "n"])
        return tuple(result(row) for row in table.to_dict("records"))

    def _on_main_hardware(self) -> pd.DataFrame:
        """Return the cells of each estimator on the class of hardware that its main cost is of."""
        main = {spec: cost.hardware for spec, found in self.costs.items() if (cost := main_cost(found))}
        return self.scored[self.scored["hardware"] == self.scored["estimator"].map(main)]


def _natural(key: tuple[str, str]) -> list[tuple[bool, str | float]]:
    """Sort numbers within texts as numbers: dim=5 before dim=10."""
    pieces = re.split(r"(\d+(?:\.\d+)?)", " ".join(key))
    return [
        (number, float(piece) if number else piece) for number, piece in zip(itertools.cycle((False, True)), pieces)
    ]


def _label(spec: str) -> str:
    """Return the label of what the board has no results of."""
    name = Spec.parse(spec).name
    return (describe_estimator(spec) if name in list_estimators() else describe_task(spec)).label


def _line(task: str) -> str:
    """A task's spec without its dimension: tasks that differ in that alone stand on one line of a figure."""
    return str(Spec.parse(task).without("dim"))


def _dim(task: str, described: Described) -> int | None:
    """A task's size in figures; where it is not installed, its parameter ``dim``."""
    thing = described.thing
    if isinstance(thing, Task):
        return thing.dim
    return next((int(str(value)) for key, value in Spec.parse(task).params if key == "dim"), None)
