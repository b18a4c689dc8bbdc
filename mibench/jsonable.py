"""Conversion of dataclasses, enums, numbers and arrays to JSON values."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Literal

#: Arrays of more numbers than this become the abridged text that NumPy prints of them.
MAX_ARRAY = 1_000
#: What is nested deeper than this becomes an ellipsis.
MAX_DEPTH = 64


def to_json(
    value: Any, *, nonfinite: Literal["null", "text"] = "null", digits: int | None = None, depth: int = MAX_DEPTH
) -> Any:
    r"""Return *value* as what JSON has, so that ``json.dumps`` takes it and a UTF-8 file can hold it.

    Dataclasses and mappings become objects, sequences and small arrays lists, enums their values, anything else its
    text. A lone surrogate in a text becomes an escape, ``\ud83d``.

    Args:
        value: what to write.
        nonfinite: NaN and the infinities become null, as in reports, or the texts ``"nan"``, ``"inf"`` and ``"-inf"``,
            as in attempts, which keep them.
        digits: cut numbers to so many significant digits; None keeps them whole.
        depth: how deep the nesting may go.
    """
    kind = type(value)
    if kind is float:  # the usual kinds first: this is done for every value of every cell
        return _number(value, nonfinite, digits)
    if kind is str:
        return unicode_text(value)
    if kind is int or kind is bool or value is None:
        return value
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return unicode_text(value)
    if value is None or isinstance(value, bool):  # of an enum
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _number(float(value), nonfinite, digits)
    if depth <= 0:
        return "…"

    def inner(item: Any) -> Any:
        return to_json(item, nonfinite=nonfinite, digits=digits, depth=depth - 1)

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: inner(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {unicode_text(str(key)): inner(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [inner(item) for item in value]
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return inner(value.item())
    if hasattr(value, "tolist") and isinstance(value.size, int) and value.size <= MAX_ARRAY:
        return inner(value.tolist())
    return unicode_text(str(value))


def _number(value: float, nonfinite: Literal["null", "text"], digits: int | None) -> float | str | None:
    if not math.isfinite(value):
        return str(value) if nonfinite == "text" else None
    return value if digits is None else float(f"{value:.{digits}g}")


def is_unicode(text: str) -> bool:
    """Return whether *text* holds no lone surrogate, so that a UTF-8 file can hold it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def unicode_text(text: str) -> str:
    r"""Return *text* with each lone surrogate replaced by its escape, ``\ud83d``."""
    return text if is_unicode(text) else text.encode(errors="backslashreplace").decode()
