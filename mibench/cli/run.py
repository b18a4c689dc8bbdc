"""``mibench run``, ``retry`` and ``status``: attempts into a store, and what it holds."""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from mibench.attempt import FAILURES, Status
from mibench.errors import MibenchError
from mibench.text import counted

from .app import app
from .options import (
    JsonOption,
    PluginOption,
    SkipBadOption,
    complete_estimator,
    load_plugins,
    report_skipped,
    skipping,
)
from .output import print_item, print_json, print_table, print_text
from .table import Column

if TYPE_CHECKING:
    from mibench.runner.execute import Summary
    from mibench.runner.plan import Plan

DEFAULT_STORE = Path("mibench.sqlite")


class Failure(StrEnum):
    """The statuses that can be chosen to run again."""

    NONFINITE = "nonfinite"
    ERROR = "error"
    TIMEOUT = "timeout"
    OOM = "oom"
    CRASH = "crash"


StoreOption = Annotated[Path, typer.Option("--store", metavar="PATH", help="The SQLite file attempts go to.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes of one thread each; by default one a core.")
]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", metavar="S", min=0.001, help="Limit of a cell in seconds.")
]
MemoryOption = Annotated[str | None, typer.Option("--memory", metavar="SIZE", help="Limit of a cell, such as 2GB.")]


def _complete_suite(incomplete: str) -> list[str]:
    from mibench import list_suites

    return [name for name in list_suites() if name.startswith(incomplete)]


SuiteArgument = typer.Argument(
    metavar="SUITE|FILE.toml", help="A suite's name or TOML file.", autocompletion=_complete_suite
)


