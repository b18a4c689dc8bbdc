"""The schema of results: the values that each field of an attempt and of an environment may have."""

import dataclasses
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, get_args

from mibench.attempt import DEFAULTS, Status
from mibench.errors import MibenchError, SpecError, StoreError, shown
from mibench.files import PLAIN_NAME, is_plain_name
from mibench.grammar import Grid, Spec
from mibench.jsonable import MAX_DEPTH, is_unicode

#: The most characters of a text, by field.
MAX_TEXT = {"message": 100_000, "traceback": 20_000, "output": 100_000}
#: The most characters of a spec, and the most brackets in it.
MAX_SPEC, MAX_BRACKETS = 8_000, 64
#: The most values in the diagnostics of an attempt, and the most points of a curve.
MAX_VALUES, MAX_POINTS = 100_000, 100_000
_MAX_LABEL = 1_000
_MAX_WHOLE = 2**63 - 1
_MAX_COST = 1e12
_KEY = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(
    r"(?:19[7-9]\d|20\d\d)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|\+00:00)?)?"
)
#: Control characters but the line's end and the tabulator, which a program's command may hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Rule:
    """Rule for the values of a field: a test, the same in words, and for numbers the least and the most."""

    holds: Callable[[Any], bool]
    allowed: str
    least: float = -math.inf
    most: float = math.inf


@dataclass
class Skipped:
    """Entries left out of results that were read with their bad entries passed over.

    Attributes:
        count: how many entries.
        reasons: why, of the first ones.
    """

    count: int = 0
    reasons: list[str] = field(default_factory=list)
    most: int = 10

    def add(self, reason: str) -> None:
        """Note one entry."""
        self.count += 1
        if len(self.reasons) < self.most:
            self.reasons.append(reason)

    def lines(self) -> list[str]:
        """Return what to tell the person: nothing where nothing was left out."""
        if not self.count:
            return []
        rest = self.count - len(self.reasons)
        return [
            f"{self.count} bad {'entry' if self.count == 1 else 'entries'} left out:",
            *(f"  {reason}" for reason in self.reasons),
            *([f"  and {rest} more"] if rest else []),
        ]


def refuse(reason: str, skipped: Skipped | None) -> None:
    """Note a bad entry in *skipped*, or raise :class:`StoreError` where there is none."""
    if skipped is None:
        raise StoreError(f"{reason} (--skip-bad leaves such entries out)")
    skipped.add(reason)


def _is_whole(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _whole(least: int, most: int, optional: bool = False) -> Rule:
    words = f"a whole number from {least} to {most if most < _MAX_WHOLE else '2^63 - 1'}"
    if optional:
        return Rule(lambda value: value is None or _is_whole(value, least, most), f"{words}, or null", least, most)
    return Rule(lambda value: _is_whole(value, least, most), words, least, most)


def number(value: Any) -> float | None:
    """Return a number of a file as a float, where it is one or spells one that is not finite, else None."""
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value) if abs(value) < 2**1023 else None
    return float(value) if type(value) is str and value in ("nan", "inf", "-inf") else None


def _value(value: Any) -> bool:
    return value is None or number(value) is not None


def _bounded(least: float, most: float, optional: bool = True) -> Rule:
    def holds(value: Any) -> bool:
        if value is None:
            return optional
        found = number(value) if type(value) is not str else None
        return found is not None and least <= found <= most

    limits = f"a finite number of at least {max(least, 0.0):g}" + (f", at most {most:g}" if most < 1e300 else "")
    return Rule(holds, f"{limits}, or null" if optional else limits, least, most)


def _remembered(holds: Callable[[str], bool]) -> Callable[[Any], bool]:
    """Test each text once: a file repeats few labels many times."""
    known: set[str] = set()

    def test(value: Any) -> bool:
        if type(value) is not str:
            return False
        if value in known:
            return True
        if not holds(value):
            return False
        if len(known) < 100_000:
            known.add(value)
        return True

    return test


def _is_spec(text: str) -> bool:
    if len(text) > MAX_SPEC or text.count("(") + text.count("[") > MAX_BRACKETS or _CONTROL.search(text):
        return False
    try:
        return is_unicode(text) and not _has_grid(Spec.parse(text))
    except (SpecError, RecursionError):
        return False


def _is_protocol(text: str) -> bool:
    from mibench.protocol import parse_protocol  # which imports estimators and tasks: where there is a protocol alone

    try:
        parse_protocol(text, 0)
    except (MibenchError, RecursionError):
        return False
    return True


def _has_grid(spec: Spec) -> bool:
    return any(isinstance(v, Grid) or (isinstance(v, Spec) and _has_grid(v)) for _, v in spec.params)


def _is_label(text: str) -> bool:
    return len(text) <= _MAX_LABEL and not _CONTROL.search(text) and is_unicode(text)


def _text(most: int) -> Rule:
    return Rule(
        lambda value: type(value) is str and len(value) <= most and is_unicode(value),
        f"a text of at most {most} characters",
    )


def _is_curve(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, list) or len(value) > MAX_POINTS:
        return False
    return all(
        isinstance(point, list) and len(point) == 2 and point[0] is not None and point[1] is not None
        and _value(point[0]) and _value(point[1]) and math.isfinite(number(point[0]) or 0.0)
        for point in value
    )  # fmt: skip


