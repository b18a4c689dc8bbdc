"""Spec strings: ``name[:key=value,…]`` ⇄ configured objects.

A value is a scalar, a parenthesised spec, or a bracketed grid of values::

    ksg                      gaussian:dim=[1,5,20],mi=2          chain-rule:base=(ksg:k=3)

Grids are expanded before anything is built, so that no parameter is a sequence. A string that holds one of
``,()[]"`` is written in double quotes, as in JSON. Values are coerced by the annotation of the field they go to, so
1 and 1.0 never make two keys. The canonical form has every default filled in, keys sorted, floats as ``repr``,
booleans as ``true``/``false``; a parameter that is None is left out.
"""

import dataclasses
import functools
import itertools
import json
import math
import numbers
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar, Union

from .errors import SpecError, did_you_mean

Value: TypeAlias = "str | Spec | Grid"
T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r'[^,()\[\]"]+')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLAIN = re.compile(r'[^,()\[\]"\s](?:[^,()\[\]"]*[^,()\[\]"\s])?')


@dataclass(frozen=True)
class Grid:
    """A bracketed list of alternatives."""

    values: tuple["Value", ...]


@dataclass(frozen=True)
class Spec:
    """A parsed spec: a name and its parameters as text, nested specs or grids, in the order written."""

    name: str
    params: tuple[tuple[str, "Value"], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Spec":
        """Parse *text*; raise :class:`SpecError` naming the place that cannot be read."""
        parser = _Parser(text)
        spec = parser.spec()
        parser.end()
        return spec

    def expand(self) -> Iterator["Spec"]:
        """Yield the spec of every combination of this one's grids, the last grid varying fastest."""
        choices = [[(key, choice) for choice in _alternatives(value)] for key, value in self.params]
        for params in itertools.product(*choices):
            yield Spec(self.name, params)

    def __str__(self) -> str:
        return _join(self.name, [f"{key}={_value_text(value)}" for key, value in self.params])


def _join(name: str, parts: list[str]) -> str:
    return f"{name}:{','.join(parts)}" if parts else name


def _value_text(value: "Value") -> str:
    if isinstance(value, Spec):
        return f"({value})"
    if isinstance(value, Grid):
        return "[" + ",".join(_value_text(item) for item in value.values) + "]"
    return _quote(value)


def _quote(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _alternatives(value: "Value") -> Iterator["Value"]:
    if isinstance(value, Grid):
        for item in value.values:
            yield from _alternatives(item)
    elif isinstance(value, Spec):
        yield from value.expand()
    else:
        yield value


class _Parser:
    """Recursive descent over the grammar in the module's docstring."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text.strip(), 0

    def fail(self, wanted: str) -> typing.NoReturn:
        found = repr(self.text[self.at]) if self.at < len(self.text) else "the end"
        raise SpecError(f"spec {self.text!r}: expected {wanted} at position {self.at + 1}, found {found}")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, pattern: re.Pattern[str], wanted: str) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            self.fail(wanted)
        self.at = match.end()
        return match.group().strip()

    def expect(self, char: str) -> None:
        if self.peek() != char:
            self.fail(repr(char))
        self.at += 1

    def end(self) -> None:
        if self.at < len(self.text):
            self.fail("the end")

    def spec(self) -> Spec:
        name = self.take(_NAME, "a name")
        if self.peek() != ":":
            return Spec(name)
        self.at += 1
        params: dict[str, Value] = {}
        while True:
            self.skip_blanks()
            key = self.take(_KEY, "a parameter's name")
            if key in params:
                raise SpecError(f"spec {self.text!r}: parameter {key!r} is given twice")
            self.skip_blanks()
            self.expect("=")
            params[key] = self.value()
            if self.peek() != ",":
                return Spec(name, tuple(params.items()))
            self.at += 1

    def value(self) -> "Value":
        self.skip_blanks()
        if self.peek() == "(":
            self.at += 1
            self.skip_blanks()
            nested = self.spec()
            self.skip_blanks()
            self.expect(")")
            return nested
        if self.peek() == "[":
            self.at += 1
            values = [self.value()]
            while self.peek() == ",":
                self.at += 1
                values.append(self.value())
            self.expect("]")
            self.skip_blanks()
            return Grid(tuple(values))
        if self.peek() == '"':
            try:
                return str(json.loads(self.take(_QUOTED, "a closing quote")))
            except ValueError:
                self.fail("a string quoted as in JSON")
        return self.take(_BARE, "a value")

    def skip_blanks(self) -> None:
        while self.peek() == " ":
            self.at += 1


class Specified:
    """Base of everything a spec string names: a frozen dataclass whose fields are its parameters."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    #: Conformance checks it is known to fail, ``{"check_additivity": "why"}``; shown on the boards. Strict: a check
    #: named here that passes is an error.
    expected_failures: ClassVar[Mapping[str, str]] = types.MappingProxyType({})

    def fingerprint(self) -> str:
        """What the numbers depend on besides the class and the parameters, such as ``+sha256:…`` of a file one names.

        It is part of the version, and so of a cell's key.
        """
        return ""

    @functools.cached_property
    def spec(self) -> str:
        """The canonical spec: every parameter, sorted by name."""
        return _join(self.name, sorted(f"{key}={text}" for key, text in self._parameters()))

    @functools.cached_property
    def label(self) -> str:
        """The name with the parameters that differ from their defaults, in the order of the definition."""
        defaults = {field.name: field.default for field in dataclasses.fields(self)}  # type: ignore[arg-type]
        return _join(
            self.name, [f"{key}={text}" for key, text in self._parameters() if getattr(self, key) != defaults[key]]
        )

    def _parameters(self) -> Iterator[tuple[str, str]]:
        hints = parameters(type(self))
        for key in hints:
            value = getattr(self, key)
            if value is not None:
                yield key, _scalar_text(coerce(value, hints[key], f"{self.name}: {key}"))


def _scalar_text(value: object) -> str:
    if isinstance(value, Specified):
        return f"({value.spec})"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else _quote(str(value))


_parameters: dict[type, dict[str, Any]] = {}


def parameters(cls: type) -> dict[str, Any]:
    """Return the parameters of a dataclass as ``{field name: annotation}``, in order."""
    if cls not in _parameters:
        hints = typing.get_type_hints(cls)
        _parameters[cls] = {field.name: hints[field.name] for field in dataclasses.fields(cls) if field.init}
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
    try:
        return cls(**arguments)
    except SpecError:
        raise
    except (TypeError, ValueError) as error:
        raise SpecError(f"{spec.name}: {error}") from error


def coerce(value: object, annotation: Any, what: str, resolve: Resolver | None = None) -> object:
    """Return *value* (text from a spec, or a Python value) as the type *annotation* says.

    Raises:
        SpecError: naming *what*, the value and what is allowed.
    """
    if isinstance(value, Grid):
        raise SpecError(f"{what}: a grid {_value_text(value)} stands where one value is needed")
    for option in _options(annotation):
        found = _coerce_one(value, option, resolve)
        if found is not _NO:
            return found
    shown = _value_text(value) if isinstance(value, Spec) else repr(value)
    raise SpecError(f"{what} is {shown}; allowed: {describe(annotation)}")


_NO = object()


def _options(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return tuple(sorted(typing.get_args(annotation), key=lambda option: option is str))
    return (annotation,)


def _coerce_one(value: object, option: Any, resolve: Resolver | None) -> object:
    if typing.get_origin(option) is Literal:
        return next((choice for choice in typing.get_args(option) if str(choice) == str(value)), _NO)
    if option is types.NoneType:
        return None if value is None or value == "none" else _NO
    if isinstance(option, type) and issubclass(option, Specified):
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
    try:
        number = float(value)
        if option is float:
            return number if math.isfinite(number) else _NO
        return int(value) if isinstance(value, str) and value.lstrip("+-").isdigit() else _whole(number)
    except (ValueError, OverflowError):
        return _NO


def _whole(number: float) -> object:
    return int(number) if number.is_integer() else _NO


def describe(annotation: Any) -> str:
    """Say in words what an annotation allows: ``a whole number``, ``jitter or none``."""
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
