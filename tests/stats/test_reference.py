import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mibench.stats.reference import best_constant, blind_scores, constant_scores, suite_constants, task_weights


@given(
    arrays(float, st.integers(1, 8), elements=st.floats(0, 10).map(lambda value: round(value, 3))),
    st.integers(0, 2**32 - 1),
)
def test_no_constant_on_a_fine_grid_beats_the_best(truths, seed):
    weights = np.random.default_rng(seed).uniform(0.1, 1, len(truths))
    found = best_constant(truths, weights)
    grid = np.linspace(-1, 21, 4401)
    means = constant_scores(grid[:, None], truths) @ weights / weights.sum()
    assert found.score <= means.min() + 1e-9
    assert found.score == pytest.approx(constant_scores(found.nats, truths) @ weights / weights.sum())


def test_by_hand():
    """Of 0, 1 and 1.1 the constant 1 scores 1, 0 and 1/11."""
    found = best_constant(np.array([0.0, 1.0, 1.1]), np.ones(3))
    assert (found.nats, found.score) == (1.0, pytest.approx((1 + 0.1 / 1.1) / 3))


def test_a_blind_estimator_sees_shapes_and_nothing_else():
    truths, weights = np.array([0.2, 4.0, 1.0]), np.ones(3)
    assert blind_scores(truths, weights, ["a", "b", "c"]).tolist() == [0, 0, 0]
    assert blind_scores(truths, weights, ["a", "a", "b"]).tolist() == [0, pytest.approx(3.8 / 4), 0]
    one = blind_scores(truths, weights, ["a"] * 3)
    assert one.mean() == pytest.approx(best_constant(truths, weights).score)


def test_weights_are_equal_for_families_then_tasks():
    assert task_weights(["f", "g", "f"]).tolist() == [0.25, 0.5, 0.25]


def test_the_constants_of_a_suite_are_its_own_and_its_families_():
    found = suite_constants({"a": ("f", 1.0), "b": ("f", 2.0), "c": ("g", 0.0)})
    assert found["g"].score == 0
    assert found["f"].score == pytest.approx(0.25)
    assert found[""].score == pytest.approx(0.5)
