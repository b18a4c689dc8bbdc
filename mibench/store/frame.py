"""Attempts as a pandas frame, one row a cell: its latest attempt, and how many there were."""

import dataclasses
import gc
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mibench.attempt import COLUMNS, DEFAULTS
from mibench.errors import StoreError

from . import schema
from .database import reading
from .interchange import is_jsonl, read_records

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 50_000
#: Columns that may hold nothing in a whole store.
_OPTIONAL = frozenset(
    name
    for name, default in DEFAULTS.items()
    if default is not dataclasses.MISSING and (name in schema.NULLABLE or name not in schema.LABELS)
)
#: How a frame holds the fields of each kind; a whole number that may be missing is Int64.
_DTYPES = {"real": "float64", "integer": "int64", "flag": "bool", "json": "object"}
#: What must be known of an attempt to tell which is the latest of its cell.
_NEEDED = ("key", "finished_at")


def read_frame(path: str | Path, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Read a store, SQLite or JSONL, as a frame with a row for each cell.

    The columns are :class:`mibench.attempt.Attempt`'s fields and ``attempts``, the number of attempts at the cell, of
    which the latest is shown. Numbers are float64, with NaN where there is none; ``n``, ``seed`` and ``attempts``
    int64; ``signal`` and ``exit_code`` Int64; ``lifted`` bool; ``diagnostics`` a dict; ``curve`` a tuple of pairs or
    None; all others strings.

    Args:
        path: the store.
        columns: the fields wanted, all by default. Leaving out ``diagnostics``, ``curve``, ``traceback`` and
            ``output`` halves the time for a large store.

    Raises:
        StoreError: the store is missing, damaged or of a newer mibench.
    """
    import pandas as pd

    wanted = list(DEFAULTS) if columns is None else [name for name in columns if name != "attempts"]
    unknown = sorted(set(wanted) - DEFAULTS.keys())
    if unknown:
        raise StoreError(f"column {unknown[0]!r} is no field of an attempt; allowed: {', '.join(DEFAULTS)}")
    fields = list(dict.fromkeys([*wanted, *_NEEDED]))
    values = _jsonl_columns(path, fields) if is_jsonl(path) else _sqlite_columns(path, fields)
    frame = pd.DataFrame({name: _series(name, column) for name, column in values.items()}, columns=fields)
    return _latest(frame)[[*wanted, "attempts"]]


def read_environments(path: str | Path) -> dict[str, dict[str, Any]]:
    """Return the descriptions of a store's environments by the hash its attempts refer to them by."""
    if is_jsonl(path):
        return {
            record["environment"]: record["description"] for record in read_records(path) if "description" in record
        }
    with reading(path) as connection:
        rows = connection.execute("SELECT hash, description FROM environments ORDER BY hash")
        return {name: json.loads(description) for name, description in rows}


def _latest(frame: "pd.DataFrame") -> "pd.DataFrame":
    if not frame["finished_at"].is_monotonic_increasing:
        frame = frame.sort_values("finished_at", kind="stable")
    if not frame["key"].duplicated().any():
        return frame.reset_index(drop=True).assign(attempts=1)
    counts = frame.groupby("key", sort=False).size()
    frame = frame.drop_duplicates("key", keep="last").reset_index(drop=True)
    return frame.assign(attempts=frame["key"].map(counts).astype("int64"))


def _series(name: str, values: Any) -> Any:
    import pandas as pd

    return pd.Series(values, dtype=dtype(name))


def dtype(name: str) -> str:
    """Return the dtype of a field's column in a frame."""
    kind = COLUMNS[name].kind
    return "Int64" if kind == "integer" and DEFAULTS[name] is None else _DTYPES.get(kind, "str")


def _jsonl_columns(path: str | Path, fields: list[str]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [] for name in fields}
    defaults = [DEFAULTS[name] for name in fields]
    for record in read_records(path):
        if "key" not in record:
            continue
        for name, default in zip(fields, defaults, strict=True):
            columns[name].append(record.get(name, default))
    if "curve" in columns:
        columns["curve"] = [_curve(curve) for curve in columns["curve"]]
    return columns


def _sqlite_columns(path: str | Path, fields: list[str]) -> dict[str, Any]:
    """Read by chunks, keeping numbers as arrays and repeated strings as numbers, which is what bounds the memory."""
    with reading(path) as connection, _no_collection():
        texts = schema.read_labels(connection)
        empty = _empty_columns(connection, fields)
        filled = [name for name in fields if name not in empty]
        parts: dict[str, list[Any]] = {name: [] for name in filled}
        cursor = connection.execute(f"SELECT {', '.join(map(_selected, filled))} FROM attempts ORDER BY id")
        decoders = _decoders(filled)
        while rows := cursor.fetchmany(_CHUNK):
            for name, column in zip(filled, zip(*rows, strict=True), strict=True):
                parts[name].append(decoders[name](column))
    return {name: empty[name] if name in empty else _joined(name, parts[name], texts) for name in fields}


def _empty_columns(connection: sqlite3.Connection, fields: list[str]) -> dict[str, Any]:
    """Return the columns that hold nothing, already filled: most stores have several, and a count is quick."""
    optional, there = [name for name in fields if name in _OPTIONAL], schema.present(connection)
    counted = [f"count({name})" if name in there else "0" for name in optional]
    count, *counts = connection.execute(f"SELECT {', '.join(['count(*)', *counted])} FROM attempts").fetchone()
    return {name: _empty(name, count) for name, filled in zip(optional, counts, strict=True) if not filled}


def _empty(name: str, count: int) -> Any:
    return np.full(count, np.nan) if name in schema.REALS else [DEFAULTS[name]] * count


def _selected(name: str) -> str:
    if name == "key":
        return "CASE typeof(key) WHEN 'blob' THEN lower(hex(key)) ELSE key END"
    return f"ifnull({name}, 0)" if name in schema.NULLABLE else name


@contextmanager
def _no_collection() -> Iterator[None]:
    """Switch the garbage collector off: it would go through millions of new objects, none of them garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _decoders(fields: Iterable[str]) -> dict[str, Callable[[tuple[Any, ...]], Any]]:
    memory: dict[str | None, Any] = {None: {}}

    def diagnostics(column: tuple[str | None, ...]) -> list[Any]:
        for text in column:
            if text not in memory:
                memory[text] = json.loads(text)  # type: ignore[arg-type]
        return [memory[text] for text in column]

    def decoder(name: str) -> Callable[[tuple[Any, ...]], Any]:
        if name in schema.LABELS:
            return lambda column: np.array(column, dtype=np.int64)
        if name in schema.REALS:
            return lambda column: np.array(column, dtype=float)
        if name == "diagnostics":
            return diagnostics
        if name == "curve":
            return lambda column: [_curve(json.loads(text)) if text else None for text in column]
        if name in schema.TEXTS:
            return lambda column: [text or "" for text in column]
        return list

    return {name: decoder(name) for name in fields}


def _joined(name: str, chunks: list[Any], texts: dict[int | None, str]) -> Any:
    if name in schema.REALS:
        return np.concatenate(chunks) if chunks else []
    if name in schema.LABELS:
        import pandas as pd

        last = max(number for number in texts if number is not None) if len(texts) > 1 else 0
        table = pd.array([texts.get(number, "") for number in range(last + 1)], dtype="str")
        return table.take(np.concatenate(chunks)) if chunks else []
    return [value for chunk in chunks for value in chunk]


def _curve(pairs: Any) -> tuple[tuple[float, float], ...] | None:
    return tuple((float(step), float(nats)) for step, nats in pairs) if pairs else None
