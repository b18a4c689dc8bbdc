"""What every worker of a run must know before its first cell."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mibench.estimator import Estimator
from mibench.origin import BUILT_IN
from mibench.plugin import export_session
from mibench.registry import origin_of
from mibench.spec import Specified
from mibench.task import Task

#: What most methods import on use; imported before forking, it is no part of any cell's cost.
_COMMON = "scipy.linalg", "scipy.special", "scipy.spatial"


@dataclass(frozen=True)
class WorkerConfig:
    """What workers load before they run: modules, plugin files, the classes of the calling script or notebook.

    ``gpu`` is the name of the accelerator that the run makes use of, for the record; "" for none.
    """

    modules: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    session: str = ""
    gpu: str = ""

    @classmethod
    def of(
        cls, estimators: Iterable[Estimator], tasks: Iterable[Task], plugins: Sequence[str | Path], gpu: str = ""
    ) -> "WorkerConfig":
        """Return the configuration that a run of these estimators and tasks needs."""
        things = [*estimators, *tasks]
        required = {module for thing in things if isinstance(thing, Estimator) for module in thing.get_tags().requires}
        built_in = {type(thing).__module__ for thing in things if origin_of(thing) == BUILT_IN}
        return cls(
            modules=("mibench.runner.local.cell", *_COMMON, *sorted(required | built_in)),
            plugins=tuple(str(Path(path).expanduser().resolve()) for path in plugins),
            session=base64.b64encode(export_session()).decode() if _any_session(things) else "",
            gpu=gpu,
        )

    def to_json(self) -> str:
        """Return the configuration as the fork server reads it."""
        return json.dumps(self.to_record())

    def to_record(self) -> dict[str, Any]:
        """Return the configuration as JSON can hold it."""
        return {"modules": self.modules, "plugins": self.plugins, "session": self.session, "gpu": self.gpu}


def _any_session(things: Iterable[Specified]) -> bool:
    return any(origin_of(thing).kind == "session" or "(" in thing.spec for thing in things)
