"""The tables of an SQLite store and how an attempt becomes a row of them.

Strings that repeat in many attempts (specs, versions, the suite's name) stand in ``labels`` and are referred to by
number, which makes a store of 10⁶ attempts a quarter of the size and quick to load; the view ``results`` shows them
as text. The tables themselves are made in :mod:`mibench.store.migrations`.
"""

import json
import sqlite3
from collections.abc import Mapping
from math import isfinite
from operator import itemgetter
from typing import Any

from mibench.attempt import Attempt, fields_of
from mibench.jsonable import to_json, unicode_text

from .checksum import SUMMED

#: The four bytes "mibe" in the file's header.
APPLICATION_ID = 0x6D696265

REALS = fields_of("real")
INTEGERS = fields_of("integer", "flag")
TEXTS = fields_of("text")
JSONS = fields_of("json")
#: Labels that came after version 1: NULL where the text is empty, as in all rows older than them.
NULLABLE = frozenset({"protocol", "device"})
#: Those that every row has come first.
LABELS = tuple(sorted(fields_of("label"), key=NULLABLE.__contains__))
COLUMNS = ("key", *LABELS, *REALS, *INTEGERS, *TEXTS, *JSONS)

INSERT = f"INSERT INTO attempts (run, {', '.join(COLUMNS)}, checksum) VALUES (?{', ?' * (len(COLUMNS) + 1)})"
#: Picks from a row of :func:`to_row` what its checksum is of.
pick_summed = itemgetter(*(1 + COLUMNS.index(name) for name in SUMMED))
_pick_labels = itemgetter(*(name for name in LABELS if name not in NULLABLE))
_pick_nullable = itemgetter(*(name for name in LABELS if name in NULLABLE))
_pick_reals, _pick_integers = itemgetter(*REALS), itemgetter(*INTEGERS)
_pick_texts, _pick_jsons = itemgetter(*TEXTS), itemgetter(*JSONS)


def key_to_blob(key: str) -> bytes:
    """Return a key of 64 hexadecimal digits as bytes, half the size."""
    return bytes.fromhex(key)


def to_row(attempt: Attempt, run: int | None, labels: Mapping[str, int]) -> tuple[Any, ...]:
    """Return the values of one row but its checksum; *labels* gives the number of a repeated string, new or known."""
    values = attempt.__dict__
    return (
        run,
        key_to_blob(attempt.key),
        *map(labels.__getitem__, _pick_labels(values)),
        *[labels[text] if text else None for text in _pick_nullable(values)],
        # SQLite keeps no NaN: it and the infinities go in as text, which float() reads back
        *[value if value is None or isfinite(value) else str(value) for value in _pick_reals(values)],
        *_pick_integers(values),
        *[unicode_text(text) if text else None for text in _pick_texts(values)],
        *[encode_json(value) if value else None for value in _pick_jsons(values)],
    )


def present(connection: sqlite3.Connection) -> set[str]:
    """Return the columns that the table of attempts has: a store of an older version lacks some."""
    return {name for _, name, *_ in connection.execute("PRAGMA table_info(attempts)")}


def order(connection: sqlite3.Connection) -> str:
    """Return the expression by which attempts are ordered: the last one of a cell counts."""
    return "ifnull(ordered_at, finished_at)" if "ordered_at" in present(connection) else "finished_at"


def read_labels(connection: sqlite3.Connection) -> dict[int | None, str]:
    """Return the labels by number; NULL is the empty text. Bytes that are not UTF-8 become surrogates."""
    rows = connection.execute("SELECT id, CAST(text AS BLOB) FROM labels")
    texts = {number: text.decode(errors="surrogateescape") for number, text in rows if isinstance(text, bytes)}
    return {None: "", **texts}


_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def encode_json(value: Any) -> str | None:
    """Return *value* as compact JSON, or None where it is empty."""
    if not value:
        return None
    return _ENCODE(to_json(value, nonfinite="text"))
