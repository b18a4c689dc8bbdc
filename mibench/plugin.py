"""Plugin files, and classes defined in a notebook or script on their way to a worker."""

import builtins
import copyreg
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from .errors import MibenchError, PluginError
from .origin import FILES, Origin
from .registry import ESTIMATORS, TASKS, Registry, forget
from .sources import is_sibling, source_digest

_REGISTRIES: dict[str, Registry] = {"estimator": ESTIMATORS, "task": TASKS}


def load_plugin(path: str | Path, digest: str = "") -> list[str]:
    """Import a plugin file and return the names it registers.

    The module's name is derived from the content of the file and of the local modules it imports, so that the same
    source is one module in every process, and an edit of any of them makes another. Modules and packages beside the
    file can be imported by it, as by a script; they are loaded under its own name, so that two plugin files may each
    have a ``helper.py``.

    Args:
        path: the file.
        digest: what its source must be, as :func:`mibench.sources.source_digest` gives it; "" for anything.

    Raises:
        PluginError: the file is missing, of another source, fails to import, or registers nothing.
        RegistrationError: a name it registers is taken; the message names both origins.
    """
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise PluginError(f"plugin {str(path)!r} is not a file; allowed: the path of a .py file")
    importlib.invalidate_caches()
    _is_sibling.cache_clear()
    found = source_digest(file)
    if digest not in ("", found):
        raise PluginError(
            f"plugin {str(path)!r}, or a module it imports, is not the one that the run was started with; run it "
            "again: what is stored is kept"
        )
    module_name = f"{_PREFIX}{found[:16]}"
    if module_name not in sys.modules:
        _import(file, module_name, Origin("file", str(file), digest=found))
    registered = [
        name
        for registry in _REGISTRIES.values()
        for name, (cls, _) in registry.registered().items()
        if cls.__module__.partition(".")[0] == module_name
    ]
    if not registered:
        raise PluginError(f"plugin {str(path)!r} registers nothing; use @register_estimator or @register_task in it")
    return registered


#: How the names of plugin files' modules begin; the modules beside a file are its submodules.
_PREFIX = "mibench_plugin_"


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles the source anew, and lets it import the modules that lie in the plugin file's folder.

    Cached bytecode goes by the second and the size, and an edit may change neither.
    """

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)

    def exec_module(self, module: ModuleType) -> None:
        own = functools.partial(_import_sibling, module.__name__.partition(".")[0])
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": own}
        super().exec_module(module)


def _import_sibling(
    plugin: str,
    name: str,
    names: Any = None,
    inner_names: Any = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """``__import__`` for a plugin file and what it imports from its folder."""
    top, _, rest = name.partition(".")
    if level or not _is_sibling(top, _FOLDERS[plugin]):
        return builtins.__import__(name, names, inner_names, fromlist or (), level)
    module = importlib.import_module(f"{plugin}.{top}")
    if rest:
        inner = importlib.import_module(f"{plugin}.{name}")
        module = inner if fromlist else module
    for item in fromlist or ():
        if item != "*" and not hasattr(module, item) and hasattr(module, "__path__"):
            with _passing_over(f"{module.__name__}.{item}"):
                importlib.import_module(f"{module.__name__}.{item}")
    return module


@contextmanager
def _passing_over(name: str) -> Iterator[None]:
    """Pass over that there is no module *name*; the import statement itself says what is wrong."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != name:
            raise


_is_sibling = functools.cache(is_sibling)

#: The folder of every plugin file, by the name of its module.
_FOLDERS: dict[str, Path] = {}


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the submodules of plugin files: what lies in the folder beside them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if path is None or not fullname.startswith(_PREFIX):
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if found is not None and isinstance(found.loader, importlib.machinery.SourceFileLoader):
            found.loader = _Loader(fullname, found.loader.path)
        return found


sys.meta_path.insert(0, _Finder())


def _import(file: Path, module_name: str, origin: Origin) -> None:
    if file.suffix != ".py":
        raise PluginError(f"plugin {str(file)!r} is no Python file; allowed: the path of a .py file")
    loader = _Loader(module_name, str(file))
    module_spec = importlib.util.spec_from_file_location(
        module_name, file, loader=loader, submodule_search_locations=[str(file.parent)]
    )
    assert module_spec is not None
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_name], FILES[module_name], _FOLDERS[module_name] = module, origin, file.parent
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        for name in [name for name in sys.modules if f"{name}.".startswith(f"{module_name}.")]:
            del sys.modules[name]
        forget(module_name)
        if isinstance(error, MibenchError):
            raise
        raise PluginError(f"plugin {str(file)!r} cannot be loaded: {type(error).__name__}: {error}") from error


def export_session() -> bytes:
    """Return the classes that decorators registered in a notebook or script, by value, for :func:`import_session`."""
    session = [
        (kind, name, cls, registry.origin(name))
        for kind, registry in _REGISTRIES.items()
        for name, (cls, origin) in registry.registered().items()
        if origin.kind == "session"
    ]
    if not session:
        return b""
    import cloudpickle

    copyreg.pickle(functools.cached_property, _reduce_cached_property)
    with _by_value({cls.__module__ for _, _, cls, _ in session}):
        try:
            return bytes(cloudpickle.dumps(session))
        except Exception as error:
            names = ", ".join(sorted(name for _, name, _, _ in session))
            raise PluginError(
                f"the classes of this session ({names}) cannot be sent to the workers "
                f"({type(error).__name__}: {error}); define them in a plugin file"
            ) from error


def _reduce_cached_property(value: functools.cached_property) -> tuple[Any, ...]:
    """Leave out the lock that Python 3.11 keeps in every cached property."""
    return _cached_property, (value.func, value.attrname)


def _cached_property(function: Callable[[Any], Any], name: str) -> functools.cached_property:
    value = functools.cached_property(function)
    value.__set_name__(object, name)
    return value


def import_session(payload: bytes) -> None:
    """Register the classes of :func:`export_session`, under their origins there, in this process."""
    for kind, name, cls, origin in pickle.loads(payload) if payload else ():
        _REGISTRIES[kind].adopt(name, cls, origin)


@contextmanager
def _by_value(modules: set[str]) -> Iterator[None]:
    """Have cloudpickle send what *modules* define by value: a worker may not be able to import them.

    It does so of its own accord for ``__main__`` and for classes that their module does not hold, such as those made by
    ``type()``, which name a module of Python's.
    """
    import cloudpickle

    own = {name for name in modules if name in sys.modules and name.partition(".")[0] not in sys.stdlib_module_names}
    marked = [sys.modules[name] for name in own - cloudpickle.list_registry_pickle_by_value() - {"__main__"}]
    for module in marked:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in marked:
            cloudpickle.unregister_pickle_by_value(module)
