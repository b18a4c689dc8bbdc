"""Attempts and environments out of any store, SQLite or JSONL, and tables as CSV and Parquet hold them."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mibench import environment
from mibench.attempt import Attempt

from . import record, schema
from .jsonl import is_jsonl, read_records, write_jsonl
from .opening import reading
from .record import Skipped, refuse
from .rows import Rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "is_jsonl",
    "read_attempts",
    "read_definitions",
    "read_environments",
    "read_records",
    "tabular",
    "write_jsonl",
]


def read_attempts(path: str | Path, skipped: Skipped | None = None) -> Iterator[Attempt]:
    """Yield every attempt of a store, in the order written, checked against the schema and against its checksum.

    Args:
        path: the store.
        skipped: notes the attempts that are left out; without it the first bad one is an error.

    Raises:
        StoreError: the store is missing, damaged or of a newer mibench, or an attempt is bad.
    """
    if is_jsonl(path):
        for found in read_records(path, skipped):
            if "key" in found:
                yield Attempt.from_record(found)
        return
    with reading(path, damaged=skipped is not None) as connection:
        rows = Rows(connection)
        for row in rows if skipped is None else rows.salvaged():
            if row.attempt is None:
                where = f", attempt {row.number}" if row.number else ""
                refuse(f"{str(path)!r}{where}: {row.fault}", skipped)
            else:
                yield row.attempt


def read_environments(path: str | Path, skipped: Skipped | None = None) -> dict[str, dict[str, Any]]:
    """Return the descriptions of a store's environments by the hash its attempts refer to them by."""
    if is_jsonl(path):
        passed_over = None if skipped is None else Skipped()  # they are noted where the attempts are read
        found = (item for item in read_records(path, passed_over) if "key" not in item and "description" in item)
        return {item["environment"]: item["description"] for item in found}
    descriptions: dict[str, dict[str, Any]] = {}
    with reading(path, damaged=skipped is not None) as connection:
        for name, description in _environment_rows(connection, path, skipped):
            try:
                content = json.loads(description)
                reason = record.environment_fault(name.decode(), content)
                if not reason and environment.digest(content) != name.decode():
                    reason = "its description does not match its hash: it has changed since it was written"
            except (ValueError, TypeError, RecursionError):
                reason = "its description is no JSON"
            if reason:
                refuse(f"{str(path)!r}, environment {name[:40]!r}: {reason}", skipped)
            else:
                descriptions[name.decode()] = content
    return dict(sorted(descriptions.items()))


def read_definitions(path: str | Path, skipped: Skipped | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Return the name and the definition of the suite of each run that a store tells of, oldest first."""
    if is_jsonl(path):
        passed_over = None if skipped is None else Skipped()
        records = read_records(path, passed_over)
        return [(item["suite"], item["definition"]) for item in records if "key" not in item and "definition" in item]
    with reading(path, damaged=skipped is not None) as connection:
        try:
            rows = connection.execute("SELECT suite, definition FROM runs ORDER BY id").fetchall()
        except sqlite3.Error:
            if skipped is None:
                raise
            return []
    return [(str(suite), found) for suite, text in rows if (found := _definition(text))]


def _definition(text: Any) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return content if isinstance(content, dict) and record.definition_fault("suite", content) is None else {}


def _environment_rows(
    connection: sqlite3.Connection, path: str | Path, skipped: Skipped | None
) -> Iterator[tuple[bytes, bytes]]:
    try:
        yield from connection.execute("SELECT CAST(hash AS BLOB), CAST(description AS BLOB) FROM environments")
    except sqlite3.Error as error:
        if skipped is None:
            raise
        skipped.add(f"{str(path)!r}: not all environments can be read: {error}")


def tabular(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a frame of attempts with diagnostics and curves as JSON, as CSV and Parquet can hold them."""
    return frame.assign(**{name: [schema.encode_json(value) or "" for value in frame[name]] for name in schema.JSONS})
