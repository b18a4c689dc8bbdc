"""Columns of a file, CSV, TSV, Parquet, .npy or .npz, as blocks of numbers."""

import csv
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError, MissingExtraError, did_you_mean
from .text import counted
from .textfile import Tell, as_numbers, is_text, read_text_table, told_apart

if TYPE_CHECKING:
    import pandas as pd

_ALLOWED = ".csv, .tsv (also with .gz), .parquet, .npy or .npz, or - for a table on standard input"


def split_columns(text: str) -> list[str]:
    """Split names at commas; a name that holds one stands in double quotes, as in a CSV file.

    Raises:
        InputError: a name is empty.
    """
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True))]
    if not all(names):
        raise InputError(f"columns are {text!r}; allowed: names joined by commas, none of them empty")
    return names


def read_blocks(
    path: str | Path, blocks: Sequence[Sequence[str]], *, drop_missing: bool = False, tell: Tell = lambda note: None
) -> list[np.ndarray]:
    """Read the columns each block names, as float64 arrays of shape ``(n, d)``.

    Args:
        path: the file, ``-`` for a table on standard input. In a text or Parquet file columns go by name; in a ``.npy``
            array of shape ``(n,)`` or ``(n, d)`` by index from 0, with ``0:3`` for 0, 1, 2; in a ``.npz`` file an
            array's name stands for all of its columns.
        blocks: the columns of each block.
        drop_missing: whether rows in which any of these columns has no value are left out.
        tell: called with a line on whatever was done to the data: rows left out, categories numbered, dates.

    Raises:
        InputError: a file that is missing or broken, a column that is missing, named twice, or holds anything but
            finite numbers, two different ones at least.
        MissingExtraError: a Parquet file where pyarrow is not installed.
    """
    file = Path(path)
    if str(path) != "-" and not file.is_file():
        raise _no_file(file)
    if not is_text(path) and file.suffix.lower() not in (".parquet", ".npy", ".npz"):
        raise InputError(f"file {str(path)!r} ends in {file.suffix!r}; allowed: {_ALLOWED}")
    if file.suffix.lower() == ".npy":
        found = _read_array(file, blocks)
    else:
        _refuse_repeats(blocks)
        read = _read_archive if file.suffix.lower() == ".npz" else partial(_read_table, tell=tell)
        found = read(file, blocks)
    kept = _without_missing(found, drop_missing, tell, blocks, file)
    for block, names in zip(kept, blocks, strict=True):
        _refuse_constants(block, _labels(names, block.shape[1]), file)
    return kept


