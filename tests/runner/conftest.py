import os
import sys
import uuid
from pathlib import Path

import psutil
import pytest

import mibench
from mibench.registry import ESTIMATORS, TASKS, forget
from mibench.runner.request import Request, run_plan
from mibench.store import Store, read_frame

HOSTILE = Path(__file__).with_name("hostile.py")
ATTACKS = Path(__file__).with_name("hostile_wall.py")


@pytest.fixture(scope="module")
def hostile():
    """The module of hostile estimators, loaded as a plugin and forgotten at the end."""
    yield from _loaded(HOSTILE)


@pytest.fixture(scope="module")
def attacks():
    """The module of attacks on the runner, loaded as a plugin and forgotten at the end."""
    yield from _loaded(ATTACKS)


def _loaded(path):
    mibench.load_plugin(path)
    name, module = next(
        (name, module) for name, module in sys.modules.items() if getattr(module, "__file__", None) == str(path)
    )
    yield module
    for registry in (ESTIMATORS, TASKS):
        for cls, origin in list(registry.registered().values()):
            if origin.kind == "file":
                forget(cls.__module__)
                sys.modules.pop(cls.__module__, None)  # or another file would not be loaded again
    sys.modules.pop(name, None)


@pytest.fixture
def small(tmp_path):
    """Run estimators on one small task; return the frame of all attempts' cells."""

    def run(estimators, store=tmp_path / "small.sqlite", workers=2, fresh=False, plugins=(HOSTILE,), **choices):
        request = Request(
            suite="quick",
            estimators=estimators,
            plugins=plugins,
            **{"tasks": ["gaussian:dim=1,mi=1"], "samples": [50], "seeds": 2, "timeout_s": 60.0, "memory": "1GB"}
            | choices,
        )
        plan = request.plan()
        with Store(store) as opened:
            summary = run_plan(plan, opened, workers=workers, fresh=fresh, progress=False)
        frame = read_frame(store)
        frame.attrs["summary"] = summary
        return frame

    return run


@pytest.fixture
def strays(monkeypatch):
    """Fail where a process started meanwhile is left: one of a worker, or of what it has started."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv("MIBENCH_TEST", mark)
    found = []
    yield found
    found += [line for pid in psutil.pids() if pid != os.getpid() and (line := _command(pid, mark))]
    assert found == []


def _command(pid, mark):
    """Return the command of a process that has inherited *mark*; a zombie is none."""
    try:
        process = psutil.Process(pid)
        return " ".join(process.cmdline()) if process.environ().get("MIBENCH_TEST") == mark else ""
    except psutil.Error:
        return ""
