"""The checksum of an attempt's row, by which content that has changed on disk is found.

Four sums of 32 bits, each over columns that are read together, so that a reader checks all of what it reads and need
not read the rest. Each is the strongly universal multilinear hash (m₀ + Σ mᵢ·wᵢ mod 2⁶⁴) div 2³² of the columns' words
of 32 bits with fixed random multipliers m of 64 bits (Lemire and Kaser, doi:10.1093/comjnl/bxt070): a change goes
unseen with probability 2⁻³². Labels enter by the CRC-32 of their text, and so do texts. It guards against damage, not
against somebody who computes the sums anew.
"""

import hashlib
import itertools
import struct
from collections.abc import Iterable, Mapping, Sequence
from operator import mul
from typing import Any
from zlib import crc32

import numpy as np

# What is summed, in this order, since version 3 of the schema. Never edited: a later field is to be added to a row's
# sums where it is not at its default.
_LABELS = (
    "estimator", "task", "status", "suite", "family", "estimator_version", "estimator_origin", "task_version",
    "environment", "protocol", "device",
)  # fmt: skip
_MOMENTS = ("finished_at", "ordered_at")
_REALS = (
    "nats", "stderr", "truth_nats", "truth_stderr", "cpu_s", "wall_s", "setup_s", "sample_s", "peak_mb", "timeout_s",
    "memory_mb",
)  # fmt: skip
_WHOLES = ("n", "seed", "signal", "exit_code", "lifted")
_SHOWN = ("message", "curve")
_TEXTS = (*_SHOWN, "traceback", "output", "diagnostics")
#: The columns of each sum: what an attempt is of, its numbers, its shown texts, its other texts.
GROUPS = (("key", *_LABELS, *_MOMENTS), (*_REALS, *_WHOLES), _SHOWN, _TEXTS[len(_SHOWN) :])
#: The columns of all sums.
SUMMED = tuple(itertools.chain(*GROUPS))

