"""Comparison of two sets of attempts, paired seed by seed: per cell, task, family and over all."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from .interval import CONFIDENCE, Interval, Layout, fixed_tasks_interval, holm

Level = Literal["all", "family", "task", "cell"]
Verdict = Literal["better", "worse", "no difference shown", "not comparable"]

_PAIR = ["family", "task", "n", "seed"]
_LEVELS: dict[Level, list[str]] = {"all": [], "family": ["family"], "task": ["family", "task"], "cell": _PAIR[:3]}


@dataclass(frozen=True)
class Difference:
    """The difference of the first's and the second's scores on a part of their tasks, negative favouring the first.

    Attributes:
        level: what part it is of: all, a family, a task, or a cell (a task at one n).
        family, task, n: which; empty and None above their level.
        pairs: how many seeds of how many tasks and n are compared.
        first_failed, second_failed: failures among them, each of score 1.
        score: the mean difference with its 95 % interval.
        adjusted_p: after Holm's correction for the number of differences at this level.
        verdict: of the first: better, worse, no difference shown, or not comparable.
        reason: why it is not comparable, or what limits the comparison.
    """

    level: Level
    family: str
    task: str
    n: int | None
    pairs: int
    first_failed: int
    second_failed: int
    score: Interval
    adjusted_p: float
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class CostRatio:
    """The first's CPU seconds over the second's, geometric mean, with its 95 % interval; NaN where not comparable."""

    ratio: float
    low: float
    high: float
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Comparison:
    """All differences between a first and a second, over all first, then families, tasks and cells."""

    first: str
    second: str
    differences: tuple[Difference, ...]
    cost: CostRatio


def compare(first: pd.DataFrame, second: pd.DataFrame, names: tuple[str, str]) -> Comparison:
    """Compare two sets of scored attempts, each of one estimator in one version.

    Pairs are cells of one task specification, task version, n and seed, which saw identical data.

    Args:
        first: scored attempts (see :func:`mibench.stats.score.score`) with the column ``hardware``.
        second: the same of the other.
        names: what to call them.
    """
    both = _merged(first, second)
    differences: list[Difference] = []
    for level, keys in _LEVELS.items():
        parts = both.groupby(keys) if keys else [((), both)]
        differences += _judged(level, [(tuple(key), part) for key, part in parts])
    return Comparison(*names, tuple(differences), _cost(both))


def _merged(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    columns = [*_PAIR, "task_version", "score", "imputed", "status", "cpu_s", "hardware"]
    both = first[columns].merge(second[columns], how="outer", on=_PAIR, suffixes=("_1", "_2"))
    paired = both["score_1"].notna() & both["score_2"].notna() & (both["task_version_1"] == both["task_version_2"])
    return both.assign(paired=paired, difference=(both["score_1"] - both["score_2"]).where(paired))


def _judged(level: Level, parts: list[tuple[tuple[Any, ...], pd.DataFrame]]) -> list[Difference]:
    intervals = [_interval(part, "difference") for _, part in parts]
    adjusted = holm(np.array([interval.p for interval in intervals]))
    found = []
    for (key, part), interval, p in zip(parts, intervals, adjusted, strict=True):
        paired = part[part["paired"]]
        place = dict(zip(_PAIR, key, strict=False))
        verdict, reason = _verdict(interval, float(p)), _reason(part)
        if len(paired) and verdict == "not comparable":
            reason = "a single seed tells nothing of the spread"
        found.append(
            Difference(
                level=level,
                family=place.get("family", ""),
                task=place.get("task", ""),
                n=int(place["n"]) if "n" in place else None,
                pairs=len(paired),
                first_failed=int(paired["imputed_1"].sum()),
                second_failed=int(paired["imputed_2"].sum()),
                score=interval,
                adjusted_p=float(p),
                verdict=verdict,
                reason=reason,
            )
        )
    return found


def _interval(part: pd.DataFrame, column: str) -> Interval:
    known = part[part[column].notna()]
    return fixed_tasks_interval(known[column].to_numpy(), Layout.of(known)) if len(known) else Interval.unknown()


def _verdict(interval: Interval, p: float) -> Verdict:
    if math.isnan(p):
        return "not comparable"
    if p > 1 - CONFIDENCE:
        return "no difference shown"
    return "better" if interval.mean < 0 else "worse"


def _reason(part: pd.DataFrame) -> str:
    """Return why some cells of *part* have no partner, or that the two are identical."""
    if part["paired"].all():
        return "identical scores" if (part["difference"] == 0).all() else ""
    lone = part[~part["paired"]]
    reasons = []
    for suffix, name, other in (("_1", "the first", "the second"), ("_2", "the second", "the first")):
        status = lone[f"status{suffix}"]
        if (status == "unsupported").any():
            tasks = lone.loc[status == "unsupported", "task"].nunique()
            some = f"{name} does not support {tasks} task{'' if tasks == 1 else 's'}"
            reasons.append(some if part["paired"].any() else f"unsupported by {name}")
        if status.isna().any():
            reasons.append(f"{status.isna().sum()} cells were run for {other} alone")
    known = lone[lone["task_version_1"].notna() & lone["task_version_2"].notna()]
    if (known["task_version_1"] != known["task_version_2"]).any():
        reasons.append("the task's versions differ")
    return "; ".join(reasons)


def _cost(both: pd.DataFrame) -> CostRatio:
    done = both[both["paired"] & (both["status_1"] == "ok") & (both["status_2"] == "ok")]
    done = done[(done["cpu_s_1"] > 0) & (done["cpu_s_2"] > 0)]
    same = done[done["hardware_1"] == done["hardware_2"]]
    if same.empty:
        reason = "no cell was timed for both" if done.empty else "they ran on different hardware"
        return CostRatio(math.nan, math.nan, math.nan, "not comparable", reason)
    ratio = np.log(same["cpu_s_1"].astype(float) / same["cpu_s_2"].astype(float))
    interval = _interval(same.assign(ratio=ratio), "ratio")
    low, mean, high = (math.exp(value) for value in (interval.low, interval.mean, interval.high))
    return CostRatio(mean, low, high, _verdict(interval, interval.p), "")
