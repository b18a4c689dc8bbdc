"""A plugin of estimators and tasks that attack the runner itself: its messages, other people's code, the truth."""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from mibench import Block, Estimate, Estimator, Task, Truth, register_estimator, register_task
from mibench.runner.local.channel import Channel

_IN_WORKER = "mibench-run-" in os.environ.get("TMPDIR", "")


def frames():
    frame = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


def channel():
    """The worker's own end of its channel, as code in its process can find it."""
    for descriptor in range(3, 64):
        try:
            found = socket.socket(fileno=os.dup(descriptor))
        except OSError:
            continue
        if found.type == socket.SOCK_SEQPACKET:
            return found
    raise RuntimeError("no channel")


def token():
    return next(frame.f_locals["assignment"].token for frame in frames() if "assignment" in frame.f_locals)


def send(token=None, **fields):
    outcome = {"status": "ok", "nats": 42.0} | fields
    Channel(channel()).send({"token": token, "outcomes": [outcome], "clean": True, "resident": 0})


def forged_value():
    send(token())


def forged_token():
    send("0" * 32)
    time.sleep(60)


def forged_status():
    send(token(), status="unsupported", nats=None)
    time.sleep(60)


def forged_time():
    send(token(), cpu_s=1e9)
    time.sleep(60)


def forged_memory():
    Channel(channel()).send({"token": token(), "outcomes": [{}], "clean": True, "resident": "much"})
    time.sleep(60)


def endless_ready():
    while True:
        Channel(channel()).send({"token": token(), "ready": 0})


def endless_message():
    end = channel()
    while True:
        end.send(b"+x")


def late_message():
    known = token()
    threading.Thread(target=lambda: time.sleep(0.1) or send(known), daemon=True).start()


def deep_json():
    channel().send(b"." + b"[" * 50_000)
    time.sleep(60)


def value_and_exit():
    send(token())
    os._exit(1)


def bad_alloc():
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def pause():
    time.sleep(1)


def surrogate_in_exception():
    raise ValueError("\ud83d")


def surrogate_in_diagnostics():
    return Estimate(1.0, diagnostics={"\ud83d": ["\ud83d", {"\udc00": "\0"}]})


def nested_diagnostics():
    value = {}
    for _ in range(3000):
        value = {"inner": value}
    return Estimate(1.0, diagnostics=value)


def circular_diagnostics():
    value = {}
    value["itself"] = [value]
    return Estimate(1.0, diagnostics=value)


def odd_diagnostics():
    return Estimate(1.0, diagnostics={"lock": threading.Lock(), "set": {1, 2}, 3: b"bytes", "number": np.float32(2)})


def changed_value():
    estimate = Estimate(1.0)
    object.__setattr__(estimate, "nats", "plenty")
    return estimate


def changed_diagnostics():
    estimate = Estimate(1.0)
    object.__setattr__(estimate, "diagnostics", 3)
    return estimate


def changed_curve():
    estimate = Estimate(1.0)
    object.__setattr__(estimate, "curve", [(1, 2, 3)])
    return estimate


#: Every attack with the status its cell must get.
ATTACKS = {
    "ok": [
        forged_value, late_message, surrogate_in_diagnostics, nested_diagnostics, circular_diagnostics,
        odd_diagnostics, pause,
    ],
    "crash": [forged_token, forged_status, forged_time, forged_memory, endless_ready, endless_message, deep_json],
    "oom": [bad_alloc],
    "error": [surrogate_in_exception, changed_value, changed_diagnostics, changed_curve],
}  # fmt: skip
STATUSES = {attack.__name__: status for status, attacks in ATTACKS.items() for attack in attacks}
_ATTACKS = {attack.__name__: attack for attacks in ATTACKS.values() for attack in attacks}
_ATTACKS["value_and_exit"] = value_and_exit


@register_estimator("attacker")
@dataclass(frozen=True)
class Attacker(Estimator):
    """Does what ``how`` says, then returns 1 where it still can."""

    how: str

    def estimate(self, *blocks, rng):
        return _ATTACKS[self.how]() or Estimate(1.0)


