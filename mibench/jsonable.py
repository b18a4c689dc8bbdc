"""Values as JSON has them."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any


def plain(value: Any, digits: int | None = None) -> Any:
    """Return dataclasses, enums, tuples and numbers as what JSON has; what is no finite number becomes None.

    Args:
        value: what to write.
        digits: cut numbers to so many significant digits; None keeps them whole.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name), digits) for item in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return value if digits is None else float(f"{value:.{digits}g}")
    if isinstance(value, Mapping):
        return {str(key): plain(item, digits) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item, digits) for item in value]
    return value
