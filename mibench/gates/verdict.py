"""The verdicts of a gate and their exit codes."""

from collections.abc import Iterable
from enum import StrEnum

#: The smallest ratio that matters: 10 % for an error, 15 % for a cost.
ERROR_TOLERANCE = 0.10
COST_TOLERANCE = 0.15


class Verdict(StrEnum):
    """The outcome of one comparison, or of a whole gate."""

    IMPROVED = "improved"
    PASS = "pass"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    REGRESSION = "regression"


_SEVERITY = list(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of *verdicts*: regression, then error, then inconclusive, else pass (improvements are one)."""
    return max([Verdict.PASS, *verdicts], key=_SEVERITY.index)


def exit_code(verdict: Verdict, strict: bool) -> int:
    """Return 0 where all is fine, 1 for a regression, 3 where something was not measured, 4 for inconclusive.

    Inconclusive is 0 unless *strict*. (2 is for mistakes in the command.)
    """
    codes = {
        Verdict.IMPROVED: 0,
        Verdict.PASS: 0,
        Verdict.REGRESSION: 1,
        Verdict.ERROR: 3,
        Verdict.INCONCLUSIVE: 4 if strict else 0,
    }
    return codes[verdict]
