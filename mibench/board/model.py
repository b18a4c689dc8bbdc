"""The view-model of a board: all that it shows, computed once, so that no two renderers can disagree."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mibench.published import PublishedValue
from mibench.stats.cost import Growth
from mibench.stats.identical import Twin
from mibench.stats.ranking import Standing
from mibench.stats.score_table import Pair


@dataclass(frozen=True)
class Measure:
    """A value with its standard error, NaN where it has none."""

    value: float
    stderr: float = math.nan


@dataclass(frozen=True)
class Summary:
    """An estimator on some cells: how many were ok, its mean score, and its raw errors in nats on those.

    ``abs_bias`` is the mean over tasks and sample sizes of the absolute bias of each, so that biases of opposite sign
    do not cancel; ``bias`` keeps its sign.
    """

    cells: int
    ok: int
    repeated: int
    score: float
    bias: Measure
    abs_bias: Measure
    sd: Measure
    rmse: Measure
    mae: Measure

    @property
    def failed(self) -> int:
        """Number of cells without a value."""
        return self.cells - self.ok


@dataclass(frozen=True)
class Result:
    """An estimator on one task at one n."""

    estimator: str
    task: str
    n: int
    summary: Summary
    supported: bool
    truth: float
    estimate: Measure
    median: float
    median_low: float
    median_high: float
    relative_bias: float
    relative_rmse: float
    with_stderr: int
    covered: int
    cpu_q1: float
    cpu_median: float
    cpu_q3: float
    wall_median: float
    peak_mb: float


@dataclass(frozen=True)
class Part:
    """An estimator on a family or a task: ``best`` there, in a ``tie`` with the best, or neither.

    ``is_complete`` where it has a score on every cell there is of it; a mean over fewer is no score to compare.
    """

    summary: Summary
    mark: str = ""
    is_complete: bool = True


@dataclass(frozen=True)
class Cost:
    """Cost of an estimator on one class of hardware: medians and quartiles over its cells that are ok.

    ``cpu_at`` is the median of CPU seconds at each sample size.
    """

    hardware: str
    cells: int
    cpu_q1: float
    cpu_median: float
    cpu_q3: float
    wall_median: float
    setup_median: float
    peak_mb: float
    cpu_at: Mapping[int, float]
    growth_n: Growth | None
    growth_dim: Growth | None


def main_cost(found: Iterable[Cost]) -> Cost | None:
    """Return the cost on the class of hardware that ran most cells: what stands where there is room for one alone."""
    return max(found, key=lambda cost: (cost.cells, cost.hardware), default=None)


@dataclass(frozen=True)
class Coverage:
    """Share of cells whose truth lies within ± 2 of an estimator's own standard errors, with a 95 % Wilson interval."""

    covered: int
    cells: int
    low: float
    high: float


@dataclass(frozen=True)
class Definition:
    """Definition of an estimator or task, from its own docstring.

    Attributes:
        summary: its first sentence, with the formula.
        paragraphs: the rest of its description.
        parameters: name, value, and what it means.
        references: where it comes from.
        facts: further names and values: direction, kinds of block, ceiling.
        missing: why nothing is known of it, where it is not installed.
    """

    summary: str
    paragraphs: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str, str], ...] = ()
    references: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class Curve:
    """A learning curve on one task: ``(step, nats)`` pairs, with the truth."""

    task: str
    n: int
    seed: int
    truth: float
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class EstimatorEntry:
    """An estimator of the board: what it is, where it stands, how it does on each family and task, what it costs."""

    spec: str
    label: str
    version: str
    definition: Definition
    standing: Standing
    mark: str
    overall: Summary
    families: Mapping[str, Part]
    tasks: Mapping[str, Part]
    samples_needed: Mapping[str, float]
    statuses: Mapping[str, int]
    coverage: Coverage
    costs: tuple[Cost, ...]
    curves: tuple[Curve, ...]

    @property
    def main_cost(self) -> Cost | None:
        """Its cost on the class of hardware that ran most of its cells."""
        return main_cost(self.costs)

    @property
    def is_ranked(self) -> bool:
        """True if it has a rank."""
        return self.standing.best is not None

    @property
    def twins(self) -> tuple[Twin, ...]:
        """The estimators whose values it gives on some tasks."""
        return self.standing.twins


