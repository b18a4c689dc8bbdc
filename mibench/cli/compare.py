"""``mibench compare``: two stores, two versions of one estimator, or two estimators."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mibench.errors import MibenchError, StoreError

from .app import app
from .options import JsonOption, PluginOption, load_plugins
from .output import print_table, print_text

if TYPE_CHECKING:
    import pandas as pd

    from mibench.stats.compare import Comparison


@app.command()
def compare(
    first: Annotated[
        str, typer.Argument(metavar="A", help="A store, or an estimator: ksg:k=3, or ksg@1 for a version.")
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="What to compare it with, of the same kind.")],
    store: Annotated[
        Path, typer.Option(metavar="PATH", help="The results of two estimators: .sqlite or .jsonl.")
    ] = Path("mibench.sqlite"),
    suite: Annotated[str, typer.Option(metavar="SUITE", help="Only the cells of this suite.")] = "",
    cells: Annotated[bool, typer.Option("--cells", help="Show each task at each n as well.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown instead of tables.")] = False,
    as_json: JsonOption = False,
    plugin: PluginOption = None,
) -> None:
    """Compare scores seed by seed: is A better than B, worse, or is no difference shown?"""
    from mibench.board import comparison

    load_plugins(plugin)
    stores = [Path(name).suffix in (".sqlite", ".jsonl") or Path(name).is_file() for name in (first, second)]
    if any(stores) and not all(stores):
        raise MibenchError(f"A is {first!r} and B is {second!r}; allowed: two stores, or two estimators")
    if all(stores):
        found = _stores(Path(first), Path(second), suite)
    else:
        frame = _read(store, suite)
        found = [_pair(_of(frame, first, store), _of(frame, second, store), (first, second))]
    if as_json:
        typer.echo(comparison.render_json(found), nl=False)
    elif markdown:
        typer.echo(comparison.render_markdown(found), nl=False)
    else:
        for item in found:
            _show(item, cells)


def _stores(first: Path, second: Path, suite: str) -> "list[Comparison]":
    from mibench.board.definitions import describe_estimator
    from mibench.stats.score import current

    frames = [current(_read(path, suite)) for path in (first, second)]
    shared = sorted(set(frames[0]["estimator"]) & set(frames[1]["estimator"]))
    if not shared:
        raise StoreError(f"stores {str(first)!r} and {str(second)!r} have no estimator in common")
    return [
        _pair(
            frames[0][frames[0]["estimator"] == spec],
            frames[1][frames[1]["estimator"] == spec],
            (f"{describe_estimator(spec).label} of {first}", f"{describe_estimator(spec).label} of {second}"),
        )
        for spec in shared
    ]


def _read(path: Path, suite: str) -> "pd.DataFrame":
    from mibench.attempt import DEFAULTS
    from mibench.board.provenance import hardware_class
    from mibench.board.scope import select
    from mibench.store import read_environments, read_frame

    frame = read_frame(path, [name for name in DEFAULTS if name not in ("diagnostics", "traceback", "output", "curve")])
    environments = read_environments(path)
    classes = {name: hardware_class(environments.get(name, {})) for name in frame["environment"].unique()}
    frame = frame.assign(hardware=frame["environment"].map(classes))
    return select(frame, suite).frame if suite else frame


def _of(frame: "pd.DataFrame", text: str, store: Path) -> "pd.DataFrame":
    """The attempts of an estimator, in the version after ``@`` or else in the latest."""
    from mibench.registry import get_estimator
    from mibench.stats.score import current

    name, _, version = text.partition("@")
    spec = name if name in set(frame["estimator"]) else get_estimator(name).spec
    mine = frame[frame["estimator"] == spec]
    if mine.empty:
        raise StoreError(f"store {str(store)!r} holds no results of {spec}; mibench run SUITE -e {name!r} makes some")
    if not version:
        return current(mine)
    base = mine["estimator_version"].str.partition(";")[0]
    if version not in set(base):
        raise StoreError(f"{spec}: version is {version!r}; in {str(store)!r} are: {', '.join(sorted(set(base)))}")
    return current(mine[base == version])


def _pair(first: "pd.DataFrame", second: "pd.DataFrame", names: tuple[str, str]) -> "Comparison":
    from mibench.stats import compare
    from mibench.stats.score import score

    return compare.compare(score(first), score(second), names)


def _show(item: "Comparison", cells: bool) -> None:
    from mibench.board import comparison

    table = comparison.table(item, cells)
    print_text(comparison.conclusion(item))
    right = [column.title for column in table.columns if column.kind == "number"]
    print_table(
        [column.title for column in table.columns], [[entry.text for entry in row] for row in table.rows], right=right
    )
    print_text(comparison.CAPTION)
