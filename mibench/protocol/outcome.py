"""Outcomes of cells, checked where it crosses from other people's code."""

import errno
import math
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_args

from mibench.attempt import Status
from mibench.estimator import Estimate, Estimator
from mibench.jsonable import to_json, unicode_text

#: The most characters of a message and of a traceback that are kept.
MESSAGE_CHARACTERS, TRACEBACK_CHARACTERS = 2_000, 8_000
#: How deep diagnostics may be nested, and how large they may be: characters and values together.
DIAGNOSTICS_DEPTH, DIAGNOSTICS_SIZE = 20, 1_000_000
#: The most points of a learning curve.
CURVE_POINTS = 200_000
#: Statuses that executing a cell can come to by itself; the others are told by whoever watches it from outside.
INNER: tuple[Status, ...] = ("ok", "nonfinite", "error", "oom")
_TORCH_OUT_OF_MEMORY = "DefaultCPUAllocator", "CUDA out of memory"


class OutcomeError(ValueError):
    """Data that is no outcome; the message names the field, its value and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Outcome of one cell; its fields are those of the :class:`mibench.attempt.Attempt` that records it.

    Attributes:
        status: ``ok``, or the way it failed.
        nats: the value; a finite number where the status is ``ok``, none where it is ``nonfinite``, else None.
        stderr: the estimator's own standard error in nats.
        cpu_s, wall_s, peak_mb: cost of ``estimate()`` alone.
        setup_s, sample_s: seconds of ``prepare()`` and of drawing the sample.
        message, traceback: of an exception.
        signal, exit_code: of a process that ended.
        diagnostics: JSON values by name.
        curve: ``(step, nats)`` pairs.
    """

    status: Status
    nats: float | None = None
    stderr: float | None = None
    cpu_s: float | None = None
    wall_s: float | None = None
    setup_s: float | None = None
    sample_s: float | None = None
    peak_mb: float | None = None
    message: str = ""
    traceback: str = ""
    signal: int | None = None
    exit_code: int | None = None
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    curve: tuple[tuple[float, float], ...] | None = None

    def to_message(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, as JSON has them."""
        return {
            name: to_json(value, nonfinite="text") for name, value in vars(self).items() if value != _DEFAULTS[name]
        }

    @classmethod
    def from_message(cls, data: Any, statuses: Collection[str] = INNER) -> "Outcome":
        """Return the outcome that *data*, from a process in which anything may have happened, stands for.

        Every field is checked: types, finite numbers where they are due, lengths, depth and size. Text that is no
        Unicode is escaped.

        Args:
            data: parsed JSON.
            statuses: the statuses that the sender may know of.

        Raises:
            OutcomeError: a field that is unknown, missing or not as it must be.
        """
        if type(data) is not dict:
            raise OutcomeError(f"the outcome is {_shown(data)}; allowed: a JSON object")
        unknown = [name for name in data if name not in _CHECKS]
        if unknown:
            raise OutcomeError(f"unknown field {_shown(unknown[0])}")
        if data.get("status") not in statuses or not isinstance(data["status"], str):
            raise OutcomeError(f"status is {_shown(data.get('status'))}; allowed: {', '.join(statuses)}")
        outcome = cls(**{name: _CHECKS[name](name, value) for name, value in data.items()})
        wanted = {"ok": True, "nonfinite": False}.get(outcome.status)
        if wanted != (None if outcome.nats is None else math.isfinite(outcome.nats)):
            allowed = {True: "a finite number", False: "no finite number", None: "none"}[wanted]
            raise OutcomeError(f"nats is {outcome.nats} of status {outcome.status}; allowed: {allowed}")
        return outcome

    @classmethod
    def of_error(cls, error: BaseException, **known: Any) -> "Outcome":
        """Return the outcome of an exception, which may itself misbehave, with what else is *known*."""
        try:
            message = f"{type(error).__name__}: {error}"
        except Exception:
            message = type(error).__name__
        try:
            trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        except Exception:
            trace = ""
        return cls(
            status="oom" if _is_out_of_memory(error, message) else "error",
            message=safe_text(message[:MESSAGE_CHARACTERS]),
            traceback=safe_text(trace[-TRACEBACK_CHARACTERS:]),
            **known,
        )


def check_estimate(estimator: Estimator, value: Any, method: str = "estimate") -> Estimate:
    """Return what an estimator's *method* has returned, an :class:`~mibench.estimator.Estimate`.

    Raises:
        TypeError: it is something else; the message shows it.
    """
    if not isinstance(value, Estimate):
        raise TypeError(f"{estimator.name}.{method} returned {_shown(value)}; allowed: an Estimate")
    return value


def of_estimate(estimator: Estimator, estimate: Any, method: str = "estimate") -> Outcome:
    """Return the outcome of what an estimator's *method* has returned.

    The fields of an estimate may have been changed since it was made.

    Raises:
        TypeError: it is no estimate, or a field is not as it must be.
    """
    check_estimate(estimator, estimate, method)
    try:
        nats = _real("nats", estimate.nats)
        data = {
            "status": "ok" if math.isfinite(nats) else "nonfinite",
            "nats": nats,
            "stderr": None if estimate.stderr is None else _real("stderr", estimate.stderr),
            "diagnostics": to_json(estimate.diagnostics, nonfinite="text", depth=DIAGNOSTICS_DEPTH),
            "curve": None if estimate.curve is None else _pairs(estimate.curve),
        }
        if not math.isfinite(nats):
            data["message"] = f"the estimate is {nats}"
        return Outcome.from_message(data)
    except OutcomeError as error:
        raise TypeError(f"{estimator.name}.{method} returned an Estimate whose {error}") from None


def _real(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise OutcomeError(f"{name} is {_shown(value)}; allowed: a real number") from None


def _pairs(curve: Any) -> list[list[float]]:
    try:
        return [[float(step), float(value)] for step, value in curve]
    except (TypeError, ValueError, OverflowError):
        raise OutcomeError(f"curve is {_shown(curve)}; allowed: (step, nats) pairs") from None


def safe_text(text: str) -> str:
    """Return *text* as every store and terminal can hold it: lone surrogates and null characters escaped."""
    return unicode_text(text).replace("\0", "\\x00")


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        text = "a value without a repr"
    return f"{text[:100]} ({type(value).__name__})"


def _is_out_of_memory(error: BaseException, message: str) -> bool:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    return isinstance(error, RuntimeError) and any(words in message for words in _TORCH_OUT_OF_MEMORY)


def _number(name: str, value: Any) -> float:
    """Return a number of any size, the strings ``nan``, ``inf`` and ``-inf`` among them."""
    if type(value) in (int, float) or value in ("nan", "inf", "-inf"):
        try:
            return float(value)
        except OverflowError:
            pass
    raise OutcomeError(f"{name} is {_shown(value)}; allowed: a number")


def _number_or_none(name: str, value: Any) -> float | None:
    return None if value is None else _number(name, value)


def _cost_or_none(name: str, value: Any) -> float | None:
    if value is None:
        return None
    number = _number(name, value)
    if not 0 <= number < math.inf:
        raise OutcomeError(f"{name} is {_shown(value)}; allowed: a finite number of at least 0")
    return number


def _code(name: str, value: Any) -> int | None:
    if value is not None and (type(value) is not int or not 0 <= value < 2**31):
        raise OutcomeError(f"{name} is {_shown(value)}; allowed: a whole number of at least 0")
    return value


def _text(name: str, value: Any) -> str:
    most = {"message": MESSAGE_CHARACTERS, "traceback": TRACEBACK_CHARACTERS}.get(name, 100)
    if type(value) is not str:
        raise OutcomeError(f"{name} is {_shown(value)}; allowed: a string")
    return safe_text(value)[:most]


def _diagnostics(name: str, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise OutcomeError(f"{name} is {_shown(value)}; allowed: a JSON object")
    found: dict[str, Any] = _json(value, DIAGNOSTICS_DEPTH, [DIAGNOSTICS_SIZE])
    return found


def _json(value: Any, depth: int, left: list[int]) -> Any:
    """Return *value* with its text made safe; *depth* levels and *left* characters and values are allowed."""
    left[0] -= len(value) if type(value) is str else 1
    if depth < 0:
        raise OutcomeError(f"diagnostics are nested too deep; allowed: {DIAGNOSTICS_DEPTH} levels")
    if left[0] < 0:
        raise OutcomeError(f"diagnostics are too large; allowed: {DIAGNOSTICS_SIZE} characters and values")
    if type(value) is dict:
        left[0] -= sum(map(len, value))
        return {safe_text(key): _json(item, depth - 1, left) for key, item in value.items()}
    if type(value) is list:
        return [_json(item, depth - 1, left) for item in value]
    if type(value) is str:
        return safe_text(value)
    if type(value) is int:
        return value if abs(value) < 2**63 else str(value)
    return value


def _curve(name: str, value: Any) -> tuple[tuple[float, float], ...] | None:
    if value is None:
        return None
    if type(value) is not list or len(value) > CURVE_POINTS:
        raise OutcomeError(f"{name} is {_shown(value)}; allowed: a list of up to {CURVE_POINTS} pairs")
    if not all(type(pair) is list and len(pair) == 2 for pair in value):
        raise OutcomeError(f"{name} holds what is no pair; allowed: (step, nats) pairs")
    return tuple((_number(f"a step of {name}", step), _number(f"a value of {name}", nats)) for step, nats in value)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "status": _text, "nats": _number_or_none, "stderr": _number_or_none, "cpu_s": _cost_or_none,
    "wall_s": _cost_or_none, "setup_s": _cost_or_none, "sample_s": _cost_or_none, "peak_mb": _cost_or_none,
    "message": _text, "traceback": _text, "signal": _code, "exit_code": _code, "diagnostics": _diagnostics,
    "curve": _curve,
}  # fmt: skip
_DEFAULTS: dict[str, Any] = {item.name: {} if item.name == "diagnostics" else item.default for item in fields(Outcome)}
#: Every status, for those who may know of all.
STATUSES: tuple[Status, ...] = get_args(Status)
