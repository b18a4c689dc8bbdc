"""Cells of a plan: the expanded grid, its shard, and what of it a store does not hold yet."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mibench.cell import Cell, CellKeys, lift, make_cell
from mibench.device import CPU, device_for
from mibench.errors import SuiteError
from mibench.estimator import Estimator
from mibench.protocol import FixedSample, Protocol, parse_protocol
from mibench.registry import origin_of
from mibench.suite import Suite
from mibench.task import INDEPENDENCE, MAX_TRUTH_STDERR, SCALE_FLOOR, Task

from .homes import home_of
from .job import Job

#: The largest grid that is cut into shards, which takes the sorted keys of all its cells.
MAX_SHARDED = 50_000_000
#: The most cells of a pack, and the least number of packs that each worker gets.
MAX_PACK, PACKS_EACH = 16, 4


class Pair:
    """An estimator and a task under a protocol: what all their cells have in common.

    Attributes:
        learned: the task's truth and its standard error, where they were computed elsewhere.
    """

    learned: tuple[float, float] | None = None

    def __init__(self, estimator: Estimator, task: Task, protocol: str = "") -> None:
        self.estimator, self.task = estimator, task
        self.cell: Cell = make_cell(estimator, task, 0, 0, protocol)
        self.protocol = parse_protocol(protocol, 0)
        self.lifted = lift(estimator, task) is not estimator
        self.refusal = self.protocol.refusal(estimator, task)
        self.key: Callable[[int, int], bytes] = CellKeys(self.cell).digest

    @cached_property
    def home(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Homes of the estimator's and the task's code."""
        return home_of(self.estimator), home_of(self.task)

    @cached_property
    def packable(self) -> bool:
        """True if its cells can be estimated together."""
        return isinstance(self.protocol, FixedSample) and callable(
            getattr(lift(self.estimator, self.task), "estimate_many", None)
        )

    @property
    def family(self) -> str:
        """The family its scores are averaged in; of a truth learned elsewhere, nothing is computed here."""
        if self.learned is None:
            return self.task.board_family
        return INDEPENDENCE if self.learned[0] == 0 else self.task.family

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The fields of every job of the pair; needs the truth, so it may take a moment."""
        truth = admitted_truth(self.task, self.protocol, self.learned)
        return {
            "estimator": self.cell.estimator,
            "estimator_version": self.cell.estimator_version,
            "estimator_origin": origin_of(self.estimator).public,
            "task": self.cell.task,
            "task_version": self.cell.task_version,
            "protocol": self.cell.protocol,
            "family": self.family,
            "truth_nats": truth[0],
            "truth_stderr": truth[1],
            "lifted": self.lifted,
            "estimator_home": self.home[0],
            "task_home": self.home[1],
            "heavy": bool(self.estimator.get_tags().requires),
            "dims": tuple(block.dim for block in self.task.blocks),
        }


def admitted_truth(task: Task, protocol: Protocol, learned: tuple[float, float] | None = None) -> tuple[float, float]:
    """Return the truth that cells of a task are judged by, and its standard error in nats, *learned* or computed.

    Raises:
        SuiteError: it cannot be computed, or is not known well enough to judge anything by.
    """
    try:
        nats, stderr = learned or protocol.truth(task)
    except Exception as error:
        raise SuiteError(f"task {task.spec}: its truth cannot be computed: {type(error).__name__}: {error}") from error
    scale = max(nats, SCALE_FLOOR)
    if stderr > MAX_TRUTH_STDERR * scale:
        raise SuiteError(
            f"task {task.spec}: the standard error of its truth is {stderr:g} nats; "
            f"allowed: at most {MAX_TRUTH_STDERR * scale:g} ({MAX_TRUTH_STDERR:g} of its scale)"
        )
    return nats, stderr


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
        plugins: plugin files that the workers load.
        notices: what of the suite was left out, and why.
        device: where estimators run that can run there; the others run on the CPU.
        gpu: what that device is called.
    """

    suite: Suite
    estimators: Sequence[Estimator]
    tasks: Sequence[Task]
    shard: tuple[int, int] = (1, 1)
    plugins: tuple[Path, ...] = ()
    notices: tuple[str, ...] = ()
    device: str = CPU
    gpu: str = ""

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every estimator with every task, the estimator varying fastest."""
        return [Pair(estimator, task, self.suite.protocol) for task in self.tasks for estimator in self.estimators]

    def cells(self) -> Iterator[Planned]:
        """Yield the cells in the order they are run: by seed first, so that a run cut short is a smaller run."""
        mine = self.shard_keys
        return self._grid() if mine is None else (cell for cell in self._grid() if cell.key in mine)

    @cached_property
    def counts(self) -> Counter[tuple[Pair, int]]:
        """The number of cells by pair and sample size; without shards it is counted, not listed."""
        if self.shard_keys is None:
            return Counter({(pair, n): self.suite.seeds for pair in self.pairs for n in self.suite.samples})
        return Counter((cell.pair, cell.n) for cell in self.cells())

    def _grid(self) -> Iterator[Planned]:
        for seed, n in itertools.product(_range(self.suite.seeds), dict.fromkeys(self.suite.samples)):
            for pair in self.pairs:
                yield Planned(pair, n, seed, pair.key(n, seed))

    @cached_property
    def shard_keys(self) -> set[bytes] | None:
        """Every n-th key of each estimator's sorted keys: a pure function of the grid, whatever a store holds.

        Raises:
            SuiteError: the grid is too large to be sorted.
        """
        if self.shard == (1, 1):
            return None
        size = len(self.pairs) * len(self.suite.samples) * self.suite.seeds
        if size > MAX_SHARDED:
            raise SuiteError(f"the grid has {size} cells; allowed with a shard: up to {MAX_SHARDED}")
        index, count = self.shard
        by_estimator: dict[str, list[bytes]] = {}
        for cell in self._grid():
            by_estimator.setdefault(cell.pair.cell.estimator, []).append(cell.key)
        return {key for keys in by_estimator.values() for key in sorted(keys)[index - 1 :: count]}

    def missing(self, done: Set[bytes | str] = frozenset(), stored: Iterable["Stored"] = ()) -> "Missing":
        """Return the cells whose keys are not in *done*, where *stored* are the cells that a store holds.

        Its cost grows with the store, not with the grid.
        """
        pairs = {(pair.cell.estimator, pair.cell.task): pair for pair in self.pairs}
        held: dict[bytes, tuple[Pair, int]] = {}
        for estimator, task, n, seed, key in stored if done else ():
            pair = pairs.get((estimator, task))
            if pair is None or (pair, n) not in self.counts or not 0 <= seed < self.suite.seeds or key not in done:
                continue
            mine = self.shard_keys is None or key in self.shard_keys
            if mine and isinstance(key, bytes) and key == pair.key(n, seed):
                held[key] = pair, n
        counts = self.counts.copy()
        counts.subtract(held.values())
        return Missing(self, +counts, len(held), held.keys())

    def job(self, cell: Planned) -> Job:
        """Return the job of a cell."""
        return Job(
            key=cell.key.hex(),
            suite=self.suite.name,
            n=cell.n,
            seed=cell.seed,
            timeout_s=self.suite.timeout_s,
            memory_mb=self.suite.memory_mb,
            device=device_for(cell.pair.estimator, self.device),
            **cell.pair.fields,
        )


#: A cell that a store holds: estimator, task, n, seed and key.
Stored = tuple[str, str, int, int, bytes | str]


@dataclass(frozen=True)
class Missing:
    """The cells of a plan that are to be run: counted at once, listed only as they are run.

    Attributes:
        plan: the plan.
        counts: how many, by pair and sample size.
        reused: how many others the store holds.
        done: the keys of those.
        chosen: the cells themselves, where they were picked one by one.
    """

    plan: Plan
    counts: Counter[tuple[Pair, int]]
    reused: int = 0
    done: Set[bytes] = frozenset()
    chosen: Sequence[Planned] | None = None

    @classmethod
    def of(cls, plan: Plan, cells: Sequence[Planned]) -> "Missing":
        """Return these cells of a plan and no others."""
        return cls(plan, Counter((cell.pair, cell.n) for cell in cells), chosen=cells)

    @property
    def total(self) -> int:
        """Number of cells that are to be run."""
        return self.counts.total()

    @property
    def pairs(self) -> list[Pair]:
        """The pairs of which a cell is to be run."""
        return list(dict.fromkeys(pair for pair, _ in self.counts))

    def cells(self, refused: bool) -> Iterator[Planned]:
        """Yield the cells whose estimator can take their task, or those whose estimator cannot."""
        if not any(bool(pair.refusal) == refused for pair in self.pairs):
            return
        for cell in self.plan.cells() if self.chosen is None else self.chosen:
            if bool(cell.pair.refusal) == refused and cell.key not in self.done:
                yield cell

    def packs(self, workers: int) -> Iterator[tuple[Planned, ...]]:
        """Yield the cells whose estimator can take their task, in packs where it estimates several together.

        A pack holds cells of one pair and sample size. It is small enough for every worker to get several, so that none
        waits for another at the end.
        """
        packed: set[bytes] = set()
        size = self._pack_size(workers)
        for cell in self.cells(refused=False):
            if cell.key in packed:
                packed.discard(cell.key)
            elif cell.pair.packable and size > 1 and self.chosen is None:
                pack = (cell, *itertools.islice(self._later_seeds(cell), size - 1))
                packed.update(other.key for other in pack[1:])
                yield pack
            else:
                yield (cell,)

    def _pack_size(self, workers: int) -> int:
        packable = sum(count for (pair, _), count in self.counts.items() if pair.packable and not pair.refusal)
        return max(1, min(MAX_PACK, packable // (PACKS_EACH * workers)))

    def _later_seeds(self, cell: Planned) -> Iterator[Planned]:
        """Yield the missing cells of the same pair and sample size with larger seeds."""
        mine = self.plan.shard_keys
        for seed in range(cell.seed + 1, self.plan.suite.seeds):
            key = cell.pair.key(cell.n, seed)
            if key not in self.done and (mine is None or key in mine):
                yield Planned(cell.pair, cell.n, seed, key)


def _range(count: int) -> Iterable[int]:
    """Return the numbers below *count*, of whatever size."""
    return itertools.takewhile(lambda seed: seed < count, itertools.count())


def parse_shard(text: str) -> tuple[int, int]:
    """Parse ``i/n``, 1 ≤ i ≤ n."""
    index, _, count = text.partition("/")
    if not (index.isdigit() and count.isdigit() and 1 <= int(index) <= int(count)):
        raise SuiteError(f"shard is {text!r}; allowed: i/n with 1 ≤ i ≤ n, such as 1/4")
    return int(index), int(count)
