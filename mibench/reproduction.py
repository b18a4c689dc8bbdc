"""Published numbers beside ours: reproductions of papers, with a verdict on each number."""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from .errors import MibenchError, SpecError, SuiteError, UnknownNameError
from .files import make_folder, write_text
from .published import PublishedValue
from .registry import get_estimator, get_task
from .suite import Suite, list_suites, load_suite
from .text import counted, csv_text, plain_text

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["agrees", "differs", "cannot be compared", "not run"]

#: A difference of up to so many standard errors agrees: 3 in 1,000 rows differ by chance.
AGREEMENT = 3.0


@dataclass(frozen=True)
class Row:
    """A published number beside ours.

    Attributes:
        theirs: as printed.
        ours, stderr: ours in nats, and its standard error; NaN where there is none.
        cells: how many of our cells it rests on.
        spread: the standard error of the difference, half a unit of their last digit included.
        verdict: ``agrees`` within three standard errors, ``differs``, or why there is none.
        why: of a row that cannot be compared.
    """

    theirs: PublishedValue
    ours: float
    stderr: float
    cells: int
    spread: float
    verdict: Verdict
    why: str = ""

    @property
    def difference(self) -> float:
        """Ours less theirs in nats."""
        return self.ours - self.theirs.nats

    @property
    def in_stderr(self) -> float:
        """The difference in standard errors."""
        return self.difference / self.spread if self.spread > 0 else math.nan


