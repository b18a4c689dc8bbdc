"""The tables of an SQLite store and how an attempt becomes a row of them.

Strings that repeat in many attempts (specs, versions, the suite's name) stand in ``labels`` and are referred to by
number, which makes a store of 10⁶ attempts a quarter of the size and quick to load; the view ``results`` shows them
as text.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from mibench.attempt import Attempt

VERSION = 1
#: The four bytes "mibe" in the file's header.
APPLICATION_ID = 0x6D696265

LABELS = (
    "estimator", "task", "status", "suite", "family", "estimator_version", "estimator_origin", "task_version",
    "environment",
)  # fmt: skip
REALS = (
    "nats", "stderr", "truth_nats", "truth_stderr", "cpu_s", "wall_s", "setup_s", "sample_s", "peak_mb", "timeout_s",
    "memory_mb",
)  # fmt: skip
INTEGERS = ("n", "seed", "signal", "exit_code", "lifted")
TEXTS = ("message", "traceback", "output", "finished_at")
JSONS = ("diagnostics", "curve")
COLUMNS = ("key", *LABELS, *REALS, *INTEGERS, *TEXTS, *JSONS)

_view = ", ".join(
    ["attempts.id", "run", "lower(hex(key)) AS key"]
    + [f"(SELECT text FROM labels WHERE labels.id = attempts.{name}) AS {name}" for name in LABELS]
    + list(COLUMNS[1 + len(LABELS) :])
)

CREATE = f"""
CREATE TABLE environments (hash TEXT PRIMARY KEY, description TEXT NOT NULL);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, suite TEXT NOT NULL, definition TEXT NOT NULL, command TEXT NOT NULL,
    mibench TEXT NOT NULL, environment TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, ended TEXT
);
CREATE TABLE labels (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, run INTEGER REFERENCES runs, key BLOB NOT NULL,
    {", ".join(f"{name} INTEGER NOT NULL REFERENCES labels" for name in LABELS)},
    {", ".join(f"{name} REAL" for name in REALS)},
    {", ".join(f"{name} INTEGER" for name in INTEGERS)},
    {", ".join(f"{name} TEXT" for name in (*TEXTS, *JSONS))}
);
CREATE VIEW results AS SELECT {_view} FROM attempts;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""

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
        *(label(get[name]) for name in LABELS),
        *(_real(get[name]) for name in REALS),
        *(get[name] for name in INTEGERS),
        *(get[name] or None for name in TEXTS),
        *(encode_json(get[name]) for name in JSONS),
    )


def from_row(row: tuple[Any, ...], labels: Mapping[int, str]) -> Attempt:
    """Return the attempt of a row of :data:`COLUMNS`."""
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
    from mibench.attempt import encode

    return json.dumps(encode(value), separators=(",", ":"), ensure_ascii=False)
