"""mibench: the benchmark suite and leaderboard for estimators of mutual information and total correlation."""

import importlib
from typing import TYPE_CHECKING, Any

from .block import Block
from .errors import MibenchError
from .estimator import Estimate, Estimator, Learner, Tags
from .plugin import load_plugin
from .registry import (
    get_estimator,
    get_task,
    list_estimators,
    list_tasks,
    register_estimator,
    register_task,
)
from .suite import list_suites, load_suite
from .task import Task, Truth
from .transformed import Transformed

if TYPE_CHECKING:
    from .api import compare, curve, estimate, gate, leaderboard, run
    from .planes import plane
    from .reproduction import reproduce

__all__ = [
    "Block", "Estimate", "Estimator", "Learner", "MibenchError", "Tags", "Task", "Transformed", "Truth", "compare",
    "curve", "estimate", "gate", "get_estimator", "get_task", "leaderboard", "list_estimators", "list_suites",
    "list_tasks", "load_plugin", "load_suite", "plane", "register_estimator", "register_task", "reproduce",
    "run",
]  # fmt: skip

#: Names whose module is imported on first use.
_LAZY = dict.fromkeys(("compare", "curve", "estimate", "gate", "leaderboard", "run"), "mibench.api")
_LAZY |= {"plane": "mibench.planes", "reproduce": "mibench.reproduction"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("mibench")
    if name in _LAZY:
        value = getattr(importlib.import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'mibench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
