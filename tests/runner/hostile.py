"""A plugin of estimators that misbehave, each in one way, and of two that would notice if another one's mess stayed."""

import ctypes
import math
import mmap
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mibench import Estimate, Estimator, register_estimator

_KEPT = []
_USED = []


class Unpicklable(Exception):
    def __init__(self, first, second):
        super().__init__(first)
        self.lock = threading.Lock()

    def __reduce__(self):
        raise RuntimeError("this exception refuses to be pickled")


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("this exception refuses to be printed")


def python_loop():
    while True:
        pass


def compiled_loop():
    re.match(r"(a+)+$", "a" * 60 + "b")


def compiled_sleep():
    ctypes.PyDLL(None).pause()


def segfault():
    ctypes.string_at(0)


def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_group():
    os.killpg(0, signal.SIGKILL)


def abort():
    ctypes.CDLL(None).abort()


def stop_itself():
    os.kill(os.getpid(), signal.SIGSTOP)


def close_everything():
    os.closerange(0, 4096)


def garble_messages():
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"nonsense")
        except OSError:
            continue


def ask_64_gb():
    _KEPT.append(np.ones(8_000_000_000))


def slow_leak():
    while True:
        _KEPT.append(np.ones(500_000))
        time.sleep(0.005)


def one_allocation():
    return len(b"x" * 2_000_000_000)


def one_shared_allocation():
    """Memory that no limit of data covers, filled in one call that holds the GIL."""
    shared = mmap.mmap(-1, 2_000_000_000)
    start = ctypes.addressof(ctypes.c_char.from_buffer(shared))
    ctypes.PyDLL(None).memset(ctypes.c_void_p(start), 1, ctypes.c_size_t(2_000_000_000))
    time.sleep(60)


def leak_in_child():
    subprocess.run([sys.executable, "-c", "x = []\nwhile True: x.append(b'x' * 1000000)"], check=True)


def unpicklable():
    raise Unpicklable(1, 2)


def unprintable():
    raise Unprintable


def leave():
    sys.exit(3)


def recurse():
    recurse()


def wrong_type():
    return 3.0


def nan():
    return Estimate(float("nan"))


def plus_infinity():
    return Estimate(float("inf"))


def minus_infinity():
    return Estimate(float("-inf"))


def leave_children():
    for session in (False, True):
        subprocess.Popen(["sleep", "1234"], start_new_session=session)
    subprocess.run(["sh", "-c", "setsid sleep 1234 & setsid sh -c 'sleep 1234 & exit' &"], check=True)


def leave_children_and_hang():
    leave_children()
    time.sleep(1234)


def leave_children_and_crash():
    leave_children()
    os._exit(1)


def leave_thread():
    threading.Thread(target=time.sleep, args=(1234,), daemon=True).start()


def return_twice():
    os.fork()


def close_stdout():
    sys.stdout.close()
    os.close(1)
    os.close(2)


def redirect_stdout():
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123


def change_folder():
    os.chdir("/")


def change_environment():
    os.environ["HOSTILE"] = "yes"
    os.environ.pop("HOME", None)


def replace_environment():
    os.environ = {"HOSTILE": "yes"}  # noqa: B003


def change_seeds():
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002


def change_handlers():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGSEGV, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0.2)


def change_errors():
    np.seterr(all="raise")
    sys.setrecursionlimit(60)


def flood():
    line = "x" * 999_999 + "\n"
    for _ in range(1000):
        sys.stdout.write(line)


#: Every fault with the status its cells must get.
FAULTS = {
    "timeout": [python_loop, compiled_loop, compiled_sleep, stop_itself, leave_children_and_hang],
    "crash": [segfault, kill_itself, kill_group, abort, close_everything, garble_messages, leave_children_and_crash],
    "oom": [ask_64_gb, slow_leak, one_allocation, one_shared_allocation],
    "error": [unpicklable, unprintable, leave, recurse, wrong_type],
    "nonfinite": [nan, plus_infinity, minus_infinity],
    "ok": [
        leave_children, leave_thread, return_twice, close_stdout, redirect_stdout, change_folder, change_environment,
        replace_environment, change_seeds, change_handlers, change_errors, flood,
    ],
}  # fmt: skip
STATUSES = {fault.__name__: status for status, faults in FAULTS.items() for fault in faults}
STATUSES |= {"exit_0": "crash", "exit_1": "crash", "leak_in_child": "oom"}
_FAULTS = {fault.__name__: fault for faults in FAULTS.values() for fault in faults}
_FAULTS |= {"exit_0": lambda: os._exit(0), "exit_1": lambda: os._exit(1), "leak_in_child": leak_in_child}


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@register_estimator("hostile")
@dataclass(frozen=True)
class Hostile(Estimator):
    """Does what ``fault`` says, then returns 1 where it still can."""

    fault: str

    def estimate(self, *blocks, rng):
        result = _FAULTS[self.fault]()
        return Estimate(1.0) if result is None or self.fault == "one_allocation" else result


@register_estimator("sloppy")
@dataclass(frozen=True)
class Sloppy(Estimator):
    """Depends on all the state of its process that it should not depend on."""

    def estimate(self, *blocks, rng):
        print("sloppy was here")
        with np.errstate(all="ignore"):
            pass
        state = {
            "moved": Path.cwd() == Path("/"),
            "home": os.environ.get("HOME", ""),
            "hostile": os.environ.get("HOSTILE", ""),
            "handlers": str([signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)]),
            "errors": str(np.geterr()),
            "recursion": sys.getrecursionlimit(),
        }
        globally = random.random() + np.random.random()  # noqa: NPY002
        return Estimate(globally + float(blocks[0].mean()), diagnostics=state)


@register_estimator("murderous")
@dataclass(frozen=True)
class Murderous(Estimator):
    """Kills the process that forked it."""

    victim: Literal["parent"] = "parent"

    def estimate(self, *blocks, rng):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1234)
        return Estimate(1.0)


@register_estimator("once")
@dataclass(frozen=True)
class Once(Estimator):
    """Works once in a process, then fails as ``how`` says."""

    how: Literal["error", "crash", "nan"]

    def estimate(self, *blocks, rng):
        if _USED:
            if self.how == "crash":
                os._exit(1)
            return Estimate(1 / 0 if self.how == "error" else math.nan)
        _USED.append(True)
        return Estimate(float(rng.random()))


@register_estimator("spender")
@dataclass(frozen=True)
class Spender(Estimator):
    """Prepares for 0.2 s, then uses the memory and the processor as told."""

    megabytes: int
    seconds: float

    def prepare(self):
        time.sleep(0.2)

    def estimate(self, *blocks, rng):
        held = np.ones(self.megabytes * 125_000)
        end = time.process_time() + self.seconds
        while time.process_time() < end:
            pass
        return Estimate(float(held[0]))


@register_estimator("parental")
@dataclass(frozen=True)
class Parental(Estimator):
    """Has a child in a session of its own while it works."""

    seconds: float = 0.02

    def estimate(self, *blocks, rng):
        child = subprocess.Popen(["sleep", "1234"], start_new_session=True)
        time.sleep(self.seconds)
        child.kill()
        child.wait()
        return Estimate(float(rng.random()))


@register_estimator("treacherous")
@dataclass(frozen=True)
class Treacherous(Estimator):
    """Kills the process that started the pool: on a cluster, the cluster's worker."""

    def estimate(self, *blocks, rng):
        os.kill(parent_of(parent_of(os.getppid())), signal.SIGKILL)
        time.sleep(1234)
        return Estimate(1.0)
