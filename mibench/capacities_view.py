"""Capacity and entanglement as a chart (SVG, self-contained HTML), traversals of a decoder as a picture."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from .capacities import ORACLES, PAIRS, TASK, TRUTH, Capacities, Trace
from .curve_view import write_chart
from .errors import StoreError
from .files import replacing
from .picture import png
from .registry import get_task

_TITLES = {"tc": "Total correlation TC(z) (nats)", "xz": "I(x; z) (nats)"}
_RATE = "rate E KL of the encoder (nats)"
#: The encoder whose decoder is kept, the sprite in the middle that is moved, and where its latents are moved to.
DRAWN, _SPRITE = "c5-0", 1 * 768 + 2 * 256 + 0 * 64 + 4 * 8 + 4
_VALUES = np.linspace(-2, 2, 9)


def save(found: Capacities, folder: Path) -> list[Path]:
    """Write the chart, ``capacity.svg`` and ``.html``, and ``traversals-c5-0.png`` into a folder; return the paths."""
    from .board.figures import configured

    files = write_chart(configured(chart(found)), folder / "capacity")
    path = folder / f"traversals-{DRAWN}.png"
    with replacing(path) as temporary:
        try:
            temporary.write_bytes(png(traversals(), zoom=3))
        except OSError as error:
            raise StoreError(f"{str(path)!r} cannot be written: {error.strerror}") from error
    return [*files, path]


def chart(found: Capacities) -> Any:
    """Return the Altair chart: TC(z) and I(x; z) by rate; the truth black, the oracle grey, estimators in colour."""
    import altair as alt

    panels = [_panel(found, pair) for pair in PAIRS]
    subtitle = "black: the truth; grey: minibatch-stratified sampling, an oracle that sees the encoder"
    if found.traces:
        subtitle += f"; colours: estimates, n = {found.n:,}"
    title = alt.TitleParams(
        "β-VAEs by what they transmit", subtitle=subtitle + "; means of 3 trainings", anchor="start"
    )
    return alt.hconcat(*panels).properties(title=title)


def _panel(found: Capacities, pair: str) -> Any:
    import altair as alt

    from .board.figures.style import looks

    stratified = next(trace for trace in found.oracles if trace.label == ORACLES["stratified"])
    drawn = [found.truth, stratified, *found.traces]
    own = looks([trace.label for trace in found.traces])
    grey = {TRUTH: ("black", "circle", (1, 0)), stratified.label: ("#999999", "square", (4, 3))}
    styles = {label: grey.get(label) or tuple(own[label]) for label in (trace.label for trace in drawn)}
    order = list(styles)
    ranges: list[Any] = [[styles[label][at] for label in order] for at in range(3)]
    x = alt.X("rate:Q", title=_RATE, scale=alt.Scale(zero=False, padding=15))
    y = alt.Y("nats:Q", title=_TITLES[pair])
    legend = alt.Legend(orient="bottom", columns=4, title=None, labelLimit=0)
    channels: list[Any] = [
        channel("estimator:N", sort=order, scale=alt.Scale(domain=order, range=ranges[at]),
                legend=legend)
        for at, channel in enumerate((alt.Color, alt.Shape, alt.StrokeDash))
    ]  # fmt: skip
    tips: list[Any] = [
        "estimator:N",
        "training:N",
        alt.Tooltip("rate:Q", format=".2f"),
        alt.Tooltip("nats:Q", format=".4f"),
    ]
    rows = [row for trace in drawn for row in _rows(found, trace, pair)]
    base = alt.Chart(alt.InlineData(values=rows)).encode(x, y, color=channels[0], tooltip=tips)
    lines = base.mark_line(strokeWidth=1.6).encode(strokeDash=channels[2])
    points = base.mark_point(filled=True).encode(shape=channels[1])
    names = (
        alt.Chart(alt.InlineData(values=_rows(found, found.truth, pair)))
        .mark_text(dy=-11 if pair == "tc" else 13, fontSize=10, color="black")
        .encode(x, y, text="training:N")
    )
    return alt.layer(lines, points, names).properties(width=330, height=300)


def _rows(found: Capacities, trace: Trace, pair: str) -> list[dict[str, Any]]:
    values = zip(found.trainings, found.rates, getattr(trace, pair), strict=True)
    return [
        {"estimator": trace.label, "training": training, "rate": round(rate, 4), "nats": round(nats, 5)}
        for training, rate, nats in values
        if math.isfinite(nats)
    ]


def traversals() -> np.ndarray:
    """Return grey values: a row a latent, which goes from −2 to 2 while the others stay at a large sprite's means."""
    task: Any = get_task(f"{TASK}:asset={DRAWN}")
    middle = task.posterior.mean[_SPRITE]
    rows = []
    for latent in range(len(middle)):
        z = np.tile(middle, (len(_VALUES), 1))
        z[:, latent] = _VALUES
        side = math.isqrt(task.decoded(z).shape[1])
        tiles = [np.pad(image.reshape(side, side), 1, constant_values=0.5) for image in task.decoded(z)]
        rows.append(np.hstack(tiles))
    grey: np.ndarray = np.rint(255 * (1 - np.vstack(rows))).astype(np.uint8)
    return grey


def table(found: Capacities) -> list[list[str]]:
    """Return rows: the truth, the oracles and each estimator; of each TC(z), then I(x; z), by training."""
    traces = (found.truth, *found.oracles, *found.traces)
    return [
        [trace.label, *(f"{value:.3f}" if math.isfinite(value) else "failed" for value in (*trace.tc, *trace.xz))]
        for trace in traces
    ]
