"""Names → classes: decorators, lazily loaded entry points and plugin files.

A decorator's name is the truth; an entry point (group ``mibench.estimators`` or ``mibench.tasks``) only says which
module to import for a name, and nothing is imported before it is asked for. Built-ins come the same way.
"""

import dataclasses
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from .errors import MibenchError, PluginError, RegistrationError, UnknownNameError, did_you_mean
from .estimator import Estimator
from .spec import Spec, Specified, build, parameters, unsupported_annotation
from .task import Task

T = TypeVar("T", bound=Specified)

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class PluginWarning(UserWarning):
    """A plugin that is broken and left out."""


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
    def version_suffix(self) -> str:
        """What it adds to the version of its classes: nothing for built-ins, else the release, the digest or both."""
        if self.kind == "built-in":
            return ""
        release = f"+{self.where}-{self.release}" if self.kind == "package" else ""
        return release + (f"+sha256:{self.digest[:16]}" if self.digest else "")


class Registry(Generic[T]):
    """The classes of one kind by name."""

    def __init__(self, kind: str, base: type[T]) -> None:
        self.kind, self.base, self.group = kind, base, f"mibench.{kind}s"
        self._classes: dict[str, type[T]] = {}
        self._origins: dict[str, Origin] = {}
        self._broken: dict[str, str] = {}
        self._points: dict[str, list[importlib.metadata.EntryPoint]] | None = None

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Return the class decorator that registers a class as *name*."""

        def decorate(cls: type[T]) -> type[T]:
            self._check(name, cls)
            origin = _origin(cls, self._entry_points())
            self._refuse_collision(name, cls, origin)
            cls.name = name
            self._classes[name], self._origins[name] = cls, origin
            return cls

        return decorate

    def names(self) -> list[str]:
        """Every registered or promised name, sorted; loads nothing."""
        return sorted({*self._classes, *self._entry_points()})

    def get(self, name: str) -> type[T]:
        """Return the class registered as *name*, importing its module where that has not happened yet.

        Raises:
            UnknownNameError: with the nearest names.
            PluginError: the module cannot be imported, or registers no such name.
        """
        points = self._entry_points().get(name, [])
        if len(points) > 1:
            owners = " and ".join(sorted(f"{_package(point)} ({point.value})" for point in points))
            raise RegistrationError(f"{self.kind} {name!r} is registered by {owners}; uninstall one or rename it")
        if name not in self._classes:
            if not points:
                raise UnknownNameError(f"unknown {self.kind} {name!r}{did_you_mean(name, self.names())}")
            self._load(name, points[0])
        return self._classes[name]

    def origin(self, name: str) -> Origin:
        """Return where *name* comes from."""
        self.get(name)
        return self._origins[name]

    def items(self) -> Iterator[tuple[str, type[T]]]:
        """Yield every name and class; a broken plugin is one warning and left out."""
        for name in self.names():
            try:
                yield name, self.get(name)
            except MibenchError as error:
                warnings.warn(str(error), PluginWarning, stacklevel=2)

    def build(self, spec: str | Spec) -> T:
        """Build the object a spec string without grids describes."""
        parsed = Spec.parse(spec) if isinstance(spec, str) else spec
        return build(self.get(parsed.name), parsed, _resolve)

    def _entry_points(self) -> dict[str, list[importlib.metadata.EntryPoint]]:
        if self._points is None:
            self._points = {}
            for point in importlib.metadata.entry_points(group=self.group):
                named = self._points.setdefault(point.name, [])
                if all(point.value != other.value for other in named):
                    named.append(point)
        return self._points

    def _load(self, name: str, point: importlib.metadata.EntryPoint) -> None:
        what = f"{self.kind} {name!r} of {_package(point)}"
        if name in self._broken:
            raise PluginError(self._broken[name])
        try:
            with _loading(_package_origin(point)):
                importlib.import_module(point.module)
            if name not in self._classes:
                raise PluginError(f"the module {point.module} registers no {self.kind} of that name")
        except Exception as error:
            self._broken[name] = f"{what} cannot be loaded: {type(error).__name__}: {error}"
            raise PluginError(self._broken[name]) from error

    def _check(self, name: str, cls: type[T]) -> None:
        where = f"@register_{self.kind}({name!r})"
        if not (isinstance(cls, type) and issubclass(cls, self.base)):
            raise RegistrationError(f"{where}: {cls!r} is no subclass of {self.base.__name__}")
        settings = cls.__dict__.get("__dataclass_params__")
        if settings is None or not settings.frozen or "__slots__" in cls.__dict__:
            raise RegistrationError(
                f"{where}: {cls.__name__} must be a frozen dataclass without slots: write "
                f"@dataclass(frozen=True) between @register_{self.kind} and the class"
            )
        if not _NAME.fullmatch(name):
            raise RegistrationError(f"{where}: the name is {name!r}; allowed: lower-case words joined by hyphens")
        undefined = sorted(vars(cls).get("__abstractmethods__", ()))
        if undefined:
            raise RegistrationError(f"{where}: {cls.__name__} does not define {', '.join(undefined)}")
        for key, annotation in parameters(cls).items():
            bad = unsupported_annotation(annotation)
            if bad:
                raise RegistrationError(
                    f"{where}: parameter {key!r} is annotated {bad}; allowed: int, float, bool, str, "
                    "Literal, None, another estimator or task, and unions of these"
                )

    def _refuse_collision(self, name: str, cls: type[T], origin: Origin) -> None:
        promised = {point.module: point for point in self._entry_points().get(name, [])}
        for module, point in promised.items():
            other = _package_origin(point)
            if module != cls.__module__ and (origin.kind, origin.where) != (other.kind, other.where):
                raise RegistrationError(
                    f"{self.kind} {name!r} of {origin} is already registered by {other}; rename one"
                )
        known = self._classes.get(name)
        if known is not None and not _redefines(cls, known, origin, self._origins[name]):
            raise RegistrationError(
                f"{self.kind} {name!r} of {origin} ({cls.__qualname__}) is already registered by "
                f"{self._origins[name]} ({known.__qualname__}); rename one"
            )


def _redefines(new: type, old: type, origin: Origin, known: Origin) -> bool:
    """Whether *new* is the same definition run again: a notebook cell, a reloaded module, an edited plugin file."""
    return new.__qualname__ == old.__qualname__ and (origin.kind, origin.where) == (known.kind, known.where)


_current_origin: list[Origin] = []


@contextmanager
def _loading(origin: Origin) -> Iterator[None]:
    _current_origin.append(origin)
    try:
        yield
    finally:
        _current_origin.pop()


def _origin(cls: type, points: dict[str, list[importlib.metadata.EntryPoint]]) -> Origin:
    if cls.__module__.startswith("mibench."):
        return Origin("built-in", "mibench")
    if _current_origin:
        return _current_origin[-1]
    package = cls.__module__.partition(".")[0]
    for named in points.values():
        for point in named:
            if point.module.partition(".")[0] == package:
                return _package_origin(point)
    return Origin("session", cls.__module__, digest=_source_digest(cls))


def _source_digest(cls: type) -> str:
    try:
        source = inspect.getsource(cls).encode()
    except (OSError, TypeError):
        import cloudpickle

        source = cloudpickle.dumps(cls)
    return hashlib.sha256(source).hexdigest()


def _package(point: importlib.metadata.EntryPoint) -> str:
    return str(_package_origin(point))


def _package_origin(point: importlib.metadata.EntryPoint) -> Origin:
    if point.module.startswith("mibench.") or point.dist is None:
        return Origin("built-in", "mibench")
    digest = _tree_digest(point.module) if _is_editable(point.dist) else ""
    return Origin("package", point.dist.name, point.dist.version, digest)


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


ESTIMATORS: Registry[Estimator] = Registry("estimator", Estimator)  # type: ignore[type-abstract]
TASKS: Registry[Task] = Registry("task", Task)  # type: ignore[type-abstract]

register_estimator = ESTIMATORS.register
register_task = TASKS.register


def _resolve(spec: Spec, wanted: type) -> object:
    return (TASKS if issubclass(wanted, Task) else ESTIMATORS).build(spec)


def get_estimator(spec: str) -> Estimator:
    """Build the estimator a spec string describes: ``get_estimator("ksg:k=3")``."""
    return ESTIMATORS.build(spec)


def get_task(spec: str) -> Task:
    """Build the task a spec string describes: ``get_task("gaussian:dim=2,mi=1")``."""
    return TASKS.build(spec)


def list_estimators() -> list[str]:
    """Return the names of all registered estimators."""
    return ESTIMATORS.names()


def list_tasks() -> list[str]:
    """Return the names of all registered tasks."""
    return TASKS.names()


def origin_of(thing: Specified) -> Origin:
    """Return where the class of an estimator or task comes from."""
    return (TASKS if isinstance(thing, Task) else ESTIMATORS).origin(thing.name)


def version_of(thing: Specified) -> str:
    """Return the version that goes into a cell's key.

    The class's ``version``, what its origin adds, and the versions of the estimators or tasks among its parameters.
    """
    nested = [getattr(thing, field.name) for field in dataclasses.fields(thing)]  # type: ignore[arg-type]
    parts = [version_of(value) for value in nested if isinstance(value, Specified)]
    own = f"{type(thing).version}{origin_of(thing).version_suffix}"
    return own + (f"({','.join(parts)})" if parts else "")


def load_plugin(path: str | Path) -> list[str]:
    """Import a plugin file and return the names it registers.

    The module's name is derived from the content, so that the same file is one module in every process.

    Raises:
        PluginError: the file is missing, fails to import, or registers nothing.
    """
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise PluginError(f"plugin {str(path)!r} is not a file; allowed: the path of a .py file")
    source = file.read_bytes()
    digest = hashlib.sha256(source).hexdigest()
    module_name = f"mibench_plugin_{digest[:16]}"
    if module_name not in sys.modules:
        module_spec = importlib.util.spec_from_file_location(module_name, file)
        if module_spec is None or module_spec.loader is None:
            raise PluginError(f"plugin {str(path)!r} is no Python file; allowed: the path of a .py file")
        module = importlib.util.module_from_spec(module_spec)
        sys.modules[module_name] = module
        try:
            with _loading(Origin("file", str(file), digest=digest)):
                module_spec.loader.exec_module(module)
        except MibenchError:
            del sys.modules[module_name]
            raise
        except Exception as error:
            del sys.modules[module_name]
            raise PluginError(f"plugin {str(path)!r} cannot be loaded: {type(error).__name__}: {error}") from error
    registered = [
        name
        for registry in (ESTIMATORS, TASKS)
        for name, cls in registry._classes.items()
        if cls.__module__ == module_name
    ]
    if not registered:
        raise PluginError(f"plugin {str(path)!r} registers nothing; use @register_estimator or @register_task in it")
    return registered
