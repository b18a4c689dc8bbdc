"""Base and head results, pair by pair."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mibench.attempt import in_order

#: What a pair is matched on: never the key, which holds the estimator's version.
PAIR = ["estimator", "task", "task_version", "n", "seed"]

#: Values (and truths) that differ by no more are the same, in nats.
SAME = 1e-9


@dataclass(frozen=True)
class Pairs:
    """The cells that were measured on both sides, and those that were not.

    Attributes:
        frame: one row a pair: the columns of ``PAIR``, and of each side ``base_…`` and ``head_…`` the ``nats`` (NaN for
            a failure), the ``error`` = nats − truth and whether it ``failed``; ``changed`` where a value or the success
            is not what it was.
        missing: one line for each group of cells that is on one side only, or whose truths differ.
    """

    frame: pd.DataFrame
    missing: tuple[str, ...]


def pair(base: pd.DataFrame, head: pd.DataFrame) -> Pairs:
    """Pair two frames of attempts on (estimator spec, task spec, task version, n, seed).

    Of several attempts at one cell the one finished last counts. Cells that are ``unsupported`` on both sides are left
    out; one that is so on a single side is missing there.
    """
    merged = _measured(base).merge(_measured(head), on=PAIR, how="outer", suffixes=("_b", "_h"), indicator="side")
    both = merged[merged["side"] == "both"]
    same_truth = (both["truth_b"] - both["truth_h"]).abs().to_numpy() <= SAME
    missing = [
        *_groups(merged[merged["side"] == "left_only"], "not measured by the head"),
        *_groups(merged[merged["side"] == "right_only"], "not in the baseline (--accept adds it)"),
        *_groups(both[~same_truth], "another truth under the same task version: raise the task's version"),
    ]
    return Pairs(_pairs(both[same_truth]), tuple(missing))


def _measured(frame: pd.DataFrame) -> pd.DataFrame:
    frame = in_order(frame)
    frame = frame[frame["task_version"] == frame.groupby("task", sort=False)["task_version"].transform("last")]
    frame = frame.drop_duplicates(PAIR, keep="last")
    frame = frame[frame["status"] != "unsupported"]
    nats = pd.to_numeric(frame["nats"], errors="coerce").to_numpy(dtype=float)
    failed = (frame["status"] != "ok").to_numpy() | ~np.isfinite(nats)
    truth = pd.to_numeric(frame["truth_nats"], errors="coerce").astype(float)
    return frame[PAIR].assign(nats=np.where(failed, np.nan, nats), truth=truth, failed=failed)


def _groups(cells: pd.DataFrame, what: str) -> list[str]:
    lines = []
    for (estimator, task, version), group in cells.groupby(["estimator", "task", "task_version"]):
        samples = ", ".join(str(n) for n in sorted(group["n"].unique()))
        lines.append(f"{estimator} on {task} (version {version}), n = {samples}: {len(group)} cell(s) {what}")
    return lines


def _pairs(both: pd.DataFrame) -> pd.DataFrame:
    frame = both[PAIR].copy()
    for side, suffix in (("base", "_b"), ("head", "_h")):
        frame[f"{side}_nats"] = both[f"nats{suffix}"].astype(float)
        frame[f"{side}_error"] = frame[f"{side}_nats"] - both[f"truth{suffix}"]
        frame[f"{side}_failed"] = both[f"failed{suffix}"].astype(bool)
    moved = (frame["base_nats"] - frame["head_nats"]).abs() > SAME
    frame["changed"] = moved | (frame["base_failed"] != frame["head_failed"])
    return frame.reset_index(drop=True)
