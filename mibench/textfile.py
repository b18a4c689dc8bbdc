"""Tables in text files as people have them: separators, compression, categories, dates, missing values."""

import csv
import gzip
import io
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError, shown
from .text import counted, plain_text

if TYPE_CHECKING:
    import pandas as pd

Tell = Callable[[str], None]

#: What may stand between the values of a row, and what files that end so hold.
SEPARATORS = ",;\t"
#: Endings of text files, each also with ``.gz``; ``-`` is standard input.
ENDINGS = (".csv", ".tsv")
#: The most a compressed file may unfold to, in bytes.
LARGEST = 4 * 1024**3
_CHUNK = 1 << 20
_DAY = 86_400
#: Up to here float64 holds every whole number.
_LARGEST_WHOLE = 2**53


def is_text(path: str | Path) -> bool:
    """Return whether *path* names a text file, by its ending, or standard input."""
    name = str(path).lower().removesuffix(".gz")
    return str(path) == "-" or name.endswith(ENDINGS)


def read_text_table(path: str | Path, tell: Tell = lambda note: None) -> "pd.DataFrame":
    """Read a table whose first line names the columns; missing values are empty, ``NA``, ``nan`` and the like.

    Values are separated by what the first line holds most of: commas, semicolons or tabs. With semicolons a comma is
    the decimal mark, where the numbers have one. Of columns with one name the second is called ``NAME.1``, and so on;
    *tell* is called with a line that says so.

    Raises:
        InputError: the file holds no table.
    """
    import pandas as pd

    text = _text(path)
    head = text.partition("\n")[0]
    try:
        separator = _separator(head)
        decimal = "," if separator == ";" and _has_decimal_commas(text) else "."
        frame = pd.read_csv(io.StringIO(text), sep=separator, decimal=decimal, skipinitialspace=True)
        names = next(csv.reader([head], delimiter=separator, skipinitialspace=True), [])
    except Exception as error:
        raise InputError(f"file {str(path)!r} cannot be read: {error}") from error
    for name, count in Counter(filter(None, names)).items():
        if count > 1:
            tell(f"{count} columns are called {name!r}: it stands for the first; the next is {f'{name}.1'!r}")
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(
            f"{path}: rows hold more values than the first line has names; allowed: a name for every value"
        )
    return frame


def _text(path: str | Path) -> str:
    try:
        if str(path) == "-":
            return _standard_input()
        if not str(path).lower().endswith(".gz"):
            return Path(path).read_text(encoding="utf-8-sig")
        parts, size = [], 0
        with gzip.open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                parts.append(chunk)
                size += len(chunk)
                if size > LARGEST:
                    raise InputError(f"file {str(path)!r} unfolds to more than {LARGEST:,} bytes; allowed: less")
        return b"".join(parts).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"file {str(path)!r} is no text in UTF-8: {error.reason} at byte {error.start}") from error
    except (OSError, EOFError) as error:
        raise InputError(f"file {str(path)!r} cannot be read: {error}") from error


def _standard_input() -> str:
    if sys.stdin is None:
        raise InputError("standard input is closed; allowed: a table")
    buffer = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if buffer is None else buffer.read().decode("utf-8-sig")


def _separator(head: str) -> str:
    """Return the separator that splits the first line into most parts; of equals the first of ``, ; tab``."""
    parts = [len(next(csv.reader([head], delimiter=mark), [])) for mark in SEPARATORS]
    return SEPARATORS[parts.index(max(parts))]


