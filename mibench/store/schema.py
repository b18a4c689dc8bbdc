"""The tables of an SQLite store and how an attempt becomes a row of them.

Strings that repeat in many attempts (specs, versions, the suite's name) stand in ``labels`` and are referred to by
number, which makes a store of 10⁶ attempts a quarter of the size and quick to load; the view ``results`` shows them
as text. The tables themselves are made in :mod:`mibench.store.migrations`.
"""

import json
import math
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from mibench.attempt import Attempt, fields_of
from mibench.jsonable import to_json, unicode_text

#: The four bytes "mibe" in the file's header.
APPLICATION_ID = 0x6D696265

LABELS = fields_of("label")
REALS = fields_of("real")
INTEGERS = fields_of("integer", "flag")
TEXTS = fields_of("text")
JSONS = fields_of("json")
#: Labels that came after version 1: NULL where the text is empty, as in all rows older than them.
NULLABLE = frozenset({"protocol", "device"})
COLUMNS = ("key", *LABELS, *REALS, *INTEGERS, *TEXTS, *JSONS)

INSERT = f"INSERT INTO attempts (run, {', '.join(COLUMNS)}) VALUES (?{', ?' * len(COLUMNS)})"


def key_to_blob(key: str) -> bytes | str:
    """Return a hexadecimal key as bytes, half the size; any other text as it is."""
    try:
        blob = bytes.fromhex(key)
    except ValueError:
        return key
    return blob if blob.hex() == key else key


def blob_to_key(blob: bytes | str) -> str:
    """Undo :func:`key_to_blob`."""
    return blob if isinstance(blob, str) else blob.hex()


def to_row(attempt: Attempt, run: int | None, label: Callable[[str], int]) -> tuple[Any, ...]:
    """Return the values of one row; *label* gives the number of a repeated string."""
    get = attempt.__dict__
    return (
        run,
        key_to_blob(attempt.key),
        *(None if name in NULLABLE and not get[name] else label(get[name]) for name in LABELS),
        *(_real(get[name]) for name in REALS),
        *(get[name] for name in INTEGERS),
        *(unicode_text(get[name]) or None for name in TEXTS),
        *(encode_json(get[name]) for name in JSONS),
    )


def present(connection: sqlite3.Connection) -> set[str]:
    """Return the columns that the table of attempts has: a store of an older version lacks some."""
    return {name for _, name, *_ in connection.execute("PRAGMA table_info(attempts)")}


def selection(connection: sqlite3.Connection) -> str:
    """Return :data:`COLUMNS` as a query selects them, NULL for those that an older store lacks."""
    there = present(connection)
    return ", ".join(name if name in there else f"NULL AS {name}" for name in COLUMNS)


def read_labels(connection: sqlite3.Connection) -> dict[int | None, str]:
    """Return the labels by number; NULL is the empty text."""
    return {None: "", **dict(connection.execute("SELECT id, text FROM labels"))}


def from_row(row: tuple[Any, ...], labels: Mapping[int | None, str]) -> Attempt:
    """Return the attempt of a row of :data:`COLUMNS`; *labels* as :func:`read_labels` returns them."""
    values = dict(zip(COLUMNS, row, strict=True))
    values["key"] = blob_to_key(values["key"])
    for name in LABELS:
        values[name] = labels[values[name]]
    for name in TEXTS:
        values[name] = values[name] or ""
    values["lifted"] = bool(values["lifted"])
    values["diagnostics"] = json.loads(values["diagnostics"] or "{}")
    values["curve"] = json.loads(values["curve"]) if values["curve"] else None
    return Attempt.from_record(values)


def _real(value: float | None) -> float | str | None:
    """SQLite keeps no NaN: it and the infinities go in as text, which ``float`` reads back."""
    return value if value is None or math.isfinite(value) else str(value)


def encode_json(value: Any) -> str | None:
    """Return *value* as compact JSON, or None where it is empty."""
    if not value:
        return None
    return json.dumps(to_json(value, nonfinite="text"), separators=(",", ":"), ensure_ascii=False)
