"""Devices: where a cell runs. A run chooses it; no spec or key holds it, as it decides costs and rounding alone."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

from .errors import EngineError
from .estimator import Device, Estimator

CPU = "cpu"

_current = CPU


def current_device() -> str:
    """Return the device that the cell being run is meant for, as torch names it; ``cpu`` outside of cells.

    An estimator whose ``Tags.devices`` name more than the CPU reads it in ``prepare`` and ``estimate``.
    """
    return _current


@contextmanager
def on_device(name: str) -> Iterator[None]:
    """Have :func:`current_device` return *name* ("" for the CPU) for a while."""
    global _current
    before, _current = _current, name or CPU
    try:
        yield
    finally:
        _current = before


def device_for(estimator: Estimator, wanted: str) -> str:
    """Return where *estimator* runs when *wanted* is asked for, as records say it: "" for the CPU."""
    return wanted if wanted != CPU and wanted in estimator.get_tags().devices else ""


def check_device(name: str) -> str:
    """Return the name of the accelerator that stands for the device *name* here, "" for the CPU.

    Must not be called in a process that forks workers: CUDA, once initialised, does not survive a fork.

    Raises:
        EngineError: there is no such device, here or at all.
    """
    if name not in get_args(Device):
        raise EngineError(f"device is {name!r}; allowed: {' or '.join(get_args(Device))}")
    if name == CPU:
        return ""
    if importlib.util.find_spec("torch") is None:
        raise EngineError(f"device {name!r} needs torch: pip install 'mibench[neural]'")
    import torch

    if not torch.cuda.is_available():
        raise EngineError(f"device {name!r} is not available: torch finds no CUDA device here; allowed: cpu")
    return str(torch.cuda.get_device_name(0))
