"""The parent's side of the fork server."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import Any, NoReturn

from mibench.environment import SINGLE_THREAD
from mibench.errors import EngineError
from mibench.runner.config import WorkerConfig

from . import linux
from .channel import Channel
from .forkserver import ABORT

_PATIENCE_S = 10.0


class ForkServerClient:
    """A running fork server; it ends, with all its workers, when this object is closed or its process ends."""

    def __init__(self, config: WorkerConfig) -> None:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = f"import sys; sys.path[:] = {sys.path!r}; from mibench.runner.local.forkserver import main; "
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"{path}main({theirs.fileno()}, {os.getpid()})"],
                stdin=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**os.environ, **SINGLE_THREAD},
            )
        self._channel = Channel(mine)
        try:
            self._configure(config)
        except OSError:
            self._fail()

    @property
    def resident(self) -> int:
        """The resident memory a worker begins with; waits for the server, which imports while its parent prepares."""
        return self._hello[0]

    @cached_property
    def _hello(self) -> tuple[int, int]:
        """The server's resident memory and process id."""
        try:
            message = self._channel.receive()[0]
            return int(message["resident"]), int(message["pid"])
        except (EOFError, OSError):
            self._fail()

    def is_stopped(self) -> bool:
        """Return whether the server or its supervisor has been stopped by a signal."""
        return any(map(linux.is_stopped, self._states))

    @cached_property
    def _states(self) -> tuple[int, int]:
        """The open files that tell the states of the server and its supervisor, which are looked at in every cell."""
        return linux.open_state(self._hello[1]), linux.open_state(self._process.pid)

    def kill(self) -> None:
        """End the server at once, whatever it does; its supervisor ends the workers."""
        linux.send(self._hello[1], signal.SIGKILL)
        linux.send(self._process.pid, signal.SIGCONT)

    def _fail(self) -> NoReturn:
        self.close()
        raise EngineError("the worker processes could not be started; their message stands above") from None

    def _configure(self, config: WorkerConfig) -> None:
        assert self._process.stdin is not None
        with self._process.stdin as pipe:
            pipe.write(config.to_json().encode())

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._channel.fileno()

    def fork(self, worker: int, heavy: bool, *descriptors: int) -> None:
        """Have worker number *worker* forked, with its end of a channel and the file its output goes to."""
        with suppress(OSError):  # a server that has died is found by its closed channel
            self._channel.send({"do": "fork", "worker": worker, "heavy": heavy}, descriptors, wait=False)

    def end(self, worker: int) -> None:
        """Have a worker ended, with all it has started."""
        with suppress(OSError):
            self._channel.send({"do": "kill", "worker": worker}, wait=False)

    def abort(self) -> None:
        """End the server and every worker from any thread; its channel then closes."""
        self._process.send_signal(ABORT)

    def reports(self) -> Iterator[dict[str, Any]]:
        """Yield the reports that have come: ``{worker, pid}`` of a fork, ``{worker, status}`` of an end.

        Raises:
            EOFError: the server has died.
        """
        while (report := self._channel.poll()) is not None:
            yield report

    def close(self) -> None:
        """End the server and every worker; return when none is left."""
        self._channel.close()
        for state in self.__dict__.pop("_states", ()):
            if state >= 0:
                os.close(state)
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
