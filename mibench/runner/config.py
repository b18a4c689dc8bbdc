"""Configuration of the worker processes of a run."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mibench.estimator import Estimator
from mibench.origin import BUILT_IN
from mibench.plugin import export_session, import_session, load_plugin
from mibench.registry import origin_of
from mibench.task import Task

from .homes import SESSION, file_home, home_of

#: What most estimators import on use; imported before forking, it is no part of any cell's cost.
_COMMON = "scipy.linalg", "scipy.special", "scipy.spatial"
#: What third parties may have imported before forking, too; anything else is imported by their own workers.
_SHARED = frozenset({"numba", "numpy", "pandas", "scipy", "sklearn", "torch"})


@dataclass(frozen=True)
class WorkerConfig:
    """Configuration of workers, known before their first cell.

    Attributes:
        modules: what to import before forking; built-in and well known, since every worker has it.
        heavy: the same, only for workers of estimators that require such modules: torch takes seconds.
        plugins: the paths of plugin files, by the path they have where the run was started.
        session: the classes of the calling script or notebook, pickled, in base 64.
        gpu: the name of the accelerator that the run makes use of, for the record; "" for none.
        digests: the source of each plugin file as the keys of its cells have it, by its path where the run was started.
    """

    modules: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()
    plugins: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    gpu: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, estimators: Iterable[Estimator], tasks: Iterable[Task], plugins: Sequence[str | Path], gpu: str = ""
    ) -> "WorkerConfig":
        """Return the configuration that a run of these estimators and tasks needs."""
        things = [*estimators, *tasks]
        modules, heavy = set(), set()
        for thing in things:
            built_in = origin_of(thing) == BUILT_IN
            if built_in:
                modules.add(type(thing).__module__)
            for module in thing.get_tags().requires if isinstance(thing, Estimator) else ():
                if built_in or module.partition(".")[0] in _SHARED:
                    heavy.add(module)
        homes = {party for thing in things for party in home_of(thing)}
        files = {home.partition(":")[2] for home in homes if home.startswith(file_home(""))}
        paths = [str(Path(path).expanduser().resolve()) for path in plugins]
        return cls(
            modules=("mibench.runner.local.cell", *_COMMON, *sorted(modules)),
            heavy=tuple(sorted(heavy)),
            plugins={path: path for path in dict.fromkeys([*paths, *sorted(files)])},
            session=base64.b64encode(export_session()).decode() if SESSION in homes else "",
            gpu=gpu,
            digests={origin.where: origin.digest for origin in map(origin_of, things) if origin.kind == "file"},
        )

    def load(self, home: Sequence[str]) -> None:
        """Load the code of a home into this process; a session's classes may use any of the plugin files."""
        for where, path in self.plugins.items():
            if SESSION in home or file_home(where) in home:
                load_plugin(path, self.digests.get(where, ""))
        if SESSION in home:
            import_session(base64.b64decode(self.session))

    def to_json(self) -> str:
        """Return the configuration as the fork server reads it."""
        return json.dumps(self.to_record())

    def to_record(self) -> dict[str, Any]:
        """Return the configuration as JSON can hold it."""
        return {
            "modules": self.modules, "heavy": self.heavy, "plugins": dict(self.plugins), "session": self.session,
            "gpu": self.gpu, "digests": dict(self.digests),
        }  # fmt: skip
