import pytest

from mibench.board.selection import select
from mibench.errors import UnknownNameError


def test_a_suite_without_results_of_its_own_shows_what_was_run_under_its_name(make_attempt, as_frame):
    frame = as_frame([make_attempt("a", "gaussian:dim=7,mi=1.0", 100, 0, suite="quick")])
    scope = select(frame, "quick")
    assert scope.frame["task"].tolist() == ["gaussian:dim=7,mi=1.0"]
    assert select(frame.assign(suite="other"), "quick").frame.empty
    with pytest.raises(UnknownNameError, match="unknown suite 'nosuch'"):
        select(frame, "nosuch")
