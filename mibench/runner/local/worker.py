"""A worker: a forked process that does one piece of work after another, for code of one home."""

import os
import resource
import signal
import tempfile
from collections.abc import Mapping
from functools import partial
from typing import Any

from mibench.meter import data_bytes, resident_bytes
from mibench.runner.config import WorkerConfig

from . import linux
from .assignment import Assignment
from .cell import CellRunner
from .channel import Channel
from .process_state import ProcessState

_MEGABYTE = 1_000_000


def serve(channel: Channel, output: int, config: WorkerConfig, scratch: str) -> None:
    """Do what comes through *channel* until it closes; what it prints goes to the file *output*."""
    pid = os.getpid()
    state = ProcessState(output, scratch)
    runner: CellRunner | None = None
    while True:
        try:
            message, files = channel.receive()
        except (EOFError, OSError):
            return
        assignment = _assignment(message)
        state.seed(assignment.global_seed)
        if runner is None:
            runner = CellRunner(partial(config.load, assignment.home))
        outcomes = runner.run(assignment, files, partial(_ready, assignment, channel, state))
        if os.getpid() != pid:
            os._exit(0)  # a fork that the estimator let return
        for file in files:
            os.close(file)
        _limit_memory(None)
        clean = state.restore()
        channel.send(
            {
                "token": assignment.token,
                "outcomes": [outcome.to_message() for outcome in outcomes],
                "clean": clean,
                "resident": resident_bytes(),
            }
        )


def _assignment(message: Mapping[str, Any]) -> Assignment:
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in message.items()}
    return Assignment(**values)


def _ready(assignment: Assignment, channel: Channel, state: ProcessState) -> None:
    if assignment.announce:
        state.snapshot()
        state.seed(assignment.global_seed)
        channel.send({"token": assignment.token, "ready": resident_bytes()})
    _limit_memory(assignment.memory_mb)


def _limit_memory(megabytes: float | None) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = hard if megabytes is None else data_bytes() + int(megabytes * _MEGABYTE)
    resource.setrlimit(resource.RLIMIT_DATA, (soft if hard < 0 else min(soft, hard), hard))


def enter(channel: Channel, output: int, config: WorkerConfig, scratch: str) -> None:
    """Become a worker: a session of its own that ends with the fork server, with a temporary folder of its own."""
    os.setsid()
    linux.die_with_parent(signal.SIGKILL)
    linux.adopt_orphans()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.environ["TMPDIR"] = scratch
    tempfile.tempdir = None
    serve(channel, output, config, scratch)
