"""A cell: one (estimator, task, n, seed), the unit of work, and its content key."""

import hashlib
import json
from typing import Any, NamedTuple

from .estimator import Estimator, too_wide
from .registry import get_estimator, version_of
from .task import Task

#: Raised whenever the same inputs get another key.
KEY_FORMAT = 1


class Cell(NamedTuple):
    """One unit of work, as canonical spec strings and versions."""

    estimator: str
    estimator_version: str
    task: str
    task_version: str
    n: int
    seed: int

    @property
    def key(self) -> str:
        """SHA-256 of the canonical JSON of all that determines the cell's value."""
        content = {"format": KEY_FORMAT, **self._asdict()}
        return hashlib.sha256(_canonical(content).encode()).hexdigest()


class CellKeys:
    """The keys of the cells of one estimator and task, which differ in n and seed alone: 10⁶ of them in a second."""

    def __init__(self, cell: Cell) -> None:
        marks = {"n": "\0n", "seed": "\0seed"}
        text = _canonical({"format": KEY_FORMAT, **cell._asdict(), **marks})
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
    limit = estimator.tags.max_blocks
    return estimator if limit is None or blocks <= limit else get_estimator(chain_rule(estimator.spec))


def chain_rule(spec: str) -> str:
    """Return the spec by which the estimator *spec* is lifted to more blocks."""
    return f"chain-rule:base=({spec})"


def unsupported(estimator: Estimator, task: Task) -> str | None:
    """Say why the method *cannot* take the task's blocks, or return None where it can."""
    kinds = {block.kind for block in task.blocks}
    if lift(estimator, task).tags.joins_blocks and len(task.blocks) > 2 and len(kinds) > 1:
        kinds.add("mixed")
    refused = sorted(kinds - estimator.tags.kinds)
    if refused:
        allowed = ", ".join(sorted(estimator.tags.kinds))
        return f"{estimator.name} cannot take {' or '.join(refused)} blocks; allowed: {allowed}"
    return too_wide(estimator, [block.dim for block in task.blocks])


def make_cell(estimator: Estimator, task: Task, n: int, seed: int) -> Cell:
    """Return the cell of two objects; the version of a lifted estimator names the chain rule's too."""
    version = version_of(estimator)
    lifted = lift(estimator, task)
    if lifted is not estimator:
        version += f";{lifted.name}={version_of(lifted)}"
    return Cell(estimator.spec, version, task.spec, version_of(task), n, seed)
