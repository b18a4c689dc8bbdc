"""Learning curves as a chart (SVG, self-contained HTML) and as text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .curves import REACH, LearningCurve
from .files import make_folder, write_text

#: Width of the labels left of a text plot.
_MARGIN = 9


def save_chart(curve: LearningCurve, stem: Path) -> list[Path]:
    """Write ``stem.svg`` and ``stem.html``, each whole or not at all; the HTML needs no network. Return the paths."""
    return write_chart(chart(curve), stem)


def write_chart(drawn: Any, stem: Path) -> list[Path]:
    """Write an Altair chart as ``stem.svg`` and ``stem.html``, as :func:`save_chart` does."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(drawn.to_json())
    pages = {stem.with_name(stem.name + ".svg"): svg, stem.with_name(stem.name + ".html"): drawn.to_html(inline=True)}
    make_folder(stem.parent)
    for path, text in pages.items():
        write_text(path, text.rstrip() + "\n")
    return list(pages)


def chart(curve: LearningCurve) -> Any:
    """Return the Altair chart: one line a seed, told apart by colour and dash; the truth dashed, named beside it."""
    import altair as alt

    from .board.figures.style import COLOURS, DASHES

    seeds = [str(run.seed) for run in curve.runs]
    colours = [COLOURS[place % len(COLOURS)] for place in range(len(seeds))]
    dashes = [list(DASHES[place // 2 % len(DASHES)]) for place in range(len(seeds))]
    legend = alt.Legend(orient="bottom", columns=10)
    points = [
        {"step": int(step), "nats": round(value, 5), "seed": str(run.seed)}
        for run in curve.runs
        for step, value in run.curve
        if np.isfinite(value)
    ]
    truth = alt.Chart(
        alt.InlineData(values=[{"nats": curve.truth_nats, "label": f"true value {curve.truth_nats:.4f}"}])
    )
    lines = (
        alt.Chart(alt.InlineData(values=points))
        .mark_line(strokeWidth=1.2, opacity=0.85)
        .encode(
            x=alt.X("step:Q", title="training step"),
            y=alt.Y("nats:Q", title="nats"),
            color=alt.Color("seed:N", title="seed", scale=alt.Scale(domain=seeds, range=colours), legend=legend),
            strokeDash=alt.StrokeDash(
                "seed:N", title="seed", scale=alt.Scale(domain=seeds, range=dashes), legend=legend
            ),
            tooltip=["seed:N", "step:Q", "nats:Q"],
        )
    )
    rule = truth.mark_rule(strokeDash=[6, 4], color="black").encode(y="nats:Q")
    title = alt.TitleParams(curve.task, subtitle=curve.estimator, anchor="start")
    if len(curve.levels) > 1:
        return alt.layer(lines, _staircase(curve)).properties(width=600, height=320, title=title)
    name = truth.mark_text(align="left", baseline="middle", dx=6, color="black").encode(
        y="nats:Q", text="label:N", x=alt.XValue("width")
    )
    return alt.layer(lines, rule, name).properties(width=600, height=320, title=title)


def _staircase(curve: LearningCurve) -> Any:
    """Return the true value of each step, dashed."""
    import altair as alt

    last = max((step for run in curve.runs for step, _ in run.curve), default=1)
    points = [*curve.levels, (int(last), curve.levels[-1][1])]
    return (
        alt.Chart(alt.InlineData(values=[{"step": step, "truth": truth} for step, truth in points]))
        .mark_line(interpolate="step-after", strokeDash=[6, 4], color="black", strokeWidth=1)
        .encode(x="step:Q", y="truth:Q", tooltip=["step:Q", "truth:Q"])
    )


def text_plot(curve: LearningCurve, width: int = 79, height: int = 15) -> str:
    """Draw the mean over seeds in text, the truth as a line of dashes."""
    columns = max(width - _MARGIN - 2, 10)
    steps = max((step for run in curve.runs for step, _ in run.curve), default=1.0)
    means = _column_means(curve, columns, steps)
    seen = means[np.isfinite(means)]
    truths = [curve.truth_at(1 + column / columns * (steps - 1)) for column in range(columns)]
    low, high = min([0.0, *seen]), 1.05 * max([*truths, 1e-3, *seen])
    level = lambda value: round((high - value) / (high - low) * (height - 1))  # noqa: E731
    canvas = [[" "] * columns for _ in range(height)]
    for column, value in enumerate(truths):
        canvas[level(value)][column] = "╌"
    for column, value in enumerate(means):
        if np.isfinite(value):
            canvas[level(value)][column] = "•"
    labels = {0: f"{high:.3g}", height - 1: f"{low:.3g}", **{level(value): f"{value:.4f}" for value in truths}}
    rows = [f"{labels.get(row, ''):>{_MARGIN}} ┤" + "".join(line).rstrip() for row, line in enumerate(canvas)]
    axis = " " * _MARGIN + " └" + "─" * columns
    return "\n".join([*rows, axis, f"{'':{_MARGIN + 2}}1{int(steps):>{columns - 1}}"])


def _column_means(curve: LearningCurve, columns: int, steps: float) -> np.ndarray:
    """Return the mean value of the steps that fall into each column, over seeds; NaN where there are none."""
    sums, counts = np.zeros(columns), np.zeros(columns)
    for run in curve.runs:
        for step, value in run.curve:
            if np.isfinite(value):
                column = min(int((step - 1) / max(steps - 1, 1) * columns), columns - 1)
                sums[column] += value
                counts[column] += 1
    return np.divide(sums, counts, out=np.full(columns, np.nan), where=counts > 0)


def text_summary(curve: LearningCurve) -> Iterator[str]:
    """Yield one line a seed: the final value, how far it is from the truth, when 90 % of it was first reached."""
    yield f"{'seed':>5} {'final nats':>11} {'− truth':>9} {'first at 90 %':>14}"
    for run in curve.runs:
        first = run.first_reaching(REACH * curve.last_truth)
        when = "never" if first is None else f"step {first}"
        yield f"{run.seed:>5} {run.nats:>11.4f} {run.nats - curve.last_truth:>+9.4f} {when:>14}"
