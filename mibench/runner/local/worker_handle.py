"""The parent's side of a worker: its channel, its output, its deadline and its memory."""

import fcntl
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from mibench.meter import ProcFile, memory_field
from mibench.protocol import Outcome, OutcomeError
from mibench.runner.job import Job

from . import linux
from .assignment import Assignment
from .channel import MessageError, channels
from .flight import Flight
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
#: Growth of the machine's shared memory beyond which each cell's share of it is looked up.
_SHARED_BYTES = 16_000_000
#: By how much a worker's clock and this one may differ.
_CLOCK_SLACK_S = 1.0
_CORES = os.cpu_count() or 1


class Done(NamedTuple):
    """A worker's report that it has done its work.

    Attributes:
        outcomes: what came of each of its cells, or of all of them together.
        clean: whether the worker is as it was before.
    """

    outcomes: tuple[Outcome, ...]
    clean: bool


class WorkerHandle:
    """One worker process, doing one piece of work or none, for code of one home."""

    def __init__(self, number: int, home: tuple[str, ...], heavy: bool, server: ForkServerClient) -> None:
        self.number, self.home, self.heavy = number, home, heavy
        self.pid = 0
        self._statm: ProcFile | None = None
        self.flight: Flight | None = None
        self.cells = 0
        self.connected = True
        self.channel, theirs = channels()
        self._output = _output_file()
        self._prepared: set[tuple[Any, ...]] = set()
        self._slim = self._resident = server.resident
        self._token = ""
        self._in_setup = False
        self._born = time.monotonic()
        self._started = self._peak_mb = self.deadline = 0.0
        self._shared_before = self._folder_before = 0
        self._shared: dict[tuple[int, int], str] = {}
        server.fork(number, heavy, theirs.fileno(), self._output)
        theirs.close()

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self.channel.fileno()

    def forked(self, pid: int) -> None:
        """Note the worker's process."""
        self.pid, self._statm = pid, ProcFile(f"/proc/{pid}/statm")

    @property
    def _job(self) -> Job:
        assert self.flight is not None
        return self.flight.job

    @property
    def _limit_s(self) -> float:
        """Seconds left of the time limit."""
        assert self.flight is not None
        return self.flight.limit_s

    def assign(self, flight: Flight, machine_shared: int) -> None:
        """Send the worker a job's present stage; *machine_shared* is what :meth:`overweight` compares with."""
        assignment = Assignment.of(flight.jobs, flight.work, self.home, self._prepared)
        self._in_setup = assignment.announce
        self._prepared.add(assignment.subject)
        self.flight, self._token = flight, assignment.token
        self._started, self._peak_mb = time.monotonic(), 0.0
        self.deadline = self._started + (max(SETUP_S, self._limit_s) if self._in_setup else self._limit_s)
        self._shared_before, self._folder_before = machine_shared, linux.shared_folder_change()
        with suppress(OSError):  # that a worker has died is told by its end's report
            self.channel.send(vars(assignment), flight.files)

    def take(self, message: Any) -> Done | None:
        """Return what a message reports, or None where it only says that the work proper begins.

        Raises:
            MessageError: it is not the next message due about the work that this worker was given.
            OutcomeError: what it says came of it cannot be.
        """
        if type(message) is not dict or self.flight is None or message.get("token") != self._token:
            raise MessageError("a message about no work of this worker")
        if message.keys() == {"token", "ready"} and self._in_setup:
            self._ready(self._memory(message["ready"]))
            return None
        if message.keys() != {"token", "outcomes", "clean", "resident"}:
            raise MessageError("a message that is not due")
        outcomes = self._outcomes(message["outcomes"])
        self._resident = self._memory(message["resident"])
        grown = self._resident - self._slim
        clean = message["clean"] is True and grown < _GROWTH * self._job.memory_mb * _MEGABYTE
        return Done(outcomes, clean)

    def _outcomes(self, told: Any) -> tuple[Outcome, ...]:
        """Return one outcome for each job, or one for all where they have failed or have but been prepared for."""
        assert self.flight is not None
        jobs = len(self.flight.jobs)
        if type(told) is not list or len(told) not in (1, jobs):
            raise MessageError(f"what came of {jobs} cells is no list of that length")
        outcomes = tuple(Outcome.from_message(outcome) for outcome in told)
        for outcome in outcomes:
            self._check_clock(outcome)
        values = any(outcome.status in ("ok", "nonfinite") for outcome in outcomes)
        if self._in_setup and values:
            raise MessageError("a value before the work has begun")
        if values and len(told) < jobs and self.flight.work in ("cell", "estimate"):
            raise MessageError(f"one value of {jobs} cells")
        return outcomes

    def _memory(self, told: Any) -> int:
        """Return the worker's resident memory as it tells it, and no more than it has."""
        if type(told) is not int or told < 0:
            raise MessageError(f"resident memory is {told!r}"[:100])
        return min(told, memory_field(self._statm, 1)) if self._statm else told

    def _check_clock(self, outcome: Outcome) -> None:
        """Raise where more time is reported than has passed since the worker was forked."""
        most = time.monotonic() - self._born + _CLOCK_SLACK_S
        for name, limit in [("wall_s", most), ("sample_s", most), ("setup_s", most), ("cpu_s", most * _CORES)]:
            if (getattr(outcome, name) or 0) > limit:
                raise OutcomeError(f"{name} is {getattr(outcome, name):g}; allowed: the time that has passed")

    def _ready(self, resident: int) -> None:
        """Begin the work's own time and memory: imports and ``prepare`` are over."""
        self._slim += max(0, resident - self._resident)
        self._in_setup, self._resident = False, resident
        self._started = time.monotonic()
        self.deadline = self._started + self._limit_s

    def extend(self, seconds: float) -> None:
        """Move the deadline, since this process did not look for a while."""
        self.deadline += seconds

    @property
    def elapsed_s(self) -> float:
        """Seconds that the work proper has taken."""
        return 0.0 if self._in_setup else time.monotonic() - self._started

    def overdue(self) -> str | None:
        """Return that the cell has taken longer than it may, or None."""
        if self.flight is None or time.monotonic() < self.deadline:
            return None
        if self._in_setup:
            return f"prepare() took longer than {max(SETUP_S, self._job.timeout_s):g} s"
        return f"took longer than {self._job.timeout_s:g} s"

    def overweight(self, machine_shared: int) -> str | None:
        """Return that the cell uses more memory than it may, or None.

        Args:
            machine_shared: the shared memory of the whole machine; where it has grown, the cell's share is looked up.
        """
        if self.flight is None or not self.pid:
            return None
        used = linux.tree_bytes(self.pid) - self._resident
        grown = machine_shared > self._shared_before + _SHARED_BYTES
        if grown or linux.shared_folder_change() != self._folder_before:
            used += max(0, self._shared_bytes() - linux.mapped_shared_bytes(self.pid))
        used_mb = used / _MEGABYTE
        self._peak_mb = max(self._peak_mb, used_mb)
        allowed = max(SETUP_MB, self._job.memory_mb) if self._in_setup else self._job.memory_mb
        return f"used {used_mb:.0f} MB; the limit is {allowed:g} MB" if used_mb > allowed else None

    def _shared_bytes(self) -> int:
        """Return the size of the files in memory that the worker and its descendants have open, or once had."""
        held = linux.shared_files(self.pid)
        self._shared |= {file: name for file, (_, name) in held.items()}
        closed = sum(linux.shared_size(file, name) for file, name in self._shared.items() if file not in held)
        return closed + sum(size for size, _ in held.values())

    def remove_shared(self) -> None:
        """Remove the shared memory that the work has left under a name."""
        if linux.shared_folder_change() != self._folder_before and self.pid:
            self._shared_bytes()
        for file, name in self._shared.items():
            linux.remove_shared(file, name)
        self._shared.clear()

    def spent(self) -> dict[str, Any]:
        """Return what a cell that could not report itself has cost, as seen from outside."""
        if self._in_setup:
            return {"setup_s": time.monotonic() - self._started}
        return {"wall_s": time.monotonic() - self._started, "peak_mb": max(0.0, self._peak_mb)}

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
        if self._statm:
            self._statm.close()


def _output_file() -> int:
    """Open a nameless temporary file that is appended to, so that emptying it never leaves a hole."""
    descriptor, name = tempfile.mkstemp(prefix="mibench-output-")
    Path(name).unlink()
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
    return descriptor
