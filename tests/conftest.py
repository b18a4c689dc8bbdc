"""Shared by all rooms: a folder and classes for one test only, and a realistic frame of attempts."""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import dataclasses
import hashlib
import importlib
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from mibench.attempt import Attempt, fields_of
from mibench.origin import entry_points
from mibench.registry import ESTIMATORS
from mibench.registry import TASKS as TASK_CLASSES

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")

TASKS = {
    "gaussian:dim=1,mi=0.5": ("gaussian", 0.5),
    "gaussian:dim=1,mi=2.0": ("gaussian", 2.0),
    "gaussian:dim=1,rho=0.0": ("independence", 0.0),
    "gaussian:dim=5,rho=0.0": ("independence", 0.0),
}
#: Bias as a share of the scale, spread at n = 1000 as a share of the scale, CPU seconds at n = 1000.
METHODS = {"sharp": (0.0, 0.02, 0.05), "biased": (-0.10, 0.02, 0.005), "noisy": (0.0, 0.20, 1.0)}


def _attempt(estimator: str, task: str, n: int, seed: int, **fields: object) -> Attempt:
    family, truth = TASKS.get(task, ("other", 1.0))
    key = hashlib.sha256(f"{estimator}|{fields.get('estimator_version', '1')}|{task}|{n}|{seed}".encode()).hexdigest()
    values: dict[str, object] = {
        "key": key, "suite": "trial", "family": family, "status": "ok", "truth_nats": truth, "nats": truth,
        "estimator_version": "1", "task_version": "1", "environment": "e1",
        "finished_at": f"2026-03-0{1 + seed % 5}T12:00:00Z",
    }  # fmt: skip
    values.update(fields)
    return Attempt(estimator=estimator, task=task, n=n, seed=seed, **values)  # type: ignore[arg-type]


def _frame(attempts: list[Attempt]) -> pd.DataFrame:
    frame = pd.DataFrame([dataclasses.asdict(item) for item in attempts])
    return frame.astype(dict.fromkeys(fields_of("real"), float)).assign(attempts=1)


def _make(
    methods: dict[str, tuple[float, float, float]] | None = None,
    tasks: dict[str, tuple[str, float]] | None = None,
    samples: tuple[int, ...] = (250, 1000),
    seeds: int = 8,
    seed: int = 0,
    with_zero: bool = True,
) -> pd.DataFrame:
    attempts = []
    for name, (bias, spread, cpu) in (methods or METHODS).items():
        rng = np.random.default_rng([seed, *name.encode()])
        for task, (family, truth) in (tasks or TASKS).items():
            scale = max(truth, 0.1)
            for n in samples:
                for index in range(seeds):
                    error = scale * (bias + spread * np.sqrt(1000 / n) * rng.standard_normal())
                    cost = cpu * (n / 1000) ** 1.5 * np.exp(0.1 * rng.standard_normal())
                    fields = {"nats": truth + error, "stderr": scale * spread, "cpu_s": cost, "wall_s": cost}
                    fields |= {"peak_mb": 10.0, "family": family, "truth_nats": truth}
                    attempts.append(_attempt(name, task, n, index, **fields))
    if with_zero:
        attempts += [
            _attempt("zero", task, n, index, nats=0.0, cpu_s=1e-6, family=family, truth_nats=truth)
            for task, (family, truth) in (tasks or TASKS).items()
            for n in samples
            for index in range(seeds)
        ]
    return _frame(attempts)


@pytest.fixture(scope="session")
def make_frame():
    """A frame of attempts of three methods of known quality and ``zero``; arguments change its make-up."""
    return _make


@pytest.fixture(scope="session")
def make_attempt():
    """One attempt, ``ok`` and exact unless the arguments say otherwise."""
    return _attempt


@pytest.fixture(scope="session")
def as_frame():
    """A list of attempts as a frame."""
    return _frame


@pytest.fixture
def temporary_classes():
    """Forget, after the test, every estimator and task that it registered besides the built-in ones."""
    yield
    for registry in (ESTIMATORS, TASK_CLASSES):
        registry._broken.clear()
        for cls, origin in registry.registered().values():
            if origin.kind != "built-in":
                registry.forget(cls.__module__)
                if origin.kind != "session":
                    sys.modules.pop(cls.__module__, None)


@pytest.fixture
def install(tmp_path, monkeypatch, temporary_classes):
    """Put a package with its entry points on the path, as pip would, for one test only."""

    def put(package: str, files: dict[str, str], points: dict[str, dict[str, str]], version: str = "1.0") -> None:
        site = tmp_path / f"site-{package}"
        info = site / f"{package}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in named.items()) for group, named in points.items()]
        (info / "entry_points.txt").write_text("".join(lines))
        (site / package).mkdir()
        for name, text in {"__init__.py": "", **files}.items():
            (site / package / name).write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        entry_points.cache_clear()
        packages.append(package)

    packages: list[str] = []
    yield put
    monkeypatch.undo()
    entry_points.cache_clear()
    for name in list(sys.modules):
        if name.partition(".")[0] in packages:
            del sys.modules[name]


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path, monkeypatch):
    """Run each test in a folder of its own, so that a default store is never written into the checkout."""
    monkeypatch.chdir(tmp_path)
