"""The SQLite store: one transaction per finished cell, so that a kill loses nothing that was finished."""

import dataclasses
import itertools
import json
import os
import shlex
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mibench import environment
from mibench.attempt import Attempt
from mibench.errors import LostStoreError, StoreError
from mibench.jsonable import unicode_text

from . import schema
from .checksum import Sums, of_packed
from .lock import Lock
from .migrations import migrate, version_of
from .opening import check_schema, translated
from .record import RULES

DEFAULT_PATH = Path("mibench.sqlite")
#: File systems on which SQLite's write-ahead log is unsafe, since it needs memory shared between all readers.
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "afs", "9p", "fuse.sshfs", "panfs"}
)
#: How long attempts may wait for their transaction where a transaction is slow (network folders).
BATCH_S = 0.5
#: How many attempts are written at a time.
_BATCH = 1_000


def now() -> str:
    """Return the time in UTC to the microsecond, as stores hold it; sorts as text."""
    return _text(datetime.now(UTC))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


class Store:
    """An SQLite store opened for writing; the only writer, by a lock on ``PATH-lock``.

    Raises:
        StoreError: another run holds the store, the folder cannot be written, the file is damaged, is no store, or is
            of a newer mibench; also, later, when a write fails. What was written before stays readable.
    """

    def __init__(self, path: str | Path = DEFAULT_PATH) -> None:
        self.path = Path(path)
        if self.path.suffix == ".jsonl":
            raise StoreError(
                f"store {str(path)!r} is JSONL; allowed for writing: an SQLite file (mibench import reads JSONL in)"
            )
        self._lock = Lock(self.path)
        self._labels = _Labels(self._add_label)
        self._pending_since: float | None = None
        self._lost = False
        try:
            with translated(self.path):
                self._open()
        except BaseException:
            self._lock.release()
            raise

    def _open(self) -> None:
        self._batch_s = BATCH_S if file_system(self.path.absolute().parent) in NETWORK_FILE_SYSTEMS else 0.0
        self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            execute = self._connection.execute
            execute("PRAGMA trusted_schema = OFF")
            if version_of(self._connection) or execute("SELECT 1 FROM sqlite_master").fetchone():
                check_schema(self._connection, self.path)
            migrate(self._connection)
            execute(f"PRAGMA journal_mode = {'DELETE' if self._batch_s else 'WAL'}")
            execute("PRAGMA synchronous = NORMAL")
            self._read_labels()
            last = execute(f"SELECT max({schema.order(self._connection)}) FROM attempts").fetchone()[0] or ""
            self._last = last if RULES["ordered_at"].holds(last) else now()
            self._name, self._file = str(self.path), self.path.stat()
        except BaseException:
            self._connection.close()
            raise

    def _read_labels(self) -> None:
        labels = schema.read_labels(self._connection)
        self._sums = Sums(labels)
        self._labels.clear()
        self._labels.update({text: number for number, text in labels.items() if number is not None})

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Commit, fold the log into the file and give up the lock."""
        try:
            with translated(self.path):
                self.flush()
                self._check_file()
                with suppress(sqlite3.OperationalError):  # somebody reads: the log stays, and stays readable
                    self._connection.execute("PRAGMA journal_mode = DELETE")
        finally:
            self._connection.close()
            self._lock.release()

    def append(self, attempt: Attempt, run: int | None = None) -> None:
        """Write one attempt; on return it survives this process (within half a second on a network folder).

        It counts as the last one written, whatever the clock says: where that went back, ``ordered_at`` is set.
        """
        if self._last and attempt.order <= self._last:
            attempt = dataclasses.replace(attempt, ordered_at=_after(self._last))
        self._last = attempt.order
        with translated(self.path), self._transaction():
            self._insert([attempt], run)

    def extend(self, attempts: Iterable[Attempt]) -> int:
        """Write many attempts in one transaction, all or none; return how many.

        They count by the time at which they finished, but none as later than now.
        """
        count = 0
        with translated(self.path):
            self.flush()
            with self._transaction():
                source, present = iter(attempts), now()
                while batch := list(itertools.islice(source, _BATCH)):
                    batch = [not_later_than_now(item) if item.order > present else item for item in batch]
                    self._last = max(self._last, *(item.order for item in batch))
                    self._insert(batch, None)
                    count += len(batch)
            self.flush()
        return count

    def _insert(self, attempts: Sequence[Attempt], run: int | None) -> None:
        rows = [schema.to_row(attempt, run, self._labels) for attempt in attempts]
        if len(rows) == 1:
            (row,) = rows
            self._connection.execute(schema.INSERT, (*row, self._sums.of_row(*schema.pick_summed(row))))
            return
        sums = of_packed(self._sums.packed(schema.pick_summed(row)) for row in rows)
        self._connection.executemany(schema.INSERT, [(*row, own) for row, own in zip(rows, sums, strict=True)])

    def add_environment(self, description: dict[str, Any]) -> str:
        """Keep the description of an environment; return the hash attempts refer to it by."""
        digest = environment.digest(description)
        with translated(self.path), self._transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO environments VALUES (?, ?)", (digest, json.dumps(description, sort_keys=True))
            )
        return digest

    def add_definition(self, suite: str, definition: dict[str, Any]) -> None:
        """Keep what a run that was recorded elsewhere was asked, where no run here was asked the same."""
        text = json.dumps(definition)
        with translated(self.path), self._transaction():
            self._connection.execute(
                "INSERT INTO runs (suite, definition, command, mibench, environment, started_at, ended) "
                "SELECT ?1, ?2, '', '', '', ?3, 'imported' "
                "WHERE NOT EXISTS (SELECT 1 FROM runs WHERE suite = ?1 AND definition = ?2)",
                (suite, text, now()),
            )

    def start_run(self, suite: str, definition: dict[str, Any], environment_hash: str) -> int:
        """Record that a run begins; return its number."""
        from mibench import __version__

        values = (suite, json.dumps(definition), shlex.join(_command()), __version__, environment_hash, now())
        with translated(self.path), self._transaction():
            cursor = self._connection.execute(
                "INSERT INTO runs (suite, definition, command, mibench, environment, started_at) VALUES (?,?,?,?,?,?)",
                values,
            )
        return int(cursor.lastrowid or 0)

    def finish_run(self, run: int, ended: str) -> None:
        """Record when and how (``complete``, ``stopped``) a run ended."""
        with translated(self.path), self._transaction():
            self._connection.execute("UPDATE runs SET finished_at = ?, ended = ? WHERE id = ?", (now(), ended, run))

    def forget(self, numbers: Iterable[int], what: str) -> None:
        """Remove attempts by the numbers of their rows and record that; *what* says in JSON how they were chosen."""
        with translated(self.path):
            self.flush()
            with self._transaction():
                count = 0
                for number in numbers:
                    count += self._connection.execute("DELETE FROM attempts WHERE id = ?", (number,)).rowcount
                self._connection.execute(
                    "INSERT INTO forgotten (at, what, attempts, command) VALUES (?, ?, ?, ?)",
                    (now(), what, count, shlex.join(_command())),
                )
            self.flush()

    def reusable(self, timeout_s: float, memory_mb: float) -> set[bytes | str]:
        """Return the keys whose latest attempt still stands under these limits; see :func:`reusable_keys`."""
        with translated(self.path):
            return reusable_keys(self._connection, timeout_s, memory_mb)

    def cells(self) -> Iterator[tuple[str, str, int, int, bytes | str]]:
        """Yield every cell; see :func:`stored_cells`."""
        with translated(self.path):
            yield from stored_cells(self._connection)

    def flush(self) -> None:
        """Commit what waits for its transaction."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
            self._check_file()
        self._pending_since = None

    def _check_file(self) -> None:
        """Raise :class:`LostStoreError` where what is written goes into a file that nobody will find.

        All that the store held is then saved beside it, through the connection that still has it.
        """
        with suppress(OSError):
            if self._lost or os.path.samestat(os.stat(self._name), self._file):  # noqa: PTH116  (in every cell)
                return
        self._lost = True
        saved = rescue(self._connection, self.path)
        raise LostStoreError(
            f"store {str(self.path)!r} was deleted or replaced while it was being written; "
            + (f"all that it held is saved in {str(saved)!r}" if saved else "what it held could not be saved anywhere")
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            self._read_labels()
            raise
        self._pending_since = self._pending_since or time.monotonic()
        if time.monotonic() - self._pending_since >= self._batch_s:
            self.flush()

    def _add_label(self, text: str) -> int:
        insert = "INSERT INTO labels (text) VALUES (?)", (unicode_text(text),)
        try:
            cursor = self._connection.execute(*insert)
        except sqlite3.IntegrityError:  # the index still holds a text that is damaged in its table
            self._connection.execute("REINDEX labels")
            cursor = self._connection.execute(*insert)
        number = int(cursor.lastrowid or 0)
        self._sums.add(number, unicode_text(text))
        return number


class _Labels(dict[str, int]):
    """The numbers of labels by text; *add* is called for one that is new."""

    def __init__(self, add: Callable[[str], int]) -> None:
        self._add = add

    def __missing__(self, text: str) -> int:
        number = self[text] = self._add(text)
        return number


def reusable_keys(connection: sqlite3.Connection, timeout_s: float, memory_mb: float) -> set[bytes | str]:
    """Return the keys, as stored, whose latest attempt still stands under these limits.

    Every cell is reusable, except a ``timeout`` or ``oom`` recorded under tighter limits than these.
    """
    done: set[bytes | str] = set()
    rows = connection.execute(
        "SELECT key, text = 'timeout' AND ? > ifnull(timeout_s, 0) OR text = 'oom' AND ? > ifnull(memory_mb, 0)"
        f" FROM attempts JOIN labels ON labels.id = status ORDER BY {schema.order(connection)}, attempts.id",
        (timeout_s, memory_mb),
    )
    for key, outgrown in rows:
        if outgrown:
            done.discard(key)
        else:
            done.add(key)
    return done


def stored_cells(connection: sqlite3.Connection) -> Iterator[tuple[str, str, int, int, bytes | str]]:
    """Yield estimator, task, n, seed and key, as stored, of every attempt."""
    labels = schema.read_labels(connection)
    for estimator, task, n, seed, key in connection.execute("SELECT estimator, task, n, seed, key FROM attempts"):
        yield labels.get(estimator, ""), labels.get(task, ""), n, seed, key


def not_later_than_now(attempt: Attempt) -> Attempt:
    """Return an attempt that comes from elsewhere; one that claims to be of the future counts as of now."""
    present = now()
    return dataclasses.replace(attempt, ordered_at=present) if attempt.order > present else attempt


def _after(moment: str) -> str:
    """Return the time a microsecond after *moment*."""
    later = datetime.fromisoformat(moment).replace(tzinfo=UTC) + timedelta(microseconds=1)
    return _text(later)


def _command() -> list[str]:
    return [Path(sys.argv[0]).name if sys.argv[0] else "python", *sys.argv[1:]]


def rescue(connection: sqlite3.Connection, path: Path) -> Path | None:
    """Copy a store whose file is gone, beside it or else to where one can write; return the new file."""
    for folder in (path.absolute().parent, Path.cwd(), Path(tempfile.gettempdir())):
        target = folder / f"{path.stem}-rescued-{os.getpid()}.sqlite"
        try:
            copy = sqlite3.connect(f"{target.as_uri()}?mode=rwc", uri=True)
            try:
                connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()
        except sqlite3.Error:
            continue
        return target
    return None


def file_system(folder: Path) -> str:
    """Return the type of the file system *folder* is on, as ``/proc/mounts`` names it."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in mounts:
        _, point, this_kind, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if len(point) >= len(best) and folder.resolve().is_relative_to(point):
            best, kind = point, this_kind
    return kind
