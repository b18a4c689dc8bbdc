"""``mibench gate``: the regression gate of accuracy and cost."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import mibench
from mibench.errors import MeasurementError, MibenchError

from .app import app
from .options import JsonOption, PluginOption, WideOption
from .table import Column

if TYPE_CHECKING:
    from mibench.gates.report import Report

#: Columns of text; what is shown first where not all fits.
_TEXTS = ("estimator", "task", "cell", "verdict", "counter")
_PRIORITIES = {"estimator": 0, "task": 0, "cell": 0, "verdict": 0, "change": 0, "n": 0, "counter": 0, "p (Holm)": 1}
_OTHER = 2

_ACCURACY, _COST, _MEASURED = "Accuracy", "Cost", "What is measured"

Baseline = Annotated[
    Path | None,
    typer.Option(
        metavar="RESULTS",
        help="Compare accuracy with these: a .jsonl or .sqlite file, or a folder of SUITE.jsonl.",
        rich_help_panel=_ACCURACY,
    ),
]
Head = Annotated[
    Path | None,
    typer.Option(metavar="RESULTS", help="Judge these results instead of running.", rich_help_panel=_ACCURACY),
]
Exact = Annotated[
    bool,
    typer.Option("--exact", help="Red when any value of a deterministic estimator changed.", rich_help_panel=_ACCURACY),
]
Accept = Annotated[
    bool, typer.Option("--accept", help="Write what was measured as the new baseline.", rich_help_panel=_ACCURACY)
]
Release = Annotated[
    bool,
    typer.Option(
        "--release", help="With --accept: measure drift from these values from now on.", rich_help_panel=_ACCURACY
    ),
]
MinChange = Annotated[
    float, typer.Option(min=0.0, metavar="NATS", help="A smaller change is never red.", rich_help_panel=_ACCURACY)
]
Runtime = Annotated[
    tuple[Path, Path] | None,
    typer.Option(
        metavar="BASE_PYTHON HEAD_PYTHON",
        help="Compare cost between two interpreters of this machine, each with mibench installed.",
        rich_help_panel=_COST,
    ),
]
BenchmarkJson = Annotated[
    tuple[Path, Path] | None,
    typer.Option(metavar="BASE HEAD", help="Compare two files of pytest-benchmark.", rich_help_panel=_COST),
]
Tolerance = Annotated[
    float | None,
    typer.Option(min=0.0, metavar="PERCENT", help="A smaller change is never red; by default 10 of error, 15 of cost."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 4 where the outcome is inconclusive.")]
SuiteName = Annotated[
    str | None, typer.Option(metavar="SUITE|FILE.toml", help="What to run, by default ci.", rich_help_panel=_MEASURED)
]
Estimators = Annotated[
    list[str] | None,
    typer.Option("-e", "--estimator", metavar="SPEC", help="Only these estimators.", rich_help_panel=_MEASURED),
]
Tasks = Annotated[
    list[str] | None, typer.Option("-t", "--task", metavar="SPEC", help="Only these tasks.", rich_help_panel=_MEASURED)
]
Samples = Annotated[list[int] | None, typer.Option(min=2, help="Only these sizes.", rich_help_panel=_MEASURED)]
Seeds = Annotated[int | None, typer.Option(min=1, help="Seeds 0 … N−1.", rich_help_panel=_MEASURED)]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes that measure accuracy.", rich_help_panel=_MEASURED)]
Output = Annotated[
    list[Path] | None,
    typer.Option("-o", "--output", metavar="FILE.md|FILE.json", help="Write the report there too; repeatable."),
]


@app.command("gate")
def gate_command(
    baseline: Baseline = None,
    head: Head = None,
    exact: Exact = False,
    accept: Accept = False,
    release: Release = False,
    min_change: MinChange = 0.01,
    runtime: Runtime = None,
    benchmark_json: BenchmarkJson = None,
    suite: SuiteName = None,
    estimators: Estimators = None,
    tasks: Tasks = None,
    samples: Samples = None,
    seeds: Seeds = None,
    plugin: PluginOption = None,
    workers: Workers = None,
    tolerance: Tolerance = None,
    strict: Strict = False,
    output: Output = None,
    as_json: JsonOption = False,
    wide: WideOption = False,
) -> None:
    """Compare with a baseline, and say whether accuracy or cost got worse.

    Accuracy: mibench gate --baseline RESULTS. Cost: mibench gate --runtime BASE_PYTHON HEAD_PYTHON, or
    --benchmark-json BASE HEAD.

    Exit codes: 0 fine, 1 regression, 2 a mistake in the command, 3 nothing measured or a cell missing, and 4 with
    --strict (else 0) inconclusive.
    """
    from mibench.gates.report import check_output
    from mibench.gates.verdict import exit_code

    modes = {"--baseline": baseline, "--runtime": runtime, "--benchmark-json": benchmark_json}
    given = [name for name, value in modes.items() if value is not None]
    if len(given) != 1:
        raise typer.BadParameter(f"{' and '.join(given) or 'nothing'} given; allowed: one of {', '.join(modes)}")
    accuracy = {"--head": head, "--exact": exact, "--accept": accept, "--release": release, "--workers": workers}
    grid = {"--suite": suite, "-e": estimators, "-t": tasks, "--samples": samples, "--seeds": seeds}
    _refuse(given[0], accuracy if baseline is None else {})
    _refuse("--head", {} if head is None else grid)
    _refuse("--benchmark-json", {} if benchmark_json is None else {**grid, "--plugin": plugin})
    for path in output or ():
        check_output(path)
    report = _guarded(
        lambda: mibench.gate(
            baseline, head=head, runtime=runtime, benchmark_json=benchmark_json, suite=suite, estimators=estimators,
            tasks=tasks, samples=samples, seeds=seeds, plugins=plugin or (), workers=workers,
            tolerance=None if tolerance is None else tolerance / 100, min_change=min_change, exact=exact,
            accept=accept, release=release, tell=_tell,
        )
    )  # fmt: skip
    _show(report, output or [], as_json, wide)
    raise typer.Exit(exit_code(report.verdict, strict) if not accept else 0)


def _refuse(mode: str, options: Mapping[str, Any]) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        raise typer.BadParameter(f"{', '.join(given)} given; allowed with {mode}: other options (see --help)")


def _guarded(measured: Callable[[], "Report"]) -> "Report":
    """Exit with 3, never with the 1 of a regression, where measuring broke down."""
    try:
        return measured()
    except MeasurementError as error:
        _tell(f"error: {error}")
    except (MibenchError, typer.BadParameter):
        raise
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        _tell(f"internal error: {type(error).__name__}: {error} (mibench --debug … shows where)")
    raise typer.Exit(3)


def _show(report: "Report", files: list[Path], as_json: bool, wide: bool) -> None:
    from .output import print_table, print_text

    for path in files:
        report.write(path)
    if as_json:
        typer.echo(report.to_json(), nl=False)
        return
    for table in report.tables:
        if not table.folded:
            columns = [Column(title, title not in _TEXTS, _PRIORITIES.get(title, _OTHER)) for title in table.columns]
            print_table(columns, table.rows, table.title, wide)
            typer.echo()
    for note in report.notes:
        print_text(f"- {note}")
    print_text(report.summary)
    typer.echo(f"{report.gate} gate: {report.verdict}")


def _tell(line: str) -> None:
    typer.echo(f"mibench: {line}", err=True)
