"""Boards from a store: its attempts read once, and one board for each suite asked for."""

from pathlib import Path

from mibench.attempt import DEFAULTS
from mibench.errors import StoreError
from mibench.store import Skipped, read_definitions, read_environments, read_frame

from .build import build_board
from .model import Board
from .selection import select, suites_in


def boards_in(store: Path, suite: str = "", skipped: Skipped | None = None) -> list[tuple[Board, frozenset[str]]]:
    """Build the board of *suite*, or of every suite in *store*, and return each with the keys of its cells.

    Bad entries of the store are noted in *skipped* and left out; without it the first one is an error.

    Raises:
        StoreError: a store that is missing or damaged, or holds no results.
        UnknownNameError: no suite of that name.
    """
    frame = read_frame(
        store, [name for name in DEFAULTS if name not in ("diagnostics", "traceback", "output")], skipped
    )
    names = [suite] if suite else suites_in(frame)
    if not names:
        raise StoreError(f"store {str(store)!r} holds no results; mibench run SUITE makes some")
    environments, runs = read_environments(store, skipped), read_definitions(store, skipped)
    boards = []
    for name in names:
        selection = select(frame, name, runs)
        boards.append((build_board(selection, environments), frozenset(selection.frame["key"])))
    return boards
