"""Linux processes: what they use, what they started, and how to end all of it."""

import ctypes
import functools
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from mibench.meter import process_status, resident_bytes

_PDEATHSIG = 1
_CHILD_SUBREAPER = 36


@functools.cache
def libc() -> ctypes.CDLL:
    """Return the C library of this process."""
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
            send(member, signal.SIGSTOP)
        stopped |= new
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for member in stopped:
        send(member, signal.SIGKILL)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def open_state(pid: int) -> int:
    """Open the file that tells a process's state, to be read often; -1 where the process is gone."""
    try:
        return os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def is_stopped(state: int) -> bool:
    """Whether the process of :func:`open_state` has been stopped by a signal, or is traced."""
    try:
        return os.pread(state, 512, 0).rpartition(b") ")[2][:1] in (b"T", b"t")
    except OSError:
        return False


def tree_bytes(pid: int) -> int:
    """Return the resident memory of a process and its descendants; pages they share count once."""
    return resident_bytes(pid) + sum(map(_own_bytes, descendants(pid)))


def _own_bytes(pid: int) -> int:
    return _kilobytes(pid, "smaps_rollup", "Pss:") or resident_bytes(pid)


def _kilobytes(pid: int, file: str, name: str) -> int:
    """Return a line of a file of ``/proc/PID`` in bytes, 0 where there is none."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0


def mapped_shared_bytes(pid: int) -> int:
    """Return how much shared memory a process and its descendants have mapped and used."""
    return sum(_kilobytes(member, "status", "RssShmem:") for member in (pid, *descendants(pid)))


def shared_files(pid: int) -> dict[tuple[int, int], tuple[int, str]]:
    """Return the files in memory that a process and its descendants have open or mapped: bytes and name, by inode."""
    found: dict[tuple[int, int], tuple[int, str]] = {}
    for member in (pid, *descendants(pid)):
        with suppress(OSError):
            for entry in os.scandir(f"/proc/{member}/fd"):
                with suppress(OSError):
                    name = os.readlink(entry.path)  # noqa: PTH115
                    if name.startswith((_SHARED_FOLDER, "/memfd:")):
                        _note(found, entry.path, name)
        with suppress(OSError):
            for line in Path(f"/proc/{member}/maps").read_text(errors="replace").splitlines():
                _, folder, rest = line.partition(_SHARED_FOLDER)
                if folder:
                    _note(found, folder + rest, folder + rest)
    return found


def _note(found: dict[tuple[int, int], tuple[int, str]], path: str, name: str) -> None:
    with suppress(OSError):
        status = os.stat(path)  # noqa: PTH116
        found[status.st_dev, status.st_ino] = status.st_blocks * 512, name


_SHARED_FOLDER = "/dev/shm/"


def machine_shared_bytes() -> int:
    """Return the shared memory and files in memory of the whole machine, 0 where it is not told."""
    try:
        with open("/proc/meminfo", "rb") as file:  # noqa: PTH123
            for line in file:
                if line.startswith(b"Shmem:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def shared_folder_change() -> int:
    """Return a number that differs once a file has been made or removed among those in memory."""
    try:
        return os.stat(_SHARED_FOLDER).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


def shared_size(file: tuple[int, int], name: str) -> int:
    """Return the size of a file in memory, 0 where it no longer goes by that name."""
    with suppress(OSError):
        status = os.stat(name, follow_symlinks=False)  # noqa: PTH116
        if (status.st_dev, status.st_ino) == file:
            return status.st_blocks * 512
    return 0


def remove_shared(file: tuple[int, int], name: str) -> None:
    """Remove a file in memory where it still goes by that name and is this user's own."""
    with suppress(OSError):
        status = os.stat(name, follow_symlinks=False)  # noqa: PTH116
        if name.startswith(_SHARED_FOLDER) and (status.st_dev, status.st_ino) == file and status.st_uid == os.getuid():
            os.unlink(name)  # noqa: PTH108


def remove(path: str) -> None:
    """Remove a file, a link or a folder with all that is in it; what cannot be removed stays."""
    if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108


def signal_dispositions() -> bytes:
    """Return which signals this process blocks, ignores and catches, as the kernel writes it."""
    status = process_status()
    return status[status.index(b"SigBlk:") : status.index(b"CapInh:")]
