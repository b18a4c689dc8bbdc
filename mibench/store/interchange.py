"""Attempts in and out: sorted JSONL that is easy to diff and to concatenate, CSV and Parquet."""

import gzip
import io
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mibench.attempt import Attempt
from mibench.errors import StoreError
from mibench.files import replacing

from . import schema
from .database import reading

if TYPE_CHECKING:
    import pandas as pd


def is_jsonl(path: str | Path) -> bool:
    """Whether a store is JSONL: a file, gzipped (``.jsonl.gz``) or not, or a folder of such files."""
    return Path(path).name.endswith(_JSONL) or Path(path).is_dir()


_JSONL = (".jsonl", ".jsonl.gz")


def _files(path: Path) -> list[Path]:
    """The files of a JSONL store: itself, or those of a folder by name."""
    if not path.is_dir():
        return [path]
    found = sorted(item for item in path.iterdir() if item.name.endswith(_JSONL) and item.is_file())
    if not found:
        raise StoreError(f"store {str(path)!r} is a folder without results; allowed: one of .jsonl or .jsonl.gz files")
    return found


@contextmanager
def _reading_text(path: Path) -> Iterator[IO[str]]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        yield io.TextIOWrapper(file, encoding="utf-8", errors="replace")


@contextmanager
def _writing_text(path: Path) -> Iterator[IO[str]]:
    """Open for writing; gzipped, the bytes depend on the text alone."""
    with path.open("wb") as file:
        binary = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if path.suffix == ".gz" else file
        text = io.TextIOWrapper(binary, encoding="utf-8")
        yield text
        text.close()


def read_records(path: str | Path) -> Iterator[dict[str, Any]]:
    """Yield the parsed lines of a JSONL store: attempts, and environments (lines with a ``description``).

    A folder is read file by file. A torn last line, as a killed writer or a full disk leaves it, is passed over.

    Raises:
        StoreError: the file is missing, or a line that is not the last is no JSON object.
    """
    for file in _files(Path(path)):
        yield from _read_file(file)


def _read_file(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with _reading_text(path) as file:
            bad: tuple[int, str] | None = None
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                if bad is not None:
                    raise StoreError(f"store {str(path)!r}, line {bad[0]}: {bad[1]}; allowed: one JSON object per line")
                try:
                    record = json.loads(line)
                    if not isinstance(record, dict) or not {"key", "description"} & record.keys():
                        bad = number, "no attempt and no environment"
                        continue
                except ValueError as error:
                    bad = number, str(error)
                    continue
                yield record
    except StoreError:
        raise
    except (OSError, EOFError) as error:
        raise StoreError(f"store {str(path)!r} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def read_attempts(path: str | Path) -> Iterator[Attempt]:
    """Yield every attempt of a store, in the order written."""
    if is_jsonl(path):
        for record in read_records(path):
            if "key" in record:
                yield _from_record(record, path)
        return
    with reading(path) as connection:
        labels = schema.read_labels(connection)
        for row in connection.execute(f"SELECT {schema.selection(connection)} FROM attempts ORDER BY id"):
            yield schema.from_row(row, labels)


def _from_record(record: dict[str, Any], path: str | Path) -> Attempt:
    try:
        return Attempt.from_record(record)
    except (TypeError, ValueError) as error:
        raise StoreError(f"store {str(path)!r}: attempt {record.get('key')!r} cannot be read: {error}") from error


#: No row of an attempt takes fewer bytes, its key alone being 32.
_SMALLEST_ROW = 64


def salvage(path: str | Path) -> tuple[list[Attempt], dict[str, dict[str, Any]]]:
    """Return the attempts and environments that can still be read of a damaged SQLite store."""
    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    attempts: list[Attempt] = []
    environments: dict[str, dict[str, Any]] = {}
    try:
        connection.execute("PRAGMA writable_schema = ON")  # lifts the check of the file's length
        labels = schema.read_labels(connection)
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        attempts += _readable(connection, labels, 1, pages * size // _SMALLEST_ROW)
        rows = connection.execute("SELECT hash, description FROM environments")
        environments |= {name: json.loads(description) for name, description in rows}
    except sqlite3.Error:
        pass  # the file ends here
    finally:
        connection.close()
    return attempts, environments


def _readable(
    connection: sqlite3.Connection, labels: dict[int | None, str], first: int, last: int
) -> Iterator[Attempt]:
    """Yield the rows of a range of numbers, halving it where it cannot be read."""
    try:
        query = f"SELECT {schema.selection(connection)} FROM attempts WHERE id BETWEEN ? AND ? ORDER BY id"
        rows = connection.execute(query, (first, last)).fetchall()
    except sqlite3.Error:
        if first < last:
            middle = (first + last) // 2
            yield from _readable(connection, labels, first, middle)
            yield from _readable(connection, labels, middle + 1, last)
        return
    for row in rows:
        try:
            yield schema.from_row(row, labels)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # a row whose page is lost


def tabular(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a frame of attempts with diagnostics and curves as JSON, as CSV and Parquet can hold them."""
    return frame.assign(**{name: [schema.encode_json(value) or "" for value in frame[name]] for name in schema.JSONS})


def write_jsonl(path: str | Path, attempts: Iterable[Attempt], environments: dict[str, dict[str, Any]]) -> int:
    """Write a JSONL store: environments first, then attempts sorted by what they are of; return how many."""
    ordered = sorted(_order(attempt) for attempt in attempts)
    with replacing(Path(path)) as temporary, _writing_text(temporary) as file:
        for name in sorted(environments):
            record = {"environment": name, "description": environments[name]}
            file.write(json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
        for *_, line in ordered:
            file.write(line + "\n")
    return len(ordered)


def _order(attempt: Attempt) -> tuple[Any, ...]:
    """What attempts are sorted by; the last part is the attempt's line."""
    names = attempt.estimator, attempt.task, attempt.n, attempt.seed, attempt.key
    return (*names, attempt.finished_at, attempt.to_json())
