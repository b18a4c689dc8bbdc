"""Values that papers print, as tables beside a suite."""

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import SuiteError

#: The columns of a suite's ``NAME.published.csv``.
COLUMNS = (
    "source", "doi", "estimator_as_named", "estimator", "task", "n", "value", "sd", "sd_over", "unit", "note",
)  # fmt: skip
#: Columns that may be left out, and what an absent or empty entry stands for.
OPTIONAL = {"metric": "mean", "level": "", "incomparable": ""}
#: What a number may be, over repetitions: of the estimates, or of their errors.
METRICS = ("mean", "bias", "abs-bias", "sd", "rmse", "mae")
#: What one unit is in nats.
_UNITS = {"nats": 1.0, "bits": math.log(2)}
_TEXTS = ("source", "doi", "estimator_as_named", "estimator", "task", "note")


@dataclass(frozen=True)
class PublishedValue:
    """A number as printed: a mean estimate, or a mean error.

    Attributes:
        source: where it is printed: the paper or the repository's file.
        doi: the paper's DOI, or the empty string.
        estimator_as_named: the estimator as it is called there.
        estimator: the spec of ours that comes nearest, or the empty string.
        task: the spec of the task of ours with the same distribution.
        n: the sample size.
        nats: the number in nats.
        sd: its standard deviation over repetitions in nats, NaN where none is printed.
        sd_over: the number of repetitions, 0 where it is not said.
        note: what limits a comparison with ours.
        metric: what the number is: of ``METRICS``; ``sd`` of a level of a stream is over its steps.
        level: the true value in nats of the level of a stream that it belongs to, NaN without one.
        rounding: half a unit of the last digit printed, in nats.
        incomparable: why it cannot be compared with ours, or the empty string.
    """

    source: str
    doi: str
    estimator_as_named: str
    estimator: str
    task: str
    n: int
    nats: float
    sd: float
    sd_over: int
    note: str
    metric: str = "mean"
    level: float = math.nan
    rounding: float = 0.0
    incomparable: str = ""

    @property
    def stderr(self) -> float:
        """The standard error of the mean in nats, NaN where it cannot be known."""
        return self.sd / math.sqrt(self.sd_over) if self.sd_over > 0 else math.nan


def parse_published(text: str, where: str) -> tuple[PublishedValue, ...]:
    """Return the rows of a CSV of published values.

    Args:
        text: the file's content, with the columns :data:`COLUMNS`.
        where: the file's name, for messages.

    Raises:
        SuiteError: a column or an entry that is missing or not what it must be; names the line.
    """
    reader = csv.DictReader(io.StringIO(text))
    found = tuple(reader.fieldnames or ())
    if not set(COLUMNS) <= set(found) <= {*COLUMNS, *OPTIONAL} or len(found) != len(set(found)):
        raise SuiteError(
            f"{where}: columns are {', '.join(found)}; allowed: {', '.join(COLUMNS)}, and {', '.join(OPTIONAL)}"
        )
    return tuple(_row(row, f"{where}, line {reader.line_num}") for row in reader)


def _row(row: dict[str, Any], where: str) -> PublishedValue:
    if None in row or None in row.values():
        raise SuiteError(f"{where}: it has not {len([name for name in row if name])} entries")
    row = OPTIONAL | {name: text for name, text in row.items() if text or name not in OPTIONAL}
    for name in ("source", "estimator_as_named", "task"):
        if not row[name].strip():
            raise SuiteError(f"{where}: {name} is empty; allowed: a text")
    if row["unit"] not in _UNITS:
        raise SuiteError(f"{where}: unit is {row['unit']!r}; allowed: {', '.join(_UNITS)}")
    if row["metric"] not in METRICS:
        raise SuiteError(f"{where}: metric is {row['metric']!r}; allowed: {', '.join(METRICS)}")
    unit = _UNITS[row["unit"]]
    sd = _number(row, "sd", float, 0.0, where) if row["sd"] else math.nan
    return PublishedValue(
        **{name: row[name].strip() for name in _TEXTS},
        n=_number(row, "n", int, 1, where),
        nats=_number(row, "value", float, -math.inf, where) * unit,
        sd=sd * unit,
        sd_over=_number(row, "sd_over", int, 1, where) if row["sd_over"] else 0,
        metric=row["metric"],
        level=_number(row, "level", float, 0.0, where) * unit if row["level"] else math.nan,
        rounding=_half_unit(row["value"]) * unit,
        incomparable=row["incomparable"].strip(),
    )


def _half_unit(text: str) -> float:
    """Return half a unit of the last digit of a number as printed: 0.005 of ``1.90``."""
    mantissa, _, exponent = text.strip().lower().partition("e")
    return float(0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])))


def _number(row: dict[str, str], name: str, kind: Callable[[str], Any], least: float, where: str) -> Any:
    try:
        value = kind(row[name])
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= least):
        words = "a whole number" if kind is int else "a finite number"
        words += f" of at least {least:g}" if math.isfinite(least) else ""
        raise SuiteError(f"{where}: {name} is {row[name]!r}; allowed: {words}")
    return value
