"""The fork server: imports the heavy libraries once, forks workers, and lets no process outlive the run.

A program of its own (:func:`main`), so that it never imports the user's ``__main__``: a script needs no main guard. It
is single-threaded and has run nothing of what it has imported, which is what makes forking it safe.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress

from mibench.meter import resident_bytes
from mibench.runner.config import WorkerConfig

from . import linux, worker
from .channel import Channel

#: Ends the server and its workers from another thread than the one that holds the control channel.
ABORT = signal.SIGUSR1


class ForkServer:
    """Forks and ends workers as its control channel says, and reports every worker's end."""

    def __init__(self, control: Channel, config: WorkerConfig, over: list[int], folder: str) -> None:
        self._control, self._config, self._over, self._folder = control, config, over, folder
        self._workers: dict[int, int] = {}
        self._heavy = config.heavy

    def serve(self) -> None:
        """Follow the control channel until it closes or a signal says it is over, then end every worker."""
        wakeup, notify = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(notify, warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(wakeup, selectors.EVENT_READ)
            try:
                while not self._over:
                    for key, _ in selector.select():
                        if key.fd == wakeup:
                            os.read(wakeup, 4096)
                            self._reap()
                        else:
                            self._follow()
            except (EOFError, OSError):
                pass
            finally:
                self._end_all()

    def _follow(self) -> None:
        message, descriptors = self._control.receive()
        if message["do"] == "fork":
            if message["heavy"]:
                self._import_heavy()
            self._fork(message["worker"], *descriptors)
        elif message["do"] == "kill":
            for pid, number in self._workers.items():
                if number == message["worker"]:
                    linux.kill_tree(pid)

    def _import_heavy(self) -> None:
        """Import what takes long, before the first worker that needs it is forked; other workers go on meanwhile."""
        modules, self._heavy = self._heavy, ()
        if modules:
            import_quietly(modules)

    def _fork(self, number: int, channel: int, output: int) -> None:
        scratch = f"{self._folder}/{number}"
        with suppress(OSError):
            os.mkdir(scratch, 0o700)  # noqa: PTH102
        pid = os.fork()
        if pid == 0:
            self._become_worker(channel, output, scratch)
        os.close(channel)
        os.close(output)
        self._workers[pid] = number
        self._control.send({"worker": number, "pid": pid})

    def _become_worker(self, channel: int, output: int, scratch: str) -> None:
        code = 1
        try:
            _close_all_but(channel, output)
            worker.enter(Channel(socket.socket(fileno=channel)), output, self._config, scratch)
            code = 0
        except BaseException:
            with suppress(OSError):
                os.write(output, traceback.format_exc().encode())
        finally:
            os._exit(code)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                pid, status = ended
                if pid in self._workers:
                    linux.kill_tree(pid)  # its process group lives on where it has left children
                    number = self._workers.pop(pid)
                    self._control.send({"worker": number, "status": status})
                    linux.remove(f"{self._folder}/{number}")
        for orphan in set(linux.children(os.getpid())) - self._workers.keys():
            linux.kill_tree(orphan)

    def _end_all(self) -> None:
        end_children()


def import_quietly(modules: Sequence[str]) -> None:
    """Import modules, and have the garbage collector leave them shared between workers."""
    for module in modules:
        with suppress(Exception):  # what cannot be imported fails in the cells that need it
            importlib.import_module(module)
    gc.collect()
    gc.freeze()


def end_children() -> None:
    """End every process below this one; return when none is left."""
    while remaining := linux.children(os.getpid()):
        for pid in remaining:
            linux.kill_tree(pid)
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _close_all_but(*kept: int) -> None:
    """Close every open file but the standard ones and *kept*."""
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX"))


def main(control: int, parent: int) -> None:
    """Run the fork server on the inherited socket *control* for process *parent*; its configuration is on stdin.

    This process forks it and stays as its supervisor: it ends whatever the fork server leaves behind, should that be
    killed, and removes the temporary folder of the run.
    """
    linux.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = tempfile.mkdtemp(prefix="mibench-run-")
    here = os.getpid()
    server = os.fork()
    if server == 0:
        code = 1
        try:
            _serve(control, here, folder)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(control)
    os.close(0)
    _supervise(server, parent)
    end_children()
    linux.remove(folder)


def _supervise(server: int, parent: int) -> None:
    """Wait for the fork server's end; tell it to end when this process is told to, or its parent has died."""

    def forward(number: int, _: object) -> None:
        if number == ABORT or os.getppid() != parent:
            os.kill(server, ABORT)
            os.kill(server, signal.SIGCONT)

    signal.signal(ABORT, forward)
    signal.signal(signal.SIGTERM, forward)
    linux.die_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        forward(signal.SIGTERM, None)
    with suppress(ChildProcessError):
        while os.waitpid(-1, 0)[0] != server:
            pass


def _serve(control: int, parent: int, folder: str) -> None:
    config = WorkerConfig(**json.load(sys.stdin))
    linux.adopt_orphans()
    over: list[int] = []  # handlers only note a signal: none may break off the ending of the workers

    def note(number: int, _: object) -> None:
        if number == ABORT or os.getppid() != parent:
            over.append(number)

    signal.signal(ABORT, note)
    signal.signal(signal.SIGTERM, note)
    linux.die_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        return
    import_quietly(config.modules)
    channel = Channel(socket.socket(fileno=control))
    with suppress(BrokenPipeError):  # the run is over before it began
        channel.send({"resident": resident_bytes(), "pid": os.getpid()})
        ForkServer(channel, config, over, folder).serve()
