"""``mibench list`` and ``mibench info``; neither loads torch, numba or scikit-learn."""

import math
from enum import StrEnum
from typing import Annotated, Any

import typer

from mibench.origin import BUILT_IN

from .app import app
from .options import JsonOption, PluginOption, WideOption, complete_name, load_plugins
from .output import print_item, print_json, print_table, print_text
from .table import Column

Record = dict[str, Any]

_VARIES = "varies"
#: What is shown first where not all fits.
_PRIORITIES = {"estimator": 0, "task": 0, "suite": 0, "cells": 0, "summary": 0, "missing": 1, "blocks": 2, "gives": 3}


class Kind(StrEnum):
    """The kinds of things to list."""

    ESTIMATORS = "estimators"
    TASKS = "tasks"
    SUITES = "suites"


@app.command("list")
def list_command(
    kind: Annotated[Kind, typer.Argument(help="What to list.")],
    as_json: JsonOption = False,
    wide: WideOption = False,
    plugin: PluginOption = None,
) -> None:
    """List the estimators, tasks or suites there are."""
    from mibench import describe

    load_plugins(plugin)
    if kind is Kind.ESTIMATORS:
        records, rows = describe.list_estimator_records(), _estimator_rows
    elif kind is Kind.TASKS:
        records, rows = describe.list_task_records(), _task_rows
    else:
        records, rows = describe.list_suite_records(), _suite_rows
    if as_json:
        print_json(records)
    else:
        headers, *body = _with_origins(rows(records), records)
        columns = [Column(name, name == "cells", _PRIORITIES.get(name, 1)) for name in headers]
        print_table(columns, body, wide=wide)


def _with_origins(rows: list[list[str]], records: list[Record]) -> list[list[str]]:
    """Add a column that names the package, file or module of what is not mibench's own, where there is any."""
    origins = ["" if record["origin"] == str(BUILT_IN) else record["origin"] for record in records]
    return [[*row, origin] for row, origin in zip(rows, ["from", *origins], strict=True)] if any(origins) else rows


def _estimator_rows(records: list[Record]) -> list[list[str]]:
    rows = [["estimator", "blocks", "gives", "summary"]]
    rows += [
        [record["name"], _block_limit(record), record.get("direction", _VARIES), _prose(record["summary"])]
        for record in records
    ]
    if any(record.get("missing") for record in records):
        rows[0].append("missing")
        for row, record in zip(rows[1:], records, strict=True):
            row.append(record.get("missing") or "")
    return rows


def _block_limit(record: Record) -> str:
    return str(record["max_blocks"] or "any") if "max_blocks" in record else _VARIES


def _prose(text: str) -> str:
    """Return a docstring's text without the marks of code."""
    return text.replace("``", "")


def _task_rows(records: list[Record]) -> list[list[str]]:
    rows = [
        [record["name"], record["family"] or _VARIES, ", ".join(record["tags"]) or _VARIES, _prose(record["summary"])]
        for record in records
    ]
    return [["task", "family", "tags", "summary"], *rows]


def _suite_rows(records: list[Record]) -> list[list[str]]:
    rows = [[record["name"], f"{record['cells']:,}", record["summary"]] for record in records]
    return [["suite", "cells", "summary"], *rows]


@app.command()
def info(
    name: Annotated[
        str,
        typer.Argument(
            help="A name, a spec such as gaussian:dim=2,mi=1, or a suite's .toml file.", autocompletion=complete_name
        ),
    ],
    as_json: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Show everything of a name: estimators, tasks and suites, their parameters and where they come from."""
    from mibench import describe

    load_plugins(plugin)
    records, errors = describe.find(name)
    if as_json and records:
        print_json(records)
    else:
        for number, record in enumerate(records):
            if number:
                typer.echo()
            _print_record(record)
    if errors:
        raise type(errors[0])("; ".join(map(str, errors)))


def _print_record(record: Record) -> None:
    typer.echo(typer.style(f"{record['name']} ({record['kind']})", bold=True))
    print_text(_prose(record["summary"]), indent=2)
    for paragraph in record.get("description", ()):
        typer.echo()
        print_text(_prose(paragraph), indent=2)
    if record.get("parameters"):
        _print_parameters(record["parameters"])
    facts = _FACTS[record["kind"]](record)
    typer.echo()
    for label, text in facts:
        print_text(f"{label}: {text}", indent=2)
    for reference in record.get("references", ()):
        print_text(f"reference: {reference}", indent=2)
    for check, reason in record.get("expected_failures", {}).items():
        print_text(f"known not to pass {check}: {reason}", indent=2)


def _print_parameters(parameters: list[Record]) -> None:
    typer.echo("\n  parameters:")
    for item in parameters:
        value = "required" if item["required"] else f"default {_plain(item['default'])}"
        name = item["name"]
        print_item(f"    {typer.style(name, bold=True)}  ", f"{item['type']}, {value}", len(name) + 6)
        print_text(f"allowed: {item['allowed']}", indent=8)
        if item["meaning"]:
            print_text(_prose(item["meaning"]), indent=8)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def _estimator_facts(record: Record) -> list[tuple[str, str]]:
    missing = [("missing", record["missing"])] if record.get("missing") else []
    return _origin_facts(record) + _declared(record) + missing


def _declared(record: Record) -> list[tuple[str, str]]:
    return [(label.lower(), text) for label, text in record["facts"]]


def _task_facts(record: Record) -> list[tuple[str, str]]:
    facts = _origin_facts(record)
    facts.append(("family", record["family"] or "depends on the parameters"))
    truth = record["truth"]
    if truth is None:
        facts.append(("truth", f"depends on the parameters; try mibench info {record['name']}:key=value,…"))
        return facts
    facts += _declared(record)
    error = f" ± {truth['stderr']:.2g}" if truth["stderr"] else ""
    bits = truth["nats"] / math.log(2)
    facts.append(("truth", f"{truth['nats']:.10g}{error} nats ({bits:.6g} bits), by {truth['method']}"))
    if truth["reference"]:
        facts.append(("truth from", truth["reference"]))
    return facts


def _origin_facts(record: Record) -> list[tuple[str, str]]:
    spec = [("spec", record["spec"])] if record["spec"] else []
    return [*spec, ("from", f"{record['origin']}, version {record['version']}")]


def _suite_facts(record: Record) -> list[tuple[str, str]]:
    estimators, tasks = record["estimators"], record["tasks"]
    sizes = ", ".join(map(str, record["samples"]))
    return [
        (
            "cells",
            f"{record['cells']:,} = {len(estimators)} estimators × {len(tasks)} tasks × "
            f"{len(record['samples'])} sample sizes × {record['seeds']} seeds",
        ),
        ("estimators", "  ".join(estimators)),
        ("tasks", "  ".join(tasks)),
        ("samples", sizes),
        ("from", record["origin"]),
        ("limits of a cell", f"{record['timeout_s']:g} s, {record['memory_mb']:g} MB"),
    ]


_FACTS = {"estimator": _estimator_facts, "task": _task_facts, "suite": _suite_facts}