@dataclass(frozen=True)
class TaskEntry:
    """A task of the board with its truth, how that is known, and its size."""

    spec: str
    label: str
    family: str
    version: str
    truth: float
    truth_stderr: float
    truth_method: str
    truth_reference: str
    blocks: str
    dim: int | None
    line: str
    tags: tuple[str, ...]
    definition: Definition


@dataclass(frozen=True)
class Provenance:
    """Provenance of a board, read off its attempts.

    Attributes:
        cells, attempts: how many cells it shows, and how many attempts they took.
        seeds: the number of seeds.
        first, last: when its attempts finished.
        hardware: the classes of hardware.
        software: versions of Python and the packages, one string per environment.
        run: the command that makes the results.
        render: the command that makes the board.
        left_out: what the store holds of the suite that the board does not show, and why.
    """

    cells: int
    attempts: int
    seeds: int
    samples: tuple[int, ...]
    first: str
    last: str
    hardware: tuple[str, ...]
    software: tuple[str, ...]
    run: str
    render: str
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """Some of a board's cells with the ranking on them: all, one sample size, the tasks of a tag, or of an estimator.

    Attributes:
        key: ``all``, ``n=1000``, ``tag:continuous``, or ``supported:`` and the spec of an estimator.
        title: what it is, in words.
        tasks, samples: its cells.
        standings: the estimators' scores and ranks there; each has one only where it has all cells.
    """

    key: str
    title: str
    tasks: tuple[str, ...]
    samples: tuple[int, ...]
    standings: tuple[Standing, ...]


@dataclass(frozen=True)
class ReferenceLine:
    """Reference line: a score that can be had without estimating, or at best, and is never ranked.

    Attributes:
        name: zero, best constant, best blind or oracle.
        what: how it is computed, in words.
        score: on all cells; NaN where it is not known on some.
        families: the score of each family where it is known; for constants the best of that family.
        nats: the constant on the whole board, NaN for others.
        known: on how many tasks it is known.
    """

    name: str
    what: str
    score: float
    families: Mapping[str, float]
    nats: float
    known: int


@dataclass(frozen=True)
class Completeness:
    """Completeness of a board: the suite's cells that it has, and those that are missing.

    Attributes:
        present, asked: the cells with an attempt, and those of the suite for the estimators of the suite and the board.
        tasks: labels of the suite's tasks without a cell.
        samples: the suite's sample sizes without a cell.
        estimators: labels of the suite's estimators without a cell.
        partial: the label of each other estimator that lacks cells, how many it has and how many are asked.
        recorded: whether a run recorded what the suite asks for; else it is what is installed.
    """

    present: int
    asked: int
    tasks: tuple[str, ...] = ()
    samples: tuple[int, ...] = ()
    estimators: tuple[str, ...] = ()
    partial: tuple[tuple[str, int, int], ...] = ()
    recorded: bool = False

    @property
    def is_complete(self) -> bool:
        """True if nothing is missing."""
        return self.present == self.asked


@dataclass(frozen=True)
class PublishedRow:
    """A published value beside ours of the same task and n.

    Attributes:
        theirs: as printed.
        estimator, task: our specs in canonical form.
        ours: our mean estimate with its standard error, NaN where the board has none.
        cells: how many of our cells it is of.
        in_stderr: the difference, ours minus theirs, in standard errors of the difference; of ours alone where theirs
            is not known.
    """

    theirs: PublishedValue
    estimator: str
    task: str
    ours: Measure
    cells: int
    in_stderr: float


@dataclass(frozen=True)
class Board:
    """A ranked view of the attempts of one suite; estimators are in the order of the board."""

    suite: str
    version: int | None
    summary: str
    completeness: Completeness
    families: tuple[str, ...]
    estimators: tuple[EstimatorEntry, ...]
    lines: tuple[ReferenceLine, ...]
    scopes: tuple[Scope, ...]
    tasks: tuple[TaskEntry, ...]
    results: tuple[Result, ...]
    pairs: tuple[Pair, ...]
    unranked_pairs: tuple[Pair, ...]
    reference_pairs: tuple[Pair, ...]
    published: tuple[PublishedRow, ...]
    provenance: Provenance

    @property
    def labels(self) -> dict[str, str]:
        """The label of every estimator and task by its spec, and of every reference line by its name."""
        lines = {line.name: line.name for line in self.lines}
        entries = {item.spec: item.label for item in self.estimators} | {item.spec: item.label for item in self.tasks}
        return lines | entries
