"""Descriptions of the registered estimators, tasks and suites: for ``list``, ``info`` and the boards.

A record is a plain dictionary; :func:`facts` words what is declared beside a docstring, the same everywhere. Loads the
modules of the estimators and tasks themselves, which import nothing heavy.
"""

import dataclasses
import functools
import types
import typing
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal

from .aliases import resolve
from .docstring import Docstring
from .errors import MibenchError, SpecError, UnknownNameError, did_you_mean
from .estimator import Estimator, Tags, missing_requirements
from .registry import ESTIMATORS, TASKS, PluginWarning, Registry
from .spec import Spec, Specified, describe, parameters
from .suite import Suite, list_suites, load_suite, suite_origin
from .task import Task

Record = dict[str, Any]

_TYPES = {int: "int", float: "float", bool: "bool", str: "str", types.NoneType: "none"}


def list_estimator_records() -> list[Record]:
    """Return one record for each estimator; a broken plugin is one warning and left out."""
    return [
        {
            "name": name,
            **_tags(_instance(cls) or cls),
            "summary": Docstring.of(cls).summary,
            "origin": str(ESTIMATORS.origin(name)),
        }
        for name, cls in ESTIMATORS.items()
    ]


def list_task_records() -> list[Record]:
    """Return one record for each task; a broken plugin is one warning and left out.

    The family is None where it depends on parameters that have no default; the tags are then those of the class alone.
    """
    return [
        {
            "name": name,
            "family": _family(cls),
            "tags": sorted(_task_tags(_instance(cls), cls)),
            "summary": Docstring.of(cls).summary,
            "origin": str(TASKS.origin(name)),
        }
        for name, cls in TASKS.items()
    ]


def list_suite_records() -> list[Record]:
    """Return one record for each suite; a broken one is one warning and left out."""
    records = []
    for name in list_suites():
        try:
            records.append(_suite_record(load_suite(name), str(suite_origin(name))))
        except MibenchError as error:
            warnings.warn(" ".join(str(error).split()), PluginWarning, stacklevel=2)
    return records


def names() -> list[str]:
    """Return the names of all estimators, tasks and suites, sorted; loads nothing."""
    return sorted({*ESTIMATORS.names(), *TASKS.names(), *list_suites()})


def find(text: str) -> tuple[list[Record], list[MibenchError]]:
    """Return a record for every kind of thing that *text* names, and why others of that name cannot be shown.

    Args:
        text: a name, the spec string of an estimator or task, or the path of a suite's ``.toml`` file.

    Raises:
        UnknownNameError: nothing has that name; with the nearest ones.
    """
    if text.endswith(".toml"):
        return [_suite_record(load_suite(text), f"the file {text}")], []
    spec = Spec.parse(text)
    chosen: dict[str, Callable[[], Record]] = {}
    for registry in (ESTIMATORS, TASKS):
        found = registry.named(spec)
        if found:
            chosen[registry.kind] = functools.partial(_class_record, registry, found)
    if not spec.params and spec.name in list_suites():
        chosen["suite"] = functools.partial(_named_suite, spec.name)
    if not chosen:
        if ":" in spec.name:
            resolve("task", spec)
        raise UnknownNameError(f"unknown name {spec.name!r}{did_you_mean(spec.name, names())}")
    records, errors = [], []
    for kind, make in chosen.items():
        try:
            records.append(make())
        except MibenchError as error:
            errors.append(type(error)(f"as {kind}, {error}") if len(chosen) > 1 else error)
    if records:
        errors = [error for error in errors if not isinstance(error, SpecError)]
    return records, errors


def _class_record(registry: Registry[Any], spec: Spec) -> Record:
    cls, origin = registry.get(spec.name), registry.origin(spec.name)
    thing = registry.build(spec) if spec.params else _instance(cls)
    about = Docstring.of(cls)
    record = {
        "kind": registry.kind,
        "name": spec.name,
        "spec": thing.spec if thing else None,
        "summary": about.summary,
        "description": list(about.body),
        "parameters": list(_parameters(cls, about)),
        **(_tags(thing or cls) if registry.kind == "estimator" else _task_values(thing, cls)),
        "origin": str(origin),
        "version": thing.full_version if thing else f"{cls.version}{origin.version_suffix}",
        "references": list(about.references),
        "expected_failures": dict(thing.expected_failures) if thing else {},
        "facts": [list(fact) for fact in facts(thing or cls)],
    }
    return record


def _instance(cls: type[Any]) -> Any:
    """Return the object at its defaults, or None where there is none."""
    try:
        return cls()
    except (TypeError, ValueError):
        return None


