import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

from mibench import Block, Estimate, Estimator, Learner, Tags, get_estimator, get_task, register_estimator
from mibench.block import as_blocks
from mibench.cell import lift, unsupported
from mibench.errors import InputError
from mibench.estimator import missing_requirements

X = np.arange(6.0)


class Sound(Estimator):
    def estimate(self, *blocks, rng):
        return Estimate(0.0)


def test_columns_of_numbers_become_blocks():
    first, second = as_blocks([1, 2, 3], np.array([[1, 2], [3, 4], [5, 7]], dtype=np.float32, order="F"))
    assert first.shape == (3, 1)
    assert second.shape == (3, 2)
    assert first.dtype == second.dtype == np.float64
    assert second.flags.c_contiguous


def test_blocks_are_copies():
    x = X.reshape(-1, 1).copy()
    block, _ = as_blocks(x, X)
    block[0] = 99
    assert x[0] == 0


@given(arrays.arrays(np.float64, (5, 2)))
def test_what_is_let_through_is_finite_and_varies(values):
    try:
        block, _ = as_blocks(values, np.arange(5))
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
        as_blocks(*blocks)
    assert "\n" not in str(caught.value)


def test_more_rows_may_be_demanded():
    with pytest.raises(InputError, match=r"the blocks have 6 row\(s\); allowed: at least 7"):
        as_blocks(X, X, min_samples=7)


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


def test_who_learns_step_by_step_is_told_by_its_method_alone():
    assert not isinstance(get_estimator("zero"), Learner)
    assert isinstance(get_estimator("mine"), Learner)


def test_a_plain_estimator_has_no_ceiling():
    zero = get_estimator("zero")
    assert zero.ceiling(100) is None


def test_what_an_estimator_can_take_is_what_its_class_declares_or_a_method_says(temporary_classes):
    @register_estimator("declared")
    @dataclass(frozen=True)
    class Declared(Sound):
        tags = Tags(max_blocks=2)

    @register_estimator("of-old")
    @dataclass(frozen=True)
    class OfOld(Sound):
        most: int = 2
        tags = property(lambda self: Tags(max_blocks=self.most))

    @register_estimator("dynamic")
    @dataclass(frozen=True)
    class Dynamic(Declared):
        most: int = 3

        def get_tags(self):
            return replace(super().get_tags(), max_blocks=self.most)

    task = get_task("total-correlation:dim=3,kind=ar1")
    for spec, most in {"declared": 2, "of-old:most=2": 2, "of-old:most=5": 5, "dynamic": 3}.items():
        estimator = get_estimator(spec)
        assert estimator.get_tags().max_blocks == most
        assert (lift(estimator, task) is estimator) == (most >= 3)


def test_what_is_missing_is_told_with_what_to_install(temporary_classes):
    @register_estimator("needy")
    @dataclass(frozen=True)
    class Needy(Sound):
        module: str = "absent_one.inner"

        def get_tags(self):
            return Tags(requires=("numpy", self.module), install="absent[one]")

    assert get_estimator("needy").missing() == "needy needs absent_one.inner: pip install 'absent[one]'"
    assert get_estimator("needy:module=json").missing() is None
    assert missing_requirements(get_estimator("needy")) == get_estimator("needy").missing()


@pytest.mark.parametrize(
    ("tags", "match"),
    [
        ({"invariances": {"rotation"}}, "Tags: invariances holds rotation; allowed: permutation, scaling"),
        ({"kinds": {"continuous", "round"}}, "Tags: kinds holds round; allowed: continuous, discrete, mixed"),
        ({"devices": {"abacus"}}, "Tags: devices holds abacus; allowed: cpu, cuda"),
        ({"direction": "guess"}, "Tags: direction is 'guess'; allowed: 'estimate', 'lower bound', 'upper bound'"),
    ],
)
def test_tags_that_mean_nothing_are_refused(tags, match):
    with pytest.raises(ValueError, match=match):
        Tags(**tags)


C, D = Block(2), Block(1, "discrete")


def test_an_estimator_sees_the_blocks_as_they_are_and_the_chain_rule_what_it_joins():
    assert get_estimator("ksg").sees((C, D, C)) == (C, D, C)
    chain = get_estimator("chain-rule")
    assert set(chain.sees((C, D))) == {C, D}
    assert set(chain.sees((C, D, C))) == {C, D, Block(3, "mixed")}
    assert set(chain.sees((C, D, D, C))) == {C, D, Block(3, "mixed"), Block(4, "mixed")}
    assert set(get_estimator("chain-rule:order=reversed").sees((C, D, D))) == {C, D, Block(2, "discrete")}


@pytest.mark.parametrize(
    ("blocks", "reason"),
    [
        ((C, C, C), None),
        ((C, C, D), "cannot take discrete blocks"),
        ((C, D, D), "cannot take discrete or mixed blocks"),
        ((C, Block(3)), "cannot take a block of 3 columns; allowed: at most 2"),
    ],
)
def test_kind_and_width_are_checked_on_what_is_seen(temporary_classes, blocks, reason):
    @register_estimator("joiner")
    @dataclass(frozen=True)
    class Joiner(Sound):
        tags = Tags(kinds=frozenset({"continuous"}), max_dim=2)

        def sees(self, blocks):
            return *blocks, Block.joined([Block(1, block.kind) for block in blocks[:2]])

    found = unsupported(get_estimator("joiner"), SimpleNamespace(blocks=blocks))
    assert found is None if reason is None else reason in found
