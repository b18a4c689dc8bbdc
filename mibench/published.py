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
#: What one unit is in nats.
_UNITS = {"nats": 1.0, "bits": math.log(2)}


@dataclass(frozen=True)
class PublishedValue:
    """A mean estimate as printed.

    Attributes:
        source: where it is printed: the paper or the repository's file.
        doi: the paper's DOI, or the empty string.
        estimator_as_named: the estimator as it is called there.
        estimator: the spec of ours that comes nearest, or the empty string.
        task: the spec of the task of ours with the same distribution.
        n: the sample size.
        nats: the mean estimate in nats.
        sd: its standard deviation over repetitions in nats, NaN where none is printed.
        sd_over: the number of repetitions, 0 where it is not said.
        note: what limits a comparison with ours.
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
    if set(found) != set(COLUMNS) or len(found) != len(COLUMNS):
        raise SuiteError(f"{where}: columns are {', '.join(found)}; allowed: {', '.join(COLUMNS)}")
    return tuple(_row(row, f"{where}, line {reader.line_num}") for row in reader)


def _row(row: dict[str, Any], where: str) -> PublishedValue:
    if None in row or None in row.values():
        raise SuiteError(f"{where}: it has not {len(COLUMNS)} entries")
    for name in ("source", "estimator_as_named", "task"):
        if not row[name].strip():
            raise SuiteError(f"{where}: {name} is empty; allowed: a text")
    if row["unit"] not in _UNITS:
        raise SuiteError(f"{where}: unit is {row['unit']!r}; allowed: {', '.join(_UNITS)}")
    unit = _UNITS[row["unit"]]
    sd = _number(row, "sd", float, 0.0, where) if row["sd"] else math.nan
    return PublishedValue(
        **{name: row[name].strip() for name in ("source", "doi", "estimator_as_named", "estimator", "task", "note")},
        n=_number(row, "n", int, 1, where),
        nats=_number(row, "value", float, -math.inf, where) * unit,
        sd=sd * unit,
        sd_over=_number(row, "sd_over", int, 1, where) if row["sd_over"] else 0,
    )


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
