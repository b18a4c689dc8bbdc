"""The kit in pytest: one test per (estimator or task, check)."""

from collections.abc import Iterable
from typing import Any

from mibench.spec import Specified

from .subjects import find_subjects
from .verdict import Check, judge


def parametrize_with_checks(subjects: Iterable[str | Specified], checks: Iterable[Check] | None = None) -> Any:
    """Return the pytest decorator that gives a test one case per (subject, check).

    The test takes ``subject`` and ``check`` and calls ``check(subject)``. What is not applicable, or not installed, is
    skipped with its reason; an expected failure is reported as such, and is an error where the check passes.

    Args:
        subjects: spec strings of estimators and tasks, or the objects themselves.
        checks: those to run; by default all that apply.
    """
    import pytest

    from . import checks_of

    cases: list[Any] = []
    chosen = set(checks or ())
    for named in subjects:
        for subject in find_subjects(named) if isinstance(named, str) else [named]:
            wanted = [check for check in checks_of(subject) if checks is None or check in chosen]
            cases += [
                pytest.param(subject, _enforced(check), id=f"{subject.label}-{check.__name__}") for check in wanted
            ]
    return pytest.mark.parametrize(("subject", "check"), cases)


def _enforced(check: Check) -> Check:
    def enforce(subject: Specified) -> None:
        import pytest

        __tracebackhide__ = True
        verdict = judge(check, subject)
        if verdict.failed:
            pytest.fail(f"{verdict.message}\nWhat it means: {verdict.meaning}", pytrace=False)
        elif verdict.status == "expected failure":
            pytest.xfail(verdict.message)
        elif verdict.status != "pass":
            pytest.skip(f"{verdict.status}: {verdict.message}")

    enforce.__name__ = check.__name__
    return enforce
