"""Pictures and tables of the information between columns."""

import csv
import io
import math
from pathlib import Path

import numpy as np

from .dependence import Matrix
from .files import write_text


def render_csv(found: Matrix, unit: float = 1.0) -> str:
    """Return the matrix as CSV, names in the first row and column; empty where there is no value."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["", *found.names])
    for name, row in zip(found.names, found.nats / unit, strict=True):
        writer.writerow([name, *(f"{value:.6g}" if math.isfinite(value) else "" for value in row)])
    return file.getvalue()


def save(found: Matrix, stem: Path, unit_name: str = "nats", unit: float = 1.0) -> list[Path]:
    """Write ``STEM.csv`` and the heat map ``STEM.svg``, its columns in the clustered order; return the files."""
    import altair as alt
    import vl_convert

    stem.parent.mkdir(parents=True, exist_ok=True)
    order = [found.names[index] for index in found.order]
    values = found.nats / unit
    points = [
        {"x": a, "y": b, unit_name: float(values[i, j]) if math.isfinite(values[i, j]) else None}
        for i, a in enumerate(found.names)
        for j, b in enumerate(found.names)
        if i != j
    ]
    top = float(np.nanmax(values, initial=0.0))
    side = max(18, min(40, 640 // len(order)))
    chart = (
        alt.Chart(alt.InlineData(values=points))
        .mark_rect()
        .encode(
            x=alt.X("x:N", sort=order, title=None, axis=alt.Axis(labelAngle=-45)),
            y=alt.Y("y:N", sort=order, title=None),
            color=alt.Color(
                f"{unit_name}:Q", scale=alt.Scale(scheme="viridis", domain=[0, max(top, 1e-9)], clamp=True)
            ),
            tooltip=["x:N", "y:N", f"{unit_name}:Q"],
        )
        .properties(width=side * len(order), height=side * len(order))
    )
    files = [stem.with_name(f"{stem.name}.{ending}") for ending in ("csv", "svg")]
    for file, text in zip(files, (render_csv(found, unit), vl_convert.vegalite_to_svg(chart.to_json())), strict=True):
        write_text(file, text)
    return files
