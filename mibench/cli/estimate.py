"""``mibench estimate``: estimators on a person's own file."""

import math
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from mibench.errors import InputError, MibenchError

from .app import app
from .options import JsonOption, PluginOption, complete_estimator, load_plugins
from .output import print_json, print_note, print_table
from .table import Column

_COLUMNS = "Names of columns joined by commas (indices in a .npy file, 0:3 for 0, 1, 2)."


@app.command()
def estimate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A .csv, .tsv (also .gz), .parquet, .npy or .npz file; - is a table on standard input."
        ),
    ],
    x: Annotated[str, typer.Option("--x", metavar="COLUMNS", help=f"The first block. {_COLUMNS}")] = "",
    y: Annotated[str, typer.Option("--y", metavar="COLUMNS", help="The second block.")] = "",
    block: Annotated[
        list[str] | None,
        typer.Option("--block", "-b", metavar="COLUMNS", help="A further block, for total correlation; repeatable."),
    ] = None,
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            "--estimator", "-e", metavar="SPEC", help="Repeatable; default ksg.", autocompletion=complete_estimator
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the estimators that draw random numbers.")] = 0,
    drop_missing: Annotated[
        bool, typer.Option("--drop-missing", help="Leave out rows in which a column has no value.")
    ] = False,
    permutations: Annotated[
        int, typer.Option(min=0, help="Permutations of a test of independence for each estimator; 0 for none.")
    ] = 0,
    bits: Annotated[bool, typer.Option("--bits", help="Show bits instead of nats.")] = False,
    as_json: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Estimate the mutual information of two blocks of columns, or the total correlation of more.

    With several estimators, one that fails says why in its row, and the exit code is 2.
    """
    from mibench.datafile import read_blocks, split_columns
    from mibench.estimator import check_blocks
    from mibench.registry import get_estimator
    from mibench.spec import Spec

    load_plugins(plugin)
    chosen = [get_estimator(str(spec)) for text in estimator or ["ksg"] for spec in Spec.parse(text).expand()]
    columns = [split_columns(text) for text in (x, y, *(block or [])) if text]
    if len(columns) < 2:
        raise InputError(f"{len(columns)} block(s) of columns given; allowed: two or more, as --x a,b --y c")
    notes: list[str] = []
    blocks = check_blocks(*read_blocks(file, columns, drop_missing=drop_missing, tell=notes.append))
    for note in notes:
        print_note(note)
    alone = len(chosen) == 1
    results = [_run(each, blocks, seed, math.log(2) if bits else 1.0, alone, permutations) for each in chosen]
    about = {
        "file": str(file),
        "blocks": columns,
        "n": len(blocks[0]),
        "quantity": "mutual information" if len(blocks) == 2 else "total correlation",
        "unit": "bits" if bits else "nats",
        "seed": seed,
    }
    if as_json:
        print_json({**about, "estimates": results})
    else:
        _print_results(about, results)
    if any(result["error"] for result in results):
        raise typer.Exit(2)


def _run(estimator: Any, blocks: Any, seed: int, unit: float, alone: bool, permutations: int) -> dict[str, Any]:
    """Run one estimator; where it is not the only one, an error is part of the result."""
    from mibench.api import estimate

    result: dict[str, Any] = {"estimator": estimator.label, "value": None, "stderr": None, "seconds": None, "error": ""}
    try:
        if not estimator.missing():
            estimator.prepare()
        start = time.perf_counter()
        found = estimate(*blocks, estimator=estimator, seed=seed)
        result["seconds"] = time.perf_counter() - start
        if permutations:
            from mibench.dependence import permutation_test

            test = permutation_test(*blocks, estimator=estimator, permutations=permutations, seed=seed)
            result |= {"p_value": test.p_value, "null_mean": test.null_mean / unit, "null_sd": test.null_sd / unit}
    except Exception as error:
        if alone:
            raise
        kind = "" if isinstance(error, MibenchError) else f"{type(error).__name__}: "
        return {**result, "error": " ".join(f"{kind}{error}".split())}
    stderr = None if found.stderr is None else found.stderr / unit
    return {**result, "value": found.nats / unit, "stderr": stderr, "diagnostics": dict(found.diagnostics)}


def _print_results(about: dict[str, Any], results: list[dict[str, Any]]) -> None:
    blocks = [", ".join(names) for names in about["blocks"]]
    title = f"{about['quantity'].capitalize()} of {' and '.join(f'({names})' for names in blocks)}, n = {about['n']:,}"
    notes, tested = any(map(_note, results)), any("p_value" in result for result in results)
    rows = [
        [
            result["estimator"],
            "failed" if result["error"] else f"{result['value']:.4f}",
            "" if result["stderr"] is None else f"{result['stderr']:.4f}",
            "" if result["seconds"] is None else f"{result['seconds']:.3f}",
            *([f"{result['p_value']:.3g}" if "p_value" in result else ""] if tested else []),
            *([_note(result)] if notes else []),
        ]
        for result in results
    ]
    unit = about["unit"]
    columns = [Column("estimator"), *(Column(name, number=True) for name in (unit, "std. error", "seconds"))]
    columns += [Column("p", number=True)] * tested + [Column("note")] * notes
    print_table(columns, rows, title, wide=True)


def _note(result: dict[str, Any]) -> str:
    """Return the error, or what the diagnostics warn of."""
    diagnostics = result.get("diagnostics", {})
    lifted = "summed by the chain rule" if "chain_rule" in diagnostics else ""
    return result["error"] or "; ".join(filter(None, [lifted, str(diagnostics.get("warning", ""))]))
