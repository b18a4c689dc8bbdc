"""Copies of rows are counted and warned of, where they are no matter of course."""

import numpy as np
import pytest

import mibench
from mibench.duplicates import duplicate_share


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 1))
    return x, 0.7 * x + rng.standard_normal((500, 1))


@pytest.mark.parametrize(("copies", "share"), [(1, 0.0), (2, 0.5), (20, 0.95)])
@pytest.mark.parametrize("estimator", ["ksg", "gaussian", "binning", "zero"])
def test_every_estimate_of_copied_rows_says_so(pair, estimator, copies, share):
    found = mibench.estimate(*(np.repeat(block, copies, axis=0) for block in pair), estimator=estimator)
    assert found.diagnostics.get("duplicate_rows", 0.0) == pytest.approx(share)
    assert ("copies of other rows" in found.diagnostics.get("warning", "")) == (copies > 1)


def test_the_value_stays_raw(pair):
    twice = [np.repeat(block, 2, axis=0) for block in pair]
    assert mibench.estimate(*twice).nats > mibench.estimate(*pair).nats + 0.2


def test_a_copy_or_two_is_counted_without_a_warning(pair):
    blocks = [np.concatenate([block, block[:1]]) for block in pair]
    diagnostics = mibench.estimate(*blocks).diagnostics
    assert diagnostics["duplicate_rows"] == pytest.approx(1 / 501)
    assert "warning" not in diagnostics


def test_copies_hide_in_no_mix_of_kinds(pair):
    x = np.sign(pair[0])
    assert duplicate_share([np.repeat(x, 2, axis=0), np.repeat(pair[1], 2, axis=0)]) == 0.5


@pytest.mark.parametrize("kind", ["counts", "one half steps", "binary and continuous", "identical columns"])
def test_discrete_data_repeat_rows_by_nature(pair, kind):
    x, y = pair
    blocks = {
        "counts": (np.round(3 * x), np.round(3 * y)),
        "one half steps": (np.round(2 * x) / 2, np.round(2 * y) / 2),
        "binary and continuous": (np.sign(x), y),
        "identical columns": (x, x),
    }[kind]
    assert duplicate_share(blocks) == 0.0
