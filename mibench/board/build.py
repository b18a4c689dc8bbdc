"""From attempts to the view-model. Nothing here depends on the time or place of the building."""

import itertools
import re
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from mibench.errors import StoreError
from mibench.spec import Spec
from mibench.stats.cost import costs, growth
from mibench.stats.metrics import GROUP, average, failure_counts, group_metrics, relative, samples_needed, wilson
from mibench.stats.ranking import Ranking, Standing, rank_table
from mibench.stats.score import REFERENCE, current, score
from mibench.stats.score_table import ScoreTable
from mibench.task import Task

from .definitions import Described, block_text, describe_estimator, describe_task
from .model import Board, Cost, Coverage, Curve, EstimatorEntry, Measure, Part, Result, Summary, TaskEntry, main_cost
from .provenance import hardware_of, provenance

Environments = Mapping[str, Mapping[str, Any]]

Row = Mapping[Any, Any]

#: Points of a learning curve that are shown.
_CURVE_POINTS = 80
_COSTS = ["cpu_q1", "cpu_median", "cpu_q3", "wall_median", "setup_median", "peak_mb"]


def build_board(
    frame: pd.DataFrame, environments: Environments, suite: str, left_out: tuple[str, ...] = (), source: str = ""
) -> Board:
    """Build the board of a suite from its attempts.

    Args:
        frame: attempts, one row a cell, as :func:`mibench.store.read_frame` returns them.
        environments: what they were measured on, as :func:`mibench.store.read_environments` returns it.
        suite: the suite's name.
        left_out: what else the store holds, said on the board.
        source: what ``mibench run`` calls the suite where that is not its name: the path of a file.

    Raises:
        StoreError: there is no attempt.
    """
    if frame.empty:
        raise StoreError(f"suite {suite!r} has no results; mibench run {suite} makes them")
    kept = current(frame)
    if len(kept) < len(frame):
        left_out += (f"{len(frame) - len(kept)} cells of earlier versions of an estimator or a task",)
    scored = score(kept)
    scored = scored.assign(hardware=hardware_of(scored, environments))
    builder = _Builder(scored)
    made = provenance(scored, environments, source or suite, left_out)
    ranking = builder.ranking
    return Board(
        suite=suite,
        summary=made.summary,
        families=tuple(sorted(scored["family"].unique())),
        estimators=tuple(builder.estimator(item) for item in ranking.standings),
        tasks=tuple(builder.task(*key) for key in builder.task_keys),
        results=builder.results(),
        pairs=ranking.pairs,
        unranked_pairs=ranking.unranked_pairs,
        reference_pairs=ranking.reference_pairs,
        provenance=made.provenance,
    )


