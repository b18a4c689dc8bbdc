"""A verdict: what a check found about an estimator or a task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mibench.errors import MissingExtraError
from mibench.spec import Specified
from mibench.task import Task

Check: TypeAlias = Callable[[Any], None]
Status = Literal["kept", "broken", "not claimed", "expected failure", "unexpected pass", "not installed"]


class NotClaimed(Exception):  # noqa: N818  (it is no error)
    """Raised by a check of a promise that the estimator or task does not make; the message names the promise."""


@dataclass(frozen=True)
class Verdict:
    """What one check found.

    Attributes:
        kind: ``estimator`` or ``task``.
        subject: the label of the estimator or task.
        check: the check's name.
        status: ``kept`` or ``broken``; ``not claimed`` where the promise is not made; ``expected failure`` where it is
            declared in ``expected_failures``, and ``unexpected pass`` where one declared is kept; ``not installed``.
        message: what was found, or why it is expected, or what is not claimed.
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
        """Whether it is an error: a broken promise, or a declared failure that is none."""
        return self.status in ("broken", "unexpected pass")


def judge(check: Check, subject: Specified) -> Verdict:
    """Run *check* on *subject* and return its verdict; declared failures are strict."""
    expected = subject.expected_failures.get(check.__name__)
    status, message = _outcome(check, subject)
    if expected is not None and status == "broken":
        status, message = "expected failure", expected
    elif expected is not None and status in ("kept", "not claimed"):
        message = f"{check.__name__} is declared an expected failure ({expected}) but is {status}: drop the declaration"
        status = "unexpected pass"
    kind: Literal["estimator", "task"] = "task" if isinstance(subject, Task) else "estimator"
    return Verdict(kind, subject.label, check.__name__, status, message, meaning(check))


def meaning(check: Check) -> str:
    """Return the first sentence of a check's docstring: what failing means for a user."""
    text = " ".join((check.__doc__ or "").split("\n\n")[0].split())
    return text.split(". ")[0].rstrip(".") + "."


def _outcome(check: Check, subject: Specified) -> tuple[Status, str]:
    try:
        check(subject)
    except NotClaimed as claim:
        return "not claimed", str(claim)
    except MissingExtraError as error:
        return "not installed", str(error)
    except AssertionError as error:
        return "broken", str(error)
    except Exception as error:
        return "broken", f"{type(error).__name__}: {error}"
    return "kept", ""
