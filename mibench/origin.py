"""Where a registered class comes from, and the digest of its source where no release vouches for it."""

import dataclasses
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import pickle
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

GROUPS = ("mibench.estimators", "mibench.tasks", "mibench.suites")


@dataclass(frozen=True)
class Origin:
    """Where a registered class comes from.

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
        """What it adds to the version of its classes: nothing for built-ins, else the release, the digest or both."""
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
    if cls.__module__ in FILES:
        return FILES[cls.__module__]
    for group in GROUPS:
        for points in entry_points(group).values():
            for point in points:
                if point.module.partition(".")[0] == top:
                    return point_origin(point)
    return Origin("session", cls.__module__, digest=_session_digest(cls))


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


def _session_digest(cls: type) -> str:
    """SHA-256 of the script that defines *cls*, or in a notebook, of the class and what it uses of the notebook."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if file is not None and Path(file).is_file():
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for part in _definition(cls, set()):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


_BOOKKEEPING = {"__dict__", "__weakref__", "__module__", "__doc__", "__abstractmethods__", "_abc_impl", "name",
                "__dataclass_fields__", "__dataclass_params__", "__annotations__", "__firstlineno__",
                "__static_attributes__"}  # fmt: skip


def _definition(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield text that changes when the meaning of *value* does, and is the same in every process.

    Functions enter by their byte code, constants and names, and by the definitions their names have in their module.
    """
    if id(value) in seen:
        return
    if isinstance(value, type) and not _is_imported(value):
        seen.add(id(value))
        yield f"class {value.__qualname__} {[base.__qualname__ for base in value.__bases__]}"
        for base in value.__bases__:
            yield from _definition(base, seen)
        if dataclasses.is_dataclass(value):
            yield str([(field.name, str(field.type)) for field in dataclasses.fields(value)])
        for name, attribute in sorted(vars(value).items()):
            if name not in _BOOKKEEPING:
                yield name
                yield from _definition(attribute, seen)
    elif isinstance(value, types.FunctionType) and not _is_imported(value):
        seen.add(id(value))
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        for used in (value.__defaults__, value.__kwdefaults__, *cells):
            yield from _definition(used, seen)
        yield from _code(value.__code__, value.__globals__, seen)
    elif isinstance(value, property):
        for function in (value.fget, value.fset):
            yield from _definition(function, seen)
    elif isinstance(value, functools.cached_property):
        yield from _definition(value.func, seen)
    elif isinstance(value, classmethod | staticmethod):
        yield from _definition(value.__func__, seen)
    elif isinstance(value, frozenset | set):
        yield str(sorted(map(repr, value)))
    elif isinstance(value, types.ModuleType | type | types.FunctionType | types.BuiltinFunctionType):
        yield value.__name__
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield field.name
            yield from _definition(getattr(value, field.name), seen)
    else:
        yield repr(value) if " at 0x" not in repr(value) else _pickled(value)


def _code(code: types.CodeType, names: dict[str, Any], seen: set[int]) -> Iterator[str]:
    yield code.co_code.hex()
    yield str(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _code(constant, names, seen)
        else:
            yield from _definition(constant, seen)
    for name in code.co_names:
        if name in names:
            yield from _definition(names[name], seen)


def _is_imported(value: Any) -> bool:
    """Whether a class or function lives in a module with a file or in Python itself: its name is enough."""
    module = value.__module__ or "builtins"
    return module in sys.builtin_module_names or getattr(sys.modules.get(module), "__file__", None) is not None


def _pickled(value: Any) -> str:
    try:
        return pickle.dumps(value).hex()
    except Exception:
        return type(value).__qualname__