class _Builder:
    """The tables a board is read off, each computed once."""

    def __init__(self, scored: pd.DataFrame) -> None:
        self.scored = scored
        self.table = ScoreTable(scored)
        self.labels = {name: describe_estimator(name).label for name in self.table.estimators}
        self.ranking: Ranking = rank_table(self.table, self.labels)
        self.order = {item.estimator: position for position, item in enumerate(self.ranking.standings)}
        self.groups = group_metrics(scored)
        self.by_task = _rows(average(self.groups, GROUP[:3]))
        self.by_family = _rows(average(self.groups, GROUP[:2]))
        self.overall = _rows(average(self.groups, GROUP[:1]))
        self.needed: dict[Any, float] = samples_needed(self.groups).to_dict()
        self.statuses = _rows(failure_counts(scored))
        self.task_keys: list[tuple[str, str]] = sorted(
            {(family, task) for _, family, task in self.by_task}, key=_natural
        )
        self.tasks: dict[str, Described] = {task: describe_task(task) for _, task in self.task_keys}
        self.versions = scored.groupby("estimator")["estimator_version"].first().to_dict()
        self.marks = self._marks()
        self.costs = self._costs()
        self.curves = _curves(scored)

    def _marks(self) -> dict[tuple[str, ...], dict[str, Literal["best", "tie"]]]:
        """Who leads on the board, each family and each task, by (), (family,) and (family, task)."""
        table = self.table
        family, task = table.cells["family"].to_numpy(), table.cells["task"].to_numpy()
        areas: dict[tuple[str, ...], np.ndarray] = {(): np.ones(len(family), bool)}
        areas |= {(name,): family == name for name in np.unique(family)}
        areas |= {key: task == key[1] for key in self.task_keys}
        ranked = [item.estimator for item in self.ranking.standings if item.best is not None]
        others = [item.estimator for item in self.ranking.standings if item.estimator != REFERENCE]
        return {area: table.restricted(rows).leaders(others if area else ranked) for area, rows in areas.items()}

    def _mark(self, area: tuple[str, ...], estimator: str, row: Row) -> str:
        return "" if row["failures"] else self.marks[area].get(estimator, "")

    def _costs(self) -> dict[str, list[Cost]]:
        line = {task: _line(task) for _, task in self.task_keys}
        dims = {task: _dim(task, described) for task, described in self.tasks.items()}
        overall = costs(self.scored, ["estimator", "hardware"])
        points = costs(self.scored, ["estimator", "hardware", "task", "n"])[["cpu_median"]].reset_index()
        points = points.assign(line=points["task"].map(line), dim=points["task"].map(dims).astype(float))
        found: dict[str, list[Cost]] = {}
        for (estimator, hardware), row in _rows(overall).items():
            own = points[(points["estimator"] == estimator) & (points["hardware"] == hardware)]
            found.setdefault(estimator, []).append(
                Cost(
                    hardware=hardware,
                    cells=int(row["timed"]),
                    growth_n=growth(own, "n", ["task"]),
                    growth_dim=growth(own, "dim", ["line", "n"]),
                    **{name: float(row[name]) for name in _COSTS},
                )
            )
        return found

    def estimator(self, standing: Standing) -> EstimatorEntry:
        spec = standing.estimator
        described = describe_estimator(spec)
        row = self.overall[spec]
        families = {
            family: Part(_summary(part), self._mark((family,), spec, part))
            for (estimator, family), part in self.by_family.items()
            if estimator == spec and part["unsupported"] < part["cells"]
        }
        tasks = {
            task: Part(_summary(part), self._mark((family, task), spec, part))
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
            overall=_summary(row),
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
        return tuple(_result(row) for row in table.to_dict("records"))

    def _on_main_hardware(self) -> pd.DataFrame:
        """The cells of each estimator on the class of hardware that its main cost is of."""
        main = {spec: cost.hardware for spec, found in self.costs.items() if (cost := main_cost(found))}
        return self.scored[self.scored["hardware"] == self.scored["estimator"].map(main)]


def _rows(table: pd.DataFrame) -> dict[Any, Row]:
    return table.to_dict("index")  # type: ignore[return-value]


def _measure(row: Row, name: str) -> Measure:
    return Measure(float(row[name]), float(row[f"{name}_se"]))


def _summary(row: Row) -> Summary:
    return Summary(
        cells=int(row["cells"] - row["unsupported"]),
        ok=int(row["ok"]),
        repeated=int(row["repeated"]),
        score=float(row["score"]),
        bias=_measure(row, "bias"),
        sd=_measure(row, "sd"),
        rmse=_measure(row, "rmse"),
        mae=_measure(row, "mae"),
    )


def _result(row: Row) -> Result:
    plain = ["truth", "median", "median_low", "median_high", "relative_bias", "relative_rmse"]
    plain += [name for name in _COSTS if name != "setup_median"]
    return Result(
        estimator=row["estimator"],
        task=row["task"],
        n=int(row["n"]),
        summary=_summary(row),
        supported=row["unsupported"] < row["cells"],
        estimate=Measure(row["truth"] + row["bias"], row["bias_se"]),
        with_stderr=int(row["with_stderr"]),
        covered=int(row["covered"]),
        **{name: float(row[name]) for name in plain},
    )


def _natural(key: tuple[str, str]) -> list[tuple[bool, str | float]]:
    """Sort numbers within texts as numbers: dim=5 before dim=10."""
    pieces = re.split(r"(\d+(?:\.\d+)?)", " ".join(key))
    return [
        (number, float(piece) if number else piece) for number, piece in zip(itertools.cycle((False, True)), pieces)
    ]


def _line(task: str) -> str:
    """A task's spec without its dimension: tasks that differ in that alone stand on one line of a figure."""
    return str(Spec.parse(task).without("dim"))


def _dim(task: str, described: Described) -> int | None:
    """A task's size in figures; where it is not installed, its parameter ``dim``."""
    thing = described.thing
    if isinstance(thing, Task):
        return thing.dim
    return next((int(str(value)) for key, value in Spec.parse(task).params if key == "dim"), None)


def _curves(scored: pd.DataFrame) -> dict[str, tuple[Curve, ...]]:
    """The learning curves of each estimator: of each task the first seed at the largest n, thinned."""
    if "curve" not in scored:
        return {}
    rows = scored[scored["curve"].notna() & scored["ok"]]
    rows = rows[rows["n"] == rows.groupby(["estimator", "task"])["n"].transform("max")]
    rows = rows.sort_values(["estimator", "task", "seed"]).drop_duplicates(["estimator", "task"])
    found: dict[str, list[Curve]] = {}
    for row in rows[["estimator", "task", "n", "seed", "truth", "curve"]].to_dict("records"):
        points = row["curve"]
        keep = sorted({round(at) for at in np.linspace(0, len(points) - 1, min(len(points), _CURVE_POINTS))})
        thinned = tuple((float(points[at][0]), float(points[at][1])) for at in keep)
        found.setdefault(row["estimator"], []).append(
            Curve(row["task"], int(row["n"]), int(row["seed"]), float(row["truth"]), thinned)
        )
    return {name: tuple(curves) for name, curves in found.items()}