def _has_decimal_commas(text: str) -> bool:
    rows = text.splitlines()[1:101]
    values = [value for row in rows for value in row.split(";")]
    return any(_is_number(value.replace(",", ".", 1)) and "," in value for value in values)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def as_numbers(series: "pd.Series", what: str, tell: Tell) -> np.ndarray:
    """Return a column as float64, NaN where a value is missing.

    Numbers stay as they are, true and false become 1 and 0, dates the days since 1970 and spans of time days. Text that
    is no number becomes the place of each different text in alphabetical order, or in the order that the column
    declares, and *tell* is called with a line that says so.

    Raises:
        InputError: text among numbers, text that is different in nearly every row, whole numbers that float64 cannot
            tell apart, or values that are neither number, date nor text.
    """
    import pandas as pd

    if pd.api.types.is_bool_dtype(series) or pd.api.types.is_numeric_dtype(series):
        return told_apart(series, series.to_numpy(dtype=np.float64, na_value=np.nan), what)
    if pd.api.types.is_datetime64_any_dtype(series):
        return _days(series, what, tell)
    if pd.api.types.is_timedelta64_dtype(series):
        return series.dt.total_seconds().to_numpy(dtype=np.float64) / _DAY
    if isinstance(series.dtype, pd.CategoricalDtype) and series.dtype.ordered and not _has_numbers(series.dtype):
        tell(f"{what} holds ordered categories: numbered in their order")
        return np.where(series.isna(), np.nan, series.cat.codes.astype(np.float64))
    text = series.astype(object)
    missing = text.isna().to_numpy()
    numbers = pd.to_numeric(text, errors="coerce")
    odd = (numbers.isna() & ~missing).to_numpy()
    if not odd.any():
        return told_apart(text, numbers.to_numpy(dtype=np.float64), what)
    if not odd[~missing].all():
        row = int(odd.argmax())
        raise InputError(
            f"{what} holds {plain_text(str(text.iloc[row]))!r} in row {row} among numbers; allowed: numbers in "
            "every row, or in none"
        )
    dates = pd.to_datetime(text.where(~missing, None), format="ISO8601", errors="coerce", utc=True)
    if bool((dates.isna().to_numpy() == missing).all()):
        return _days(dates, what, tell)
    strange = next((value for value in text[~missing] if not isinstance(value, str)), None)
    if strange is not None:
        raise InputError(f"{what} holds {shown(strange)}, a {type(strange).__name__}; allowed: numbers, dates or text")
    return _categories(text.astype(str).where(~missing, None), missing, what, tell)


def _has_numbers(dtype: "pd.CategoricalDtype") -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(dtype.categories.dtype))


def told_apart(numbers: "pd.Series | np.ndarray", values: np.ndarray, what: str) -> np.ndarray:
    """Return *values*, *numbers* as float64, or raise :class:`InputError` where different whole numbers became one."""
    import pandas as pd

    largest = np.abs(values[np.isfinite(values)]).max(initial=0.0)
    if largest > _LARGEST_WHOLE and not pd.api.types.is_float_dtype(numbers.dtype):
        before, after = pd.Series(numbers).nunique(), len(np.unique(values[~np.isnan(values)]))
        if after < before:
            raise InputError(
                f"{what} holds whole numbers of up to {largest:.3g}, of whose {before:,} different ones float64 tells "
                f"{after:,} apart; allowed: up to 2**53 = {_LARGEST_WHOLE:,}"
            )
    return values


def _days(dates: "pd.Series", what: str, tell: Tell) -> np.ndarray:
    import pandas as pd

    tell(f"{what} holds dates: taken as days since 1970")
    moments = pd.to_datetime(dates, utc=True)
    return ((moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)


def _categories(text: "pd.Series", missing: np.ndarray, what: str, tell: Tell) -> np.ndarray:
    import pandas as pd

    categories = pd.Categorical(text)
    count, rows = len(categories.categories), int((~missing).sum())
    if count > rows / 2:
        raise InputError(
            f"{what} holds {counted(count, 'different text')} in {counted(rows, 'row')}; allowed: numbers, dates, or "
            "categories that come back"
        )
    tell(
        f"{what} holds text: its {count} categories are numbered in alphabetical order, which estimators of distances "
        "take for an order; those of counts (binning, counts) do not"
    )
    return np.where(missing, np.nan, categories.codes.astype(np.float64))
