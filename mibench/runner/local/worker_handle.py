"""The parent's side of a worker: its channel, its output, its deadline and its memory."""

import fcntl
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from mibench.runner.job import Job

from . import linux
from .channel import channels
from .launcher import ForkServerClient

#: The least time that imports and ``prepare`` may take, in seconds; a cell's own limit begins after them.
SETUP_S = 120.0
#: The least memory that imports and ``prepare`` may take, in MB.
SETUP_MB = 4_000.0
#: The most of a cell's output that is kept, in bytes.
OUTPUT_BYTES = 64_000
#: Output beyond this is dropped from the disk while the cell still prints.
_FLOOD_BYTES = 4_000_000
#: A worker whose memory stays grown by this share of a cell's ceiling is replaced.
_GROWTH = 0.25
_MEGABYTE = 1_000_000


class WorkerHandle:
    """One worker process, running one job or none."""

    def __init__(self, number: int, server: ForkServerClient) -> None:
        self.number = number
        self.pid = 0
        self.job: Job | None = None
        self.cells = 0
        self.connected = True
        self.channel, theirs = channels()
        self._output = _output_file()
        self._prepared: set[tuple[str, bool]] = set()
        self._slim = self._resident = server.resident
        self._in_setup = False
        self._started = self._peak_mb = self.deadline = 0.0
        server.fork(number, theirs.fileno(), self._output)
        theirs.close()

    def fileno(self) -> int:
        """The descriptor, for a selector."""
        return self.channel.fileno()

    def assign(self, job: Job) -> None:
        """Send the worker a job."""
        name = job.estimator, job.lifted
        self._in_setup = name not in self._prepared
        self._prepared.add(name)
        self.job = job
        self._started, self._peak_mb = time.monotonic(), 0.0
        self.deadline = self._started + (max(SETUP_S, job.timeout_s) if self._in_setup else job.timeout_s)
        with suppress(OSError):  # that a worker has died is told by its end's report
            self.channel.send({"job": job.to_record(), "announce": self._in_setup})

    def ready(self, resident: int) -> None:
        """Begin the cell's own time and memory: ``prepare`` is over."""
        assert self.job is not None
        self._slim += max(0, resident - self._resident)
        self._in_setup, self._resident = False, resident
        self._started = time.monotonic()
        self.deadline = self._started + self.job.timeout_s

    def release(self, resident: int) -> bool:
        """Note the memory a cell has left behind; return whether all of them together have left little."""
        assert self.job is not None
        self._resident = resident
        return resident - self._slim < _GROWTH * self.job.memory_mb * _MEGABYTE

    def overdue(self) -> str | None:
        """Say that the cell has taken longer than it may, or return None."""
        if self.job is None or time.monotonic() < self.deadline:
            return None
        if self._in_setup:
            return f"prepare() took longer than {max(SETUP_S, self.job.timeout_s):g} s"
        return f"took longer than {self.job.timeout_s:g} s"

    def overweight(self) -> str | None:
        """Say that the cell uses more memory than it may, or return None."""
        if self.job is None or not self.pid:
            return None
        used = (linux.tree_bytes(self.pid) - self._resident) / _MEGABYTE
        self._peak_mb = max(self._peak_mb, used)
        allowed = max(SETUP_MB, self.job.memory_mb) if self._in_setup else self.job.memory_mb
        return f"used {used:.0f} MB; the limit is {allowed:g} MB" if used > allowed else None

    def spent(self) -> dict[str, Any]:
        """Return what a cell that could not report itself has cost, as seen from outside."""
        if self._in_setup:
            return {"setup_s": time.monotonic() - self._started}
        return {"wall_s": time.monotonic() - self._started, "peak_mb": self._peak_mb}

    def drop_flood(self) -> None:
        """Keep a cell that prints without end from filling the disk."""
        size = os.fstat(self._output).st_size
        if size > _FLOOD_BYTES:
            os.ftruncate(self._output, OUTPUT_BYTES + 1)

    def take_output(self) -> str:
        """Return what the cell has printed, cut, and empty the file for the next."""
        size = os.fstat(self._output).st_size
        if size == 0:
            return ""
        text = os.pread(self._output, OUTPUT_BYTES, 0).decode(errors="replace")
        os.ftruncate(self._output, 0)
        return text + "\n[cut here]" if size > OUTPUT_BYTES else text

    def close(self) -> None:
        """Release the parent's ends."""
        self.channel.close()
        os.close(self._output)


def _output_file() -> int:
    """Open a nameless temporary file that is appended to, so that emptying it never leaves a hole."""
    descriptor, name = tempfile.mkstemp(prefix="mibench-output-")
    Path(name).unlink()
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
    return descriptor
