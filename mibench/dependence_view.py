"""Pictures and tables of the information between columns."""

import csv
import io
import math
from pathlib import Path

import numpy as np

from .dependence import Matrix
from .errors import InputError
from .files import check_folder, make_folder, write_text
from .text import csv_text, plain_text


def render_csv(found: Matrix, unit: float = 1.0) -> str:
    """Return the matrix as CSV, names in the first row and column; empty where there is no value."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = [csv_text(name) for name in found.names]
    writer.writerow(["", *names])
    for name, row in zip(names, found.nats / unit, strict=True):
        writer.writerow([name, *(f"{value:.6g}" if math.isfinite(value) else "" for value in row)])
    return file.getvalue()


def check_stem(stem: Path, source: Path) -> None:
    """Raise an error where :func:`save` would not write to *stem*, or would write over *source*, the data's file."""
    if not stem.name or stem.is_dir():
        raise InputError(
            f"output is {str(stem)!r}, a folder; allowed: where files begin, such as {str(stem / 'matrix')!r}"
        )
    for file in _files(stem):
        if file.resolve() == source.resolve():
            raise InputError(f"output is {str(stem)!r}, whose {file.name!r} is the data; allowed: another name")
    check_folder(stem.parent)


def _files(stem: Path) -> list[Path]:
    return [stem.with_name(f"{stem.name}.{ending}") for ending in ("csv", "svg")]


def save(found: Matrix, stem: Path, unit_name: str = "nats", unit: float = 1.0) -> list[Path]:
    """Write ``STEM.csv`` and the heat map ``STEM.svg``, its columns in the clustered order; return the files."""
    import altair as alt
    import vl_convert

    make_folder(stem.parent)
    names = [plain_text(name) for name in found.names]
    order = [names[index] for index in found.order]
    values = found.nats / unit
    points = [
        {"x": a, "y": b, unit_name: float(values[i, j]) if math.isfinite(values[i, j]) else None}
        for i, a in enumerate(names)
        for j, b in enumerate(names)
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
    files = _files(stem)
    for file, text in zip(files, (render_csv(found, unit), vl_convert.vegalite_to_svg(chart.to_json())), strict=True):
        write_text(file, text)
    return files
