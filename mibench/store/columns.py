"""Columns of an SQLite store, read and checked many rows at a time.

Each check of :mod:`mibench.store.rows` is made here on whole columns, which is ten times as quick. Where one fails this
says no more than that: the rows are then read one by one.
"""

import gc
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from mibench.attempt import COLUMNS, DEFAULTS

from . import schema
from .checksum import GROUPS, NO_NUMBER, Sums, text_sum
from .record import RULES, is_date

_CHUNK = 50_000
#: Messages are cut to so many characters in a frame; those of one's own runs are no longer.
MESSAGE = 2_000
#: Texts of which only the sum is wanted are summed here up to so many characters, and by SQLite beyond.
_SHORT = 200
#: Stands among the columns for the sums of the messages that come cut short; None for the others.
_LONG_MESSAGES = "sums of long messages"
_MOMENT_BYTES = b"0123456789-T:.+Z"
#: Columns that may hold nothing in a whole store.
_OPTIONAL = frozenset(
    name
    for name, default in DEFAULTS.items()
    if default in (None, "", {}) and (name in schema.NULLABLE or name not in schema.LABELS)
)


class OddError(Exception):
    """Something in the store is not as it was written."""


def read_columns(connection: sqlite3.Connection, fields: Sequence[str], whole: bool = True) -> dict[str, Any]:
    """Return the columns of a store's attempts by name, in the order of their rows.

    Numbers come as arrays, repeated texts as pandas' string arrays, other values as lists.

    Args:
        connection: the open store.
        fields: the columns.
        whole: whether to check all of every row, or only the sums that cover *fields*.

    Raises:
        OddError: a value, a row or a part of the file is not as it was written.
    """
    with _no_collection():
        try:
            return _Reader(connection, fields, whole).read()
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
            sqlite3.Error,
        ) as error:
            raise OddError(str(error)) from error


