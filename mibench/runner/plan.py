"""What a run has to do: the expanded grid, its shard, and what of it a store does not hold yet."""

import itertools
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from mibench.cell import Cell, CellKeys, lift, make_cell, unsupported
from mibench.errors import SuiteError
from mibench.estimator import Estimator
from mibench.registry import origin_of
from mibench.suite import Suite
from mibench.task import MAX_TRUTH_STDERR, Task

from .job import Job


class Pair:
    """An estimator and a task: what all their cells have in common."""

    def __init__(self, estimator: Estimator, task: Task) -> None:
        self.estimator, self.task = estimator, task
        self.cell: Cell = make_cell(estimator, task, 0, 0)
        self.lifted = lift(estimator, task) is not estimator
        self.refusal = unsupported(estimator, task)
        self.key: Callable[[int, int], bytes] = CellKeys(self.cell).digest

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The fields of every job of the pair; needs the truth, so it may take a moment."""
        truth = admitted_truth(self.task)
        return {
            "estimator": self.cell.estimator,
            "estimator_version": self.cell.estimator_version,
            "estimator_origin": origin_of(self.estimator).public,
            "task": self.cell.task,
            "task_version": self.cell.task_version,
            "family": self.task.family,
            "truth_nats": truth[0],
            "truth_stderr": truth[1],
            "lifted": self.lifted,
        }


def admitted_truth(task: Task) -> tuple[float, float]:
    """Return a task's truth and its standard error in nats.

    Raises:
        SuiteError: it cannot be computed, or is not known well enough to judge anything by.
    """
    try:
        truth, scale = task.truth, task.scale
    except Exception as error:
        raise SuiteError(f"task {task.spec}: its truth cannot be computed: {type(error).__name__}: {error}") from error
    if truth.stderr > MAX_TRUTH_STDERR * scale:
        raise SuiteError(
            f"task {task.spec}: the standard error of its truth is {truth.stderr:g} nats; "
            f"allowed: at most {MAX_TRUTH_STDERR * scale:g} ({MAX_TRUTH_STDERR:g} of its scale)"
        )
    return truth.nats, truth.stderr


class Planned(NamedTuple):
    """One cell of a plan."""

    pair: Pair
    n: int
    seed: int
    key: bytes


@dataclass(frozen=True)
class Plan:
    """The cells of a suite, or of one shard of it.

    Attributes:
        suite: the suite, its limits and its name.
        estimators, tasks: the objects its specs describe.
        shard: ``(i, n)``: the i-th of n parts, counted from 1.
    """

    suite: Suite
    estimators: Sequence[Estimator]
    tasks: Sequence[Task]
    shard: tuple[int, int] = (1, 1)

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every estimator with every task, the estimator varying fastest."""
        return [Pair(estimator, task) for task in self.tasks for estimator in self.estimators]

    def cells(self) -> Iterator[Planned]:
        """Yield the cells in the order they are run: by seed first, so that a run cut short is a smaller run."""
        if self.shard == (1, 1):
            yield from self._grid()
            return
        mine = self._shard_keys()
        yield from (cell for cell in self._grid() if cell.key in mine)

    def _grid(self) -> Iterator[Planned]:
        for seed, n in itertools.product(range(self.suite.seeds), dict.fromkeys(self.suite.samples)):
            for pair in self.pairs:
                yield Planned(pair, n, seed, pair.key(n, seed))

    def _shard_keys(self) -> set[bytes]:
        """Every n-th key of each estimator's sorted keys: a pure function of the grid, whatever a store holds."""
        index, count = self.shard
        by_estimator: dict[str, list[bytes]] = {}
        for cell in self._grid():
            by_estimator.setdefault(cell.pair.cell.estimator, []).append(cell.key)
        return {key for keys in by_estimator.values() for key in sorted(keys)[index - 1 :: count]}

    def missing(self, done: Set[bytes | str]) -> list[Planned]:
        """Return the cells whose keys are not in *done*."""
        return [cell for cell in self.cells() if cell.key not in done]

    def job(self, cell: Planned) -> Job:
        """Return the job of a cell."""
        return Job(
            key=cell.key.hex(),
            suite=self.suite.name,
            n=cell.n,
            seed=cell.seed,
            timeout_s=self.suite.timeout_s,
            memory_mb=self.suite.memory_mb,
            **cell.pair.fields,
        )


def parse_shard(text: str) -> tuple[int, int]:
    """Parse ``i/n``, 1 ≤ i ≤ n."""
    index, _, count = text.partition("/")
    if not (index.isdigit() and count.isdigit() and 1 <= int(index) <= int(count)):
        raise SuiteError(f"shard is {text!r}; allowed: i/n with 1 ≤ i ≤ n, such as 1/4")
    return int(index), int(count)
