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


def resident_bytes(pid: int | str = "self") -> int:
    """Return the resident memory of a process, 0 where it is gone."""
    return memory_field(pid, 1)


def memory_field(pid: int | str, field: int) -> int:
    """Return a field of ``/proc/PID/statm`` in bytes, 0 where the process is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123  (twice as fast, in every cell)
            return int(file.read().split()[field]) * _PAGE
    except (OSError, IndexError):
        return 0


def reset_peak() -> bool:
    """Start a new measurement of this process's peak resident memory; return whether the kernel allows it."""
    try:
        with open("/proc/self/clear_refs", "wb", buffering=0) as file:  # noqa: PTH123
            file.write(b"5")
    except OSError:
        return False
    return True


def peak_bytes() -> int:
    """Return this process's peak resident memory since :func:`reset_peak`, 0 where the kernel does not tell."""
    try:
        with open("/proc/self/status", "rb") as file:  # noqa: PTH123
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
