"""``mibench leaderboard``: ranked boards from the results in a store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mibench.errors import MibenchError

from .app import app
from .options import JsonOption, PluginOption, SkipBadOption, WideOption, load_plugins, report_skipped, skipping
from .output import print_table, print_text
from .table import Column

if TYPE_CHECKING:
    from mibench.board.model import Board

_FORMATS = "md, html, tex, csv, json"

#: What is shown first where not all fits; the columns of the families come last.
_PRIORITIES = {
    "Rank": 0, "Estimator": 0, "Score": 0, "Failures": 1, "CPU (s)": 2, "RMSE (nats)": 3, "Mean abs. bias (nats)": 4,
    "On suites like it": 5,
}  # fmt: skip
_FAMILY = 6

#: Files of a folder within the output that are listed by name.
_MOST_LISTED = 4


@app.command()
def leaderboard(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="A suite; all in the store by default.")] = "",
    store: Annotated[Path, typer.Option(metavar="PATH", help="The results: .sqlite or .jsonl.")] = Path(
        "mibench.sqlite"
    ),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Write the boards and an index there.")
    ] = None,
    form: Annotated[
        list[str] | None,
        typer.Option("--format", metavar="FORMAT", help=f"Of {_FORMATS}; repeatable; all by default, with -o."),
    ] = None,
    plugin: PluginOption = None,
    as_json: JsonOption = False,
    wide: WideOption = False,
    skip_bad: SkipBadOption = False,
) -> None:
    """Rank the estimators of a suite by the results in a store.

    Without -o the board is shown here; one --format then prints that format instead; --json is --format json.
    """
    from mibench.board import write
    from mibench.board.assemble import boards_in

    load_plugins(plugin)
    named = [name for item in form or [] for name in item.split(",")]
    forms = list(dict.fromkeys([*named, *(["json"] if as_json else [])]))
    write.check_formats(forms)
    skipped = skipping(skip_bad)
    boards = boards_in(store, suite, skipped)
    if output is not None:
        written: list[Path] = []
        for board, keys in boards:
            written += write.write_all(board, output, forms or list(write.FORMATS), store, keys, skip_bad)
        _list_files([*written, *write.write_index(output)], output)
    elif len(forms) > 1:
        raise MibenchError(f"--format is {','.join(forms)}; allowed without -o: one format")
    else:
        for board, _ in boards:
            if forms:
                typer.echo(write.render(board, forms[0]), nl=False)
            else:
                _show(board, wide)
    report_skipped(skipped)


def _list_files(paths: list[Path], top: Path) -> None:
    """Print the files of *top*, the front pages among them, one a line; folders of more than a few by their size."""
    folders: dict[Path, list[Path]] = {}
    for path in paths:
        folders.setdefault(path.parent, []).append(path)
    for folder, files in sorted(folders.items(), key=lambda item: (item[0] == top, item[0])):
        if folder == top or len(files) <= _MOST_LISTED:
            for path in files:
                typer.echo(path)
        else:
            typer.echo(f"{folder}/ ({len(files)} files)")


def _show(board: "Board", wide: bool) -> None:
    from mibench.board.document import missing_cells, opening
    from mibench.board.tables import leaderboard_table

    table = leaderboard_table(board)
    print_text(f"Leaderboard: {board.suite}. {opening(board)[-1]}")
    if missing := missing_cells(board):
        print_text(missing.replace("``", ""))
    columns = [
        Column(column.title, column.kind == "number", _PRIORITIES.get(column.title.split(" at n = ")[0], _FAMILY))
        for column in table.columns
    ]
    print_table(columns, [[f"{cell.text} {cell.note}".strip() for cell in row] for row in table.rows], wide=wide)
    print_text(
        "Score: error between 0 and 1, lower is better, ± half a 95 % interval. -o FOLDER writes the whole board."
    )