@app.command()
def run(
    suite: Annotated[str, SuiteArgument],
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            "--estimator",
            "-e",
            metavar="SPEC",
            help="In place of the suite's own; repeatable.",
            autocompletion=complete_estimator,
        ),
    ] = None,
    task: Annotated[
        list[str] | None, typer.Option("--task", "-t", metavar="SPEC", help="In place of the suite's own; repeatable.")
    ] = None,
    samples: Annotated[
        list[int] | None, typer.Option(metavar="N", min=2, help="A sample size, in place of the suite's; repeatable.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(metavar="N", min=1, help="Seeds 0 to N − 1.")] = None,
    store: StoreOption = DEFAULT_STORE,
    workers: WorkersOption = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    plugin: PluginOption = None,
    shard: Annotated[str | None, typer.Option(metavar="i/n", help="Run the i-th of n parts of the grid.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Run on a dask.distributed cluster, as tcp://host:8786.")
    ] = None,
    device: Annotated[
        str, typer.Option(metavar="cpu|cuda", help="Where to run the estimators that can run there.")
    ] = "cpu",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be run, and run nothing.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run every cell again; the old attempts are kept.")] = False,
) -> None:
    """Run what a store does not hold yet of a suite: every estimator on every task, sample size and seed.

    Each cell runs in a process of its own under the suite's limits; one that fails is recorded and costs the others
    nothing. Ctrl-C finishes what runs and stops, a second one stops at once; the same command resumes.
    """
    from mibench.runner.request import Request, run_request

    def notify(notice: str) -> None:
        typer.echo(f"mibench: {notice}", err=True)

    request = Request(
        suite=suite, estimators=estimator, tasks=task, samples=samples, seeds=seeds, timeout_s=timeout, memory=memory,
        plugins=plugin or (), shard=shard, device=device,
    )  # fmt: skip
    if dry_run:
        plan = request.plan()
        for notice in plan.notices:
            notify(notice)
        _print_plan(plan, store, workers, fresh)
        return
    plan, summary = run_request(request, store, notify, workers=workers, scheduler=scheduler, fresh=fresh)
    _print_summary(plan, summary)
    if summary.stopped:
        raise typer.Exit(130)


def _print_summary(plan: "Plan", summary: "Summary") -> None:
    if summary.run:
        statuses = [status for status in ("ok", *FAILURES, "unsupported") if _total(summary, status)]
        rows = [
            [item.label, *(str(summary.statuses[item.spec, status] or "") for status in statuses)]
            for item in plan.estimators
            if any(spec == item.spec for spec, _ in summary.statuses)
        ]
        print_table([Column("estimator"), *(Column(status, number=True) for status in statuses)], rows, wide=True)
    for line in summary.failure_lines({item.spec: item.label for item in plan.estimators}):
        print_item("", line, 2)
    left = summary.total - summary.run - summary.reused
    rest = f", {left} left: stopped, the same command resumes" if summary.stopped else ""
    typer.echo(f"{summary.run} run, {summary.reused} reused{rest}")


def _total(summary: "Summary", status: str) -> int:
    return sum(count for (_, this), count in summary.statuses.items() if this == status)


def _print_plan(plan: "Plan", store: Path, workers: int | None, fresh: bool) -> None:
    from mibench.runner.execute import default_workers
    from mibench.runner.forecast import forecast
    from mibench.runner.view import duration

    found, count = forecast(plan, store, fresh), workers or default_workers()
    suite, missing = plan.suite, found.missing.total()
    rows = [
        [item.label, str(found.total[item.spec]), str(found.missing[item.spec]), _time(found.seconds, item.spec)]
        for item in plan.estimators
    ]
    heads = [Column("estimator"), *(Column(name, number=True) for name in ("cells", "missing", "time"))]
    print_table(heads, rows, wide=True)
    sizes = ", ".join(map(str, suite.samples))
    print_text(f"{counted(len(plan.tasks), 'task')}, n = {sizes}, seeds 0 to {suite.seeds - 1}")
    print_text(f"{counted(found.total.total(), 'cell')}, {missing} missing, {found.total.total() - missing} reused")
    if missing and not found.seconds:
        print_text(f"{counted(found.untimed, 'cell')} of estimators never timed here: how long they take is not known")
    elif missing:
        known = duration(sum(found.seconds.values()) / count)
        rest = f", and {counted(found.untimed, 'cell')} of estimators never timed here" if found.untimed else ""
        print_text(f"about {known} on {counted(count, 'worker')}, from past attempts{rest}")


def _time(seconds: dict[str, float], estimator: str) -> str:
    from mibench.runner.view import duration

    return duration(seconds[estimator]) if estimator in seconds else ""


@app.command()
def retry(
    failed: Annotated[bool, typer.Option("--failed", help="All that failed: the default.")] = False,
    status: Annotated[
        list[Failure] | None, typer.Option(help="Only those with this status; repeatable.", case_sensitive=False)
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    workers: WorkersOption = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    plugin: PluginOption = None,
    allow_commands: Annotated[
        bool, typer.Option("--allow-commands", help="Run the commands of programs that stand in the store, too.")
    ] = False,
) -> None:
    """Run the cells whose latest attempt failed again, under the limits they had or others.

    The old attempts are kept. What a store says of a program to run (the estimator subprocess) may be a stranger's:
    such cells are shown and left out, unless commands are allowed.
    """
    from mibench.runner.request import run_plan
    from mibench.runner.retry import failed_cells
    from mibench.store import Store
    from mibench.suite import parse_memory

    load_plugins(plugin)
    megabytes = None if memory is None else parse_memory(memory)
    wanted = [item.value for item in status] if status else FAILURES
    retries, reasons = failed_cells(store, wanted, timeout, megabytes, plugin or (), allow_commands)
    for reason, count in Counter(reasons).items():
        typer.echo(f"mibench: {counted(count, 'cell')} left out: {reason}", err=True)
    if not retries:
        typer.echo("0 run: no cell failed" if not reasons else "0 run")
        return
    with Store(store) as opened:
        for item in retries:
            summary = run_plan(item.plan, opened, workers=workers, cells=item.cells)
            _print_summary(item.plan, summary)
            if summary.stopped:
                raise typer.Exit(130)


@app.command()
def status(
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    skip_bad: SkipBadOption = False,
) -> None:
    """Show what a store holds: cells by suite, estimator and status (of a suite's grid: mibench run --dry-run)."""
    from mibench.runner.view import failure_line
    from mibench.store import read_frame

    skipped = skipping(skip_bad)
    frame = read_frame(store, columns=["suite", "estimator", "status", "message"], skipped=skipped, whole=False)
    counts = Counter(zip(frame["suite"], frame["estimator"], frame["status"], strict=True))
    if as_json:
        names = "suite", "estimator", "status", "cells"
        print_json([dict(zip(names, (*key, count), strict=True)) for key, count in sorted(counts.items())])
        report_skipped(skipped)
        return
    statuses = [name for name in get_args(Status) if any(key[2] == name for key in counts)]
    rows = [
        [name, _label(estimator), *(str(counts[name, estimator, this] or "") for this in statuses)]
        for name, estimator in sorted({key[:2] for key in counts})
    ]
    heads = [Column("suite"), Column("estimator"), *(Column(name, number=True) for name in statuses)]
    print_table(heads, rows, wide=True)
    failed = frame[frame["status"].isin(FAILURES)]
    first: dict[tuple[str, str, str], str] = {}
    for *kind, message in failed[["suite", "estimator", "status", "message"]].itertuples(index=False):
        first[tuple(kind)] = first.get(tuple(kind)) or message
    for (name, estimator, this), message in sorted(first.items()):
        line = failure_line(f"{name}, {_label(estimator)}", this, counts[name, estimator, this], message)
        print_item("", line, 2)
    typer.echo(f"{counted(len(frame), 'cell')}, {counted(int(frame['attempts'].sum()), 'attempt')}")
    report_skipped(skipped)


def _label(spec: str) -> str:
    """An estimator's label, or the whole spec of one that is not installed."""
    from mibench.registry import recorded_estimator

    try:
        return recorded_estimator(spec).label
    except MibenchError:
        return spec
