"""A worker: a forked process that runs one cell after another."""

import base64
import os
import resource
import signal
from functools import partial
from typing import Any

from mibench.meter import resident_bytes
from mibench.plugin import import_session, load_plugin
from mibench.runner.job import Job

from . import linux
from .cell import CellRunner
from .channel import Channel
from .process_state import ProcessState

_MEGABYTE = 1_000_000


def serve(channel: Channel, output: int, config: dict[str, Any]) -> None:
    """Run the jobs that come through *channel* until it closes; what they print goes to the file *output*."""
    pid = os.getpid()
    state = ProcessState(output)
    runner = CellRunner()
    loaded = False
    while True:
        try:
            message, _ = channel.receive()
        except (EOFError, OSError):
            return
        job, announce = Job(**message["job"]), message["announce"]
        state.seed(job.key)
        if not loaded:
            load_foreign(config)
            state.snapshot()
            loaded = True
        outcome = runner.run(job, partial(_ready, job, announce, channel, state))
        if os.getpid() != pid:
            os._exit(0)  # a fork that the estimator let return
        _limit_memory(None)
        clean = state.restore()
        channel.send({"outcome": outcome.to_message(), "clean": clean, "resident": resident_bytes()})


def _ready(job: Job, announce: bool, channel: Channel, state: ProcessState) -> None:
    if announce:
        state.snapshot()
        state.seed(job.key)
        channel.send({"ready": resident_bytes()})
    _limit_memory(job.memory_mb)


def _limit_memory(megabytes: float | None) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = hard if megabytes is None else linux.data_bytes() + int(megabytes * _MEGABYTE)
    resource.setrlimit(resource.RLIMIT_DATA, (soft if hard < 0 else min(soft, hard), hard))


def load_foreign(config: dict[str, Any]) -> None:
    """Load the plugin files and the classes of the script or notebook that started the run."""
    for path in config["plugins"]:
        load_plugin(path)
    import_session(base64.b64decode(config["session"]))


def enter(channel: Channel, output: int, config: dict[str, Any]) -> None:
    """Become a worker: a session of its own that ends with the fork server."""
    os.setsid()
    linux.die_with_parent(signal.SIGKILL)
    linux.adopt_orphans()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    serve(channel, output, config)
