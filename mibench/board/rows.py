"""Rows of computed tables as parts of the view-model."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from .model import Curve, Measure, Result, Summary

Row = Mapping[Any, Any]

#: Points of a learning curve that are shown.
_CURVE_POINTS = 80
COSTS = ["cpu_q1", "cpu_median", "cpu_q3", "wall_median", "setup_median", "peak_mb"]


def rows_of(table: pd.DataFrame) -> dict[Any, Row]:
    """Return the rows of a table by its index."""
    return table.to_dict("index")  # type: ignore[return-value]


def measure(row: Row, name: str) -> Measure:
    """Return the value of a metric with its standard error."""
    return Measure(float(row[name]), float(row[f"{name}_se"]))


def summary(row: Row) -> Summary:
    """Return the metrics of an estimator on some cells."""
    return Summary(
        cells=int(row["cells"] - row["unsupported"]),
        ok=int(row["ok"]),
        repeated=int(row["repeated"]),
        score=float(row["score"]),
        bias=measure(row, "bias"),
        abs_bias=measure(row, "abs_bias"),
        sd=measure(row, "sd"),
        rmse=measure(row, "rmse"),
        mae=measure(row, "mae"),
    )


def result(row: Row) -> Result:
    """Return the metrics of an estimator on one task at one n."""
    plain = ["truth", "median", "median_low", "median_high", "relative_bias", "relative_rmse"]
    plain += [name for name in COSTS if name != "setup_median"]
    return Result(
        estimator=row["estimator"],
        task=row["task"],
        n=int(row["n"]),
        summary=summary(row),
        supported=row["unsupported"] < row["cells"],
        estimate=Measure(row["truth"] + row["bias"], row["bias_se"]),
        with_stderr=int(row["with_stderr"]),
        covered=int(row["covered"]),
        **{name: float(row[name]) for name in plain},
    )


def learning_curves(scored: pd.DataFrame) -> dict[str, tuple[Curve, ...]]:
    """Return the learning curves of each estimator: of each task the first seed at the largest n, thinned."""
    if "curve" not in scored:
        return {}
    rows = scored[scored["curve"].notna() & scored["ok"]]
    rows = rows[rows["n"] == rows.groupby(["estimator", "task"])["n"].transform("max")]
    rows = rows.sort_values(["estimator", "task", "seed"]).drop_duplicates(["estimator", "task"])
    found: dict[str, list[Curve]] = {}
    for row in rows[["estimator", "task", "n", "seed", "truth", "curve"]].to_dict("records"):
        points = row["curve"]
        keep = sorted({round(at) for at in np.linspace(0, len(points) - 1, min(len(points), _CURVE_POINTS))})
        thinned = tuple((float(points[at][0]), float(points[at][1])) for at in keep)
        found.setdefault(row["estimator"], []).append(
            Curve(row["task"], int(row["n"]), int(row["seed"]), float(row["truth"]), thinned)
        )
    return {name: tuple(curves) for name, curves in found.items()}
