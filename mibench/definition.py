"""Digest of what a class defined in a notebook or script computes: its source, and all that it uses there.

Followed are the functions of the class, the names these look up in their module, closures, defaults and the objects
behind them; what an installed package or Python itself brings counts by its name, and a local module by its files.
"""

import dis
import functools
import hashlib
import inspect
import secrets
import sys
import types
import typing
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .sources import is_local, source_digest

#: What a class holds that is no part of its meaning, or is followed in another way.
_BOOKKEEPING = {
    "__dict__", "__weakref__", "__module__", "__doc__", "__abstractmethods__", "_abc_impl", "name", "__match_args__",
    "__dataclass_fields__", "__dataclass_params__", "__annotations__", "__firstlineno__", "__static_attributes__",
    "__annotate_func__", "__annotations_cache__", "__orig_bases__", "__parameters__", "__qualname__", "_origin",
}  # fmt: skip
_PLAIN = bool | int | float | complex | str | bytes | None | types.EllipsisType | types.NotImplementedType

#: Objects that cannot be digested, each with a token that no other session has.
_TOKENS: dict[int, tuple[object, str]] = {}
_NOTICED: set[str] = set()


class DigestWarning(UserWarning):
    """Part of a definition that cannot be compared with another session's."""


def definition_digest(cls: type, covered: Path | None = None) -> str:
    """Return a SHA-256 that changes when what *cls* computes does, and is the same in every process.

    A part that cannot be digested (a lock, an open file) gets a random token instead, so that no result of an earlier
    session is ever taken for one of this definition; a :class:`DigestWarning` says so once.

    Args:
        cls: the class.
        covered: the script whose digest already stands for its source: what it uses is followed all the same, since a
            script may redefine a helper or change a value between two runs; what cannot be digested goes by its type.
    """
    digest = hashlib.sha256()
    for part in _Definition(cls, covered).parts(cls, cls.__qualname__):
        digest.update(part.encode(errors="backslashreplace") + b"\0")
    return digest.hexdigest()


class _Definition:
    """The parts of one definition, each object once."""

    def __init__(self, cls: type, covered: Path | None) -> None:
        self._owner, self._covered = cls.__qualname__, covered
        self._seen: dict[int, tuple[int, object]] = {}  # holds the objects, so that no id is used twice

    def parts(self, value: Any, path: str) -> Iterator[str]:
        """Yield the text of *value*, reached by *path*."""
        if isinstance(value, _PLAIN):
            yield f"{type(value).__name__} {value!r}"
        elif id(value) in self._seen:
            yield f"again {self._seen[id(value)][0]}"
        else:
            self._seen[id(value)] = len(self._seen), value
            yield from self._compound(value, path)

    def _compound(self, value: Any, path: str) -> Iterator[str]:
        if isinstance(value, type):
            yield from self._class(value, path)
        elif isinstance(value, types.FunctionType):
            yield from self._function(value, path)
        elif isinstance(value, property):
            yield from self._all((value.fget, value.fset), path)
        elif isinstance(value, functools.cached_property):
            yield from self.parts(value.func, path)
        elif isinstance(value, classmethod | staticmethod):
            yield from self.parts(value.__func__, path)
        elif type(value) is tuple:
            yield f"tuple {len(value)}"
            yield from self._all(value, path)
        else:
            yield from self._live(value, path)

    def _live(self, value: Any, path: str) -> Iterator[str]:
        """Yield modules, containers and instances, which may have been changed since they were made."""
        if isinstance(value, types.ModuleType):
            yield f"module {value.__name__}"
            yield from _file(getattr(value, "__file__", None))
        elif type(value) is list:
            yield f"list {len(value)}"
            yield from self._all(value, path)
        elif type(value) in (set, frozenset):
            yield f"{type(value).__name__} {len(value)}"
            yield from sorted("\0".join(self.parts(item, path)) for item in value)
        elif type(value) is dict or isinstance(value, types.MappingProxyType):
            yield f"dict {len(value)}"
            for key, item in value.items():
                yield from self.parts(key, path)
                yield from self.parts(item, f"{path}[{key!r}]")
        else:
            yield from self._object(value, path)

    def _all(self, values: Iterable[Any], path: str) -> Iterator[str]:
        for value in values:
            yield from self.parts(value, path)

    def _class(self, cls: type, path: str) -> Iterator[str]:
        yield f"class {cls.__qualname__}"
        if _is_released(cls):
            return
        yield from self._all(cls.__bases__, path)
        for name, field in sorted(vars(cls).get("__dataclass_fields__", {}).items()):
            yield f"field {name}: {field.type}"
            yield from self.parts(field.default_factory, f"{path}.{name}")
        for name, attribute in sorted(vars(cls).items()):
            if name not in _BOOKKEEPING and not _is_generated(attribute):
                yield name
                yield from self.parts(attribute, f"{path}.{name}")

    def _function(self, function: types.FunctionType, path: str) -> Iterator[str]:
        yield f"function {function.__qualname__}"
        if _is_released(function):
            return
        code = function.__code__
        of_a_file = self._covered is None and Path(code.co_filename).is_file()
        yield from _file(code.co_filename) if of_a_file else _text(function)
        yield from self._all((function.__defaults__, *(function.__kwdefaults__ or {}).items()), path)
        cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
        used = {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}
        if not _in_released_module(function):  # what a library's own closure looks up is the library's
            used |= {name: function.__globals__[name] for name in _global_names(code) if name in function.__globals__}
        for name, value in sorted(used.items()):
            yield name
            yield from self.parts(value, name)

    def _object(self, value: Any, path: str) -> Iterator[str]:
        """Yield an instance as pickling would take it apart: the class or function that makes it, and its state."""
        if isinstance(value, types.BuiltinFunctionType | types.WrapperDescriptorType | types.MethodDescriptorType):
            yield value.__qualname__
            return
        if typing.get_origin(value) is not None or isinstance(value, typing.TypeVar):
            yield repr(value)
            return
        if isinstance(value, functools.partial):
            yield from self._all((value.func, value.args, value.keywords), path)
            return
        if callable(value) and hasattr(value, "__wrapped__"):  # lru_cache, numba's dispatchers
            yield from self._all((type(value), value.__wrapped__), path)
            return
        if isinstance(value, types.MethodType):
            yield from self._all((value.__func__, value.__self__), path)
            return
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:
            yield self._token(value, path)
            yield from self._all((type(value), getattr(value, "__dict__", None)), path)
            return
        if isinstance(reduced, str):
            yield reduced
        else:
            for part in reduced:
                yield from self.parts(list(part) if isinstance(part, Iterator) else part, path)

    def _token(self, value: object, path: str) -> str:
        """Return the token of an object that cannot be digested, and say once that there is one."""
        if self._covered is not None:
            return type(value).__qualname__
        if id(value) not in _TOKENS:
            _TOKENS[id(value)] = value, secrets.token_hex(16)
        notice = (
            f"{self._owner} uses {path}, a {type(value).__qualname__}, which cannot be compared with an earlier "
            "session's: its results are not reused in a later one (a plugin file goes by its source instead)"
        )
        if notice not in _NOTICED:
            _NOTICED.add(notice)
            warnings.warn(notice, DigestWarning, stacklevel=2)
        return _TOKENS[id(value)][1]


