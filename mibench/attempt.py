"""An attempt: the record of one execution of a cell."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["ok", "nonfinite", "error", "timeout", "oom", "crash", "unsupported"]

#: Statuses that count as failures: everything but a value and a declared lack of support.
FAILURES: tuple[Status, ...] = ("nonfinite", "error", "timeout", "oom", "crash")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One execution of one cell. The field names are those of the JSONL interchange.

    Times are in seconds, memory in MB (10⁶ bytes), information in nats. ``cpu_s``, ``wall_s`` and ``peak_mb`` are of
    ``estimate()`` alone; ``setup_s`` is of ``prepare()``, ``sample_s`` of drawing the data.
    """

    key: str
    estimator: str
    task: str
    n: int
    seed: int
    status: Status
    suite: str = ""
    family: str = ""
    nats: float | None = None
    stderr: float | None = None
    truth_nats: float | None = None
    truth_stderr: float = 0.0
    cpu_s: float | None = None
    wall_s: float | None = None
    setup_s: float | None = None
    sample_s: float | None = None
    peak_mb: float | None = None
    message: str = ""
    traceback: str = ""
    output: str = ""
    signal: int | None = None
    exit_code: int | None = None
    lifted: bool = False
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    curve: tuple[tuple[float, float], ...] | None = None
    estimator_version: str = ""
    estimator_origin: str = ""
    task_version: str = ""
    timeout_s: float | None = None
    memory_mb: float | None = None
    environment: str = ""
    finished_at: str = ""

    def to_json(self) -> str:
        """Return one line of JSON: fields in the order above, those at their defaults left out.

        A value that is no finite number is written as the string ``"nan"``, ``"inf"`` or ``"-inf"``, so that the line
        is JSON to every reader.
        """
        values = self.__dict__
        record = {
            name: value if type(value) in _PLAIN or (type(value) is float and math.isfinite(value)) else encode(value)
            for name, default in DEFAULTS.items()
            if (value := values[name]) != default or name in _ALWAYS
        }
        return json.dumps(record, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Attempt":
        """Build an attempt from a parsed line; unknown fields, of a newer version, are passed over."""
        values = {name: record[name] for name in DEFAULTS if name in record}
        for name in _NUMBERS & values.keys():
            if isinstance(values[name], str):
                values[name] = float(values[name])
        if values.get("curve") is not None:
            values["curve"] = tuple((float(step), float(nats)) for step, nats in values["curve"])
        return cls(**values)


#: Every field and its default; the required ones have none (``dataclasses.MISSING``).
DEFAULTS: dict[str, Any] = {
    item.name: {} if item.name == "diagnostics" else item.default for item in dataclasses.fields(Attempt)
}
#: Types whose every value is JSON as it stands.
_PLAIN = {str, int, bool, type(None)}
_NUMBERS = {"nats", "stderr", "truth_nats", "truth_stderr"}
_ALWAYS = {
    "key", "suite", "estimator", "task", "family", "n", "seed", "status", "nats", "stderr", "truth_nats",
    "truth_stderr", "cpu_s", "wall_s", "setup_s", "peak_mb", "message", "estimator_version", "task_version",
    "environment", "finished_at",
}  # fmt: skip


def encode(value: Any) -> Any:
    """Return *value* as JSON can hold it: numbers that are not finite as strings, arrays' scalars as numbers."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return encode(value.item()) if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else str(value)
