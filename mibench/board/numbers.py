"""Numbers as a board writes them."""

import math

DASH = "–"


def number(value: float, digits: int = 3) -> str:
    """Write *value* with *digits* significant digits and no exponent between 1e-4 and 1e6."""
    if math.isnan(value):
        return DASH
    if value == 0 or not math.isfinite(value):
        return f"{value:g}".replace("-0", "0") if value == 0 else str(value)
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{_decimals(value, digits)}f}"


def _decimals(value: float, digits: int) -> int:
    """Return the places after the point that show *digits* significant digits once *value* is rounded to them."""
    rounded = abs(float(f"{value:.{digits - 1}e}"))
    return max(digits - 1 - math.floor(math.log10(rounded)), 0)


def counted(count: int, one: str, many: str = "") -> str:
    """Write a number of things: ``1 task``, ``1,200 tasks``; *many* is the plural where it is not *one* and an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def with_error(value: float, error: float) -> str:
    """Write ``value ± error`` with two digits of the error; the value alone where there is no error."""
    if math.isnan(value):
        return DASH
    if not (math.isfinite(error) and error > 0):
        return number(value)
    decimals = min(_decimals(error, 2), 6)
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return f"{text} ± {error:.{decimals}f}"


def interval(low: float, high: float, digits: int = 3) -> str:
    """Write ``[low, high]``, or a dash where it is not known."""
    if math.isnan(low) or math.isnan(high):
        return DASH
    return f"[{number(low, digits)}, {number(high, digits)}]"


def p_value(p: float) -> str:
    """Write a p-value; small ones as ``< 0.001``."""
    if math.isnan(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def share(part: int, whole: int) -> str:
    """Write ``3 of 20 (15 %)``, or ``0`` for none; two digits below 10 %, and 100 % for all alone."""
    if part == 0:
        return "0"
    percent = 100 * part / whole
    text = f"{percent:.2g}" if percent < 9.95 else f"{100 if part == whole else min(percent, 99):.0f}"
    return f"{part} of {whole} ({text} %)"


def rank_range(best: int | None, worst: int | None) -> str:
    """Write a range of ranks: ``2``, ``2–4``, or a dash for what is not ranked."""
    if best is None or worst is None:
        return DASH
    return str(best) if best == worst else f"{best}–{worst}"


def ok_note(ok: int, cells: int) -> str:
    """Return the number of cells that have a value, where not all have: `` (17/20 ok)``."""
    return "" if ok == cells else f" ({ok}/{cells} ok)"