def is_plain_json(value: Any, depth: int = MAX_DEPTH, most: int = MAX_VALUES) -> bool:
    """Return whether parsed JSON is nested no deeper than *depth*, has no more than *most* values, and is Unicode."""
    level, count = [value], 0
    for _ in range(depth + 1):
        if not level:
            return True
        count += len(level)
        if count > most:
            return False
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                if not all(type(key) is str and is_unicode(key) for key in item):
                    return False
                inner += item.values()
            elif isinstance(item, list):
                inner += item
            elif isinstance(item, str) and not is_unicode(item):
                return False
        level = inner
    return not level


@cache
def is_date(text: str) -> bool:
    """Return whether *text*, of the form of a date, is a day that there is, such as no 30th of February."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_STATUSES: tuple[str, ...] = get_args(Status)
_SPEC = Rule(
    _remembered(_is_spec),
    f"a spec such as ksg:k=5, without grids or control characters, at most {MAX_SPEC} characters and "
    f"{MAX_BRACKETS} brackets",
)
_LABEL = Rule(_remembered(_is_label), f"a text of at most {_MAX_LABEL} characters without control characters")
_NAME = Rule(_remembered(lambda text: not text or is_plain_name(text)), f"{PLAIN_NAME}; or none")
_NUMBER = Rule(_value, 'a number, "nan", "inf", "-inf" or null')
_COST = _bounded(0.0, _MAX_COST)
_TIME = Rule(
    lambda value: type(value) is str and (not value or (_MOMENT.fullmatch(value) is not None and is_date(value[:10]))),
    "a time in UTC such as 2026-03-01T12:00:00Z, from 1970 to 2099, or none",
)

#: What every field of an attempt may hold, as a line of JSONL spells it.
RULES: dict[str, Rule] = {
    "key": Rule(lambda value: type(value) is str and _KEY.fullmatch(value) is not None, "64 digits of 0-9 and a-f"),
    "estimator": _SPEC,
    "task": _SPEC,
    "protocol": Rule(
        _remembered(lambda text: not text or (_is_spec(text) and _is_protocol(text))),
        "a protocol such as stream:batch=64,mi=2/4,steps=4000 whose parameters are as it allows; or none",
    ),
    "n": _whole(1, 10**15),
    "seed": _whole(0, _MAX_WHOLE),
    "status": Rule(_remembered(_STATUSES.__contains__), ", ".join(_STATUSES)),
    "suite": _NAME,
    "family": _NAME,
    "nats": _NUMBER,
    "stderr": _NUMBER,
    "truth_nats": _bounded(-1e-9, sys.float_info.max),
    "truth_stderr": _bounded(0.0, sys.float_info.max, optional=False),
    **dict.fromkeys(("cpu_s", "wall_s", "setup_s", "sample_s", "peak_mb", "timeout_s", "memory_mb"), _COST),
    **{name: _text(most) for name, most in MAX_TEXT.items()},
    "signal": _whole(0, 255, optional=True),
    "exit_code": _whole(0, 255, optional=True),
    "lifted": Rule(lambda value: type(value) is bool, "true or false"),
    "diagnostics": Rule(
        lambda value: isinstance(value, dict) and is_plain_json(value),
        f"an object nested at most {MAX_DEPTH} deep, of at most {MAX_VALUES} values",
    ),
    "curve": Rule(_is_curve, f"at most {MAX_POINTS} pairs of numbers, or null"),
    **dict.fromkeys(("estimator_version", "estimator_origin", "task_version", "device", "environment"), _LABEL),
    "finished_at": _TIME,
    "ordered_at": _TIME,
}  # fmt: skip
_REQUIRED = tuple(name for name, default in DEFAULTS.items() if default is dataclasses.MISSING)


def fault(record: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an attempt as a file holds it, or None; fields there are no rules for pass."""
    for name in _REQUIRED:
        if name not in record:
            return f"field {name} is missing; allowed: {RULES[name].allowed}"
    for name, value in record.items():
        rule = RULES.get(name)
        if rule is not None and not rule.holds(value):
            return f"{name} is {shown(value)}; allowed: {rule.allowed}"
    return None


_PACKAGES = Rule(
    lambda value: (
        isinstance(value, dict)
        and len(value) <= 1_000
        and all(_is_label(name) and _LABEL.holds(version) for name, version in value.items())
    ),
    "an object of versions by package",
)
_ENVIRONMENT: dict[str, Rule] = {
    **dict.fromkeys(("cpu", "system", "machine", "python", "blas"), _LABEL),
    "cores": _whole(1, 10**9, optional=True),
    "memory_gb": _bounded(0.0, 1e9),
    "packages": _PACKAGES,
}


def definition_fault(suite: Any, definition: Any) -> str | None:
    """Return what is wrong with the definition of a suite as a file holds it, or None."""
    if not _LABEL.holds(suite):
        return f"suite is {shown(suite)}; allowed: {_LABEL.allowed}"
    if not isinstance(definition, dict) or not is_plain_json(definition, most=50_000):
        return f"definition is {shown(definition)}; allowed: an object of at most 50000 values"
    return None


def environment_fault(name: Any, description: Any) -> str | None:
    """Return what is wrong with an environment as a file holds it, or None."""
    if not _LABEL.holds(name):
        return f"environment is {shown(name)}; allowed: {_LABEL.allowed}"
    if not isinstance(description, dict) or not is_plain_json(description, most=10_000):
        return f"description is {shown(description)}; allowed: an object of at most 10000 values"
    for entry, value in description.items():
        rule = _ENVIRONMENT.get(entry)
        if rule is not None and not rule.holds(value):
            return f"description.{entry} is {shown(value)}; allowed: {rule.allowed}"
    return None
