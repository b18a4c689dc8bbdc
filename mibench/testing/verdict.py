"""Checks and their verdicts: what was found about an estimator or a task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from mibench.errors import MissingExtraError
from mibench.spec import Specified
from mibench.task import Task

Check: TypeAlias = Callable[[Any], None]
C = TypeVar("C", bound=Check)
Status = Literal["pass", "fail", "not applicable", "expected failure", "unexpected pass", "not installed"]


def check(failing: str) -> Callable[[C], C]:
    """Return the decorator of a check; *failing* is one sentence on what its failure means for a user."""

    def mark(function: C) -> C:
        function.failing = failing  # type: ignore[attr-defined]
        return function

    return mark


class NotClaimed(Exception):  # noqa: N818  (it is no error)
    """Raised by a check of a property that the estimator or task does not declare; the message names it."""


@dataclass(frozen=True)
class Verdict:
    """Result of one check.

    Attributes:
        kind: ``estimator`` or ``task``.
        subject: the label of the estimator or task.
        check: the check's name.
        status: ``pass`` or ``fail``; ``not applicable`` where the property is not declared; ``expected failure`` where
            the failure is declared in ``expected_failures``, and ``unexpected pass`` where one declared does not fail;
            ``not installed``.
        message: what was found, or why it is expected, or what is not declared.
        meaning: what failing means for a user.
    """

    kind: Literal["estimator", "task"]
    subject: str
    check: str
    status: Status
    message: str
    meaning: str

    @property
    def failed(self) -> bool:
        """True if the check failed, or passed although declared as an expected failure."""
        return self.status in ("fail", "unexpected pass")


def judge(check: Check, subject: Specified) -> Verdict:
    """Run *check* on *subject* and return its verdict; declared failures are strict."""
    expected = subject.expected_failures.get(check.__name__)
    status, message = _outcome(check, subject)
    if expected is not None and status == "fail":
        status, message = "expected failure", expected
    elif expected is not None and status in ("pass", "not applicable"):
        declared = f"{check.__name__} is declared an expected failure ({expected})"
        message = f"{declared} but the verdict is {status!r}: drop the declaration"
        status = "unexpected pass"
    kind: Literal["estimator", "task"] = "task" if isinstance(subject, Task) else "estimator"
    return Verdict(kind, subject.label, check.__name__, status, message, meaning(check))


def meaning(check: Check) -> str:
    """Return the sentence on what a check's failure means for a user."""
    return str(getattr(check, "failing", ""))


def _outcome(check: Check, subject: Specified) -> tuple[Status, str]:
    try:
        check(subject)
    except NotClaimed as claim:
        return "not applicable", str(claim)
    except MissingExtraError as error:
        return "not installed", str(error)
    except AssertionError as error:
        return "fail", str(error)
    except Exception as error:
        return "fail", f"{type(error).__name__}: {error}"
    return "pass", ""
