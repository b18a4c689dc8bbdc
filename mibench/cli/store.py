"""``mibench export``, ``import`` and ``merge``: attempts from one file to another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mibench.errors import MissingExtraError, StoreError
from mibench.text import counted

from .app import app
from .options import SkipBadOption, report_skipped, skipping
from .run import DEFAULT_STORE, StoreOption

if TYPE_CHECKING:
    from mibench.store import Skipped
    from mibench.store.merge import Merged

_FORMATS = (".jsonl", ".csv", ".parquet")
_SHOWN = 10


@app.command()
def export(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A .jsonl, .csv or .parquet file.")],
    store: StoreOption = DEFAULT_STORE,
    skip_bad: SkipBadOption = False,
) -> None:
    """Write a store's attempts to a file.

    JSONL holds every attempt, sorted, and the environments; mibench import reads it back. CSV and Parquet are tables
    of each cell's latest attempt. Of a damaged SQLite store, what can still be read is written as JSONL, and the exit
    code is 2; with --skip-bad what is damaged or malformed in any store is left out and listed, and the exit code is 1.
    """
    if output.suffix not in _FORMATS:
        raise StoreError(f"output is {str(output)!r}; allowed: a file that ends in {', '.join(_FORMATS)}")
    skipped = skipping(skip_bad)
    if output.suffix == ".jsonl":
        _export_jsonl(store, output, skipped)
    else:
        typer.echo(f"{counted(_export_table(store, output, skipped), 'cell')} to {output}")
    report_skipped(skipped)


def _export_jsonl(store: Path, output: Path, skipped: "Skipped | None") -> None:
    from mibench.store import Skipped, read_attempts, read_definitions, read_environments
    from mibench.store.jsonl import is_jsonl, write_jsonl

    lost = Skipped()
    noted = skipped if skipped is not None or is_jsonl(store) else lost
    attempts, environments = list(read_attempts(store, noted)), read_environments(store, noted)
    if lost.count and not attempts:
        raise StoreError(lost.reasons[0])
    count = write_jsonl(output, attempts, environments, read_definitions(store, noted))
    typer.echo(f"{counted(count, 'attempt')} to {output}")
    for line in lost.lines():
        typer.echo(f"mibench: {line}", err=True)
    if lost.count:
        raise StoreError(f"store {str(store)!r} is damaged: the {count} attempts that could be read are saved")


def _export_table(store: Path, output: Path, skipped: "Skipped | None") -> int:
    import importlib.util

    from mibench.files import replacing
    from mibench.store import read_frame
    from mibench.store.interchange import tabular

    if output.suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise MissingExtraError("Parquet needs pyarrow: pip install 'mibench[parquet]'")
    frame = tabular(read_frame(store, skipped=skipped))
    with replacing(output) as temporary:
        if output.suffix == ".csv":
            frame.to_csv(temporary, index=False)
        else:
            frame.to_parquet(temporary, index=False)
    return len(frame)


@app.command(name="import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="JSONL files or SQLite stores.")],
    store: StoreOption = DEFAULT_STORE,
    skip_bad: SkipBadOption = False,
) -> None:
    """Add the attempts of files to a store; those it holds already are passed over.

    Every entry is checked; a bad one is an error with its file, line, field and what is allowed, or is left out and
    listed with --skip-bad. Nothing in the files is run.
    """
    from mibench.store.merge import merge

    skipped = skipping(skip_bad)
    _report(merge(files, store, skipped), store)
    report_skipped(skipped)


@app.command(name="merge")
def merge_(
    stores: Annotated[list[Path], typer.Argument(metavar="A B…", help="SQLite stores or JSONL files.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="C", help="An SQLite store or a .jsonl file.")],
    skip_bad: SkipBadOption = False,
) -> None:
    """Put stores together into one: no attempt is lost, none counts twice, and repeating it changes nothing.

    Attempts at one cell that disagree in status or value are all kept and reported; the latest counts.
    """
    from mibench.store.merge import merge

    skipped = skipping(skip_bad)
    _report(merge(stores, output, skipped), output)
    report_skipped(skipped)


@app.command()
def forget(
    key: Annotated[list[str] | None, typer.Option(metavar="KEY", help="A cell's key; repeatable.")] = None,
    estimator: Annotated[
        list[str] | None, typer.Option("--estimator", "-e", metavar="SPEC", help="As in the store; repeatable.")
    ] = None,
    suite: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A suite; repeatable.")] = None,
    task: Annotated[
        list[str] | None, typer.Option("--task", "-t", metavar="SPEC", help="As in the store; repeatable.")
    ] = None,
    bad: Annotated[bool, typer.Option("--bad", help="What is damaged or malformed, which --skip-bad lists.")] = False,
    store: StoreOption = DEFAULT_STORE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count them, and remove nothing.")] = False,
) -> None:
    """Remove attempts from a store, and record there when, what, how many and by which command.

    Different options must all hold; of one option given several times, one value. An estimator or task is named by its
    spec; parameters left out are taken at their defaults.
    """
    from mibench.store.forget import Choice
    from mibench.store.forget import forget as remove

    choice = Choice(key or (), _specs(estimator, "estimator"), suite or (), _specs(task, "task"), bad)
    count = remove(store, choice, dry_run)
    typer.echo(f"{counted(count, 'attempt')} {'would be forgotten' if dry_run else 'forgotten'}")


def _specs(named: list[str] | None, kind: str) -> list[str]:
    """Return the specs named, and the canonical form of each, where that can be told."""
    from mibench.errors import MibenchError
    from mibench.registry import recorded_estimator, recorded_task

    build = recorded_estimator if kind == "estimator" else recorded_task
    found = []
    for text in named or ():
        found.append(text)
        try:
            found.append(build(text).spec)
        except MibenchError:
            continue  # not installed: it goes by its text
    return list(dict.fromkeys(found))


def _report(merged: "Merged", target: Path) -> None:
    typer.echo(f"{counted(merged.added, 'attempt')} added to {target}, {merged.known} known already")
    if not merged.conflicts:
        return
    typer.echo(
        f"{counted(len(merged.conflicts), 'cell')} with attempts that disagree (all kept, the latest counts):", err=True
    )
    for conflict in merged.conflicts[:_SHOWN]:
        typer.echo(f"  {conflict}", err=True)
    if len(merged.conflicts) > _SHOWN:
        typer.echo(f"  and {len(merged.conflicts) - _SHOWN} more", err=True)
