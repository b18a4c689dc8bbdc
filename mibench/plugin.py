"""Plugin files, and classes defined in a notebook or script on their way to a worker."""

import copyreg
import functools
import hashlib
import importlib.machinery
import importlib.util
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

from .errors import MibenchError, PluginError
from .origin import FILES, Origin
from .registry import ESTIMATORS, TASKS, Registry, forget

_REGISTRIES: dict[str, Registry] = {"estimator": ESTIMATORS, "task": TASKS}


def load_plugin(path: str | Path) -> list[str]:
    """Import a plugin file and return the names it registers.

    The module's name is derived from the content, so that the same file is one module in every process.

    Raises:
        PluginError: the file is missing, fails to import, or registers nothing.
        RegistrationError: a name it registers is taken; the message names both origins.
    """
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise PluginError(f"plugin {str(path)!r} is not a file; allowed: the path of a .py file")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    module_name = f"mibench_plugin_{digest[:16]}"
    if module_name not in sys.modules:
        _import(file, module_name, Origin("file", str(file), digest=digest))
    registered = [
        name
        for registry in _REGISTRIES.values()
        for name, (cls, _) in registry.registered().items()
        if cls.__module__ == module_name
    ]
    if not registered:
        raise PluginError(f"plugin {str(path)!r} registers nothing; use @register_estimator or @register_task in it")
    return registered


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles the source anew: cached bytecode goes by the second and the size, and an edit may change neither."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _import(file: Path, module_name: str, origin: Origin) -> None:
    if file.suffix != ".py":
        raise PluginError(f"plugin {str(file)!r} is no Python file; allowed: the path of a .py file")
    loader = _Loader(module_name, str(file))
    module_spec = importlib.util.spec_from_file_location(module_name, file, loader=loader)
    assert module_spec is not None
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_name], FILES[module_name] = module, origin
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        forget(module_name)
        if isinstance(error, MibenchError):
            raise
        raise PluginError(f"plugin {str(file)!r} cannot be loaded: {type(error).__name__}: {error}") from error


def export_session() -> bytes:
    """Return the classes that decorators registered in a notebook or script, by value, for :func:`import_session`."""
    session = [
        (kind, name, cls, origin)
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