_NAN = float("nan")
#: Stands for a whole number that is missing.
NO_NUMBER = -(2**63)
#: Bytes of a column of each kind.
_KEY, _MOMENT, _NUMBER, _TEXT = 32, 32, 8, 4
_SIZES = (
    {"key": _KEY}
    | dict.fromkeys(_LABELS, _TEXT)
    | dict.fromkeys(_MOMENTS, _MOMENT)
    | dict.fromkeys((*_REALS, *_WHOLES), _NUMBER)
    | dict.fromkeys(_TEXTS, _TEXT)
)
_PACKED = struct.Struct(
    f"<{_KEY}s{len(_LABELS)}I" + f"{_MOMENT}s" * len(_MOMENTS) + f"{len(_REALS)}d{len(_WHOLES)}q{len(_TEXTS)}I"
)
_WORDS = struct.Struct(f"<{_PACKED.size // 4}I")
_ENDS = list(itertools.accumulate(_SIZES[name] // 4 for name in SUMMED))
_PLACES = {name: slice(end - _SIZES[name] // 4, end) for name, end in zip(SUMMED, _ENDS, strict=True)}
_PARTS = [slice(_PLACES[group[0]].start, _PLACES[group[-1]].stop) for group in GROUPS]
_FIRST, *_REST = struct.unpack(
    f"<{_WORDS.size // 4 + 1}Q", hashlib.shake_128(b"mibench checksum").digest(2 * _WORDS.size + 8)
)
_MULTIPLIERS_OF = [(part, tuple(_REST[part])) for part in _PARTS]
_MULTIPLIERS = np.array(_REST, np.uint64)
_SUMS = struct.Struct(f"<{len(GROUPS)}I")
_FIRST_WHOLE, _FIRST_TEXT = SUMMED.index(_WHOLES[0]), SUMMED.index(_TEXTS[0])
_FIRST_MOMENT, _FIRST_REAL = SUMMED.index(_MOMENTS[0]), SUMMED.index(_REALS[0])


def text_sum(text: str | None) -> int:
    """Return the sum of a text; none is as good as an empty one."""
    return crc32(text.encode(errors="surrogatepass")) if text else 0


def _real(value: Any) -> float:
    """Return a value of a column of reals as a number: NaN is kept as text there, and negative zero as zero."""
    return _NAN if value is None or value == "nan" else float(value) + 0.0


class Sums:
    """Computes the checksums of rows, with the texts of labels by their numbers."""

    def __init__(self, labels: Mapping[int | None, str]) -> None:
        self._texts = {number: text_sum(text) for number, text in labels.items()}

    def add(self, number: int, text: str) -> None:
        """Note a new label."""
        self._texts[number] = text_sum(text)

    def packed(self, row: Sequence[Any]) -> bytes:
        """Return the words of one row of :data:`SUMMED`, labels by number, as SQLite holds it."""
        texts = self._texts
        return _PACKED.pack(
            row[0],
            *[texts[number] for number in row[1:_FIRST_MOMENT]],
            *[text.encode() if text else b"" for text in row[_FIRST_MOMENT:_FIRST_REAL]],
            *[value + 0.0 if type(value) is float else _real(value) for value in row[_FIRST_REAL:_FIRST_WHOLE]],
            *[NO_NUMBER if value is None else value for value in row[_FIRST_WHOLE:_FIRST_TEXT]],
            *[text_sum(text) if text else 0 for text in row[_FIRST_TEXT:]],
        )

    def of_row(self, *row: Any) -> bytes:
        """Return the checksum of one row; see :meth:`packed`."""
        words = _WORDS.unpack(self.packed(row))
        return _SUMS.pack(*[
            (_FIRST + sum(map(mul, multipliers, words[part]))) % 2**64 >> 32 for part, multipliers in _MULTIPLIERS_OF
        ])  # fmt: skip

    def label_words(self, numbers: np.ndarray) -> np.ndarray:
        """Return the sums of the texts of labels by number, 0 standing for none."""
        sums = np.zeros(1 + max((number for number in self._texts if number is not None), default=0), np.uint32)
        for number, value in self._texts.items():
            sums[number or 0] = value
        return sums[numbers]

    def of_columns(self, group: Sequence[str], columns: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """Return one sum, as uint32, for each of many rows.

        Args:
            group: one of :data:`GROUPS`.
            columns: arrays by name: the key's bytes as uint8; reals; whole numbers, :data:`NO_NUMBER` where missing;
                labels by number, 0 where missing; of texts their sums; times as bytes. A column that is not there holds
                nothing.
            count: the number of rows.
        """
        total = np.full(count, _FIRST, np.uint64)
        for name in group:
            multipliers = _MULTIPLIERS[_PLACES[name]]
            if name not in columns:
                nothing = np.array([_NAN if name in _REALS else NO_NUMBER if name in _WHOLES else 0])
                words = nothing.view("<u4") if _SIZES[name] == _NUMBER else np.zeros(len(multipliers), "<u4")
                total += words.astype(np.uint64) @ multipliers
                continue
            column = columns[name]
            if name in _LABELS:
                column = self.label_words(column)
            elif name in _REALS:
                column = column + 0.0
            elif name in _MOMENTS:
                column = column.astype(f"S{_MOMENT}")
            elif name in _TEXTS:
                column = column.astype("<u4")
            words = np.ascontiguousarray(column).view("<u4").reshape(count, -1)
            for index, multiplier in enumerate(multipliers):
                total += np.multiply(words[:, index], multiplier, dtype=np.uint64)
        return (total >> np.uint64(32)).astype(np.uint32)


def of_packed(rows: Iterable[bytes]) -> list[bytes]:
    """Return the checksums of many rows at once, of what :meth:`Sums.packed` gives of each."""
    data = b"".join(rows)
    words = np.frombuffer(data, "<u4").reshape(-1, _WORDS.size // 4).astype(np.uint64)
    sums = np.empty((len(words), len(_PARTS)), "<u4")
    for index, part in enumerate(_PARTS):
        sums[:, index] = (words[:, part] @ _MULTIPLIERS[part] + np.uint64(_FIRST)) >> np.uint64(32)
    found, size = sums.tobytes(), _SUMS.size
    return [found[at : at + size] for at in range(0, len(found), size)]