class _Reader:
    def __init__(self, connection: sqlite3.Connection, fields: Sequence[str], whole: bool) -> None:
        self._connection, self._fields = connection, fields
        there = schema.present(connection)
        #: The columns of the sums that are checked, by their numbers.
        self._groups = {
            number: group
            for number, group in enumerate(GROUPS)
            if "checksum" in there and (whole or not set(group).isdisjoint(fields))
        }
        self._texts = schema.read_labels(connection)
        self._sums = Sums(self._texts)
        wanted = list(dict.fromkeys([*fields, *(name for group in self._groups.values() for name in group)]))
        optional = [name for name in wanted if name in _OPTIONAL]
        counted = [f"count({name})" if name in there else "0" for name in optional]
        self._count, *counts = connection.execute(
            f"SELECT {', '.join(['count(*)', *counted])} FROM attempts"
        ).fetchone()
        self._empty = {name for name, filled in zip(optional, counts, strict=True) if not filled}
        self._filled = [name for name in wanted if name not in self._empty]
        if self._groups and "message" in self._filled and "message" in fields:
            self._filled.insert(self._filled.index("message"), _LONG_MESSAGES)
        self._memory: dict[str, dict[str | None, Any]] = {
            "diagnostics": {None: ({}, 0)}, "curve": {None: (None, 0)}, "message": {None: ("", 0)},
            "traceback": {None: ("", 0)}, "output": {None: ("", 0)},
        }  # fmt: skip

    def read(self) -> dict[str, Any]:
        parts: dict[str, list[Any]] = {name: [] for name in self._fields if name not in self._empty}
        self._connection.create_function("text_sum", 1, text_sum, deterministic=True)
        selected = ["id", "checksum" if self._groups else "0", *map(self._selected, self._filled)]
        cursor = self._connection.execute(f"SELECT {', '.join(selected)} FROM attempts ORDER BY id")
        last = 0
        while rows := cursor.fetchmany(_CHUNK):
            numbers, checksums, *columns = zip(*rows, strict=True)
            last = self._ascending(last, numbers)
            summed: dict[str, Any] = {}
            long: tuple[int | None, ...] = ()
            for name, column in zip(self._filled, columns, strict=True):
                if name == _LONG_MESSAGES:
                    long = column
                    continue
                values, words = self._decoded(name, column)
                if name == "message" and any(long):
                    words = [own if own is not None else word for own, word in zip(long, words, strict=True)]
                summed[name] = np.asarray(words)
                if name in parts:
                    parts[name].append(values)
            if self._groups:
                self._check(summed, checksums)
        return {name: self._whole(name, parts.get(name)) for name in self._fields}

    def _check(self, summed: dict[str, np.ndarray], checksums: tuple[bytes, ...]) -> None:
        """Compare the sums of rows with those that stand in them."""
        _require(set(map(type, checksums)) == {bytes} and set(map(len, checksums)) == {4 * len(GROUPS)})
        kept = np.frombuffer(b"".join(checksums), "<u4").reshape(-1, len(GROUPS))
        for number, group in self._groups.items():
            if (self._sums.of_columns(group, summed, len(kept)) != kept[:, number]).any():
                raise OddError("a checksum")

    def _selected(self, name: str) -> str:
        if name == _LONG_MESSAGES:
            return f"CASE WHEN length(CAST(message AS BLOB)) > {MESSAGE} THEN text_sum(message) END"
        if name == "message" and name in self._fields:
            return f"substr(message, 1, {MESSAGE})"
        if name in self._memory and name not in self._fields:
            short = f"typeof({name}) = 'text' AND length({name}) <= {_SHORT}"
            return f"CASE WHEN {name} IS NULL THEN 0 WHEN {short} THEN {name} ELSE text_sum({name}) END"
        return f"ifnull({name}, 0)" if name in schema.NULLABLE else name

    def _ascending(self, last: int, numbers: tuple[Any, ...]) -> int:
        found = _integers(numbers)
        if found[0] <= last or (np.diff(found) <= 0).any():
            raise OddError("the order of the rows")
        return int(found[-1])

    def _decoded(self, name: str, column: tuple[Any, ...]) -> tuple[Any, Any]:
        """Return a part of a column as a frame has it, and as its sums are computed from."""
        kind, rule = COLUMNS[name].kind, RULES[name]
        if kind == "key":
            return _keys(column)
        if kind == "label":
            numbers = _integers(column)
            return numbers, numbers
        if kind == "real":
            reals = np.array(column, dtype=float)
            if rule.least > -np.inf:
                _require(not ((reals < rule.least) | (reals > rule.most) | np.isinf(reals)).any())
            _require(DEFAULTS[name] is None or not np.isnan(reals).any())
            return reals, reals
        if kind == "flag":
            flags = _integers(column)
            _require(flags.min() >= 0 and flags.max() <= 1)
            return flags.astype(bool), flags
        if kind == "integer":
            filled = tuple(NO_NUMBER if value is None else value for value in column) if name in _OPTIONAL else column
            numbers = _integers(filled)
            _require(not (((numbers < rule.least) | (numbers > rule.most)) & (numbers != NO_NUMBER)).any())
            return list(column) if name in _OPTIONAL else numbers, numbers
        if name in self._memory and name not in self._fields:
            sums = {value: text_sum(value) if type(value) is str else value for value in set(column)}
            return None, _integers(tuple(map(sums.__getitem__, column)))
        if name in self._memory:
            return self._remembered(name, column)
        return _moments(column)

    def _remembered(self, name: str, column: tuple[str | None, ...]) -> tuple[list[Any], list[int]]:
        """Decode, check and sum each text once: they repeat a lot."""
        memory = self._memory[name]
        for text in column:
            if text not in memory:
                if type(text) is not str:
                    raise OddError(name)
                value: Any = text
                if name in schema.JSONS:
                    value = json.loads(text)
                _require(RULES[name].holds(value))
                memory[text] = (curve(value) if name == "curve" else value), text_sum(text)
        found = [memory[text] for text in column]
        return [value for value, _ in found], [number for _, number in found]

    def _whole(self, name: str, chunks: list[Any] | None) -> Any:
        if chunks is None or not chunks:
            empty = self._count if chunks is None else 0
            return np.full(empty, np.nan) if name in schema.REALS else [DEFAULTS[name]] * empty
        if isinstance(chunks[0], np.ndarray) and name not in schema.LABELS:
            return np.concatenate(chunks)
        if name in schema.LABELS:
            return self._labels(name, np.concatenate(chunks))
        return [value for chunk in chunks for value in chunk]

    def _labels(self, name: str, numbers: np.ndarray) -> Any:
        import pandas as pd

        texts = {0: "", **{number: text for number, text in self._texts.items() if number is not None}}
        _require(int(numbers.min()) >= 0 and int(numbers.max()) <= max(texts))
        for number in np.flatnonzero(np.bincount(numbers)):
            _require(RULES[name].holds(texts[int(number)]))
        table = pd.array([texts.get(number, "") for number in range(max(texts) + 1)], dtype="str")
        return table.take(numbers)


def curve(pairs: Any) -> tuple[tuple[float, float], ...] | None:
    """Return a learning curve as attempts have it: pairs of step and nats, or None."""
    return tuple((float(step), float(nats)) for step, nats in pairs) if pairs else None


def _require(fine: bool) -> None:
    if not fine:
        raise OddError("a value")


def _integers(column: tuple[Any, ...]) -> np.ndarray:
    _require(set(map(type, column)) == {int})
    return np.array(column, dtype=np.int64)


def _keys(column: tuple[Any, ...]) -> tuple[list[str], np.ndarray]:
    _require(set(map(type, column)) == {bytes} and set(map(len, column)) == {32})
    joined = b"".join(column)
    digits = joined.hex()
    return [digits[at : at + 64] for at in range(0, len(digits), 64)], np.frombuffer(joined, np.uint8)


def _moments(column: tuple[Any, ...]) -> tuple[list[str], np.ndarray]:
    """Check times by their days, which are few, and by their characters; a malformed hour passes."""
    texts = [text or "" for text in column]
    _require(set(map(type, texts)) == {str})
    lengths = set(map(len, texts))
    _require(max(lengths) <= 32)
    joined = "".join(texts).encode()
    _require(not joined.translate(None, _MOMENT_BYTES))
    _require(all(RULES["finished_at"].holds(day) and is_date(day) for day in {text[:10] for text in texts} if day))
    length = max(lengths)
    alike = len(lengths) == 1 and length > 0
    return texts, np.frombuffer(joined, f"S{length}") if alike else np.array(texts, "S32")


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
