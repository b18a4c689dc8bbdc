"""Attempts taken out of a store, with a record of what was taken out and by which command."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mibench.errors import StoreError

from .database import Store
from .opening import reading
from .rows import Row, Rows


@dataclass(frozen=True)
class Choice:
    """Selection of attempts to forget: those that have one of the named values in every field for which any is named.

    Attributes:
        keys, estimators, suites, tasks: values, exactly as the store has them.
        bad: only entries that are damaged or malformed, of which nothing else can be told.
    """

    keys: Sequence[str] = ()
    estimators: Sequence[str] = ()
    suites: Sequence[str] = ()
    tasks: Sequence[str] = ()
    bad: bool = False

    def __post_init__(self) -> None:
        named = any((self.keys, self.estimators, self.suites, self.tasks))
        if named == self.bad:
            raise StoreError(
                "nothing to forget is named; allowed: --key, --estimator, --suite or --task, repeatable and together, "
                "or --bad alone"
            )

    def takes(self, row: Row) -> bool:
        """Return whether a row is to be forgotten."""
        if row.attempt is None or self.bad:
            return self.bad and row.attempt is None and row.number > 0
        found = row.attempt
        named = [
            (self.keys, found.key),
            (self.estimators, found.estimator),
            (self.suites, found.suite),
            (self.tasks, found.task),
        ]
        return all(value in values for values, value in named if values)


def forget(path: str | Path, choice: Choice, dry_run: bool = False) -> int:
    """Remove the chosen attempts from an SQLite store and record it in its table ``forgotten``; return how many.

    Raises:
        StoreError: the store is missing, is JSONL, is being written by a run, or is damaged beyond single entries.
    """
    if not Path(path).is_file():
        raise StoreError(f"store {str(path)!r} does not exist; mibench run writes one")
    with reading(path) as connection:
        numbers = [row.number for row in Rows(connection) if choice.takes(row)]
    if dry_run or not numbers:
        return len(numbers)
    with Store(path) as store:
        store.forget(numbers, json.dumps({name: value for name, value in asdict(choice).items() if value}))
    return len(numbers)
