import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

from mibench import Estimate, get_estimator
from mibench.errors import InputError
from mibench.estimator import check_blocks

X = np.arange(6.0)


def test_columns_of_numbers_become_blocks():
    first, second = check_blocks([1, 2, 3], np.array([[1, 2], [3, 4], [5, 7]], dtype=np.float32, order="F"))
    assert first.shape == (3, 1)
    assert second.shape == (3, 2)
    assert first.dtype == second.dtype == np.float64
    assert second.flags.c_contiguous


def test_blocks_are_copies():
    x = X.reshape(-1, 1).copy()
    block, _ = check_blocks(x, X)
    block[0] = 99
    assert x[0] == 0


@given(arrays.arrays(np.float64, (5, 2)))
def test_what_is_let_through_is_finite_and_varies(values):
    try:
        block, _ = check_blocks(values, np.arange(5))
    except InputError:
        assert not np.isfinite(values).all() or (np.ptp(values, axis=0) == 0).any()
    else:
        assert np.array_equal(block, values)
        assert np.isfinite(block).all()
        assert all(len(np.unique(column)) > 1 for column in block.T)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ((), r"got 0 block\(s\) of samples; allowed: two or more"),
        ((X,), r"got 1 block\(s\)"),
        ((X, X[:-1]), "the blocks have 6, 5 rows; allowed: the same number in every block"),
        ((X, X.reshape(1, 2, 3)), r"block 2 has shape \(1, 2, 3\); allowed: \(n,\) or \(n, d\)"),
        ((5.0, X), r"block 1 has shape \(\); allowed"),
        ((X, np.empty((6, 0))), r"block 2 has shape \(6, 0\)"),
        ((X, ["a"] * 6), "block 2 cannot be read as numbers"),
        ((X, [[1, 2], [3]]), "block 2 cannot be read as numbers"),
        ((X, X * 1j), r"block 2 cannot be read as numbers \(complex values\)"),
        ((X, np.ma.masked_equal(X, 3)), "block 2 holds nan at row 3, column 0"),
        ((X, np.r_[X[:4], np.nan, np.inf]), r"block 2 holds nan at row 4, column 0 \(2 value\(s\) not finite in all\)"),
        ((np.r_[-np.inf, X[1:]], X), "block 1 holds -inf at row 0, column 0"),
        ((X, np.c_[X, np.ones(6)]), r"block 2, column 1 is constant \(1\); allowed: columns with at least two"),
        ((X[:1], X[:1]), r"the blocks have 1 row\(s\); allowed: at least 2"),
        ((X[:0], X[:0]), r"the blocks have 0 row\(s\)"),
    ],
)
def test_data_no_estimator_can_take_are_refused_naming_the_block_and_the_value(blocks, message):
    with pytest.raises(InputError, match=message) as caught:
        check_blocks(*blocks)
    assert "\n" not in str(caught.value)


def test_more_rows_may_be_demanded():
    with pytest.raises(InputError, match=r"the blocks have 6 row\(s\); allowed: at least 7"):
        check_blocks(X, X, min_samples=7)


@pytest.mark.parametrize("value", [0.5, 1, np.float32(0.5), np.int64(2), math.nan, -math.inf])
def test_an_estimate_is_any_real_number_raw(value):
    estimate = Estimate(value, stderr=value)
    assert type(estimate.nats) is type(estimate.stderr) is float
    assert repr(estimate.nats) == repr(float(value))
    assert estimate.finite == math.isfinite(value)


@pytest.mark.parametrize("value", ["0.5", None, True, 1j, np.array([0.5]), [1.0]])
def test_an_estimate_that_is_no_real_number_is_refused(value):
    with pytest.raises(TypeError, match=r"Estimate.nats is .*; allowed: a real number in nats"):
        Estimate(value)


def test_an_estimates_standard_error_is_a_number_or_none():
    assert Estimate(1.0).stderr is None
    with pytest.raises(TypeError, match=r"Estimate.stderr is 'small'"):
        Estimate(1.0, stderr="small")


def test_a_method_without_steps_has_no_learning_curve_and_no_ceiling():
    zero = get_estimator("zero")
    assert zero.ceiling(100) is None
    with pytest.raises(InputError, match="zero learns no curve"):
        zero.learning_curve(lambda n: (), rng=np.random.default_rng(0))
