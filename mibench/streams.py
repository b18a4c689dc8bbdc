"""Random streams, each a pure function of what it is for.

The seed of a stream is the SHA-256 of its purpose and its parts, so streams are independent of one another, of the
order of the work and of the machine. Global random state is neither read nor changed.
"""

import hashlib
import json

import numpy as np

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


def stream_seed(purpose: str, *parts: str | int) -> int:
    """Return the seed of the stream named by *purpose* and *parts*."""
    text = _ENCODE([purpose, *parts])
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def stream(purpose: str, *parts: str | int) -> np.random.Generator:
    """Return the generator of the stream named by *purpose* and *parts*."""
    return np.random.default_rng(stream_seed(purpose, *parts))


def sample_stream(task: str, task_version: str, n: int, seed: int) -> np.random.Generator:
    """Return the stream a task's samples are drawn from; it never depends on the estimator."""
    return stream("sample", task, task_version, n, seed)


def estimator_seed(estimator: str, task: str, task_version: str, n: int, seed: int) -> int:
    """Return the seed of :func:`estimator_stream`."""
    return stream_seed("estimator", estimator, task, task_version, n, seed)


def estimator_stream(estimator: str, task: str, task_version: str, n: int, seed: int) -> np.random.Generator:
    """The stream an estimator draws from; it holds no estimator version, so that two versions pair seed by seed."""
    return np.random.default_rng(estimator_seed(estimator, task, task_version, n, seed))
