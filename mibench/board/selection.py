"""Selection of a store's attempts that belong to a suite's board."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mibench.errors import UnknownNameError, did_you_mean
from mibench.grid import Grid, recorded_grid
from mibench.published import PublishedValue
from mibench.stats.score import in_grid
from mibench.suite import Suite, list_suites, load_suite
from mibench.text import counted


@dataclass(frozen=True)
class Selection:
    """The attempts of a suite's board, and what the suite asks for.

    Attributes:
        name: the suite's name.
        frame: the attempts, one row a cell.
        grid: the whole suite's cells, as its run recorded them or else as the suite is installed; None for neither.
        source: what ``mibench run`` calls the suite.
        published: what papers print of its tasks.
        left_out: what else the store holds of the suite, in words.
        is_recorded: whether the grid is what a run recorded.
    """

    name: str
    frame: pd.DataFrame
    grid: Grid | None = None
    source: str = ""
    published: tuple[PublishedValue, ...] = ()
    left_out: tuple[str, ...] = ()
    is_recorded: bool = False


def suites_in(frame: pd.DataFrame) -> list[str]:
    """Return the names of the suites that the attempts of *frame* were made for."""
    return sorted(name for name in frame["suite"].unique() if name)


def select(frame: pd.DataFrame, suite: str, runs: Iterable[tuple[str, Mapping[str, Any]]] = ()) -> Selection:
    """Select the attempts of *suite*'s board.

    Where the suite's grid is known, these are all attempts on its tasks and sample sizes, by whatever estimator and
    for whatever suite they were made; a store may hold cells that two suites share. Else, or where there are none
    such, they are the attempts made under its name. The grid is the one a run of the suite recorded, so that a board
    does not change when the suite does; it is the installed suite's where the store tells of none, and the file's
    where *suite* is the path of a file.

    Args:
        frame: attempts, one row a cell.
        suite: a name, or the path of a ``.toml`` file.
        runs: the suites and definitions of the store's runs; see :func:`mibench.store.read_definitions`.

    Raises:
        UnknownNameError: neither is there such a suite nor does the store hold attempts of that name.
    """
    is_file = suite.endswith(".toml")
    known: Suite | None = load_suite(suite) if is_file or suite in list_suites() else None
    name = known.name if known else suite
    recorded = None if is_file else recorded_grid(record for run, record in runs if run == name)
    grid = recorded or (known.grid() if known else None)
    published = known.published if known else ()
    labelled = frame[frame["suite"] == name]
    if grid is not None:
        inside = in_grid(frame, grid.tasks, grid.samples, grid.protocol)
        if len(inside):
            outside = len(labelled) - int((inside["suite"] == name).sum())
            note = (
                (f"{counted(outside, 'cell')} run under the suite's name on other tasks or sample sizes",)
                if outside
                else ()
            )
            return Selection(name, inside, grid, suite, published, note, recorded is not None)
    elif labelled.empty:
        known_names = {*suites_in(frame), *list_suites()}
        raise UnknownNameError(
            f"unknown suite {suite!r}{did_you_mean(suite, known_names)} (or the path of a .toml file)"
        )
    return Selection(name, labelled, grid, suite, published, (), recorded is not None)
