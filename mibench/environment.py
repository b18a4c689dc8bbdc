"""Environments: the hardware and software that results are measured with."""

import hashlib
import importlib.metadata
import json
import os
import platform
from functools import cache
from pathlib import Path
from typing import Any

#: Environment variables of a process that measures: one thread, since more would contend for the cores of others.
SINGLE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}

_PACKAGES = ("mibench", "numpy", "scipy", "scikit-learn", "numba", "pandas", "torch")


@cache
def capture(gpu: str = "") -> dict[str, Any]:
    """Describe this machine and its software: CPU, cores, threads of a worker, memory, system, BLAS, packages.

    *gpu* is the accelerator that the run makes use of, if any; it is told, as looking for it would initialise it.
    """
    import psutil

    return {
        "cpu": _cpu_model(),
        **({"gpu": gpu} if gpu else {}),
        "cores": os.cpu_count(),
        "threads": 1,
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "blas": _blas(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def digest(environment: dict[str, Any]) -> str:
    """Return the content hash by which attempts refer to an environment."""
    return hashlib.sha256(json.dumps(environment, sort_keys=True).encode()).hexdigest()[:16]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _blas() -> str:
    """Return the linear algebra NumPy was built with; it decides the last digits and the speed of what uses it."""
    import numpy as np

    built: dict[str, Any] = np.show_config(mode="dicts") or {}  # type: ignore[assignment]
    blas = built.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
