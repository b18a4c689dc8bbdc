"""Attempts as a pandas frame, one row a cell: its latest attempt, and how many there were."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mibench.attempt import COLUMNS, DEFAULTS, in_order
from mibench.errors import StoreError

from . import schema
from .columns import MESSAGE, OddError, curve, read_columns
from .interchange import read_attempts
from .jsonl import is_jsonl, read_records
from .opening import reading
from .record import Skipped, number

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 50_000
#: How a frame holds the fields of each kind; a whole number that may be missing is Int64.
_DTYPES = {"real": "float64", "integer": "int64", "flag": "bool", "json": "object"}
#: What must be known of an attempt to tell which is the latest of its cell.
_NEEDED = ("key", "finished_at", "ordered_at")


def read_frame(
    path: str | Path, columns: Sequence[str] | None = None, skipped: Skipped | None = None, whole: bool = True
) -> "pd.DataFrame":
    """Read a store, SQLite or JSONL, as a frame with a row for each cell.

    The columns are :class:`mibench.attempt.Attempt`'s fields and ``attempts``, the number of attempts at the cell, of
    which the latest is shown. Rows stand in the order in which their attempts count: of an SQLite store the last
    written comes last, of JSONL the last finished. Numbers are float64, with NaN where there is none; ``n``, ``seed``
    and ``attempts`` int64; ``signal`` and ``exit_code`` Int64; ``lifted`` bool; ``diagnostics`` a dict; ``curve`` a
    tuple of pairs or None; all others strings, ``message`` cut to 2,000 characters.

    Args:
        path: the store.
        columns: the fields wanted, all by default. Leaving out ``diagnostics``, ``curve``, ``traceback`` and
            ``output`` saves time and memory.
        skipped: notes the attempts that are left out; without it the first bad one is an error.
        whole: whether all of every attempt is checked, or only the part of it that the columns stand in, which is
            quicker for few of an SQLite store.

    Raises:
        StoreError: the store is missing, damaged or of a newer mibench, or an attempt is bad.
    """
    import pandas as pd

    wanted = list(DEFAULTS) if columns is None else [name for name in columns if name != "attempts"]
    unknown = sorted(set(wanted) - DEFAULTS.keys())
    if unknown:
        raise StoreError(f"column {unknown[0]!r} is no field of an attempt; allowed: {', '.join(DEFAULTS)}")
    fields = list(dict.fromkeys([*wanted, *_NEEDED]))
    values = _jsonl_columns(path, fields, skipped) if is_jsonl(path) else _sqlite_columns(path, fields, skipped, whole)
    frame = pd.DataFrame({name: _series(name, column) for name, column in values.items()}, columns=fields)
    return _latest(frame)[[*wanted, "attempts"]]


def _latest(frame: "pd.DataFrame") -> "pd.DataFrame":
    frame = in_order(frame)
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


def _jsonl_columns(path: str | Path, fields: list[str], skipped: Skipped | None) -> dict[str, Any]:
    return _columns((item for item in read_records(path, skipped) if "key" in item), fields)


def _sqlite_columns(path: str | Path, fields: list[str], skipped: Skipped | None, whole: bool) -> dict[str, Any]:
    """Read whole columns, or row by row where something is odd, which finds what it is."""
    try:
        with reading(path) as connection:
            return read_columns(connection, fields, whole)
    except OddError:
        pass
    except StoreError:
        if skipped is None:
            raise
    return _columns((vars(attempt) for attempt in read_attempts(path, skipped)), fields)


def _columns(records: Iterable[dict[str, Any]], fields: list[str]) -> dict[str, Any]:
    """Put records into columns; numbers become arrays by and by, which bounds the memory."""
    columns: dict[str, list[Any]] = {name: [] for name in fields}
    arrays: dict[str, list[np.ndarray]] = {name: [] for name in fields if name in schema.REALS}
    defaults = [DEFAULTS[name] for name in fields]

    def pack() -> None:
        for name, chunks in arrays.items():
            chunks.append(np.array([number(value) for value in columns[name]], dtype=float))
            columns[name].clear()

    for count, record in enumerate(records, start=1):
        for name, default in zip(fields, defaults, strict=True):
            columns[name].append(record.get(name, default))
        if count % _CHUNK == 0:
            pack()
    pack()
    if "message" in columns:
        columns["message"] = [text[:MESSAGE] for text in columns["message"]]
    if "curve" in columns:
        columns["curve"] = [curve(pairs) for pairs in columns["curve"]]
    return {name: np.concatenate(arrays[name]) if name in arrays else column for name, column in columns.items()}
