"""Origins of registered classes, and the digest of the source of those that no release vouches for."""

import dataclasses
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .definition import definition_digest
from .sources import source_digest

GROUPS = ("mibench.estimators", "mibench.tasks", "mibench.suites")


@dataclass(frozen=True)
class Origin:
    """Origin of a registered class.

    Attributes:
        kind: ``built-in``, an installed ``package``, a plugin ``file``, or the ``session`` (a notebook or script).
        where: the distribution's name, the file's path, or the module's name.
        release: the distribution's version.
        digest: the source's SHA-256, where no release vouches for the source.
    """

    kind: Literal["built-in", "package", "file", "session"]
    where: str
    release: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return {
            "built-in": "mibench itself",
            "package": f"the package {self.where} {self.release}",
            "file": f"the file {self.where}",
            "session": f"the module {self.where}",
        }[self.kind]

    @property
    def public(self) -> str:
        """The same for results and boards, which others read: a file by its name, without its folders."""
        return str(dataclasses.replace(self, where=Path(self.where).name)) if self.kind == "file" else str(self)

    @property
    def version_suffix(self) -> str:
        """Suffix of its classes' versions: empty for built-ins, else the release, the digest of the source, or both."""
        if self.kind == "built-in":
            return ""
        release = f"+{self.where}-{self.release}" if self.kind == "package" else ""
        return release + (f"+sha256:{self.digest[:16]}" if self.digest else "")


BUILT_IN = Origin("built-in", "mibench")

#: The origin of every plugin file that is or was being loaded, by the name of its module.
FILES: dict[str, Origin] = {}


@functools.cache
def entry_points(group: str) -> dict[str, tuple[importlib.metadata.EntryPoint, ...]]:
    """Return the entry points of *group* by name; more than one of a name is a collision."""
    found: dict[str, dict[str, importlib.metadata.EntryPoint]] = {}
    for point in importlib.metadata.entry_points(group=group):
        found.setdefault(point.name, {}).setdefault(point.value, point)
    return {name: tuple(points.values()) for name, points in found.items()}


def point_origin(point: importlib.metadata.EntryPoint) -> Origin:
    """Return the package that brings an entry point."""
    if point.module.partition(".")[0] == "mibench" or point.dist is None:
        return BUILT_IN
    digest = _tree_digest(point.module) if _is_editable(point.dist) else ""
    return Origin("package", point.dist.name, point.dist.version, digest)


def class_origin(cls: type) -> Origin:
    """Return where a class comes from: mibench, a plugin file, the package its module is part of, or the session."""
    top = cls.__module__.partition(".")[0]
    if top == "mibench":
        return BUILT_IN
    if top in FILES:
        return FILES[top]
    for group in GROUPS:
        for points in entry_points(group).values():
            for point in points:
                if point.module.partition(".")[0] == top:
                    return point_origin(point)
    return _session_origin(cls)


def _is_editable(dist: importlib.metadata.Distribution) -> bool:
    text = dist.read_text("direct_url.json")
    return bool(text and json.loads(text).get("dir_info", {}).get("editable"))


def _tree_digest(module: str) -> str:
    """SHA-256 over the Python files of the top-level package or module that *module* belongs to."""
    found = importlib.util.find_spec(module.partition(".")[0])
    if found is None or found.origin is None:
        return ""
    origin = Path(found.origin)
    files = sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(origin.parent)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _session_origin(cls: type) -> Origin:
    """Return the origin of a class of a script or notebook, whose digest is taken anew whenever it is asked for."""
    name = getattr(sys.modules.get(cls.__module__), "__file__", None)
    file = Path(name).resolve() if name and not (cls.__module__ == "__main__" and _is_interactive()) else None
    covered = file if file is not None and file.is_file() else None
    _SESSION[cls] = (covered, source_digest(covered)) if covered else (None, "")
    return Origin("session", cls.__module__)


def _is_interactive() -> bool:
    return bool(sys.flags.interactive) or hasattr(sys, "ps1")


#: The classes defined in this very session: the file they stand in, and its digest when it was run.
_SESSION: "weakref.WeakKeyDictionary[type, tuple[Path | None, str]]" = weakref.WeakKeyDictionary()


def current_origin(cls: type, origin: Origin) -> Origin:
    """Return *origin* with the digest of what *cls* is now, where it was defined in this session: helpers change."""
    if cls not in _SESSION:
        return origin
    covered, of_file = _SESSION[cls]
    live = definition_digest(cls, covered)
    return dataclasses.replace(origin, digest=hashlib.sha256(f"{of_file} {live}".encode()).hexdigest())
