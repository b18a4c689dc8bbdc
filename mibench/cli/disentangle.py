"""``mibench disentangle``: entanglement of trained β-VAEs by capacity, estimates beside the truth."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from .app import app
from .options import JsonOption, PluginOption, complete_estimator
from .output import print_json, print_table, print_text, tracked
from .table import Column


@app.command("disentangle")
def disentangle_command(
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            "-e", "--estimator", metavar="SPEC", help="An estimator; repeatable.", autocompletion=complete_estimator
        ),
    ] = None,
    n: Annotated[int, typer.Option("-n", "--samples", min=2, metavar="N", help="Rows of a sample.")] = 1000,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the figures go.")] = Path(),
    plugin: PluginOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw the total correlation of latents, and what they tell of the picture, by the capacity of trained β-VAEs.

    Black is the truth, which is known; colours are estimates from samples of N rows; what looks into the encoder is an
    oracle. Writes FOLDER/capacity.svg, FOLDER/capacity.html and FOLDER/traversals-c5-0.png.
    """
    from mibench import capacities_view
    from mibench.capacities import disentangle
    from mibench.files import check_folder

    check_folder(output)

    found = disentangle(estimator or (), n=n, plugins=plugin or (), track=partial(tracked, quiet=as_json))
    files = capacities_view.save(found, output)
    if as_json:
        print_json({**found.to_record(), "files": [str(file) for file in files]})
        return
    heads = [f"{pair} {training}" for pair in ("TC", "I") for training in found.trainings]
    columns = [Column("nats"), *(Column(head, number=True) for head in heads)]
    print_table(columns, capacities_view.table(found), "TC(z) and I(x; z) by training; means of 3 encoders", wide=True)
    rates = ", ".join(f"{name} {rate:.2f}" for name, rate in zip(found.trainings, found.rates, strict=True))
    print_text(f"rates E KL in nats: {rates}")
    for trace in found.traces:
        if trace.failures:
            print_text(f"{trace.label}: {len(trace.failures)} estimates failed, the first: {trace.failures[0]}")
    print_text(f"wrote {', '.join(map(str, files))}")
