import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import rankdata

from mibench.estimators._columns import moments, normal_scores, scale, smooth_scores, standardize


def columns(n=200, seed=0):
    return np.random.default_rng(seed).standard_t(2, size=(n, 2)) + np.array([3, -1])


def test_known_values_get_the_normal_scores_of_their_ranks():
    known = columns()
    assert normal_scores(known, known) == pytest.approx(ndtri(rankdata(known, axis=0) / 201), abs=1e-12)


def test_held_out_values_fall_between_their_neighbours_and_stay_within_the_last_scores():
    known = np.arange(1.0, 10.0)[:, None]
    found = normal_scores(np.array([[-1e9], [0.9], [1.0], [1.2], [8.7], [9.0], [1e300]]), known)[:, 0]
    assert found == pytest.approx(ndtri(np.array([0.5, 0.5, 1, 1.5, 8.5, 9, 9.5]) / 10), abs=1e-12)


def test_ties_keep_one_score_each():
    known = np.repeat([0.0, 1.0, 5.0], [60, 30, 10])[:, None]
    found = normal_scores(known, known)
    assert len(np.unique(found)) == 3
    assert sorted(set(found[:, 0])) == pytest.approx(ndtri(np.array([30.5, 75.5, 95.5]) / 101), abs=1e-12)


@pytest.mark.parametrize("mapped", [lambda x: 1e-300 * x, lambda x: 1e300 * x, np.exp, lambda x: x**3 + x])
def test_scores_are_the_same_to_the_last_digit_for_any_increasing_map(mapped):
    known, values = columns(seed=0) / 10, columns(seed=1) / 10
    assert np.array_equal(normal_scores(mapped(values), mapped(known)), normal_scores(values, known))


def test_scores_depend_on_the_known_rows_alone():
    known, values = columns(seed=0), columns(seed=1)
    assert np.array_equal(normal_scores(values, known)[:5], normal_scores(values[:5], known))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("factor", [2.0**-900, 2.0**900])
def test_moments_and_standard_columns_are_those_of_the_unscaled_column(factor):
    known, values = columns(seed=0), columns(seed=1)
    assert np.array_equal(moments(factor * known), factor * np.array(moments(known)))
    assert np.array_equal(standardize(factor * values, factor * known), standardize(values, known))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("factor", [1e-300, 1e300])
def test_no_digit_is_lost_to_scaling_but_the_last(factor):
    known, values = columns(seed=0), columns(seed=1)
    assert standardize(factor * values, factor * known) == pytest.approx(standardize(values, known), rel=1e-12)
    assert moments(known) == (pytest.approx(known.mean(axis=0)), pytest.approx(known.std(axis=0)))


@pytest.mark.filterwarnings("error")
def test_values_at_both_ends_of_the_range_do_not_overflow():
    ends = np.array([[-1.7e308], [1.7e308]])
    assert standardize(ends, ends).tolist() == [[-1], [1]]
    assert np.isinf(standardize(ends, 1e-300 * np.arange(3.0)[:, None])).all()


@pytest.mark.parametrize("scaling", ["standard", "normal-scores"])
@pytest.mark.parametrize("known", [columns(), np.repeat([[0.0, 1.0], [1.0, 9.0]], [97, 3], axis=0)])
def test_known_columns_come_out_with_mean_0_and_deviation_1(scaling, known):
    found = scale(known, known, scaling)
    assert found.mean(axis=0) == pytest.approx(np.zeros(2), abs=1e-12)
    assert found.std(axis=0) == pytest.approx(np.ones(2), rel=1e-12)


def test_a_constant_column_is_centred_and_without_scaling_nothing_changes():
    known = np.full((5, 1), 7.0)
    assert scale(np.array([[7.0], [8.0]]), known, "standard").tolist() == [[0], [1 / 8]]
    assert scale(known, known, "none") is known


@pytest.mark.parametrize("law", ["normal", "standard_cauchy", "lognormal", "uniform"])
def test_smooth_scores_of_rows_held_out_are_about_normal_and_all_different(law):
    rng = np.random.default_rng(0)
    draw = getattr(rng, law)
    known, others = draw(size=(600, 1)), draw(size=(4000, 1))
    found = smooth_scores(others, known)
    assert len(np.unique(found)) == 4000
    assert np.array_equal(np.argsort(found[:, 0]), np.argsort(others[:, 0]))
    assert np.abs(found).max() < 8
    assert np.quantile(found, [0.1, 0.5, 0.9]) == pytest.approx([-1.28, 0, 1.28], abs=0.15)


def test_smooth_scores_do_not_depend_on_location_and_scale():
    known, others = np.random.default_rng(0).standard_cauchy((2, 500, 2))
    plain = smooth_scores(others, known)
    for factor in (1e-300, 1e250):
        assert smooth_scores(factor * others, factor * known) == pytest.approx(plain, abs=1e-9)
    assert smooth_scores(others + 1e3, known + 1e3) == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize("levels", [2, 3, 40])
def test_smooth_scores_keep_the_order_of_a_column_with_few_values(levels):
    known = np.random.default_rng(0).integers(levels, size=(300, 1)).astype(float)
    found = smooth_scores(np.arange(levels, dtype=float)[:, None], known)[:, 0]
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
