"""The paired permutation test: exact by enumeration, uniform under no change, blind to what must not matter."""

import itertools

import numpy as np
import pytest

from mibench.gates.accuracy.permutation import FLOOR, SquaredErrors, permutation_test


def random_cells(rng, cells=3, seeds=8, estimators=2, inflation=1.0):
    return [
        SquaredErrors(rng.chisquare(1, (seeds, estimators)), inflation**2 * rng.chisquare(1, (seeds, estimators)))
        for _ in range(cells)
    ]


def exact_p(cells):
    """All exchanges of all units of one estimator, one by one."""
    pairs = [list(zip(cell.base[:, 0], cell.head[:, 0], strict=True)) for cell in cells]

    def statistic(choices):
        total = 0.0
        for cell, swapped in zip(pairs, choices, strict=True):
            base = sum(pair[int(flip)] for pair, flip in zip(cell, swapped, strict=True))
            head = sum(pair[1 - int(flip)] for pair, flip in zip(cell, swapped, strict=True))
            total += 0.5 * np.log(head / base)
        return total

    per_cell = [list(itertools.product([False, True], repeat=len(cell))) for cell in pairs]
    values = np.array([statistic(choices) for choices in itertools.product(*per_cell)])
    seen = statistic([choices[0] for choices in per_cell])
    return np.mean(values >= seen - 1e-12)


def test_agrees_with_the_enumeration_of_all_exchanges():
    cells = random_cells(np.random.default_rng(0), cells=2, seeds=5, estimators=1, inflation=1.6)
    test = permutation_test(cells, np.random.default_rng(1), permutations=99_999)
    exact = exact_p(cells)
    assert test.p[0] == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 99_999))
    for index, cell in enumerate(cells):
        alone = exact_p([cell])
        assert test.cell_p[index, 0] == pytest.approx(alone, abs=4 * np.sqrt(alone * (1 - alone) / 99_999))


def test_p_is_no_smaller_than_uniform_under_no_change():
    rng = np.random.default_rng(2)
    p = []
    for _ in range(400):
        test = permutation_test(random_cells(rng, cells=2, seeds=6), rng, permutations=199)
        p += [*test.p, *test.cell_p.ravel()]
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(p) <= level) <= level + 4 * np.sqrt(level * (1 - level) / 400)


def test_power_grows_with_the_change():
    p = [
        permutation_test(
            random_cells(np.random.default_rng(3), 3, 20, 1, inflation), np.random.default_rng(4), 9_999
        ).p[0]
        for inflation in (1.0, 1.3, 3.0)
    ]
    assert p[0] > p[1] > p[2]
    assert p[2] <= 2e-4


def test_the_log_ratio_is_the_mean_over_cells_and_ignores_the_unit_of_error():
    cells = random_cells(np.random.default_rng(5))
    test = permutation_test(cells, np.random.default_rng(0), 99)
    scaled = permutation_test(
        [SquaredErrors(9 * cell.base, 9 * cell.head) for cell in cells], np.random.default_rng(0), 99
    )
    direct = [0.5 * np.log(cell.head.sum(axis=0) / cell.base.sum(axis=0)) for cell in cells]
    np.testing.assert_allclose(test.log_ratio, np.mean(direct, axis=0))
    np.testing.assert_allclose(scaled.log_ratio, test.log_ratio)
    np.testing.assert_array_equal(scaled.p, test.p)


def test_exchanging_the_sides_turns_the_ratio_round():
    cells = random_cells(np.random.default_rng(6), inflation=1.3)
    test = permutation_test(cells, np.random.default_rng(0), 999)
    back = permutation_test([SquaredErrors(cell.head, cell.base) for cell in cells], np.random.default_rng(0), 999)
    np.testing.assert_allclose(back.log_ratio, -test.log_ratio)
    np.testing.assert_allclose(back.p_less, test.p, atol=0.08)
    np.testing.assert_allclose(back.cell_p_less, test.cell_p, atol=0.08)
    assert np.all(test.p + back.p >= 1)


def test_equal_sides_have_p_1():
    errors = np.random.default_rng(7).chisquare(1, (10, 2))
    test = permutation_test([SquaredErrors(errors, errors)], np.random.default_rng(0), 999)
    np.testing.assert_array_equal(test.p, 1)
    np.testing.assert_array_equal(test.log_ratio, 0)


def test_one_seed_can_prove_nothing():
    test = permutation_test([SquaredErrors(np.array([[1e-6]]), np.array([[1e6]]))], np.random.default_rng(0), 9_999)
    assert test.p[0] == pytest.approx(0.5, abs=0.03)


def test_missing_pairs_are_left_out():
    rng = np.random.default_rng(8)
    full = SquaredErrors(rng.chisquare(1, (6, 1)), rng.chisquare(1, (6, 1)))
    holes = np.full((3, 1), np.nan)
    padded = SquaredErrors(np.vstack([full.base, holes]), np.vstack([full.head, holes]))
    empty = SquaredErrors(holes, holes)
    tests = [permutation_test(cells, np.random.default_rng(0), 999) for cells in ([full], [padded, empty])]
    np.testing.assert_allclose(tests[1].log_ratio, tests[0].log_ratio)
    np.testing.assert_allclose(tests[1].p, tests[0].p, atol=0.06)
    assert np.isnan(tests[1].cell_p[1, 0])


def test_an_error_of_zero_has_a_finite_ratio():
    cell = SquaredErrors(np.zeros((20, 1)), np.full((20, 1), 0.01))
    test = permutation_test([cell], np.random.default_rng(0), 99_999)
    assert test.log_ratio[0] == pytest.approx(np.log(0.1 / FLOOR))
    assert test.p[0] <= 1e-4


@pytest.mark.parametrize("ratio", [1.1, 2.0])
def test_a_planted_ratio_is_exact(ratio):
    cells = random_cells(np.random.default_rng(9))
    for cell in cells:
        np.testing.assert_allclose(np.exp(cell.planted(ratio).log_ratio()), ratio)
    nothing = SquaredErrors(np.full((4, 1), 0.25), np.zeros((4, 1)))
    np.testing.assert_allclose(np.exp(nothing.planted(ratio).log_ratio()), ratio)


def test_refuses_errors_that_are_not_paired():
    with pytest.raises(ValueError, match="not paired"):
        SquaredErrors(np.array([[np.nan]]), np.array([[1.0]]))


def test_the_p_value_counts_what_was_seen_among_the_permutations():
    """What makes it exact: (1 + count) / (1 + permutations), so that it is 1 or ½ of a single one and never 0."""
    rng = np.random.default_rng(10)
    one = [permutation_test(random_cells(rng, 1, 6), rng, permutations=1) for _ in range(20)]
    assert {float(p) for test in one for p in (*test.p, *test.cell_p.ravel())} == {0.5, 1.0}
    many = permutation_test(random_cells(rng, 2, 20, 3, inflation=30.0), rng, permutations=99)
    assert many.p.tolist() == [0.01] * 3
    assert many.cell_p.ravel().tolist() == [0.01] * 6


def test_exchanges_that_tie_but_for_rounding_count():
    """0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 differ in the last digit; as ratios of errors they are the same."""
    base = np.array([[0.1], [0.2], [0.3], [0.4], [0.7]])
    cell = SquaredErrors(base, base[::-1].copy())
    test = permutation_test([cell], np.random.default_rng(0), permutations=9_999)
    exact = exact_p([cell])
    assert exact > 0.5
    assert test.cell_p[0, 0] == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 9_999))
    assert test.p[0] == test.cell_p[0, 0]
