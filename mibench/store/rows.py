"""The rows of an SQLite store, each checked against the schema of results and against its checksum."""

import json
import sqlite3
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from mibench.attempt import Attempt

from . import record
from .checksum import SUMMED, Sums, of_packed
from .record import RULES
from .schema import COLUMNS, JSONS, LABELS, REALS, TEXTS, present, read_labels

#: No row of an attempt takes fewer bytes, its key alone being 32.
_SMALLEST_ROW = 64
#: How many rows are summed at a time.
_BATCH = 500
#: Picks from a row of a query, after its number and checksum, what is summed.
_pick_summed = itemgetter(*(2 + COLUMNS.index(name) for name in SUMMED))


class Row(NamedTuple):
    """One attempt of a store, or why it cannot be had; *number* is its row's, 0 for a part of the file without any."""

    number: int
    attempt: Attempt | None
    fault: str = ""


class Rows:
    """Reads the attempts of an open store one by one, whatever state they are in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.text_factory = lambda data: data.decode(errors="surrogateescape")
        there = present(connection)
        self._checked = "checksum" in there
        columns = [name if name in there else f"NULL AS {name}" for name in COLUMNS]
        self._query = f"SELECT id, {'checksum' if self._checked else 'NULL'}, {', '.join(columns)} FROM attempts"
        self._labels = read_labels(connection)
        self._sums = Sums(self._labels)
        self._parsed: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows in the order of their numbers.

        Raises:
            sqlite3.Error: a part of the file cannot be read.
        """
        last = 0
        cursor = self._connection.execute(f"{self._query} ORDER BY id")
        while rows := cursor.fetchmany(_BATCH):
            self._parsed.clear()
            sound = self._sound(rows)
            for row, found in zip(rows, self._found(rows), strict=True):
                if row[0] <= last:
                    raise sqlite3.DatabaseError("the rows of its table of attempts are out of order")
                last = row[0]
                yield self._read(row, found, sound)

    def salvaged(self) -> Iterator[Row]:
        """Yield the rows in the order of their numbers, and in the place of what cannot be read one that says so."""
        last = 0
        try:
            for row in self:
                last = row.number
                yield row
            return
        except sqlite3.Error as error:
            yield Row(0, None, f"a part of the file cannot be read: {error}")
        pages, size = (self._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        for values in self._readable(last + 1, last + pages * size // _SMALLEST_ROW):
            (found,) = self._found([values])
            yield self._read(values, found)

    def _readable(self, first: int, last: int) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a range of numbers, halving it where it cannot be read."""
        try:
            query = f"{self._query} WHERE id BETWEEN ? AND ? ORDER BY id"
            rows = self._connection.execute(query, (first, last)).fetchall()
        except sqlite3.Error:
            if first < last:
                middle = (first + last) // 2
                yield from self._readable(first, middle)
                yield from self._readable(middle + 1, last)
            return
        yield from rows

    def _found(self, rows: list[tuple[Any, ...]]) -> list[bytes | None]:
        """Return the checksums that the content of rows has; None for one with a value of a type that none has."""
        packed: list[bytes | None] = []
        for row in rows if self._checked else ():
            try:
                packed.append(self._sums.packed(_pick_summed(row)))
            except Exception:  # the rules say which value it is
                packed.append(None)
        sums = iter(of_packed(item for item in packed if item is not None))
        return [None if item is None else next(sums) for item in packed] if self._checked else [None] * len(rows)

    def _sound(self, rows: list[tuple[Any, ...]]) -> bool:
        """Return whether every value of some rows keeps its rule, whole columns being checked at once.

        Each different value of a column is checked, of numbers the least and the most. Where this is False the rows
        are checked one by one, which says what is wrong.
        """
        columns = zip(*rows, strict=True)
        next(columns), next(columns)  # the numbers and the checksums
        try:
            return all(map(self._holds, COLUMNS, columns))
        except Exception:  # a value of a type that none has
            return False

    def _holds(self, name: str, column: tuple[Any, ...]) -> bool:
        rule = RULES[name]
        if name == "key":
            return set(map(type, column)) == {bytes} and set(map(len, column)) == {32}
        if name in LABELS:
            return all(rule.holds(self._labels[number]) for number in set(column))
        if name in TEXTS:
            return all(rule.holds(text or "") for text in set(column))
        if name in JSONS:
            return all(rule.holds(self._json(name, text)) for text in set(column))
        if name == "lifted":
            return set(column) <= {0, 1, None}
        kinds = set(map(type, column))
        numbers = [value for value in column if type(value) in (int, float)] if kinds - {int, float} else column
        others = {value for value in column if type(value) not in (int, float)} if kinds - {int, float} else set()
        if name in REALS:
            array = np.array(numbers, dtype=float)
            fine = not (np.isnan(array) | (array < rule.least) | (array > rule.most)).any()
        else:
            fine = float not in kinds and (not numbers or (min(numbers) >= rule.least and max(numbers) <= rule.most))
        return fine and all(map(rule.holds, others))

    def _json(self, name: str, text: str | None) -> Any:
        """Return what a text of JSON stands for; each of a batch is parsed once."""
        if not text:
            return {} if name == "diagnostics" else None
        if text not in self._parsed:
            self._parsed[text] = json.loads(text)
        return self._parsed[text]

    def _read(self, row: tuple[Any, ...], found: bytes | None, sound: bool = False) -> Row:
        number, checksum, *values = row
        content = dict(zip(COLUMNS, values, strict=True))
        reason = self._spell(content) or ("" if sound else record.fault(content))
        if not reason and self._checked and (found is None or found != checksum):
            reason = "its content does not match its checksum: it has changed since it was written"
        return Row(number, None, reason) if reason else Row(number, Attempt.from_record(content))

    def _spell(self, content: dict[str, Any]) -> str:
        """Turn a row's values into those of a line of JSONL; return what keeps them from it."""
        key = content["key"]
        content["key"] = key.hex() if isinstance(key, bytes) else key
        for name in LABELS:
            if content[name] not in self._labels:
                return f"{name} refers to label {content[name]!r}, which is missing"
            content[name] = self._labels[content[name]]
        for name in TEXTS:
            content[name] = content[name] if content[name] is not None else ""
        if content["lifted"] in (0, 1, None):
            content["lifted"] = bool(content["lifted"])
        for name in JSONS:
            try:
                content[name] = self._json(name, content[name])
            except (ValueError, TypeError, RecursionError):
                return f"{name} is no JSON"
        return ""
