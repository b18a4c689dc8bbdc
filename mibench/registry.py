"""Names → classes: decorators, lazily loaded entry points and plugin files.

A decorator's name is the truth; an entry point (group ``mibench.estimators`` or ``mibench.tasks``) only says which
module to import for a name, and nothing is imported before it is asked for. Built-ins come the same way.
"""

import importlib
import importlib.metadata
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from .aliases import resolve
from .errors import CommandError, MibenchError, PluginError, RegistrationError, UnknownNameError, did_you_mean
from .estimator import Estimator, Tags
from .origin import Origin, class_origin, current_origin, entry_points, point_origin
from .spec import Spec, Specified, build, parameters, registered_origin, unsupported_annotation
from .task import Task

T = TypeVar("T", bound=Specified)

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


_ALLOWED = {"tags": "Tags(...)", "family": "the name of the family its scores are averaged in, not empty"}


class PluginWarning(UserWarning):
    """A plugin that cannot be loaded and is left out of a list."""


class Registry(Generic[T]):
    """The classes of one kind by name."""

    def __init__(self, kind: str, base: type[T]) -> None:
        self.kind, self.base, self.group = kind, base, f"mibench.{kind}s"
        self._classes: dict[str, type[T]] = {}
        self._origins: dict[str, Origin] = {}
        self._broken: dict[str, str] = {}

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Return the class decorator that registers a class as *name*."""

        def decorate(cls: type[T]) -> type[T]:
            self._check(name, cls)
            origin = class_origin(cls)
            self._refuse_collision(name, cls, origin)
            self.adopt(name, cls, origin)
            return cls

        return decorate

    def adopt(self, name: str, cls: type[T], origin: Origin) -> None:
        """Enter a class that was checked before, here or in the process it was sent from."""
        self._retire(name)
        cls.name, cls._origin = name, origin
        self._classes[name], self._origins[name] = cls, origin

    def registered(self) -> dict[str, tuple[type[T], Origin]]:
        """Return the classes registered so far, with their origins; loads nothing."""
        return {name: (cls, self._origins[name]) for name, cls in self._classes.items()}

    def forget(self, module: str) -> None:
        """Drop what a module, or one within it, registered before it failed."""
        for name in [name for name, cls in self._classes.items() if f"{cls.__module__}.".startswith(f"{module}.")]:
            self._retire(name)

    def _retire(self, name: str) -> None:
        """Take a name away from the class that has it, whose objects can no longer be run."""
        if name in self._classes:
            self._classes.pop(name)._origin = None
            del self._origins[name]

    def names(self) -> list[str]:
        """Every registered or announced name, sorted; loads nothing."""
        return sorted({*self._classes, *self._points()})

    def get(self, name: str) -> type[T]:
        """Return the class registered as *name*, importing its module where that has not happened yet.

        Raises:
            UnknownNameError: with the nearest names.
            RegistrationError: several packages bring the name.
            PluginError: the module cannot be imported, or registers no such name.
        """
        points = self._points().get(name, ())
        if len(points) > 1:
            owners = " and ".join(sorted(f"{point_origin(point)} ({point.value})" for point in points))
            raise RegistrationError(f"{self.kind} {name!r} is registered by {owners}; uninstall one or rename it")
        if name not in self._classes:
            if not points:
                raise UnknownNameError(f"unknown {self.kind} {name!r}{did_you_mean(name, self.names())}")
            self._load(name, points[0])
        return self._classes[name]

    def origin(self, name: str) -> Origin:
        """Return where *name* comes from."""
        return current_origin(self.get(name), self._origins[name])

    def items(self) -> Iterator[tuple[str, type[T]]]:
        """Yield every name and class; a broken plugin is one warning and left out."""
        for name in self.names():
            try:
                yield name, self.get(name)
            except MibenchError as error:
                warnings.warn(" ".join(str(error).split()), PluginWarning, stacklevel=2)

    def named(self, spec: Spec) -> Spec | None:
        """Return *spec*, or what it is an alias of, where its name is registered or announced, else None."""
        try:
            found = resolve(self.kind, spec)
        except UnknownNameError:
            return None
        return found if found.name in self.names() else None

    def build(self, spec: str | Spec) -> T:
        """Build the object a spec string without grids describes."""
        parsed = resolve(self.kind, Spec.parse(spec) if isinstance(spec, str) else spec)
        return build(self.get(parsed.name), parsed, _resolve)

    def _points(self) -> dict[str, tuple[importlib.metadata.EntryPoint, ...]]:
        return entry_points(self.group)

    def _load(self, name: str, point: importlib.metadata.EntryPoint) -> None:
        if name in self._broken:
            raise PluginError(self._broken[name])
        try:
            importlib.import_module(point.module)
            if name not in self._classes:
                raise PluginError(f"the module {point.module} registers no {self.kind} of that name")
        except (Exception, SystemExit) as error:
            if point.module not in sys.modules:
                forget(point.module)
            reason = f"{type(error).__name__}: {error}"
            self._broken[name] = f"{self.kind} {name!r} of {point_origin(point)} cannot be loaded: {reason}"
            raise PluginError(self._broken[name]) from error

    def _check(self, name: str, cls: type[T]) -> None:
        """Raise :class:`RegistrationError` where a class does not keep the contract."""
        where = f"@register_{self.kind}({name!r})"
        if not (isinstance(cls, type) and issubclass(cls, self.base)):
            what = repr(cls) if isinstance(cls, type) else getattr(cls, "__qualname__", repr(cls))
            raise RegistrationError(f"{where}: {what} is no subclass of {self.base.__name__}")
        settings = cls.__dict__.get("__dataclass_params__")
        if settings is None or not settings.frozen or "__slots__" in cls.__dict__:
            raise RegistrationError(
                f"{where}: {cls.__name__} must be a frozen dataclass without slots: write "
                f"@dataclass(frozen=True) between @register_{self.kind} and the class"
            )
        if not NAME.fullmatch(name):
            raise RegistrationError(f"{where}: the name is {name!r}; allowed: lower-case words joined by hyphens")
        if vars(cls).get("name", name) != name:
            raise RegistrationError(f"{where}: {cls.__name__} is already registered as {cls.name!r}; give it one name")
        undefined = sorted(vars(cls).get("__abstractmethods__", ()))
        if undefined:
            raise RegistrationError(f"{where}: {cls.__name__} does not define {', '.join(undefined)}")
        if type(cls.version) is not int:
            raise RegistrationError(f"{where}: {cls.__name__}.version is {cls.version!r}; allowed: a whole number")
        attribute, wanted = {"estimator": ("tags", Tags), "task": ("family", str)}[self.kind]
        declared = getattr(cls, attribute)
        if not declared or not isinstance(declared, (wanted, property)):
            raise RegistrationError(
                f"{where}: {cls.__name__}.{attribute} is {declared!r}; allowed: {_ALLOWED[attribute]}"
            )
        for key, annotation in parameters(cls).items():
            bad = unsupported_annotation(annotation)
            if bad:
                raise RegistrationError(
                    f"{where}: parameter {key!r} is annotated {bad}; allowed: int, float, bool, str, "
                    "Literal, None, another estimator or task, and unions of these"
                )

    def _refuse_collision(self, name: str, cls: type[T], origin: Origin) -> None:
        """Raise :class:`RegistrationError` naming both origins where the name is taken, or not announced."""
        points = self._points()
        if origin.kind == "package" and name not in points:
            raise RegistrationError(
                f'{self.kind} {name!r} of {origin} has no entry point; add {name} = "{cls.__module__}" to '
                f'[project.entry-points."{self.group}"] in its pyproject.toml and install it again'
            )
        for point in points.get(name, ()):
            module, other = point.module, point_origin(point)
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
    """Return whether *new* is the same definition run again: a notebook cell, a reloaded module, an edited file."""
    return new.__qualname__ == old.__qualname__ and (origin.kind, origin.where) == (known.kind, known.where)


ESTIMATORS: Registry[Estimator] = Registry("estimator", Estimator)  # type: ignore[type-abstract]
TASKS: Registry[Task] = Registry("task", Task)  # type: ignore[type-abstract]


def forget(module: str) -> None:
    """Drop every estimator and task that a module registered before it failed to load."""
    for registry in (ESTIMATORS, TASKS):
        registry.forget(module)


register_estimator = ESTIMATORS.register
register_task = TASKS.register


def _resolve(spec: Spec, wanted: type) -> object:
    return (TASKS if issubclass(wanted, Task) else ESTIMATORS).build(spec)


def get_estimator(spec: str | Spec) -> Estimator:
    """Build the estimator a spec string describes: ``get_estimator("ksg:k=3")``."""
    return ESTIMATORS.build(spec)


def get_task(spec: str | Spec) -> Task:
    """Build the task a spec string describes: ``get_task("gaussian:dim=2,mi=1")``."""
    return TASKS.build(spec)


def recorded_estimator(spec: str) -> Estimator:
    """Build the estimator of a spec that comes from results, as :func:`get_estimator` does one that a person gives.

    Raises:
        CommandError: it, or an estimator or task among its parameters, would run a command.
    """
    refuse_commands(spec)
    return ESTIMATORS.build(spec)


def recorded_task(spec: str) -> Task:
    """Build the task of a spec that comes from results; see :func:`recorded_estimator`."""
    refuse_commands(spec)
    return TASKS.build(spec)


def refuse_commands(spec: str) -> None:
    """Raise :class:`CommandError` where a spec from results describes something that runs a command."""
    for part in _parts(Spec.parse(spec)):
        for registry in (ESTIMATORS, TASKS):
            if part.name in registry.names() and registry.get(part.name).runs_commands:
                raise CommandError(f"{part} stands in the results and would run a command; nothing of it is run")


def _parts(spec: Spec) -> Iterator[Spec]:
    """Yield a spec and all specs within it."""
    yield spec
    for _, value in spec.params:
        yield from _parts(value) if isinstance(value, Spec) else ()


def list_estimators() -> list[str]:
    """Return the names of all registered estimators."""
    return ESTIMATORS.names()


def list_tasks() -> list[str]:
    """Return the names of all registered tasks."""
    return TASKS.names()


def origin_of(thing: Specified) -> Origin:
    """Return where the class of an estimator or task comes from; see :func:`mibench.spec.registered_origin`."""
    return registered_origin(thing)


def version_of(thing: Specified) -> str:
    """Return the version that goes into a cell's key; see :attr:`mibench.spec.Specified.full_version`."""
    return thing.full_version
