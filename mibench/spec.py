"""Spec strings ⇄ configured objects: what every estimator and task has in common.

The grammar is that of :mod:`mibench.grammar`. Values are coerced by the annotation of the field they go to, so 1 and
1.0 never make two keys. The canonical form has every default filled in, keys sorted, floats as ``repr``, booleans as
``true``/``false``; a parameter that is None is left out.
"""

import dataclasses
import functools
import hashlib
import math
import numbers
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar, Union

from .errors import RegistrationError, SpecError, did_you_mean
from .grammar import Grid, Spec, join, quote, value_text
from .origin import Origin, current_origin

__all__ = ["Grid", "Spec", "Specified", "build", "coerce", "describe", "parameters", "unsupported_annotation"]

T = TypeVar("T")


class Specified:
    """Base of everything a spec string names: a frozen dataclass whose fields are its parameters."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    #: Conformance checks it is known to fail, ``{"check_additivity": "why"}``; shown on the boards. Strict: a check
    #: named here that passes is an error.
    expected_failures: ClassVar[Mapping[str, str]] = types.MappingProxyType({})
    #: The frozen files it needs, ``{name: SHA-256}``, as :func:`mibench.assets.load` takes them.
    assets: ClassVar[Mapping[str, str]] = types.MappingProxyType({})

    #: Whether it runs a command that is among its parameters. One whose spec comes from results, not from the person,
    #: is then neither built nor run unless the person allows it; see :func:`mibench.registry.recorded_estimator`.
    runs_commands: ClassVar[bool] = False

    _noun: ClassVar[str] = "thing"
    #: Where the class itself comes from while it is the one registered under its name; set by the registry.
    _origin: ClassVar[Origin | None] = None

    @property
    def full_version(self) -> str:
        """The version that goes into a cell's key.

        The class's ``version``, what its origin adds, the object's :meth:`fingerprint` and assets, and the versions of
        the estimators or tasks among its parameters.

        Raises:
            RegistrationError: its class is not the one registered under its name.
        """
        nested = [getattr(self, field.name) for field in dataclasses.fields(self)]  # type: ignore[arg-type]
        parts = [value.full_version for value in nested if isinstance(value, Specified)]
        suffix = f"{registered_origin(self).version_suffix}{self.fingerprint()}{_assets_suffix(self.assets)}"
        return f"{type(self).version}{suffix}" + (f"({','.join(parts)})" if parts else "")

    def fingerprint(self) -> str:
        """Return what the numbers depend on besides the class and the parameters, such as a named file's ``+sha256:…``.

        It is part of the version, and so of a cell's key.
        """
        return ""

    @functools.cached_property
    def spec(self) -> str:
        """The canonical spec: every parameter, sorted by name."""
        return join(self.name, sorted(f"{key}={_text(value, 'spec')}" for key, value in self._values()))

    @functools.cached_property
    def label(self) -> str:
        """The name with the parameters that differ from their defaults, in the order of the definition."""
        return join(self.name, self._labelled())

    def _labelled(self, *left_out: str) -> list[str]:
        """The parameters that differ from their defaults, as a label shows them; nested ones by their own labels."""
        defaults = {field.name: field.default for field in dataclasses.fields(self)}  # type: ignore[arg-type]
        return [
            f"{key}={_text(value, 'label')}"
            for key, value in self._values()
            if key not in left_out and getattr(self, key) != defaults[key]
        ]

    def _values(self) -> Iterator[tuple[str, object]]:
        hints = parameters(type(self))
        for key in hints:
            value = coerce(getattr(self, key), hints[key], f"{self.name}: {key}")
            if value is not None:
                yield key, value


def registered_origin(thing: Specified) -> Origin:
    """Return where the class of an estimator or task comes from.

    Raises:
        RegistrationError: its class is not the one registered under its name (an undecorated subclass, or a class
            that was defined anew since).
    """
    origin: Origin | None = vars(type(thing)).get("_origin")
    if origin is None:
        raise RegistrationError(
            f"{type(thing).__qualname__} is not the class registered as {thing._noun} {thing.name!r}; "
            f"decorate it with @register_{thing._noun}, and build the object again where the class was redefined"
        )
    return current_origin(type(thing), origin)


def _assets_suffix(assets: Mapping[str, str]) -> str:
    if not assets:
        return ""
    listed = "".join(f"{name}\0{digest}\0" for name, digest in sorted(assets.items()))
    return f"+assets:{hashlib.sha256(listed.encode()).hexdigest()[:16]}"


def _text(value: object, nested: Literal["spec", "label"]) -> str:
    if isinstance(value, Specified):
        return f"({getattr(value, nested)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else quote(str(value))


_parameters: dict[type, dict[str, Any]] = {}


def parameters(cls: type) -> dict[str, Any]:
    """Return the parameters of a dataclass as ``{field name: annotation}``, in the order of its signature."""
    if cls not in _parameters:
        hints = typing.get_type_hints(cls)
        fields = sorted(
            (field for field in dataclasses.fields(cls) if field.init), key=lambda field: bool(field.kw_only)
        )
        _parameters[cls] = {field.name: hints[field.name] for field in fields}
    return _parameters[cls]


Resolver: TypeAlias = Callable[[Spec, type], object]


def build(cls: type[T], spec: Spec, resolve: Resolver | None = None) -> T:
    """Build the object of class *cls* that *spec* (without grids) describes; *resolve* builds nested specs.

    Raises:
        SpecError: an unknown or missing parameter, one that cannot be coerced, or one the class itself refuses.
    """
    hints = parameters(cls)
    arguments = {}
    for key, value in spec.params:
        if key not in hints:
            raise SpecError(f"{spec.name}: unknown parameter {key!r}{did_you_mean(key, hints)}")
        arguments[key] = coerce(value, hints[key], f"{spec.name}: {key}", resolve)
    for key in _required(cls):
        if key not in arguments:
            raise SpecError(f"{spec.name}: {key} is missing; allowed: {describe(hints[key])}")
    try:
        return cls(**arguments)
    except SpecError:
        raise
    except (TypeError, ValueError) as error:
        raise SpecError(f"{spec.name}: {error}") from error


def _required(cls: type) -> list[str]:
    """Return the parameters without a default, in the order of the definition."""
    missing = dataclasses.MISSING
    fields = [field for field in dataclasses.fields(cls) if field.init]
    return [field.name for field in fields if field.default is missing and field.default_factory is missing]


def coerce(value: object, annotation: Any, what: str, resolve: Resolver | None = None) -> object:
    """Return *value* (text from a spec, or a Python value) as the type *annotation* says.

    Raises:
        SpecError: naming *what*, the value and what is allowed.
    """
    if isinstance(value, Grid):
        raise SpecError(f"{what}: a grid {value_text(value)} stands where one value is needed")
    for option in _options(annotation):
        found = _coerce_one(value, option, resolve)
        if found is not _NO:
            return found
    shown = value_text(value) if isinstance(value, Spec) else repr(value)
    raise SpecError(f"{what} is {shown}; allowed: {describe(annotation)}")


_NO = object()


def _options(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return tuple(sorted(typing.get_args(annotation), key=_precedence))
    return (annotation,)


def _precedence(option: Any) -> int:
    """None before all else, so that ``none`` is no estimator's name; a string, which anything is, last."""
    return {types.NoneType: 0, str: 2}.get(option, 1)


