"""Which of a store's attempts a suite's board is of."""

from typing import NamedTuple

import pandas as pd

from mibench.errors import UnknownNameError, did_you_mean
from mibench.stats.score import in_grid
from mibench.suite import list_suites, load_suite


class Scope(NamedTuple):
    """The attempts of a suite's board, and what else the store holds of the suite."""

    name: str
    frame: pd.DataFrame
    left_out: tuple[str, ...]


def suites_in(frame: pd.DataFrame) -> list[str]:
    """The names of the suites that the attempts of *frame* were made for."""
    return sorted(name for name in frame["suite"].unique() if name)


def select(frame: pd.DataFrame, suite: str) -> Scope:
    """Select the attempts of *suite*'s board.

    Where the suite can be loaded, these are all attempts on its tasks and sample sizes, by whatever estimator and for
    whatever suite they were made; a store may hold cells that two suites share. Else, or where there are none such,
    they are the attempts made under its name.

    Raises:
        UnknownNameError: neither is there such a suite nor does the store hold attempts of that name.
    """
    name = load_suite(suite).name if suite.endswith(".toml") else suite
    labelled = frame[frame["suite"] == name]
    if suite.endswith(".toml") or suite in list_suites():
        known = load_suite(suite)
        inside = in_grid(frame, [task.spec for task in known.build_tasks()], known.samples, known.protocol)
        if len(inside):
            outside = len(labelled) - int((inside["suite"] == name).sum())
            note = (f"{outside} cells run under the suite's name on other tasks or sample sizes",) if outside else ()
            return Scope(name, inside, note)
    elif labelled.empty:
        known_names = {*suites_in(frame), *list_suites()}
        raise UnknownNameError(
            f"unknown suite {suite!r}{did_you_mean(suite, known_names)} (or the path of a .toml file)"
        )
    return Scope(name, labelled, ())
