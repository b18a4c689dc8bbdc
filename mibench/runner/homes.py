"""Homes: whose code an estimator or task is, which decides the worker processes that may hold it."""

import dataclasses

from mibench.registry import origin_of
from mibench.spec import Specified

#: The home of built-ins.
BUILT_IN: tuple[str, ...] = ()
#: The home of the classes of a notebook or script.
SESSION = "session"


def home_of(thing: Specified) -> tuple[str, ...]:
    """Return the third parties whose code *thing* is made of, its parameters included; none where all is built in."""
    return tuple(sorted(_parties(thing)))


def _parties(thing: Specified) -> set[str]:
    origin = origin_of(thing)
    found = {file_home(origin.where) if origin.kind == "file" else f"{origin.kind}:{origin.where}"}
    found = {SESSION} if origin.kind == "session" else set() if origin.kind == "built-in" else found
    for field in dataclasses.fields(thing):  # type: ignore[arg-type]
        value = getattr(thing, field.name)
        if isinstance(value, Specified):
            found |= _parties(value)
    return found


def file_home(path: str) -> str:
    """Return the home of what a plugin file brings."""
    return f"file:{path}"
