"""Linux processes: what they use, what they started, and how to end all of it."""

import ctypes
import functools
import os
import signal
from contextlib import suppress
from pathlib import Path

from mibench.meter import memory_field, resident_bytes

_PDEATHSIG = 1
_CHILD_SUBREAPER = 36


@functools.cache
def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals) -> None:
    """Have the kernel send this process signal *number* when its parent ends, however it ends."""
    libc().prctl(_PDEATHSIG, int(number), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every orphaned descendant, so that none gets out of reach."""
    libc().prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid: int) -> list[int]:
    """Return the children of a process, of all its threads."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    """Return the children of a process, their children, and so on."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def kill_tree(pid: int) -> None:
    """End a process, its process group and its descendants, also those in groups of their own.

    All are stopped before the first is killed, so that none can start another meanwhile.
    """
    stopped: set[int] = set()
    while new := {pid, *descendants(pid)} - stopped:
        for member in new:
            _send(member, signal.SIGSTOP)
        stopped |= new
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for member in stopped:
        _send(member, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def data_bytes(pid: int | str = "self") -> int:
    """Return the private writable memory of a process, which ``RLIMIT_DATA`` limits."""
    return memory_field(pid, 5)


def tree_bytes(pid: int) -> int:
    """Return the resident memory of a process and its descendants; pages they share count once."""
    return resident_bytes(pid) + sum(map(_own_bytes, descendants(pid)))


def _own_bytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return resident_bytes(pid)


def signal_dispositions() -> bytes:
    """Return which signals this process blocks, ignores and catches, as the kernel writes it."""
    with open("/proc/self/status", "rb") as file:  # noqa: PTH123
        status = file.read()
    return status[status.index(b"SigBlk:") : status.index(b"CapInh:")]
