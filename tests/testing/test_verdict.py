"""Verdicts: what is declared is strict, and every check says what failing means."""

from dataclasses import dataclass

import pytest

import mibench.testing
from mibench import Estimate, Estimator
from mibench.errors import MissingExtraError
from mibench.testing import ESTIMATOR_CHECKS, TASK_CHECKS, NotClaimed, find_subjects, judge, meaning
from mibench.testing.report import markdown
from mibench.testing.verdict import check


@check(failing="A user sees the wrong thing.")
def check_example(subject):
    """The outcome is none."""
    if subject.outcome is not None:
        raise subject.outcome


@dataclass(frozen=True)
class Subject(Estimator):
    name = "subject"
    outcome = None

    def estimate(self, *blocks, rng):
        return Estimate(0.0)


def verdict(outcome=None, **expected):
    @dataclass(frozen=True)
    class Made(Subject):
        expected_failures = expected

    Made.outcome = outcome
    return judge(check_example, Made())


@pytest.mark.parametrize(
    ("outcome", "status", "message", "failed"),
    [
        (None, "pass", "", False),
        (AssertionError("it is wrong"), "fail", "it is wrong", True),
        (ZeroDivisionError("by zero"), "fail", "ZeroDivisionError: by zero", True),
        (NotClaimed("a ceiling"), "not applicable", "a ceiling", False),
        (MissingExtraError("pip install it"), "not installed", "pip install it", False),
    ],
)
def test_outcomes_become_verdicts(outcome, status, message, failed):
    found = verdict(outcome)
    assert (found.status, found.message, found.failed) == (status, message, failed)
    assert (found.kind, found.subject, found.check) == ("estimator", "subject", "check_example")
    assert found.meaning == "A user sees the wrong thing."


def test_an_expected_failure_is_no_error_and_carries_its_reason():
    found = verdict(AssertionError("it is wrong"), check_example="too hard")
    assert (found.status, found.message, found.failed) == ("expected failure", "too hard", False)


@pytest.mark.parametrize("outcome", [None, NotClaimed("a ceiling")])
def test_an_expected_failure_that_is_none_is_an_error(outcome):
    found = verdict(outcome, check_example="too hard")
    assert found.status == "unexpected pass"
    assert found.failed
    assert "declared an expected failure (too hard)" in found.message


def test_what_is_not_installed_is_no_unexpected_pass():
    assert verdict(MissingExtraError("pip install it"), check_example="too hard").status == "not installed"


@pytest.mark.parametrize("each", sorted({*ESTIMATOR_CHECKS, *TASK_CHECKS}, key=lambda c: c.__name__))
def test_every_check_is_public_and_says_what_failing_means(each):
    assert getattr(mibench.testing, each.__name__) is each
    assert each.__name__ in mibench.testing.__all__
    assert meaning(each).endswith(".")
    assert 30 < len(meaning(each)) < 200
    assert each.__doc__.split("\n")[0].endswith(".")
    assert meaning(each) not in " ".join(each.__doc__.split()), "the docstring says what is checked"


class TestSubjects:
    def test_a_name_stands_for_everything_called_so(self):
        found = find_subjects("gaussian")
        assert found[0].label == "gaussian"
        assert len(found) > 1
        assert all(subject.spec.startswith("gaussian:") for subject in found)

    def test_parameters_choose_among_the_kinds(self):
        assert [subject.label for subject in find_subjects("gaussian:mi=1")] == ["gaussian:mi=1.0"]
        assert [type(subject).__name__ for subject in find_subjects("gaussian:correction=wishart")] == ["Gaussian"]

    def test_grids_are_expanded(self):
        assert [subject.label for subject in find_subjects("ksg:k=[2,3]")] == ["ksg:k=2", "ksg:k=3"]

    def test_mistakes_are_named(self):
        with pytest.raises(LookupError, match="unknown estimator or task 'ksgg'; did you mean 'ksg'"):
            find_subjects("ksgg")
        with pytest.raises(ValueError, match="ksg: k is 'x'"):
            find_subjects("ksg:k=x")


def test_the_table_of_nothing_but_kept_promises_has_no_empty_column():
    assert markdown([verdict()]) == "| subject | pass |\n|---|---|\n| `subject` | 1 of 1 |\n"


def test_the_table_has_a_row_for_each_subject_and_a_note_for_each_failure():
    found = [verdict(), verdict(AssertionError("it is wrong")), verdict(NotClaimed("a ceiling"))]
    assert markdown(found) == (
        "| subject | pass | not applicable | fail |\n"
        "|---|---|---|---|\n"
        "| `subject` | 1 of 3 | example | example |\n"
        "\n"
        "- `subject`, example (fail): it is wrong\n"
    )
