"""Process-wide state (streams, folder, environment, signal handlers), saved before a cell and restored after it."""

import os
import random
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from . import linux


class ProcessState:
    """The state of a worker between cells: a snapshot that :meth:`restore` returns to.

    Standard output and error, working directory, environment, signal handlers and timers are put back, and what was
    left in the temporary folder is removed. What cannot be
    (threads and children left running, NumPy's error handling, the import path, torch's settings) makes
    :meth:`restore` return False: the worker is then replaced by a fresh one.
    """

    def __init__(self, output: int, scratch: str) -> None:
        self._output, self._scratch = output, scratch
        self._null = os.open(os.devnull, os.O_RDONLY)
        self._redirect()
        self._take()

    def _take(self) -> None:
        self._folder = os.getcwd()  # noqa: PTH109
        self._environ, self._variables, self._encoded = os.environ, dict(os.environ), dict(_encoded())
        self._dispositions = linux.signal_dispositions()
        self._handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
        self._caught = [number for number, handler in self._handlers.items() if callable(handler)]
        self._settings = _settings()
        self._threads = threading.active_count()
        self._streams = sys.stdin, sys.stdout, sys.stderr
        self._files = set(_listed(self._scratch))

    def _redirect(self) -> None:
        os.dup2(self._null, 0)
        os.dup2(self._output, 1)
        os.dup2(self._output, 2)
        self._identity = _identity(self._output)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", buffering=1, errors="replace", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, errors="replace", closefd=False)  # noqa: SIM115

    def seed(self, number: int) -> None:
        """Seed the global generators, so that nothing depends on the cells before."""
        random.seed(number)
        np.random.seed(number)  # noqa: NPY002
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(number)

    def snapshot(self) -> None:
        """Take the present state as the one to return to: what imports and ``prepare`` have set is meant to stay."""
        self._take()

    def restore(self) -> bool:
        """Put back what can be; return whether the process is as it was."""
        self._flush()
        if (sys.stdin, sys.stdout, sys.stderr) != self._streams or not self._streams_open():
            self._redirect()
            self._streams = sys.stdin, sys.stdout, sys.stderr
        if _folder() != self._folder:
            os.chdir(self._folder)
        if os.environ is not self._environ or _encoded() != self._encoded:
            os.environ = self._environ  # noqa: B003  (the object that was there)
            os.environ.clear()
            os.environ.update(self._variables)
        self._restore_handlers()
        _end_resource_tracker()
        for name in _listed(self._scratch):
            if name not in self._files:
                linux.remove(f"{self._scratch}/{name}")
        return self._settings_kept() and threading.active_count() <= self._threads and not _has_children()

    def _settings_kept(self) -> bool:
        """Compare the settings; those of a torch that the cell was the first to import have nothing to compare with."""
        before, self._settings = self._settings, _settings()
        return before == self._settings[: len(before)]

    def _restore_handlers(self) -> None:
        """Look at all handlers only where the kernel's masks, or one of the few that are caught, tell of a change."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        kept = all(signal.getsignal(number) is self._handlers[number] for number in self._caught)
        if kept and linux.signal_dispositions() == self._dispositions:
            return
        for number, handler in self._handlers.items():
            if signal.getsignal(number) is not handler and handler is not None:
                signal.signal(number, handler)

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        linux.libc().fflush(None)

    def _streams_open(self) -> bool:
        return (
            not any(stream.closed for stream in self._streams)
            and _identity(1) == self._identity
            and _identity(2) == self._identity
            and _identity(0) is not None
        )


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  (in every cell)
    except OSError:
        return []


def _end_resource_tracker() -> None:
    """End the process by which ``multiprocessing`` follows shared memory; it removes what was left behind."""
    module = sys.modules.get("multiprocessing.resource_tracker")
    tracker = getattr(module, "_resource_tracker", None)
    if getattr(tracker, "_pid", None) is not None:
        with suppress(Exception):
            tracker._stop()  # type: ignore[union-attr]


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _encoded() -> Mapping[Any, Any]:
    """Return the environment undecoded, as ``os.environ`` holds it, which is sixty times as quick to compare.

    Where ``prepare`` has put another mapping in its place, it is that.
    """
    encoded: Mapping[Any, Any] = getattr(os.environ, "_data", os.environ)
    return encoded


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:
        return None


def _settings() -> tuple[Any, ...]:
    """Return the state that is cheap to compare and cannot be put back with certainty."""
    torch = sys.modules.get("torch")
    settings: tuple[Any, ...] = (tuple(sorted(np.geterr().items())), tuple(sys.path), sys.getrecursionlimit())
    if torch is None:
        return settings
    return (
        *settings,
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
    )


def _has_children() -> bool:
    """Return whether a child still runs; those that have ended are waited for."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return False
    return True