def _in_released_module(value: Any) -> bool:
    """Return whether the module that *value* names is a part of Python, of mibench or of an installed package."""
    module = value.__module__ or "builtins"
    top = module.partition(".")[0]
    if top == "mibench" or (top != "__main__" and top in sys.stdlib_module_names):
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is not None and not is_local(Path(file).resolve())


def _is_released(value: Any) -> bool:
    """Return whether a class or function is known by its name: such a module holds it under that name.

    A class made by ``type()`` in a notebook may name a module of Python's that does not hold it.
    """
    if not _in_released_module(value):
        return False
    found: Any = sys.modules.get(value.__module__ or "builtins")
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is value


def _file(name: str | None) -> Iterator[str]:
    """Yield the digest of a local file and of what it imports; nothing for any other."""
    file = Path(name).resolve() if name else None
    if file is not None and file.is_file() and is_local(file):
        yield source_digest(file)


def _is_generated(attribute: object) -> bool:
    """Return whether a dataclass wrote this method itself, from the fields."""
    code = getattr(inspect.unwrap(attribute), "__code__", None) if callable(attribute) else None
    return code is not None and code.co_qualname.startswith("__create_fn__")


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018  (raises where the cell is empty)
    except ValueError:
        return False
    return True


def _text(function: types.FunctionType) -> Iterator[str]:
    """Yield a function's source, and where it has none its byte code, which another Python compiles differently."""
    code = function.__code__
    try:
        yield inspect.getsource(function).strip()
    except Exception:  # no text is kept of it, or another's stands in its place
        yield from _code(code)
        return
    if function.__name__ == "<lambda>":  # the source is the whole line, which may hold several
        columns = [(start, end) for _, _, start, end in code.co_positions() if start is not None and end]
        yield str((min(columns), max(end for _, end in columns)) if columns else "")


def _code(code: types.CodeType) -> Iterator[str]:
    yield f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars}"
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _code(constant)
        else:
            yield str(sorted(map(repr, constant))) if isinstance(constant, frozenset) else repr(constant)


def _global_names(code: types.CodeType) -> set[str]:
    """Return the names that *code*, and the functions within it, look up in their module."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _global_names(constant)
    return names