def _parameters(cls: type[Specified], about: Docstring) -> Iterator[Record]:
    defaults = {item.name: item.default for item in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for name, annotation in parameters(cls).items():
        default = defaults[name]
        required = default is dataclasses.MISSING
        if isinstance(default, Specified):
            default = default.label
        yield {
            "name": name,
            "type": _type_name(annotation),
            "required": required,
            "default": None if required else default,
            "allowed": describe(annotation),
            "meaning": about.arguments.get(name, ""),
        }


def _type_name(annotation: Any) -> str:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " | ".join(_type_name(option) for option in typing.get_args(annotation))
    if typing.get_origin(annotation) is Literal:
        return "choice"
    return _TYPES.get(annotation, annotation.__name__.lower())


def _tags(method: Estimator | type[Estimator]) -> Record:
    tags = _tags_of(method)
    if tags is None:
        return {}
    return {
        "max_blocks": tags.max_blocks,
        "max_dim": tags.max_dim,
        "kinds": sorted(tags.kinds),
        "direction": tags.direction,
        "deterministic": tags.deterministic,
        "invariances": sorted(tags.invariances),
        "requires": list(tags.requires),
        "missing": missing_requirements(method),
    }


def _tags_of(method: Estimator | type[Estimator]) -> Tags | None:
    """Return the tags of an object; those of a class only where they do not depend on its parameters."""
    if isinstance(method, Estimator):
        return method.get_tags()
    depend = method.get_tags is not Estimator.get_tags or not isinstance(method.tags, Tags)
    return None if depend else method.tags


def facts(thing: Specified | type[Specified]) -> tuple[tuple[str, str], ...]:
    """Return what an estimator or task declares beside its docstring, as labels and texts in the order shown.

    Of a class only what does not depend on parameters is known.
    """
    if isinstance(thing, Task):
        return ("Blocks", block_text(thing)), ("Tags", ", ".join(sorted(thing.tags)))
    if isinstance(thing, Estimator) or (isinstance(thing, type) and issubclass(thing, Estimator)):
        tags = _tags_of(thing)
        return _tag_facts(tags) if tags else ()
    return ()


def _tag_facts(tags: Tags) -> tuple[tuple[str, str], ...]:
    blocks = "any number" if tags.max_blocks is None else f"{tags.max_blocks}, more by the chain rule"
    if tags.one_of_each_kind:
        blocks = f"{len(tags.kinds)}, one of each kind"
    if tags.max_dim is not None:
        blocks += f", of at most {tags.max_dim} column(s)"
    return (
        ("Gives", f"an {tags.direction}" if tags.direction[0] in "aeiou" else f"a {tags.direction}"),
        ("Blocks", blocks),
        ("Kinds of block", ", ".join(sorted(tags.kinds))),
        ("Deterministic", "yes, given the data" if tags.deterministic else "no: it draws random numbers"),
        ("Unchanged by", ", ".join(sorted(tags.invariances)) or "nothing promised"),
        ("Needs", ", ".join(tags.requires) or "nothing beyond mibench"),
        ("Runs on", ", ".join(sorted(tags.devices))),
    )


def block_text(task: Task) -> str:
    """Return the number, dimensions and kinds of a task's blocks: ``2 blocks: 1 discrete, 1 continuous``."""
    parts = [f"{block.dim} {block.kind}" for block in task.blocks]
    if len(set(parts)) == 1:
        return f"{len(parts)} blocks of {parts[0]}"
    return f"{len(parts)} blocks: {', '.join(parts)}"


def _task_tags(task: Task | None, cls: type[Task]) -> frozenset[str]:
    return frozenset(cls.traits) if task is None else task.tags


def _family(task: type[Task]) -> str | None:
    return task.family if isinstance(task.family, str) else None


def _task_values(task: Task | None, cls: type[Task]) -> Record:
    if task is None:
        return {"family": _family(cls), "blocks": None, "truth": None, "tags": None}
    return {
        "family": task.board_family,
        "blocks": [dataclasses.asdict(block) for block in task.blocks],
        "truth": dataclasses.asdict(task.truth),
        "tags": sorted(task.tags),
    }


def _named_suite(name: str) -> Record:
    return _suite_record(load_suite(name), str(suite_origin(name)))


def _suite_record(suite: Suite, origin: str) -> Record:
    estimators, tasks = suite.build_estimators(), suite.build_tasks()
    return {
        "kind": "suite",
        "name": suite.name,
        "summary": suite.summary,
        "cells": len(estimators) * len(tasks) * len(suite.samples) * suite.seeds,
        "estimators": [item.label for item in estimators],
        "tasks": [item.label for item in tasks],
        "samples": list(suite.samples),
        "seeds": suite.seeds,
        "timeout_s": suite.timeout_s,
        "memory_mb": suite.memory_mb,
        "origin": origin,
    }
