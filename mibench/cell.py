"""A cell: one (estimator, task, n, seed), the unit of work, and its content key."""

import hashlib
import json
from typing import NamedTuple

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
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def lift(estimator: Estimator, task: Task) -> Estimator:
    """Return *estimator*, or its chain rule where the task has more blocks than it takes."""
    limit = estimator.tags.max_blocks
    if limit is None or len(task.blocks) <= limit:
        return estimator
    return get_estimator(f"chain-rule:base=({estimator.spec})")


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
