"""``mibench matrix`` and ``mibench rank``: the information between the columns of a person's table."""

import math
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from mibench.errors import InputError, did_you_mean
from mibench.text import counted

from .app import app
from .options import JsonOption, PluginOption, WideOption, complete_estimator, load_plugins
from .output import print_json, print_note, print_table, print_text, tracked
from .table import Column

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A .csv or .tsv (also .gz) or .parquet file; - is standard input.")
]
ColumnsOption = Annotated[
    str, typer.Option("--columns", metavar="NAMES", help="Names joined by commas; by default every column.")
]
EstimatorOption = Annotated[
    str, typer.Option("--estimator", "-e", metavar="SPEC", autocompletion=complete_estimator, help="The estimator.")
]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of what draws random numbers.")]
DropOption = Annotated[
    bool, typer.Option("--drop-missing", help="Leave out rows in which a column of a pair has no value.")
]
BitsOption = Annotated[bool, typer.Option("--bits", help="Show bits instead of nats.")]


@app.command("matrix")
def matrix_command(
    file: FileArgument,
    columns: ColumnsOption = "",
    estimator: EstimatorOption = "ksg",
    seed: SeedOption = 0,
    drop_missing: DropOption = False,
    bits: BitsOption = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="STEM", help="Also write STEM.csv and a heat map, STEM.svg."),
    ] = None,
    as_json: JsonOption = False,
    wide: WideOption = False,
    plugin: PluginOption = None,
) -> None:
    """Estimate the mutual information of every two columns of a table, the strongest pairs first.

    A column that cannot be used is named and stops no other; the exit code is 2 where every pair failed.
    """
    from mibench import dependence
    from mibench.dependence_view import check_stem, save

    load_plugins(plugin)
    if output:
        check_stem(output, file)
    used, refused = _columns(file, columns, drop_missing)
    if len(used) < 2:
        raise InputError(f"{file} has {_usable(used, refused)}; allowed: two or more")
    unit, unit_name = (math.log(2), "bits") if bits else (1.0, "nats")
    found = dependence.matrix(used, estimator=estimator, seed=seed, track=partial(tracked, quiet=as_json))
    pairs = [(found.names[j], found.names[i], found.nats[i, j] / unit) for i in range(len(used)) for j in range(i)]
    pairs.sort(key=lambda pair: (math.isnan(pair[2]), -pair[2] if math.isfinite(pair[2]) else 0.0))
    failed = len(found.failures) == len(pairs)
    files = save(found, output, unit_name, unit) if output and not failed else []
    if as_json:
        print_json({
            "file": str(file), "estimator": estimator, "unit": unit_name, "columns": list(found.names),
            "order": [found.names[index] for index in found.order], "matrix": (found.nats / unit).tolist(),
            "refused": refused,
            "failures": [{"pair": list(pair), "message": why} for pair, why in found.failures.items()],
            "files": [str(path) for path in files],
        })  # fmt: skip
        raise typer.Exit(2 if failed else 0)
    _print_refused(refused)
    rows = [
        [a, b, f"{value:.4f}" if math.isfinite(value) else "failed", found.failures.get((a, b), "")]
        for a, b, value in pairs
    ]
    heads = [Column("column"), Column("with"), Column(unit_name, number=True, priority=0), Column("note", priority=2)]
    print_table(heads, rows, wide=wide)
    for path in files:
        typer.echo(f"wrote {path}")
    if failed:
        raise typer.Exit(2)


@app.command("rank")
def rank_command(
    file: FileArgument,
    target: Annotated[str, typer.Option("--target", "-y", metavar="NAME", help="The column to be told of.")],
    columns: ColumnsOption = "",
    estimator: EstimatorOption = "ksg",
    permutations: Annotated[
        int, typer.Option(min=0, help="Permutations of a test of each column; 0 for none, 999 for p down to 0.001.")
    ] = 0,
    seed: SeedOption = 0,
    drop_missing: DropOption = False,
    bits: BitsOption = False,
    as_json: JsonOption = False,
    wide: WideOption = False,
    plugin: PluginOption = None,
) -> None:
    """Rank the columns of a table by their mutual information with a target, each by itself.

    Adjusted p-values are Holm's, for the number of columns. The exit code is 2 where every column failed.
    """
    from mibench import dependence

    load_plugins(plugin)
    used, refused = _columns(file, columns, drop_missing, target)
    if target not in used:
        raise InputError(
            refused.get(target) or f"{file} has no column {target!r}{did_you_mean(target, [*used, *refused])}"
        )
    goal = used.pop(target)
    if not used:
        raise InputError(f"{file} has {_usable(used, refused)} beside the target {target!r}; allowed: one or more")
    found = dependence.rank(
        used, goal, estimator=estimator, permutations=permutations, seed=seed, track=partial(tracked, quiet=as_json)
    )
    unit, unit_name = (math.log(2), "bits") if bits else (1.0, "nats")
    failed = all(math.isnan(row.nats) for row in found)
    if as_json:
        rows = [
            {
                "column": row.name,
                unit_name: row.nats / unit,
                "stderr": None if row.stderr is None else row.stderr / unit,
                "p_value": row.p_value,
                "adjusted": row.adjusted,
                "message": row.message,
            }
            for row in found
        ]
        print_json({"file": str(file), "target": target, "estimator": estimator, "ranking": rows, "refused": refused})
        raise typer.Exit(2 if failed else 0)
    _print_refused(refused)
    heads = [
        Column("column", priority=0), Column(unit_name, number=True, priority=0), Column("std. error", number=True),
        Column("p", number=True, priority=2), Column("adjusted p", number=True), Column("note", priority=3),
    ]  # fmt: skip
    texts = [
        [
            row.name, f"{row.nats / unit:.4f}" if math.isfinite(row.nats) else "failed",
            "" if row.stderr is None else f"{row.stderr / unit:.4f}", _p(row.p_value), _p(row.adjusted), row.message,
        ]
        for row in found
    ]  # fmt: skip
    print_table(heads, texts, f"What each column tells of {target} by itself", wide=wide)
    if failed:
        raise typer.Exit(2)


def _columns(file: Path, names: str, drop_missing: bool, target: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    from mibench.datafile import read_columns, split_columns

    notes: list[str] = []
    wanted = split_columns(names) if names else None
    if wanted and target and target not in wanted:
        wanted.append(target)
    found = read_columns(file, wanted, drop_missing=drop_missing, tell=notes.append)
    for note in notes:
        print_note(note)
    return found


def _usable(used: dict[str, Any], refused: dict[str, str]) -> str:
    """Return how many columns can be used, and why the first of the others cannot."""
    why = f" (left out: {len(refused)}, the first: {next(iter(refused.values()))})" if refused else ""
    return f"{counted(len(used), 'usable column')}{why}"


def _print_refused(refused: dict[str, str]) -> None:
    for name, why in refused.items():
        print_text(f"left out {name!r}: {why}")


def _p(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else ""