def read_columns(
    path: str | Path, names: Sequence[str] | None = None, *, drop_missing: bool = False, tell: Tell = lambda note: None
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read columns of a table, all by default, and say of those that cannot be used why.

    Args:
        path: a text or Parquet file, or ``-`` for standard input.
        names: of the columns, None for all.
        drop_missing: whether a column with missing values is used; they are NaN then, else it is not.
        tell: called with a line on whatever was done to a column.

    Returns:
        The columns that can be used, as float64 arrays of shape ``(n,)``; and why the others cannot.

    Raises:
        InputError: the file is missing or holds no table, or a column of *names* does not exist.
        MissingExtraError: a Parquet file where pyarrow is not installed.
    """
    file = Path(path)
    if str(path) != "-" and not file.is_file():
        raise _no_file(file)
    if not is_text(path) and file.suffix.lower() != ".parquet":
        raise InputError(f"file {str(path)!r} is no table; allowed: .csv, .tsv (also with .gz), .parquet, or -")
    frame = read_text_table(path, tell) if is_text(path) else _read_parquet(file, None)
    frame.columns = frame.columns.astype(str)
    wanted = list(frame.columns) if names is None else list(names)
    _refuse_missing([wanted], list(frame.columns), file)
    _refuse_repeats([wanted])
    used, refused = {}, {}
    for name in wanted:
        try:
            label = f"column {name!r}"
            values = _numbers(as_numbers(frame[name], label, tell)[:, np.newaxis], [label], file)
            if not drop_missing:
                _refuse_missing_values(values, [label], file)
            _refuse_constants(values, [label], file)
            used[name] = values[:, 0]
        except InputError as error:
            refused[name] = str(error).removeprefix(f"{file}: ")
    return used, refused


def _without_missing(
    found: list[np.ndarray], drop: bool, tell: Tell, blocks: Sequence[Sequence[str]], file: Path
) -> list[np.ndarray]:
    """Return the rows of *found* without a missing value, or raise :class:`InputError` naming the first."""
    lengths = {len(block) for block in found}
    if drop and len(lengths) == 1:
        kept = ~np.any([np.isnan(block).any(axis=1) for block in found], axis=0)
        if not kept.all():
            if kept.sum() < 2:
                raise InputError(
                    f"{file}: {kept.sum()} of {counted(len(kept), 'row')} have a value in every column; "
                    "allowed: at least 2"
                )
            tell(f"{counted(int((~kept).sum()), 'row')} of {len(kept):,} left out: a value is missing")
        return [block[kept] for block in found]
    for block, names in zip(found, blocks, strict=True):
        _refuse_missing_values(block, _labels(names, block.shape[1]), file)
    return found


def _labels(names: Sequence[str], width: int) -> list[str]:
    """Return what messages call the columns of a block; an array of a ``.npz`` file may stand for several."""
    return [
        f"column {name!r}"
        for name in (names if len(names) == width else [f"{names[0]}, column {i}" for i in range(width)])
    ]


def _no_file(file: Path) -> InputError:
    if file.exists():
        return InputError(f"{str(file)!r} is no regular file; allowed: {_ALLOWED}")
    near = [other.name for other in file.parent.glob("*")] if file.parent.is_dir() else []
    return InputError(f"file {str(file)!r} does not exist{did_you_mean(file.name, near) if near else ''}")


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
        why = "it holds no numbers alone; allowed: arrays of numbers" if "pickle" in str(error) else error
        raise InputError(f"file {str(file)!r} cannot be read as NumPy arrays: {why}") from error


def _read_table(file: Path, blocks: Sequence[Sequence[str]], tell: Tell) -> list[np.ndarray]:
    wanted = [name for block in blocks for name in block]
    if is_text(file):
        frame = read_text_table(file, tell)
        frame.columns = frame.columns.astype(str)
        _refuse_missing(blocks, list(frame.columns), file)
    else:
        frame = _read_parquet(file, blocks)
    values = {}
    for name in wanted:
        try:
            numbers = as_numbers(frame[name], f"column {name!r}", tell)
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
        values[name] = _numbers(numbers[:, np.newaxis], [f"column {name!r}"], file)[:, 0]
    return [np.column_stack([values[name] for name in block]) for block in blocks]


def _read_parquet(file: Path, blocks: Sequence[Sequence[str]] | None) -> "pd.DataFrame":
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("reading Parquet needs pyarrow: pip install 'mibench[parquet]'") from error
    try:
        known = parquet.read_schema(file).names
        if blocks is not None:
            _refuse_missing(blocks, known, file)
        columns = None if blocks is None else [name for block in blocks for name in block]
        return parquet.read_table(file, columns=columns).to_pandas()
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"file {str(file)!r} cannot be read: {error}") from error


def _numbers(columns: np.ndarray, names: Sequence[str], file: Path) -> np.ndarray:
    """Return *columns* as float64 with NaN for missing ones, or raise :class:`InputError` naming what is infinite."""
    try:
        values = columns.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{file}: {names[0]} cannot be read as numbers: {error}") from error
    if np.iscomplexobj(columns):
        raise InputError(f"{file}: {names[0]} is complex; allowed: real numbers")
    _refuse_where(np.isinf(values), values, names, file)
    for name, before, after in zip(names, columns.T, values.T, strict=False):
        told_apart(before, after, f"{file}: {name}")
    return values


def _refuse_missing_values(values: np.ndarray, names: Sequence[str], file: Path) -> None:
    _refuse_where(np.isnan(values), values, names, file)


def _refuse_constants(values: np.ndarray, names: Sequence[str], file: Path) -> None:
    for name, column in zip(names, values.T, strict=True):
        known = np.unique(column[~np.isnan(column)])
        if len(column) < 2:
            raise InputError(f"{file} has {counted(len(column), 'row')} of data; allowed: at least 2")
        if len(known) == 0:
            raise InputError(f"{file}: {name} holds no value in any row; allowed: two different ones at least")
        if len(known) == 1:
            raise InputError(f"{file}: {name} is constant ({known[0]:g}): it shares no information; leave it out")


def _refuse_where(bad: np.ndarray, values: np.ndarray, names: Sequence[str], file: Path) -> None:
    if bad.any():
        index = int(bad.any(axis=0).argmax())
        row = int(bad[:, index].argmax())
        value = values[row, index]
        raise InputError(
            f"{file}: {names[index]} holds {'no value' if np.isnan(value) else value} in row {row} "
            f"({int(bad[:, index].sum())} such row(s)); allowed: finite numbers in every row (rows count from 0"
            f"{'; --drop-missing leaves such rows out' if np.isnan(value) else ''})"
        )


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
