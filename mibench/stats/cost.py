"""Cost of estimators on each class of hardware, and its growth with n and with dimension."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from .interval import CONFIDENCE


@dataclass(frozen=True)
class Growth:
    """The exponent b of cost ∝ x^b, with its 95 % interval (NaN where two points per line leave none)."""

    exponent: float
    low: float
    high: float
    points: int


def costs(scored: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return CPU quartiles, wall median and peak memory of the cells that are ok, grouped by *keys*."""
    done = scored.loc[scored["ok"], [*keys, "cpu_s", "wall_s", "peak_mb", "setup_s"]]
    numeric = {name: done[name].astype(float) for name in ("cpu_s", "wall_s", "peak_mb", "setup_s")}
    groups = done.assign(**numeric).groupby(keys)
    shares = {"cpu_q1": 0.25, "cpu_median": 0.5, "cpu_q3": 0.75}
    quartiles = pd.DataFrame({name: groups["cpu_s"].quantile(share) for name, share in shares.items()})
    rest = groups.agg(
        wall_median=("wall_s", "median"), peak_mb=("peak_mb", "max"), setup_median=("setup_s", "median"),
        timed=("cpu_s", "count"),
    )  # fmt: skip
    return quartiles.join(rest)


def growth(points: pd.DataFrame, x: str, line: list[str]) -> Growth | None:
    """Fit ln cost = a_line + b·ln x by least squares over *points*, an intercept for each line; None for no slope.

    Args:
        points: rows with ``cpu_median``, the column *x* and the columns *line*.
        x: the column cost grows with.
        line: the columns that tell one line from another.
    """
    points = points[(points["cpu_median"] > 0) & (points[x] > 0)]
    if points.empty:
        return None
    logs = pd.DataFrame({"x": np.log(points[x].astype(float)), "y": np.log(points["cpu_median"])})
    lines = points.groupby(line).ngroup()
    centred = logs - logs.groupby(lines).transform("mean")
    spread = float((centred["x"] ** 2).sum())
    if spread < 1e-12:
        return None
    slope = float((centred["x"] * centred["y"]).sum() / spread)
    used = logs.groupby(lines)["x"].transform("nunique") > 1
    df = int(used.sum()) - lines[used].nunique() - 1
    if df < 1:
        return Growth(slope, np.nan, np.nan, int(used.sum()))
    residual = centred["y"] - slope * centred["x"]
    stderr = math.sqrt(float((residual[used] ** 2).sum()) / df / spread)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, df)) * stderr
    return Growth(slope, slope - reach, slope + reach, int(used.sum()))
