"""The schema of an SQLite store, version by version.

A new store is made by all steps in turn, so that it never differs from one that grew. A step, once released, is never
edited: a change of the schema is a further step.
"""

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Any

from .checksum import SUMMED, Sums
from .schema import APPLICATION_ID, COLUMNS, LABELS, read_labels

_VERSION_1 = (
    "CREATE TABLE environments (hash TEXT PRIMARY KEY, description TEXT NOT NULL)",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY, suite TEXT NOT NULL, definition TEXT NOT NULL, command TEXT NOT NULL,
        mibench TEXT NOT NULL, environment TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, ended TEXT
    )""",
    "CREATE TABLE labels (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    """CREATE TABLE attempts (
        id INTEGER PRIMARY KEY, run INTEGER REFERENCES runs, key BLOB NOT NULL,
        estimator INTEGER NOT NULL REFERENCES labels, task INTEGER NOT NULL REFERENCES labels,
        status INTEGER NOT NULL REFERENCES labels, suite INTEGER NOT NULL REFERENCES labels,
        family INTEGER NOT NULL REFERENCES labels, estimator_version INTEGER NOT NULL REFERENCES labels,
        estimator_origin INTEGER NOT NULL REFERENCES labels, task_version INTEGER NOT NULL REFERENCES labels,
        environment INTEGER NOT NULL REFERENCES labels,
        nats REAL, stderr REAL, truth_nats REAL, truth_stderr REAL, cpu_s REAL, wall_s REAL, setup_s REAL,
        sample_s REAL, peak_mb REAL, timeout_s REAL, memory_mb REAL,
        n INTEGER, seed INTEGER, signal INTEGER, exit_code INTEGER, lifted INTEGER,
        message TEXT, traceback TEXT, output TEXT, finished_at TEXT, diagnostics TEXT, curve TEXT
    )""",
    f"PRAGMA application_id = {APPLICATION_ID}",
)


def _create(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_1:
        connection.execute(statement)


def _add_protocol_and_device(connection: sqlite3.Connection) -> None:
    for name in ("protocol", "device"):
        connection.execute(f"ALTER TABLE attempts ADD COLUMN {name} INTEGER REFERENCES labels")


def _add_checksums_order_and_forgotten(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE attempts ADD COLUMN checksum BLOB")
    connection.execute("ALTER TABLE attempts ADD COLUMN ordered_at TEXT")
    connection.execute(
        "CREATE TABLE forgotten (id INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL,"
        " attempts INTEGER NOT NULL, command TEXT NOT NULL)"
    )
    sums = Sums(read_labels(connection))

    def row_sum(*row: Any) -> bytes | None:
        try:
            return sums.of_row(*row)
        except Exception:  # a value that no attempt has: the row is as bad as before
            return None

    connection.create_function("row_sum", len(SUMMED), row_sum, deterministic=True)
    connection.execute(f"UPDATE attempts SET checksum = row_sum({', '.join(SUMMED)})")


#: The step at index i takes a store from version i to i + 1; version 0 is an empty file.
STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _create,
    _add_protocol_and_device,
    _add_checksums_order_and_forgotten,
)
VERSION = len(STEPS)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a store's schema."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def columns_of(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """Return the names of a table's columns; one that is computed goes by ``name (computed)``."""
    rows = connection.execute(f"PRAGMA table_xinfo({table})").fetchall()
    return frozenset(row[1] if row[6] == 0 else f"{row[1]} (computed)" for row in rows)


@cache
def tables_of(version: int) -> dict[str, frozenset[str]]:
    """Return the tables of a version's schema and the names of their columns."""
    connection = sqlite3.connect(":memory:")
    for step in STEPS[:version]:
        step(connection)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    tables = {name: columns_of(connection, name) for name in names}
    connection.close()
    return tables


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a store, or an empty file, to :data:`VERSION`, each step in a transaction of its own."""
    for version in range(version_of(connection), VERSION):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("DROP VIEW IF EXISTS results")
            STEPS[version](connection)
            connection.execute(_results(connection))
            connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _results(connection: sqlite3.Connection) -> str:
    """Return the statement that makes the view ``results``: the attempts with text for labels' numbers."""
    there = columns_of(connection, "attempts")
    shown = ["attempts.id", "run", "lower(hex(key)) AS key"]
    for name in COLUMNS[1:]:
        if name in LABELS and name in there:
            shown.append(f"ifnull((SELECT text FROM labels WHERE labels.id = attempts.{name}), '') AS {name}")
        elif name in there:
            shown.append(name)
    return f"CREATE VIEW results AS SELECT {', '.join(shown)} FROM attempts"
