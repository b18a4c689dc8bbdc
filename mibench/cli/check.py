"""``mibench check``: the declared properties of an estimator or task, and which of them do not hold."""

import dataclasses
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mibench.errors import MibenchError

from .app import app
from .options import JsonOption, PluginOption, complete_name, load_plugins
from .output import print_item, print_json, print_text

if TYPE_CHECKING:
    from mibench.spec import Specified
    from mibench.testing import Verdict

_STATUS_WIDTH = 16
_COLOURS = {"pass": "green", "fail": "red", "unexpected pass": "red", "expected failure": "yellow"}


@app.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME…",
            help="Estimators and tasks, as names or specs such as ksg:k=3.",
            autocompletion=complete_name,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Check all there are.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print one Markdown table.")] = False,
    as_json: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Check the properties that estimators and tasks declare; exit with 1 where one does not hold.

    A property that is not declared is "not applicable". An expected failure is one the class declares, with its reason;
    one that passes is an error.
    """
    from mibench.testing.report import markdown

    load_plugins(plugin)
    if bool(names) == everything:
        raise typer.BadParameter("give the names of what to check, or --all")
    subjects = list(_everything() if everything else _named(names or []))
    found: list[Verdict] = []
    for subject in subjects:
        if not (as_markdown or as_json):
            _print_subject(subject)
        for verdict in _verdicts(subject):
            found.append(verdict)
            if not (as_markdown or as_json):
                _print_verdict(verdict)
    failed = [verdict for verdict in found if verdict.failed]
    if as_json:
        print_json([dataclasses.asdict(verdict) for verdict in found])
    elif as_markdown:
        typer.echo(markdown(found), nl=False)
    else:
        typer.echo(f"\n{_count(found)}")
    raise typer.Exit(1 if failed else 0)


def _named(names: list[str]) -> Iterator["Specified"]:
    from mibench.testing import find_subjects

    for name in names:
        yield from find_subjects(name)


def _everything() -> Iterator["Specified"]:
    """Yield what can be built from its name alone or is named by a suite; say what cannot."""
    from mibench import list_estimators, list_tasks
    from mibench.testing import find_subjects

    for name in dict.fromkeys([*list_estimators(), *list_tasks()]):
        try:
            yield from find_subjects(name)
        except MibenchError as error:
            print(f"mibench: {name} is not checked: {error}", file=sys.stderr)


def _verdicts(subject: "Specified") -> Iterator["Verdict"]:
    from mibench.testing import checks_of, judge

    for each in checks_of(subject):
        yield judge(each, subject)


def _print_subject(subject: "Specified") -> None:
    from mibench.registry import origin_of, version_of

    typer.echo(f"\n{typer.style(subject.label, bold=True)} from {origin_of(subject)}, version {version_of(subject)}")


def _print_verdict(verdict: "Verdict") -> None:
    status = typer.style(f"{verdict.status:{_STATUS_WIDTH}}", fg=_COLOURS.get(verdict.status))
    note = f": {' '.join(verdict.message.split())}" if verdict.message else ""
    print_item(f"  {status}  ", verdict.check + note, _STATUS_WIDTH + 4)
    if verdict.failed:
        print_text(verdict.meaning, indent=_STATUS_WIDTH + 4)


def _count(found: list["Verdict"]) -> str:
    statuses = [verdict.status for verdict in found]
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses)) or "nothing to check"