def _coerce_one(value: object, option: Any, resolve: Resolver | None) -> object:
    nested = isinstance(option, type) and issubclass(option, Specified)
    if isinstance(value, Spec) and not nested:
        return _NO
    if typing.get_origin(option) is Literal:
        return next((choice for choice in typing.get_args(option) if str(choice) == str(value)), _NO)
    if option is types.NoneType:
        return None if value is None or value == "none" else _NO
    if nested:
        if isinstance(value, str):
            value = Spec.parse(value)
        if isinstance(value, Spec) and resolve is not None:
            value = resolve(value, option)
        return value if isinstance(value, option) else _NO
    if option is str:
        return value if isinstance(value, str) else _NO
    if option is bool:
        return {"true": True, "false": False, "True": True, "False": False}.get(str(value), _NO)
    return _number(value, option)


def _number(value: object, option: Any) -> object:
    if isinstance(value, bool) or not isinstance(value, str | numbers.Real):
        return _NO
    if option is int and isinstance(value, numbers.Integral):
        return int(value)
    try:
        number = float(value) + 0.0  # no negative zero, which is another text for the same number
        if option is float:
            return number if math.isfinite(number) else _NO
        return int(value) if isinstance(value, str) and value.lstrip("+-").isdigit() else _whole(number)
    except (ValueError, OverflowError):
        return _NO


def _whole(number: float) -> object:
    return int(number) if number.is_integer() else _NO


def describe(annotation: Any) -> str:
    """Return in words what an annotation allows: ``a whole number``, ``jitter or none``."""
    words = {int: "a whole number", float: "a finite number", bool: "true or false", str: "a string"}
    parts = []
    for option in _options(annotation):
        if typing.get_origin(option) is Literal:
            parts += [str(choice) for choice in typing.get_args(option)]
        elif isinstance(option, type) and issubclass(option, Specified):
            parts.append(f"the spec of {_article(option.__name__.lower())} in parentheses")
        elif option is not types.NoneType:
            parts.append(words.get(option, str(option)))
    return " or ".join(parts)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def unsupported_annotation(annotation: Any) -> str | None:
    """Name the part of *annotation* that no spec string can hold, or return None."""
    for option in _options(annotation):
        known = option in (int, float, bool, str, types.NoneType) or typing.get_origin(option) is Literal
        if not known and not (isinstance(option, type) and issubclass(option, Specified)):
            return str(option)
    return None
