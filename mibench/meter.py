"""Cost of a piece of work in this process: CPU and wall seconds, and the growth of resident memory."""

import os
import resource
import time
from types import TracebackType

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1e6


class Meter:
    """Context that measures what happens in it.

    Attributes:
        cpu_s: CPU time of all threads, and of the children that were waited for.
        wall_s: elapsed time.
        peak_mb: how far the resident memory rose above where it began, in MB; 0 where the kernel does not tell.
    """

    cpu_s = wall_s = peak_mb = 0.0

    def __enter__(self) -> "Meter":
        reset_peak()
        self._resident = resident_bytes()
        self._wall, self._cpu = time.perf_counter(), cpu_seconds()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.wall_s = max(0.0, time.perf_counter() - self._wall)
        self.cpu_s = max(0.0, cpu_seconds() - self._cpu)
        self.peak_mb = max(0, peak_bytes() - self._resident) / _MEGABYTE


def cpu_seconds() -> float:
    """Return the CPU time of this process, all its threads, and the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class ProcFile:
    """A file of ``/proc`` that is kept open, which makes reading it in every cell a fifth of the cost.

    It is opened anew in a forked process, which has another ``/proc/self``, and where other code in this process has
    closed its descriptor or put another file in its place.
    """

    def __init__(self, path: str, flags: int = os.O_RDONLY) -> None:
        self._path, self._flags = path, flags
        self._number = self._owner = -1
        self._identity = (0, 0)

    def read(self) -> bytes:
        """Return the content as it is now.

        Raises:
            OSError: the process that it tells of is gone, or there is no such file.
        """
        number = self._descriptor()
        content = os.pread(number, _CONTENT, 0)
        return content if len(content) < _CONTENT else os.pread(number, _LONG_CONTENT, 0)

    def write(self, content: bytes) -> None:
        """Write *content*.

        Raises:
            OSError: the kernel does not allow it.
        """
        os.write(self._descriptor(), content)

    def close(self) -> None:
        """Close the file, unless its descriptor stands for another by now."""
        if self._is_open():
            os.close(self._number)
        self._owner = -1

    def _descriptor(self) -> int:
        if not self._is_open():
            self._number = os.open(self._path, self._flags | os.O_CLOEXEC)
            self._owner, self._identity = os.getpid(), _identity(self._number)
        return self._number

    def _is_open(self) -> bool:
        try:
            return self._owner == os.getpid() and _identity(self._number) == self._identity
        except OSError:
            return False


#: The most bytes read of a file at once, and of one that turns out to be longer.
_CONTENT, _LONG_CONTENT = 8_192, 1_000_000


def _identity(number: int) -> tuple[int, int]:
    status = os.fstat(number)
    return status.st_dev, status.st_ino


_STATM, _STATUS = ProcFile("/proc/self/statm"), ProcFile("/proc/self/status")
_CLEAR_REFS = ProcFile("/proc/self/clear_refs", os.O_WRONLY)


def resident_bytes(pid: int | str = "self") -> int:
    """Return the resident memory of a process, 0 where it is gone."""
    if pid == "self":
        return memory_field(_STATM, 1)
    statm = ProcFile(f"/proc/{pid}/statm")
    try:
        return memory_field(statm, 1)
    finally:
        statm.close()


def data_bytes() -> int:
    """Return the private writable memory of this process, which ``RLIMIT_DATA`` limits."""
    return memory_field(_STATM, 5)


def memory_field(statm: ProcFile, field: int) -> int:
    """Return a field of a file ``/proc/PID/statm`` in bytes, 0 where the process is gone."""
    try:
        return int(statm.read().split()[field]) * _PAGE
    except (OSError, IndexError):
        return 0


def reset_peak() -> bool:
    """Start a new measurement of this process's peak resident memory; return whether the kernel allows it."""
    try:
        _CLEAR_REFS.write(b"5")
    except OSError:
        return False
    return True


def peak_bytes() -> int:
    """Return this process's peak resident memory since :func:`reset_peak`, 0 where the kernel does not tell."""
    try:
        return int(process_status().partition(b"VmHWM:")[2].split(None, 1)[0]) * 1024
    except (OSError, IndexError):
        return 0


def process_status() -> bytes:
    """Return ``/proc/self/status``: the memory and the signals of this process, among other things.

    Raises:
        OSError: there is none.
    """
    return _STATUS.read()
