"""The checksum of an attempt's row, by which content that has changed on disk is found.

A CRC-32 over every value of the row, with labels by their text, so that one flipped byte shows wherever it is. It
guards against damage, not against somebody who computes the sum anew.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

# What is summed, in this order, since version 3 of the schema. Never edited: a later field is to be added to a row's
# sum where it is not at its default.
_LABELS = (
    "estimator", "task", "status", "suite", "family", "estimator_version", "estimator_origin", "task_version",
    "environment", "protocol", "device",
)  # fmt: skip
_REALS = (
    "nats", "stderr", "truth_nats", "truth_stderr", "cpu_s", "wall_s", "setup_s", "sample_s", "peak_mb", "timeout_s",
    "memory_mb",
)  # fmt: skip
_WHOLES = ("n", "seed", "signal", "exit_code", "lifted")
_TEXTS = ("message", "traceback", "output", "diagnostics", "curve")
_MOMENTS = ("finished_at", "ordered_at")
#: The columns of a sum.
SUMMED = ("key", *_LABELS, *_REALS, *_WHOLES, *_TEXTS, *_MOMENTS)

_NAN = float("nan")
#: Stands for a whole number that is missing.
NO_NUMBER = -(2**63)
_PACKED = struct.Struct(f"<{len(_REALS)}d{len(_WHOLES)}q{len(_LABELS) + len(_TEXTS)}I32s32s32s")
_RECORD = np.dtype([
    ("reals", "<f8", len(_REALS)),
    ("wholes", "<i8", len(_WHOLES)),
    ("texts", "<u4", len(_LABELS) + len(_TEXTS)),
    ("key", "V32"),
    ("moments", "S32", len(_MOMENTS)),
])  # fmt: skip
_WHERE = {
    **{name: ("reals", index) for index, name in enumerate(_REALS)},
    **{name: ("wholes", index) for index, name in enumerate(_WHOLES)},
    **{name: ("texts", index) for index, name in enumerate((*_LABELS, *_TEXTS))},
}
_WHERE |= {name: ("moments", index) for index, name in enumerate(_MOMENTS)}
#: Rows that are put together at a time: few enough for the processor's cache.
_BLOCK = 4096


def text_sum(text: str | None) -> int:
    """Return the sum of a text; none is as good as an empty one."""
    return crc32(text.encode(errors="surrogatepass")) if text else 0


def _real(value: Any) -> float:
    """Return a value of a column of reals as a number: NaN is kept as text there, and negative zero as zero."""
    return _NAN if value is None or value == "nan" else float(value) + 0.0


class Sums:
    """Computes the sums of rows, with the texts of labels by their numbers."""

    def __init__(self, labels: Mapping[int | None, str]) -> None:
        self._texts = {number: text_sum(text) for number, text in labels.items()}

    def add(self, number: int, text: str) -> None:
        """Note a new label."""
        self._texts[number] = text_sum(text)

    def of_row(self, *row: Any) -> int:
        """Return the sum of one row of :data:`SUMMED`, labels by number, as SQLite holds it."""
        labels, reals = 1 + len(_LABELS), 1 + len(_LABELS) + len(_REALS)
        wholes = reals + len(_WHOLES)
        texts = wholes + len(_TEXTS)
        packed = _PACKED.pack(
            *map(_real, row[labels:reals]),
            *(NO_NUMBER if value is None else value for value in row[reals:wholes]),
            *map(self._texts.__getitem__, row[1:labels]),
            *map(text_sum, row[wholes:texts]),
            row[0],
            *((text or "").encode() for text in row[texts:]),
        )
        return crc32(packed)

    def of_columns(self, columns: Mapping[str, Any], keys: Sequence[bytes]) -> np.ndarray:
        """Return the sums of many rows at once.

        Args:
            columns: arrays by name: reals; whole numbers, :data:`NO_NUMBER` where missing; numbers of labels, 0 where
                missing; of texts their sums; times as they are. A column that is not there holds nothing.
            keys: the keys, of 32 bytes each.
        """
        sums = np.zeros(1 + max((number for number in self._texts if number is not None), default=0), np.uint32)
        for number, value in self._texts.items():
            sums[number or 0] = value
        filled = {
            _WHERE[name]: sums[column] if name in _LABELS else np.asarray(column, "S32" if name in _MOMENTS else None)
            for name, column in columns.items()
        }
        all_keys, found = np.frombuffer(b"".join(keys), "V32"), []
        records, size = np.zeros(_BLOCK, _RECORD), _RECORD.itemsize
        records["reals"], records["wholes"] = _NAN, NO_NUMBER
        data = records.view(np.uint8).data
        for start in range(0, len(keys), _BLOCK):
            count = min(_BLOCK, len(keys) - start)
            records["key"][:count] = all_keys[start : start + count]
            for (part, index), column in filled.items():
                block = column[start : start + count]
                records[part][:count, index] = block + 0.0 if part == "reals" else block
            found += [crc32(data[at : at + size]) for at in range(0, count * size, size)]
        return np.array(found, dtype=np.int64)
