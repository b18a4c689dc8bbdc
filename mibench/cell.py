"""A cell: one (estimator, task, n, seed), the unit of work, and its content key."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from .block import Block
from .estimator import Estimator
from .registry import ESTIMATORS
from .task import Task

#: Raised whenever the same inputs get another key.
KEY_FORMAT = 1
#: The estimator that lifts those of two blocks to more.
CHAIN_RULE = "chain-rule"


class Cell(NamedTuple):
    """One unit of work, as canonical spec strings and versions."""

    estimator: str
    estimator_version: str
    task: str
    task_version: str
    n: int
    seed: int
    protocol: str = ""

    @property
    def key(self) -> str:
        """SHA-256 of the canonical JSON of all that determines the cell's value."""
        return hashlib.sha256(_canonical(self.content()).encode()).hexdigest()

    def content(self) -> dict[str, Any]:
        """Return what the key is of; a protocol of fixed samples ("") is left out, so that it changes no key."""
        fields = {name: value for name, value in self._asdict().items() if name != "protocol" or value}
        return {"format": KEY_FORMAT, **fields}


class CellKeys:
    """The keys of the cells of one estimator and task, which differ in n and seed alone: 10⁶ of them in a second."""

    def __init__(self, cell: Cell) -> None:
        marks = {"n": "\0n", "seed": "\0seed"}
        text = _canonical({**cell.content(), **marks})
        before, rest = text.split(json.dumps(marks["n"]))
        self._between, self._after = rest.split(json.dumps(marks["seed"]))
        self._hash = hashlib.sha256(before.encode())

    def digest(self, n: int, seed: int) -> bytes:
        """Return the key of the cell of *n* and *seed* as 32 bytes."""
        copy = self._hash.copy()
        copy.update(f"{n}{self._between}{seed}{self._after}".encode())
        return copy.digest()


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def lift(estimator: Estimator, task: Task) -> Estimator:
    """Return *estimator*, or its chain rule where the task has more blocks than it takes."""
    return lift_to(estimator, len(task.blocks))


def lift_to(estimator: Estimator, blocks: int) -> Estimator:
    """Return *estimator*, or its chain rule where it takes fewer than *blocks* blocks."""
    limit = estimator.get_tags().max_blocks
    if limit is None or blocks <= limit:
        return estimator
    return ESTIMATORS.get(CHAIN_RULE)(base=estimator)  # type: ignore[call-arg]


def chain_rule(spec: str) -> str:
    """Return the spec by which the estimator *spec* is lifted to more blocks."""
    return f"{CHAIN_RULE}:base=({spec})"


def unsupported(estimator: Estimator, task: Task) -> str | None:
    """Return why the estimator *cannot* take the task's blocks, or None where it can."""
    tags = estimator.get_tags()
    allowed, kinds = tags.kinds, [block.kind for block in task.blocks]
    if tags.one_of_each_kind and sorted(kinds) != sorted(allowed):
        return (
            f"{estimator.name} cannot take {', '.join(kinds)} blocks; allowed: one each of {', '.join(sorted(allowed))}"
        )
    refused = sorted({block.kind for block in _seen(estimator, task.blocks)} - allowed)
    if refused:
        return f"{estimator.name} cannot take {' or '.join(refused)} blocks; allowed: {', '.join(sorted(allowed))}"
    return too_wide(estimator, task.blocks)


def too_wide(estimator: Estimator, blocks: Sequence[Block]) -> str | None:
    """Return why an estimator of bounded ``max_dim`` cannot take *blocks*, or None where it can."""
    allowed = estimator.get_tags().max_dim
    given, widest = (max(block.dim for block in some) for some in (blocks, _seen(estimator, blocks)))
    if allowed is None or widest <= allowed:
        return None
    joined = " (joined by the chain rule)" if widest > given else ""
    return f"{estimator.name} cannot take a block of {widest} columns{joined}; allowed: at most {allowed}"


def _seen(estimator: Estimator, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return *blocks* as the estimator, lifted where they are too many, meets them."""
    return lift_to(estimator, len(blocks)).sees(blocks)


def make_cell(estimator: Estimator, task: Task, n: int, seed: int, protocol: str = "") -> Cell:
    """Return the cell of two objects; the version of a lifted estimator names the chain rule's too."""
    version = estimator.full_version
    lifted = lift(estimator, task)
    if lifted is not estimator:
        version += f";{lifted.name}={lifted.full_version}"
    return Cell(estimator.spec, version, task.spec, task.full_version, n, seed, protocol)
