"""Frames of attempts, made from errors."""

import numpy as np
import pandas as pd
import pytest

from mibench.gates.accuracy.pairs import PAIR


def make_frame(errors, estimator="gaussian:correction=none", task="gaussian:dim=1,mi=1.0", n=100, truth=1.0, **columns):
    """One attempt a seed; an error of None is a failure."""
    rows = [
        {
            "key": f"{estimator}{task}{n}{seed}",
            "estimator": estimator,
            "task": task,
            "task_version": "1",
            "n": n,
            "seed": seed,
            "status": "error" if error is None else "ok",
            "nats": np.nan if error is None else truth + error,
            "truth_nats": truth,
            "finished_at": "2030-01-01T00:00:00",
            **columns,
        }
        for seed, error in enumerate(errors)
    ]
    frame = pd.DataFrame(rows)
    return frame.astype({"nats": float, "seed": int, "n": int})[
        ["key", *PAIR, "status", "nats", "truth_nats", "finished_at"]
    ]


@pytest.fixture
def frame():
    return make_frame