@dataclass(frozen=True)
class Reproduction:
    """A suite's published numbers beside ours; ``whole`` where all of its cells were run."""

    suite: Suite
    whole: bool
    rows: tuple[Row, ...]

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows that were run, and those that cannot be compared."""
        return tuple(row for row in self.rows if row.verdict != "not run")

    @property
    def summary(self) -> str:
        """The number of rows of each verdict, in words."""
        counts = Counter(row.verdict for row in self.rows)
        words: dict[Verdict, str] = {"agrees": "agree", "differs": "differ"}
        parts = [
            f"{counts[verdict]} {verdict if counts[verdict] == 1 else words.get(verdict, verdict)}"
            for verdict in get_args(Verdict)
            if counts[verdict]
        ]
        return f"{counted(len(self.rows), 'number')}: " + ", ".join(parts)


def list_reproductions() -> list[str]:
    """Return the names of the suites that have published numbers."""
    return [name for name in list_suites() if load_suite(name).published]


def load_reproduction(name: str) -> Suite:
    """Return the suite *name*, which must have published numbers.

    Raises:
        SuiteError: it has none; the message names those that do.
        UnknownNameError: no such suite.
    """
    suite = load_suite(name)
    if not suite.published:
        known = list_reproductions()
        raise SuiteError(
            f"suite {name!r} has no published values; allowed: {', '.join(known)}, or a file NAME.toml "
            "beside a NAME.published.csv"
        )
    return suite


def reproduce(
    name: str, store: str | Path = "mibench.sqlite", *, full: bool = False, workers: int | None = None,
    progress: bool = True,
) -> Reproduction:  # fmt: skip
    """Run a suite that has published numbers and return them beside ours, with a verdict on each.

    What the store holds already is not run again.

    Args:
        name: of the suite; :func:`list_reproductions` names them.
        store: the SQLite file that the attempts go to.
        full: whether every cell is run; by default the suite's short run, where it has one.
        workers: how many worker processes; one for every core by default.
        progress: whether to show the progress on standard error.

    Raises:
        SuiteError: the suite has no published numbers.
        UnknownNameError: no such suite.

    Example:
        >>> mibench.reproduce("kraskov-2004").summary  # doctest: +SKIP
        '36 numbers: 34 agree, 2 differ'
    """
    from .api import run

    suite = load_reproduction(name)
    chosen = suite if full else suite.shortened()
    return compare_published(suite, run(chosen, store=store, workers=workers, progress=progress), chosen is suite)


def compare_published(suite: Suite, frame: "pd.DataFrame", whole: bool) -> Reproduction:
    """Return each published number of *suite* with ours from *frame*, the latest attempt of each cell."""
    cells = dict(iter(frame[frame["status"] == "ok"].groupby(["estimator", "task", "n"], observed=True)))
    return Reproduction(suite, whole, tuple(_row(value, cells) for value in suite.published))


def _row(theirs: PublishedValue, cells: dict[Any, "pd.DataFrame"]) -> Row:
    key = (_canonical(get_estimator, theirs.estimator), _canonical(get_task, theirs.task), theirs.n)
    found = cells.get(key)
    if found is None:
        ours, stderr, count = math.nan, math.nan, 0
    else:
        ours, stderr, count = _level(theirs, found) if math.isfinite(theirs.level) else _statistic(theirs.metric, found)
    their_stderr = theirs.stderr
    if math.isnan(their_stderr):  # as many repetitions as they had, of our spread
        their_stderr = stderr * math.sqrt(count / theirs.sd_over) if theirs.sd_over else 0.0
    spread = math.sqrt(stderr**2 + their_stderr**2 + theirs.rounding**2 / 3)
    verdict, why = _verdict(theirs, ours, spread, count)
    return Row(theirs, ours, stderr, count, spread, verdict, why)


def _verdict(theirs: PublishedValue, ours: float, spread: float, count: int) -> tuple[Verdict, str]:
    if theirs.incomparable:
        return "cannot be compared", theirs.incomparable
    if not theirs.estimator:
        return "cannot be compared", "no estimator of ours comes near"
    if count == 0:
        unknown = _unknown(theirs)
        return ("cannot be compared", unknown) if unknown else ("not run", "")
    if not math.isfinite(spread):
        return "cannot be compared", "too few cells for a standard error"
    return ("agrees" if abs(ours - theirs.nats) <= AGREEMENT * spread else "differs"), ""


def _statistic(metric: str, cells: "pd.DataFrame") -> tuple[float, float, int]:
    """Return a number over repetitions, its standard error, and how many cells it rests on."""
    values, truth = cells["nats"].to_numpy(float), float(cells["truth_nats"].iloc[0])
    errors, count = values - truth, len(values)
    sd = float(errors.std(ddof=1)) if count > 1 else math.nan
    bias, root = float(errors.mean()), math.sqrt(count)
    rmse = math.sqrt(float((errors**2).mean()))
    found = {
        "mean": (bias + truth, sd / root),
        "bias": (bias, sd / root),
        "abs-bias": (abs(bias), sd / root),
        "sd": (sd, sd / math.sqrt(2 * max(count - 1, 1))),
        "rmse": (rmse, float((errors**2).std(ddof=1)) / root / (2 * rmse) if count > 1 and rmse > 0 else math.nan),
        "mae": (float(np.abs(errors).mean()), float(np.abs(errors).std(ddof=1)) / root if count > 1 else math.nan),
    }
    return *found[metric], count


def _level(theirs: PublishedValue, cells: "pd.DataFrame") -> tuple[float, float, int]:
    """Return the mean, bias or SD over the steps of one level of a stream, averaged over the seeds."""
    found = [
        level
        for diagnostics in cells["diagnostics"]
        for level in diagnostics.get("levels", ())
        if math.isclose(float(level["truth_nats"]), theirs.level, abs_tol=1e-3)
    ]
    if not found or theirs.metric not in ("mean", "bias", "abs-bias", "sd"):
        return math.nan, math.nan, 0
    count = len(found)
    if theirs.metric == "sd":
        values = [float(level["sd_nats"]) for level in found]
        stderr = float(np.std(values, ddof=1) / math.sqrt(count)) if count > 1 else math.nan
        return float(np.mean(values)), stderr, count
    means = [float(level["nats"]) for level in found]
    within = math.sqrt(sum(float(level["stderr_nats"]) ** 2 for level in found)) / count
    stderr = max(within, float(np.std(means, ddof=1) / math.sqrt(count))) if count > 1 else within
    bias = float(np.mean(means)) - theirs.level
    number = {"mean": float(np.mean(means)), "bias": bias, "abs-bias": abs(bias)}[theirs.metric]
    return number, stderr, count


def _unknown(theirs: PublishedValue) -> str:
    """Return why no run can have a cell of this number: its estimator or task is none of ours; or nothing."""
    try:
        get_task(theirs.task)
        get_estimator(theirs.estimator)
    except (UnknownNameError, SpecError) as error:
        return str(error).partition(";")[0]
    except MibenchError:  # it cannot be built here, as where a package is missing
        return ""
    return ""


def _canonical(get: Any, text: str) -> str:
    """Return the canonical spec, or the text where it cannot be built here."""
    try:
        return str(get(text).spec) if text else ""
    except MibenchError:
        return text


#: The columns of a table of rows: heading, and whether it holds numbers.
COLUMNS = (
    ("Their name", False), ("Task", False), ("n", True), ("Number", False), ("Theirs (nats)", True),
    ("Ours (nats)", True), ("Ours − theirs", True), ("in SE", True), ("Verdict", False), ("Note", False),
)  # fmt: skip


_FIELDS = (
    "source", "estimator_as_named", "estimator", "task", "n", "metric", "level_nats", "theirs_nats", "theirs_se",
    "ours_nats", "ours_se", "cells", "difference_se", "verdict", "why", "note",
)  # fmt: skip


def cells_of(row: Row) -> list[str]:
    """Return the texts of a row, one for each of :data:`COLUMNS`."""
    theirs = row.theirs
    number = theirs.metric if math.isnan(theirs.level) else f"{theirs.metric} at {theirs.level:.4g}"
    printed = f"{theirs.nats:.4g}" + (f" ± {theirs.stderr:.2g}" if math.isfinite(theirs.stderr) else "")
    ours = "–" if row.cells == 0 else f"{row.ours:.4g}" + (f" ± {row.stderr:.2g}" if math.isfinite(row.stderr) else "")
    known = math.isfinite(row.difference)
    return [
        theirs.estimator_as_named, theirs.task, f"{theirs.n:,}", number, printed, ours,
        f"{row.difference:+.3g}" if known else "–", f"{row.in_stderr:+.1f}" if math.isfinite(row.in_stderr) else "–",
        row.verdict, "; ".join(filter(None, (row.why, theirs.note))),
    ]  # fmt: skip


def render_markdown(found: Reproduction) -> str:
    """Return the page of a reproduction: what was done, the verdicts, and every row."""
    suite = found.suite
    command = f"mibench reproduce {suite.name}" + (" --full" if found.whole and suite.short else "")
    heads = [title for title, _ in COLUMNS]
    lines = [
        f"# {suite.name}", "", suite.summary, "", *([suite.about.strip(), ""] if suite.about.strip() else []),
        f"Made by `{command}`. {found.summary}. A number agrees where it differs by no more than {AGREEMENT:g} "
        "standard errors of the difference: ours, theirs (or ours of as many repetitions, where they print none), and "
        "half a unit of their last digit.", "",
        *(f"- {source}" for source in _sources(row.theirs for row in found.rows)), "",
        f"| {' | '.join(heads)} |", "|" + "|".join("---:" if number else "---" for _, number in COLUMNS) + "|",
    ]  # fmt: skip
    lines += ["| " + " | ".join(_escaped(cell) for cell in cells_of(row)) + " |" for row in found.shown]
    return "\n".join(lines) + "\n"


def _sources(values: Iterable[PublishedValue]) -> list[str]:
    return list(dict.fromkeys(f"{value.source}, DOI {value.doi}" if value.doi else value.source for value in values))


def _escaped(text: str) -> str:
    return plain_text(text).replace("|", "\\|").replace("<", "&lt;")


def render_csv(found: Reproduction) -> str:
    """Return every row with all of its fields as CSV."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_FIELDS)
    for row in found.rows:
        theirs = row.theirs
        writer.writerow([
            *map(csv_text, (theirs.source, theirs.estimator_as_named, theirs.estimator, theirs.task)), theirs.n,
            theirs.metric,
            *map(_number, (theirs.level, theirs.nats, theirs.stderr, row.ours, row.stderr)), row.cells,
            _number(row.in_stderr), row.verdict, csv_text(row.why), csv_text(theirs.note),
        ])  # fmt: skip
    return file.getvalue()


def write(found: Reproduction, folder: str | Path) -> list[Path]:
    """Write the page and the table into *folder*, which is made, and return the files."""
    make_folder(Path(folder))
    files = [Path(folder) / f"{found.suite.name}.{ending}" for ending in ("md", "csv")]
    for file, text in zip(files, (render_markdown(found), render_csv(found)), strict=True):
        write_text(file, text)
    return files


def _number(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""
