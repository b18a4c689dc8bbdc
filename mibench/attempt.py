"""An attempt: the record of one execution of a cell."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .jsonable import is_unicode, to_json

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["ok", "nonfinite", "error", "timeout", "oom", "crash", "unsupported"]

#: Statuses that count as failures: everything but a value and a declared lack of support.
FAILURES: tuple[Status, ...] = ("nonfinite", "error", "timeout", "oom", "crash")

#: What a field holds: the cell's key; a label (text that many attempts share); a real or whole number; a flag; text of
#: one attempt; a value with structure.
Kind = Literal["key", "label", "real", "integer", "flag", "text", "json"]


@dataclass(frozen=True)
class Column:
    """Column of an attempt's field in stores and files.

    Attributes:
        kind: what it holds.
        always: whether every line of JSONL has it, at its default too.
        local: whether a committed baseline leaves it out, since it differs from run to run or from machine to machine,
            or does not help to compare values.
    """

    kind: Kind
    always: bool = False
    local: bool = False


def column(kind: Kind, *, always: bool = False, local: bool = False) -> dict[str, Column]:
    """Return the metadata of a dataclass field: its :class:`Column`."""
    return {"column": Column(kind, always, local)}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One execution of one cell. This is the one list of an attempt's fields; JSONL, SQLite and frames follow it.

    Times are in seconds, memory in MB (10⁶ bytes), information in nats. ``cpu_s``, ``wall_s`` and ``peak_mb`` are of
    ``estimate()`` alone; ``setup_s`` is of ``prepare()``, ``sample_s`` of drawing the data. ``protocol`` is the spec of
    the protocol, "" for a sample of fixed size; ``device`` is where the cell ran, "" for the CPU. Of several attempts
    at one cell the one that was last ``ordered_at`` counts, which is set only where that is not when it
    ``finished_at`` by the clock of its machine.
    """

    key: str = field(metadata=column("key", always=True))
    estimator: str = field(metadata=column("label", always=True))
    task: str = field(metadata=column("label", always=True))
    protocol: str = field(default="", metadata=column("label"))
    n: int = field(metadata=column("integer", always=True))
    seed: int = field(metadata=column("integer", always=True))
    status: Status = field(metadata=column("label", always=True))
    suite: str = field(default="", metadata=column("label", always=True))
    family: str = field(default="", metadata=column("label", always=True))
    nats: float | None = field(default=None, metadata=column("real", always=True))
    stderr: float | None = field(default=None, metadata=column("real", always=True))
    truth_nats: float | None = field(default=None, metadata=column("real", always=True))
    truth_stderr: float = field(default=0.0, metadata=column("real", always=True))
    cpu_s: float | None = field(default=None, metadata=column("real", always=True, local=True))
    wall_s: float | None = field(default=None, metadata=column("real", always=True, local=True))
    setup_s: float | None = field(default=None, metadata=column("real", always=True, local=True))
    sample_s: float | None = field(default=None, metadata=column("real", local=True))
    peak_mb: float | None = field(default=None, metadata=column("real", always=True, local=True))
    message: str = field(default="", metadata=column("text", always=True))
    traceback: str = field(default="", metadata=column("text", local=True))
    output: str = field(default="", metadata=column("text", local=True))
    signal: int | None = field(default=None, metadata=column("integer"))
    exit_code: int | None = field(default=None, metadata=column("integer"))
    lifted: bool = field(default=False, metadata=column("flag"))
    diagnostics: Mapping[str, Any] = field(default_factory=dict, metadata=column("json", local=True))
    curve: tuple[tuple[float, float], ...] | None = field(default=None, metadata=column("json", local=True))
    estimator_version: str = field(default="", metadata=column("label", always=True))
    estimator_origin: str = field(default="", metadata=column("label", local=True))
    task_version: str = field(default="", metadata=column("label", always=True))
    timeout_s: float | None = field(default=None, metadata=column("real", local=True))
    memory_mb: float | None = field(default=None, metadata=column("real", local=True))
    device: str = field(default="", metadata=column("label", local=True))
    environment: str = field(default="", metadata=column("label", always=True, local=True))
    finished_at: str = field(default="", metadata=column("text", always=True, local=True))
    ordered_at: str = field(default="", metadata=column("text", local=True))

    @property
    def order(self) -> str:
        """Sort key by which the last of several attempts at one cell is found, as text."""
        return self.ordered_at or self.finished_at

    def to_json(self) -> str:
        """Return one line of JSON: fields in the order above, those at their defaults left out.

        A value that is no finite number is written as the string ``"nan"``, ``"inf"`` or ``"-inf"``, so that the line
        is JSON to every reader; what is no Unicode in a text is written as an escape, so that a file can hold it.
        """
        values = self.__dict__
        record = {
            name: value
            if type(value) in _PLAIN or (type(value) is float and math.isfinite(value))
            else to_json(value, nonfinite="text")
            for name, default in DEFAULTS.items()
            if (value := values[name]) != default or name in _ALWAYS
        }
        line = _compact(record)
        return line if is_unicode(line) else _compact(to_json(record, nonfinite="text"))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Attempt":
        """Build an attempt from a parsed line; unknown fields, of a newer version, are passed over."""
        values = {name: record[name] for name in DEFAULTS if name in record}
        for name in _SPELT & values.keys():
            if type(values[name]) in (str, int):
                values[name] = float(values[name])
        if values.get("curve") is not None:
            values["curve"] = tuple((float(step), float(nats)) for step, nats in values["curve"])
        return cls(**values)


_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def _compact(record: Any) -> str:
    return _ENCODE(record)


#: Every field's column.
COLUMNS: dict[str, Column] = {item.name: item.metadata["column"] for item in dataclasses.fields(Attempt)}
#: Every field and its default; the required ones have none (``dataclasses.MISSING``).
DEFAULTS: dict[str, Any] = {
    item.name: {} if item.name == "diagnostics" else item.default for item in dataclasses.fields(Attempt)
}


def fields_of(*kinds: Kind) -> tuple[str, ...]:
    """Return the names of the fields of these kinds, in order."""
    return tuple(name for name, kept in COLUMNS.items() if kept.kind in kinds)


#: Types whose every value is JSON as it stands.
_PLAIN = {str, int, bool, type(None)}
#: Numbers that a file may spell as text, where they are not finite.
_SPELT = frozenset(fields_of("real"))
_ALWAYS = frozenset(name for name, kept in COLUMNS.items() if kept.always)


def in_order(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a frame of attempts in the order in which they count, the last one last; see :attr:`Attempt.order`."""
    order = frame["finished_at"]
    if "ordered_at" in frame and (frame["ordered_at"] != "").any():
        order = order.where(frame["ordered_at"] == "", frame["ordered_at"])
    return frame if order.is_monotonic_increasing else frame.iloc[order.argsort(kind="stable")]
