"""The lock of a store's writer."""

import fcntl
import os
from pathlib import Path

from mibench.errors import StoreError


class Lock:
    """An advisory lock on ``STORE-lock`` that dies with its process.

    Raises:
        StoreError: another process holds it, or the folder cannot be written.
    """

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + "-lock")
        while True:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
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
        """Return whether the locked file is still the one of that name, not one its last holder has just removed."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give the lock up; a lock file that another process has put in its place is left alone."""
        if self._is_current():
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
