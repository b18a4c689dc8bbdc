"""The grammar of spec strings: ``name[:key=value,…]`` or ``family:id[,key=value,…]`` ⇄ a tree of names and texts.

A value is a scalar, a parenthesised spec, or a bracketed grid of values::

    ksg                      gaussian:dim=[1,5,20],mi=2          chain-rule:base=(ksg:k=3)

``a » b:key=value`` is short for ``b:base=(a),key=value``: one thing applied to another, from the inside out.

What stands after the colon and is no parameter, ``bmi:1v1-normal-0.75``, is part of the name: an alias of
:mod:`mibench.aliases`. An id begins with a digit or holds a hyphen or a dot, which no parameter's name does.

Grids are expanded before anything is built, so that no parameter is a sequence. A string that holds one of
``,()[]"`` is written in double quotes, as in JSON. Nothing here knows what a name or a value stands for.
"""

import itertools
import json
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .errors import SpecError

Value: TypeAlias = "str | Spec | Grid"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ID = re.compile(r"(?=[A-Za-z0-9_]*[-.]|[0-9])[A-Za-z0-9][A-Za-z0-9_.-]*(?=\s*[,)\]»]|\s*$)")
_BARE = re.compile(r'[^,()\[\]"»]+')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLAIN = re.compile(r'[^,()\[\]"»\s](?:[^,()\[\]"»]*[^,()\[\]"»\s])?')


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

    def without(self, *keys: str) -> "Spec":
        """Return the spec without the parameters *keys*, at any depth."""
        left = ((key, value) for key, value in self.params if key not in keys)
        return Spec(
            self.name, tuple((key, value.without(*keys) if isinstance(value, Spec) else value) for key, value in left)
        )

    def __str__(self) -> str:
        return join(self.name, [f"{key}={value_text(value)}" for key, value in self.params])


def join(name: str, parts: list[str]) -> str:
    """Return ``name:part,part``, or the name alone where there are no parts."""
    return f"{name}{',' if ':' in name else ':'}{','.join(parts)}" if parts else name


def value_text(value: "Value") -> str:
    """Write a value as the grammar reads it."""
    if isinstance(value, Spec):
        return f"({value})"
    if isinstance(value, Grid):
        return "[" + ",".join(value_text(item) for item in value.values) + "]"
    return quote(value)


def quote(text: str) -> str:
    """Put a text into double quotes where it could be read as something else."""
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
        found, at = self.one_spec(), self.at
        while True:
            self.skip_blanks()
            if self.peek() != "»":
                self.at = at
                return found
            self.at += 1
            self.skip_blanks()
            outer, at = self.one_spec(), self.at
            if any(key == "base" for key, _ in outer.params):
                raise SpecError(f"spec {self.text!r}: {outer.name} has a base already, what stands before it")
            found = Spec(outer.name, (("base", found), *outer.params))

    def one_spec(self) -> Spec:
        name = self.take(_NAME, "a name")
        if self.peek() != ":":
            return Spec(name)
        self.at += 1
        identifier = _ID.match(self.text, self.at)
        if identifier:
            name, self.at = f"{name}:{identifier.group()}", identifier.end()
            if self.peek() != ",":
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
        value = self.bare_value()
        self.skip_blanks()
        return value

    def bare_value(self) -> "Value":
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
            return Grid(tuple(values))
        if self.peek() == '"':
            start, quoted = self.at, self.take(_QUOTED, "a string with a closing quote")
            try:
                return str(json.loads(quoted))
            except json.JSONDecodeError:
                self.at = start
                self.fail("a string quoted as in JSON")
        return self.take(_BARE, "a value")

    def skip_blanks(self) -> None:
        while self.peek() == " ":
            self.at += 1
