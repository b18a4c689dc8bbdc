"""Scores of attempts: the attempts that count, and the error of each on the bounded scale."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from mibench.attempt import FAILURES, in_order
from mibench.protocol import Stream, parse_protocol
from mibench.task import SCALE_FLOOR

#: The estimator that every board shows and never ranks.
REFERENCE = "zero"

#: What identifies a cell whatever the estimator.
CELL = ["family", "task", "n", "seed"]


def in_grid(frame: pd.DataFrame, tasks: Collection[str], samples: Collection[int], protocol: str = "") -> pd.DataFrame:
    """Return the attempts on *tasks* (canonical specs) and *samples* by one protocol, for whatever suite."""
    return frame[frame["task"].isin(list(tasks)) & frame["n"].isin(list(samples)) & (frame["protocol"] == protocol)]


def current(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the attempts of the versions that count: of each task and each estimator, the version finished last.

    So a board never mixes two versions of one thing.

    Args:
        frame: attempts, one row a cell, as :func:`mibench.store.read_frame` returns them.
    """
    frame = in_order(frame)
    frame = frame[frame["task_version"] == _last(frame, "task_version", ["task"])]
    base = frame["estimator_version"].str.partition(";")[0]
    frame = frame[base == _last(frame.assign(base=base), "base", ["estimator"])]
    return frame[frame["estimator_version"] == _last(frame, "estimator_version", ["estimator", "task"])]


def _last(frame: pd.DataFrame, column: str, keys: list[str]) -> pd.Series:
    return frame.groupby(keys, sort=False)[column].transform("last")


def score(frame: pd.DataFrame) -> pd.DataFrame:
    """Return *frame* with the columns ``ok``, ``imputed``, ``truth``, ``error`` and ``score``.

    The score of a cell is min(|Î − I| / scale, 1) with scale = max(I, 0.1 nat). A failure scores 1 and is
    ``imputed``; ``unsupported`` has no score. ``error`` = Î − I in nats, of cells that are ``ok`` alone. The score of a
    stream's cell is that of its curve (:meth:`mibench.protocol.Stream.score`).
    """
    nats = frame["nats"].to_numpy(dtype=float, na_value=np.nan)
    status = frame["status"]
    ok = (status == "ok").to_numpy() & np.isfinite(nats)
    imputed = (status.isin(FAILURES) | (status == "ok")).to_numpy() & ~ok
    truth = frame.groupby("task", sort=False)["truth_nats"].transform("first").to_numpy(dtype=float, na_value=np.nan)
    error = np.where(ok, nats - truth, np.nan)
    bounded = np.minimum(np.abs(error) / np.maximum(truth, SCALE_FLOOR), 1.0)
    for row in np.flatnonzero(ok & (frame["protocol"] != "").to_numpy()):
        protocol = parse_protocol(frame["protocol"].iloc[row], 0)
        if isinstance(protocol, Stream):
            bounded[row] = protocol.score(frame["curve"].iloc[row] or (), truth[row])
    return frame.assign(ok=ok, imputed=imputed, truth=truth, error=error, score=np.where(imputed, 1.0, bounded))
