"""Columns of a CSV, TSV, Parquet, .npy or .npz file as blocks of numbers."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError, MissingExtraError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_ALLOWED = ".csv, .tsv, .parquet, .npy or .npz"


def split_columns(text: str) -> list[str]:
    """Split names at commas; a name that holds one stands in double quotes, as in a CSV file.

    Raises:
        InputError: a name is empty.
    """
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True))]
    if not all(names):
        raise InputError(f"columns are {text!r}; allowed: names joined by commas, none of them empty")
    return names


def read_blocks(path: str | Path, blocks: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """Read the columns each block names, as float64 arrays of shape ``(n, d)``.

    Args:
        path: the file. In a CSV (or TSV) or Parquet file columns go by name; in a ``.npy`` array of shape ``(n,)`` or
            ``(n, d)`` by index from 0, with ``0:3`` for 0, 1, 2; in a ``.npz`` file an array's name stands for all of
            its columns.
        blocks: the columns of each block.

    Raises:
        InputError: a file that is missing or broken, a column that is missing, named twice, or holds anything but
            finite numbers.
        MissingExtraError: a Parquet file where pyarrow is not installed.
    """
    file = Path(path)
    if not file.is_file():
        near = [other.name for other in file.parent.glob("*")] if file.parent.is_dir() else []
        raise InputError(f"file {str(path)!r} does not exist{did_you_mean(file.name, near) if near else ''}")
    if file.suffix.lower() not in (*_SEPARATORS, ".parquet", ".npy", ".npz"):
        raise InputError(f"file {str(path)!r} ends in {file.suffix!r}; allowed: {_ALLOWED}")
    if file.suffix.lower() == ".npy":
        return _read_array(file, blocks)
    _refuse_repeats(blocks)
    if file.suffix.lower() == ".npz":
        return _read_archive(file, blocks)
    return _read_table(file, blocks)


def _read_array(file: Path, blocks: Sequence[Sequence[str]]) -> list[np.ndarray]:
    array = _load(file)
    if not isinstance(array, np.ndarray) or array.ndim not in (1, 2):
        raise InputError(f"{file}: the array has shape {np.shape(array)}; allowed: (n,) or (n, d)")
    columns = array.reshape(len(array), -1)
    chosen = [[index for name in block for index in _indices(name, columns.shape[1], file)] for block in blocks]
    _refuse_repeats([list(map(str, block)) for block in chosen])
    return [_numbers(columns[:, block], [f"column {index}" for index in block], file) for block in chosen]


def _indices(name: str, width: int, file: Path) -> range:
    """Return the indices that ``3`` or ``0:3`` names."""
    first, colon, last = name.partition(":")
    try:
        start = int(first) if first or not colon else 0
        stop = start + 1 if not colon else int(last) if last else width
    except ValueError:
        start, stop = -1, -1
    if not 0 <= start < stop <= width:
        raise InputError(
            f"{file} has no column {name!r}; allowed: indices from 0 to {width - 1}, or a range such as 0:2"
        )
    return range(start, stop)


def _read_archive(file: Path, blocks: Sequence[Sequence[str]]) -> list[np.ndarray]:
    arrays = _load(file)
    _refuse_missing(blocks, list(arrays), file)
    found = []
    for block in blocks:
        parts = []
        for name in block:
            array = arrays[name]
            if array.ndim not in (1, 2):
                raise InputError(f"{file}: array {name!r} has shape {array.shape}; allowed: (n,) or (n, d)")
            columns = array.reshape(len(array), -1)
            parts.append(_numbers(columns, [f"array {name!r}, column {i}" for i in range(columns.shape[1])], file))
        if len({len(part) for part in parts}) > 1:
            raise InputError(f"{file}: arrays {', '.join(block)} differ in length; allowed: one length in a block")
        found.append(np.hstack(parts))
    return found


def _load(file: Path) -> Any:
    try:
        loaded = np.load(file, allow_pickle=False)
        return dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else loaded
    except Exception as error:
        raise InputError(f"file {str(file)!r} cannot be read as NumPy arrays: {error}") from error


def _read_table(file: Path, blocks: Sequence[Sequence[str]]) -> list[np.ndarray]:
    wanted = [name for block in blocks for name in block]
    try:
        frame = _read_parquet(file, blocks) if file.suffix.lower() == ".parquet" else _read_text(file, blocks)
    except (InputError, MissingExtraError):
        raise
    except Exception as error:
        raise InputError(f"file {str(file)!r} cannot be read: {error}") from error
    values = {name: _column(frame[name], name, file) for name in wanted}
    return [np.column_stack([values[name] for name in block]) for block in blocks]


def _read_text(file: Path, blocks: Sequence[Sequence[str]]) -> "pd.DataFrame":
    import pandas as pd

    frame = pd.read_csv(file, sep=_SEPARATORS[file.suffix.lower()], skipinitialspace=True)
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(
            f"{file}: rows hold more values than the first line has names; allowed: a name for every value"
        )
    _refuse_missing(blocks, [str(name) for name in frame.columns], file)
    return frame


def _read_parquet(file: Path, blocks: Sequence[Sequence[str]]) -> "pd.DataFrame":
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("reading Parquet needs pyarrow: pip install 'mibench[parquet]'") from error
    _refuse_missing(blocks, parquet.read_schema(file).names, file)
    return parquet.read_table(file, columns=[name for block in blocks for name in block]).to_pandas()


def _column(series: "pd.Series", name: str, file: Path) -> np.ndarray:
    """Return a column as floats; text is refused with its first value that is no number."""
    import pandas as pd

    what = f"column {name!r}"
    if not pd.api.types.is_numeric_dtype(series):
        text = series.astype(object)
        bad = (pd.to_numeric(text, errors="coerce").isna() & text.notna()).to_numpy()
        if bad.any() or pd.api.types.is_datetime64_any_dtype(series):
            row = int(bad.argmax())
            raise InputError(
                f"{file}: {what} holds {str(text.iloc[row])!r} in row {row}; allowed: numbers "
                "(give each category a number first)"
            )
        series = pd.to_numeric(text)
    return _numbers(series.to_numpy(dtype=np.float64, na_value=np.nan)[:, np.newaxis], [what], file)[:, 0]


def _numbers(columns: np.ndarray, names: Sequence[str], file: Path) -> np.ndarray:
    """Return *columns* as float64, or raise :class:`InputError` naming the first value that is not finite."""
    try:
        values = columns.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{file}: {names[0]} cannot be read as numbers: {error}") from error
    if np.iscomplexobj(columns):
        raise InputError(f"{file}: {names[0]} is complex; allowed: real numbers")
    bad = ~np.isfinite(values)
    if bad.any():
        index = int(bad.any(axis=0).argmax())
        row = int(bad[:, index].argmax())
        value = values[row, index]
        raise InputError(
            f"{file}: {names[index]} holds {'no value' if np.isnan(value) else value} in row {row} "
            f"({int(bad[:, index].sum())} such row(s)); allowed: finite numbers in every row (rows count from 0)"
        )
    return values


def _refuse_missing(blocks: Sequence[Sequence[str]], known: Sequence[str], file: Path) -> None:
    for name in (name for block in blocks for name in block):
        if name not in known:
            raise InputError(f"{file} has no column {name!r}{did_you_mean(name, known)}")


def _refuse_repeats(blocks: Sequence[Sequence[str]]) -> None:
    seen: set[str] = set()
    for name in (name for block in blocks for name in block):
        if name in seen:
            raise InputError(f"column {name!r} is named twice; allowed: each column once, in one block")
        seen.add(name)
