"""The SQLite store: one transaction per finished cell, so that a kill loses nothing that was finished."""

import fcntl
import json
import os
import shlex
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mibench import environment
from mibench.attempt import Attempt
from mibench.errors import StoreError
from mibench.jsonable import unicode_text

from . import schema
from .migrations import VERSION, migrate, version_of

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_PATH = Path("mibench.sqlite")
#: File systems on which SQLite's write-ahead log is unsafe, since it needs memory shared between all readers.
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "afs", "9p", "fuse.sshfs", "panfs"}
)
#: How long attempts may wait for their transaction where a transaction is slow (network folders).
BATCH_S = 0.5


def now() -> str:
    """The time in UTC to the microsecond, as stores hold it; sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


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
        self._lock = _Lock(self.path)
        self._labels: dict[str, int] = {}
        self._pending_since: float | None = None
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
            if version_of(self._connection) or execute("SELECT 1 FROM sqlite_master").fetchone():
                check_schema(self._connection, self.path)
            migrate(self._connection)
            execute(f"PRAGMA journal_mode = {'DELETE' if self._batch_s else 'WAL'}")
            execute("PRAGMA synchronous = NORMAL")
            self._labels = {text: number for number, text in execute("SELECT id, text FROM labels")}
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Commit, fold the log into the file and give up the lock."""
        try:
            with translated(self.path):
                self.flush()
                with suppress(sqlite3.OperationalError):  # somebody reads: the log stays, and stays readable
                    self._connection.execute("PRAGMA journal_mode = DELETE")
        finally:
            self._connection.close()
            self._lock.release()

    def append(self, attempt: Attempt, run: int | None = None) -> None:
        """Write one attempt; on return it survives this process (within half a second on a network folder)."""
        with translated(self.path), self._transaction():
            self._connection.execute(schema.INSERT, schema.to_row(attempt, run, self._label))

    def extend(self, attempts: Iterable[Attempt]) -> int:
        """Write many attempts in one transaction, all or none; return how many."""
        count = 0
        with translated(self.path):
            self.flush()
            with self._transaction():
                for attempt in attempts:
                    self._connection.execute(schema.INSERT, schema.to_row(attempt, None, self._label))
                    count += 1
            self.flush()
        return count

    def add_environment(self, description: dict[str, Any]) -> str:
        """Keep the description of an environment; return the hash attempts refer to it by."""
        digest = environment.digest(description)
        with translated(self.path), self._transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO environments VALUES (?, ?)", (digest, json.dumps(description, sort_keys=True))
            )
        return digest

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
        self._pending_since = None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            self._labels = {text: number for number, text in self._connection.execute("SELECT id, text FROM labels")}
            raise
        self._pending_since = self._pending_since or time.monotonic()
        if time.monotonic() - self._pending_since >= self._batch_s:
            self.flush()

    def _label(self, text: str) -> int:
        number = self._labels.get(text)
        if number is None:
            cursor = self._connection.execute("INSERT INTO labels (text) VALUES (?)", (unicode_text(text),))
            number = self._labels[text] = int(cursor.lastrowid or 0)
        return number


def reusable_keys(connection: sqlite3.Connection, timeout_s: float, memory_mb: float) -> set[bytes | str]:
    """Return the keys, as stored, whose latest attempt still stands under these limits.

    All do, but a ``timeout`` or ``oom`` under limits less generous than these.
    """
    done: set[bytes | str] = set()
    rows = connection.execute(
        "SELECT key, text = 'timeout' AND ? > ifnull(timeout_s, 0) OR text = 'oom' AND ? > ifnull(memory_mb, 0)"
        " FROM attempts JOIN labels ON labels.id = status ORDER BY finished_at, attempts.id",
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
    labels = dict(connection.execute("SELECT id, text FROM labels"))
    for estimator, task, n, seed, key in connection.execute("SELECT estimator, task, n, seed, key FROM attempts"):
        yield labels[estimator], labels[task], n, seed, key


class _Lock:
    """An advisory lock that dies with its process."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + "-lock")
        while True:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise StoreError(
                    f"store {str(store)!r} cannot be written: {error.strerror}: {str(self._path)!r}"
                ) from error
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(self._descriptor, 200, 0).decode(errors="replace").strip()
                os.close(self._descriptor)
                raise StoreError(
                    f"store {str(store)!r} is being written by another run ({holder}); "
                    "wait for it, or give this one its own --store and merge the two"
                ) from None
            if self._is_current():
                break
            os.close(self._descriptor)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {os.getpid()} on {os.uname().nodename}\n".encode(), 0)

    def _is_current(self) -> bool:
        """Whether the locked file is still the one of that name, not one its last holder has just removed."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _command() -> list[str]:
    return [Path(sys.argv[0]).name if sys.argv[0] else "python", *sys.argv[1:]]


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into a :class:`StoreError` that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        advice = {
            "SQLITE_FULL": "; free some space and repeat the command: what was written stays",
            "SQLITE_CORRUPT": "; what is left of it can be saved: mibench export --store … -o saved.jsonl",
            "SQLITE_NOTADB": "; allowed: an SQLite store of mibench, or a .jsonl file",
        }.get(getattr(error, "sqlite_errorname", ""), "")
        raise StoreError(f"store {str(path)!r}: {error}{advice}") from error


def check_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Raise :class:`StoreError` where the file is no store, or one of a newer mibench."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != schema.APPLICATION_ID:
        raise StoreError(f"store {str(path)!r} is an SQLite file, but not a store of mibench")
    version = version_of(connection)
    if version > VERSION:
        raise StoreError(
            f"store {str(path)!r} was written by a newer mibench: it has schema version {version}; allowed: up to "
            f"{VERSION} (upgrade mibench)"
        )


@contextmanager
def reading(path: str | Path) -> Iterator[sqlite3.Connection]:
    """Open an SQLite store for reading, also while a run writes it and where its folder cannot be written."""
    file = Path(path)
    if not file.is_file():
        raise StoreError(f"store {str(path)!r} does not exist; mibench run writes one")
    with translated(file), tempfile.TemporaryDirectory(prefix="mibench-") as scratch:
        if not os.access(file.parent, os.W_OK) and file.with_name(file.name + "-wal").is_file():
            for part in file.parent.glob(file.name + "*"):
                shutil.copy(part, scratch)
            file = Path(scratch) / file.name
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            check_schema(connection, Path(path))
            yield connection
        finally:
            connection.close()


def read_runs(path: str | Path) -> "pd.DataFrame":
    """Return the runs of an SQLite store: suite, definition (JSON), command, versions, environment, times."""
    import pandas as pd

    with reading(path) as connection:
        cursor = connection.execute("SELECT * FROM runs ORDER BY id")
        return pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])


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
