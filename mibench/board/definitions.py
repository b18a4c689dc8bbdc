"""Definitions of estimators and tasks, for a board's sections."""

import dataclasses
import re
from typing import NamedTuple

from mibench import describe
from mibench.docstring import Docstring
from mibench.errors import MibenchError
from mibench.origin import BUILT_IN
from mibench.registry import origin_of, recorded_estimator, recorded_task
from mibench.spec import Spec, Specified

from .model import Definition

_ROLE = re.compile(r":[a-z]+:`~?([^`]+)`")
_EMPHASIS = re.compile(r"(?<![\w*])\*{1,2}(\w(?:[^*]*\w)?)\*{1,2}(?![\w*])")


class Described(NamedTuple):
    """The label of a spec, what it is, and the object where it can be built."""

    label: str
    definition: Definition
    thing: Specified | None


def describe_estimator(spec: str) -> Described:
    """Describe the estimator of a canonical spec, as far as it is installed."""
    try:
        estimator = recorded_estimator(spec)
    except MibenchError:
        return Described(spec, _unknown(spec), None)
    facts = (*describe.facts(estimator), *_origin(estimator), *_known_failures(estimator))
    return Described(estimator.label, _definition(estimator, facts), estimator)


def describe_task(spec: str) -> Described:
    """Describe the task of a canonical spec, as far as it is installed."""
    try:
        task = recorded_task(spec)
    except MibenchError:
        return Described(spec, _unknown(spec), None)
    facts = (*describe.facts(task), *_origin(task), *_known_failures(task))
    return Described(task.label, _definition(task, facts), task)


def _origin(thing: Specified) -> tuple[tuple[str, str], ...]:
    """Return the origin of a third party's class, as a sentence."""
    origin = origin_of(thing)
    return () if origin == BUILT_IN else (("From", origin.public),)


def _known_failures(thing: Specified) -> tuple[tuple[str, str], ...]:
    """Return the conformance checks that a class declares it fails, with its reasons."""
    return tuple((f"Known not to pass {check}", reason) for check, reason in thing.expected_failures.items())


def _unknown(spec: str) -> Definition:
    params = tuple((key, str(value), "") for key, value in Spec.parse(spec).params)
    return Definition("", parameters=params, missing="It is not installed where this board was built.")


def _definition(thing: Specified, facts: tuple[tuple[str, str], ...]) -> Definition:
    about = Docstring.of(type(thing))
    params = tuple(
        (field.name, _shown(getattr(thing, field.name)), _plain(about.arguments.get(field.name, "")))
        for field in dataclasses.fields(thing)  # type: ignore[arg-type]
    )
    references = tuple(map(_plain, about.references))
    return Definition(_plain(about.summary), tuple(map(_plain, about.body)), params, references, facts)


def _plain(text: str) -> str:
    """Leave out the marks of emphasis, and set names that the text refers to as code."""
    return _EMPHASIS.sub(r"\1", _ROLE.sub(r"``\1``", text))


def _shown(value: object) -> str:
    if isinstance(value, Specified):
        return value.label
    return str(value).lower() if isinstance(value, bool) else str(value)
