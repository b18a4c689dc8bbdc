"""``mibench bound``: what a mutual information is said to say about generalisation."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from mibench.errors import InputError

from .app import app
from .options import JsonOption, PluginOption, complete_estimator, load_plugins
from .output import print_json, print_note, print_table, print_text
from .table import Column

_CAVEAT = (
    "An unproven heuristic, and vacuous from 1: I(X; Z) does not count what a representation can tell apart. "
    "It is no certificate."
)


@app.command()
def bound(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Data to estimate I(X; Z) from, as for 'mibench estimate'.")
    ] = None,
    mi: Annotated[
        list[float] | None, typer.Option("--mi", metavar="NUMBER", help="I(X; Z) in nats, instead of FILE; repeatable.")
    ] = None,
    bits: Annotated[bool, typer.Option("--bits", help="--mi is in bits.")] = False,
    rows: Annotated[
        int | None, typer.Option("--rows", "-m", help="Training examples; by default the rows of FILE.")
    ] = None,
    delta: Annotated[float, typer.Option("--delta", help="The probability that it may fail with.")] = 0.05,
    x: Annotated[str, typer.Option("--x", metavar="COLUMNS", help="The inputs in FILE.")] = "",
    z: Annotated[str, typer.Option("--z", metavar="COLUMNS", help="Their representation in FILE.")] = "",
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            "--estimator", "-e", metavar="SPEC", help="Repeatable; default ksg.", autocompletion=complete_estimator
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the estimators that draw random numbers.")] = 0,
    drop_missing: Annotated[
        bool, typer.Option("--drop-missing", help="Leave out rows of FILE in which a column has no value.")
    ] = False,
    as_json: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Bound how far training error would be from test error by I(X; Z), as a heuristic has it.

    ε² ≤ (2^I + ln(1/δ))/(2m), I in bits, for m training examples. It is a heuristic that nobody has proven, and says
    nothing from ε = 1.
    """
    from mibench.generalisation import CompressionBound

    if (file is None) == (not mi):
        raise InputError("--mi and FILE: allowed is one of them, a number or data to estimate it from")
    stray = (
        {"--x, --z and -e": bool(x or z or estimator), "--drop-missing": drop_missing}
        if file is None
        else {"--bits": bits}
    )
    for name in (name for name, given in stray.items() if given):
        raise InputError(f"{name} given; allowed: with {'FILE' if file is None else '--mi'}")
    if file is None:
        sources = [("given", value * (math.log(2) if bits else 1.0)) for value in mi or []]
        if rows is None:
            raise InputError("--rows is missing beside --mi; allowed: the number of training examples")
    else:
        load_plugins(plugin)
        sources, found = _estimates(file, x, z, estimator or ["ksg"], seed, drop_missing)
        rows = rows if rows is not None else found
    results = [(source, CompressionBound(nats, rows, delta)) for source, nats in sources]
    if as_json:
        bounds = [
            {
                "source": source, "nats": each.nats, "bits": each.bits, "epsilon": each.epsilon,
                "vacuous": each.is_vacuous, "rows_needed": each.rows_needed,
            }
            for source, each in results
        ]  # fmt: skip
        print_json({"rows": rows, "delta": delta, "proven": False, "bounds": bounds})
        return
    names = ["I(X; Z), nats", "bits", "epsilon", "rows for < 1"]
    columns = [Column("I from"), *(Column(name, number=True) for name in names), Column("says")]
    table = [
        [
            source, _short(each.nats), _short(each.bits), f"{each.epsilon:.4g}",
            f"{each.rows_needed:,.0f}" if each.rows_needed < 1e15 else f"{each.rows_needed:.4g}",
            "nothing (vacuous)" if each.is_vacuous else "heuristic",
        ]
        for source, each in results
    ]  # fmt: skip
    print_table(columns, table, f"Input-compression bound, m = {rows:,}, delta = {delta:g}", wide=True)
    print_text(_CAVEAT)


def _short(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1e6 else f"{value:.4g}"


def _estimates(
    file: Path, x: str, z: str, specs: list[str], seed: int, drop_missing: bool
) -> tuple[list[tuple[str, float]], int]:
    """Return the estimates of I(X; Z) with the estimators' labels, and the number of rows."""
    from mibench.api import estimate
    from mibench.datafile import read_blocks, split_columns
    from mibench.registry import get_estimator
    from mibench.spec import Spec

    columns = [split_columns(text) for text in (x, z) if text]
    if len(columns) < 2:
        raise InputError(f"{len(columns)} block(s) of columns given; allowed: two, as --x a,b --z c")
    blocks = read_blocks(file, columns, drop_missing=drop_missing, tell=print_note)
    chosen: list[Any] = [get_estimator(str(spec)) for text in specs for spec in Spec.parse(text).expand()]
    return [(each.label, estimate(*blocks, estimator=each, seed=seed).nats) for each in chosen], len(blocks[0])
