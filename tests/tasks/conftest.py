from collections.abc import Callable

import pytest


@pytest.fixture
def confirm_sharply():
    """Assert a check of a truth, and that the same check refuses the truth moved by 1 % either way."""

    def confirm(nats: float, check: Callable[[float], None]) -> None:
        check(nats)
        for moved in (0.99 * nats, 1.01 * nats):
            with pytest.raises(AssertionError):
                check(moved)

    return confirm
