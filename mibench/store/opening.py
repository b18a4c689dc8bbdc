"""SQLite stores opened for reading, be they a stranger's: nothing in them is run, and no reading goes on for ever."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mibench.errors import StoreError

from .migrations import VERSION, columns_of, tables_of, version_of
from .schema import APPLICATION_ID

if TYPE_CHECKING:
    import pandas as pd

#: The longest text or blob that is taken from a store, in bytes.
MAX_BYTES = 16_000_000
#: Steps of SQLite's virtual machine that reading a store may take: so many, and so many more per byte of the file. An
#: ordinary store of any size needs about one per byte.
_STEPS, _STEPS_PER_BYTE = 500_000_000, 50
_STEPS_PER_LOOK = 1_000_000


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into a :class:`StoreError` that says what to do."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise StoreError(f"store {str(path)!r} is damaged: a text of its schema is not UTF-8") from error
    except sqlite3.Error as error:
        advice = {
            "SQLITE_FULL": "; free some space and repeat the command: what was written stays",
            "SQLITE_CORRUPT": "; what is left of it can be saved: mibench export --skip-bad --store … -o saved.jsonl",
            "SQLITE_NOTADB": "; allowed: an SQLite store of mibench, or a .jsonl file",
            "SQLITE_INTERRUPT": ": reading it takes far longer than a store of its size can; it is damaged or hostile",
        }.get(getattr(error, "sqlite_errorname", ""), "")
        raise StoreError(f"store {str(path)!r}: {error}{advice}") from error


def guard(connection: sqlite3.Connection, path: Path) -> None:
    """Bound what a connection takes from its file, and trust nothing that the file's schema would have it do."""
    size = path.stat().st_size if path.exists() else 0
    left = [_STEPS + _STEPS_PER_BYTE * size]

    def look() -> int:
        left[0] -= _STEPS_PER_LOOK
        return left[0] < 0

    connection.set_progress_handler(look, _STEPS_PER_LOOK)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")


def check_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Raise :class:`StoreError` where the file is no store, one of a newer mibench, or holds more than its tables.

    A view in the place of a table could compute anything, a trigger rewrite what is written.
    """
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError(f"store {str(path)!r} is an SQLite file, but not a store of mibench")
    version = version_of(connection)
    if version > VERSION:
        raise StoreError(
            f"store {str(path)!r} was written by a newer mibench: it has schema version {version}; allowed: up to "
            f"{VERSION} (upgrade mibench)"
        )
    tables = tables_of(version)
    for kind, name, table, sql in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"):
        usual = (
            (kind == "table" and name in tables and not str(sql).upper().startswith("CREATE VIRTUAL"))
            or (kind == "view" and name == "results")
            or (kind == "index" and sql is None and table in tables)
        )
        if not usual:
            raise StoreError(
                f"store {str(path)!r} holds the {kind} {name!r}; allowed: the tables {', '.join(tables)}, the view "
                "results, and nothing besides"
            )
    for table, wanted in tables.items():
        found = columns_of(connection, table)
        if found != wanted:
            raise StoreError(
                f"store {str(path)!r}: its table {table!r} has the columns {', '.join(sorted(found)) or 'none'}; "
                f"allowed: {', '.join(sorted(wanted))}"
            )


@contextmanager
def reading(path: str | Path, damaged: bool = False) -> Iterator[sqlite3.Connection]:
    """Open an SQLite store for reading, also while a run writes it and where its folder cannot be written.

    Args:
        path: the store.
        damaged: whether to open it as well where a part of the file is missing.
    """
    file = Path(path)
    if not file.is_file():
        raise StoreError(f"store {str(path)!r} does not exist; mibench run writes one")
    with translated(file), tempfile.TemporaryDirectory(prefix="mibench-") as scratch:
        if not os.access(file.parent, os.W_OK) and file.with_name(file.name + "-wal").is_file():
            for part in file.parent.glob(file.name + "*"):
                shutil.copy(part, scratch)
            file = Path(scratch) / file.name
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            guard(connection, file)
            if damaged:
                connection.execute("PRAGMA writable_schema = ON")  # lifts the check of the file's length
            check_schema(connection, Path(path))
            yield connection
        finally:
            connection.close()


def read_runs(path: str | Path) -> "pd.DataFrame":
    """Return the runs of an SQLite store: suite, definition (JSON), command, versions, environment, times."""
    import pandas as pd

    with reading(path) as connection:
        cursor = connection.execute("SELECT * FROM runs ORDER BY id")
        return pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])