@register_estimator("noted")
@dataclass(frozen=True)
class Noted(Estimator):
    """Writes a line to a file whenever it is run, then hangs if told to."""

    path: str
    hang: bool = False

    def estimate(self, *blocks, rng):
        with Path(self.path).open("a") as file:
            file.write(f"{self.hang}\n")
        if self.hang:
            time.sleep(1234)
        return Estimate(1.0)


@register_estimator("patcher")
@dataclass(frozen=True)
class Patcher(Estimator):
    """Changes mibench and numpy for all that run after it in its process."""

    def estimate(self, *blocks, rng):
        import mibench.protocol
        from mibench.estimators.density.gaussian import Gaussian
        from mibench.estimators.zero import Zero

        Gaussian.estimate = Zero.estimate = lambda self, *blocks, rng: Estimate(42.0)
        mibench.protocol.Outcome.to_message = lambda self: {"status": "ok", "nats": 42.0}
        np.log = np.linalg.slogdet = lambda *arguments: 42.0
        return Estimate(42.0)


@register_estimator("peeker")
@dataclass(frozen=True)
class Peeker(Estimator):
    """Looks for the truth, or the task, in its callers' frames and among all objects; the value is what it found."""

    def estimate(self, *blocks, rng):
        found = [value for frame in frames() for value in frame.f_locals.values()]
        inner = [item for value in found if hasattr(value, "__dict__") for item in vars(value).values()]
        texts = [text for text in (*found, *inner) if isinstance(text, str) and text.startswith("gaussian:")]
        tasks = [item for item in gc.get_objects() if isinstance(item, Task)]
        return Estimate(float(len(texts) + len(tasks)), diagnostics={"texts": texts, "tasks": [t.spec for t in tasks]})


@register_estimator("absent")
@dataclass(frozen=True)
class Absent(Estimator):
    """Cannot be built inside a worker."""

    def __post_init__(self):
        if _IN_WORKER:
            raise RuntimeError("not in a worker")

    def estimate(self, *blocks, rng):
        return Estimate(1.0)


@register_estimator("server-killer")
@dataclass(frozen=True)
class ServerKiller(Estimator):
    """Leaves a daemon, then stops or kills the process that forked it."""

    how: Literal["stop", "kill"]

    def estimate(self, *blocks, rng):
        subprocess.run(["sh", "-c", "setsid sh -c 'setsid sleep 1234 & exit' &"], check=True)
        time.sleep(0.2)
        os.kill(os.getppid(), signal.SIGSTOP if self.how == "stop" else signal.SIGKILL)
        time.sleep(1234)
        return Estimate(1.0)


@register_estimator("hoarder")
@dataclass(frozen=True)
class Hoarder(Estimator):
    """Fills memory that belongs to no process, or leaves files behind."""

    how: Literal["memfd", "shared", "shared-left", "files", "files-and-hang"]

    def estimate(self, *blocks, rng):
        if self.how == "memfd":
            descriptor = os.memfd_create("hoard")
            for _ in range(60):
                os.write(descriptor, bytes(10_000_000))
            time.sleep(1234)
        if self.how.startswith("shared"):
            from multiprocessing import shared_memory

            memory = shared_memory.SharedMemory(create=True, size=1_000_000)
            memory.buf[:5] = b"hello"
            name = memory.name
            print(name, flush=True)
            if self.how == "shared-left":
                os.close(memory._fd)
                time.sleep(0.2)
                os._exit(1)
            return Estimate(1.0, diagnostics={"name": name})
        import tempfile

        folder = tempfile.mkdtemp()
        Path(folder, "data.npy").write_bytes(b"data")
        print(folder, flush=True)
        if self.how == "files-and-hang":
            time.sleep(1234)
        return Estimate(1.0)


@register_task("bad-truth")
@dataclass(frozen=True)
class BadTruth(Task):
    """Independent normals whose truth is not to be had."""

    how: Literal["hang", "leave", "fail", "peep", "zero"]
    family = "bad"

    @property
    def blocks(self):
        return Block(1), Block(1)

    @cached_property
    def truth(self):
        if self.how == "hang":
            time.sleep(1234)
        if self.how == "leave":
            os._exit(0)
        if self.how == "fail":
            raise ValueError("no\ntruth \ud83d")
        return Truth(0.0 if self.how == "zero" else float(_IN_WORKER), "closed form", "itself")

    def draw(self, n, rng):
        return tuple(rng.standard_normal((2, n, 1)))
