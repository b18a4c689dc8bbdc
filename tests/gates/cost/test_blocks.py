"""The bound of ten blocks, the noise floor, and the two-stage rule."""

import numpy as np
import pytest

from mibench.gates.cost.blocks import BLOCKS, TIMINGS, Stage, compare, flagged
from mibench.gates.verdict import Verdict


def stage(rng, slowdown=1.0, noise=0.02):
    base, head = (np.exp(noise * rng.standard_normal((BLOCKS, TIMINGS))) for _ in range(2))
    return Stage(base, slowdown * head)


def test_the_bound_is_the_second_smallest_ratio_of_minima():
    base = np.ones((BLOCKS, TIMINGS))
    head = np.column_stack([np.arange(2, 2 + BLOCKS), np.full(BLOCKS, 100)])
    measured = Stage(base, head.astype(float))
    assert measured.bound() == pytest.approx(3)
    assert measured.ratio() == pytest.approx(np.sqrt(6 * 7))


def test_the_bound_exceeds_the_true_ratio_as_seldom_as_it_promises():
    """P(second-smallest of 10 > median) = 11/1024, whatever the noise: here with heavy tails."""
    rng = np.random.default_rng(0)
    trials = 4_000
    above = sum(Stage(*np.exp(0.3 * rng.standard_t(2, (2, BLOCKS, TIMINGS)))).bound() > 1 for _ in range(trials))
    expected = 11 / 1024
    assert above / trials == pytest.approx(expected, abs=4 * np.sqrt(expected / trials))


def test_the_noise_floor_is_the_median_ratio_of_a_side_to_itself():
    base = np.column_stack([np.ones(BLOCKS), np.full(BLOCKS, 1.3)])
    assert Stage(base, base[:, ::-1]).noise() == pytest.approx(1.3)
    assert Stage(np.ones((BLOCKS, TIMINGS)), np.ones((BLOCKS, TIMINGS))).noise() == 1


def test_twice_as_slow_is_red_and_twice_as_fast_is_improved_when_measured_again():
    rng = np.random.default_rng(1)
    for ratio, verdict in ((2, Verdict.REGRESSION), (0.5, Verdict.IMPROVED)):
        stages = [stage(rng, ratio), stage(rng, ratio)]
        assert flagged(stages[0])
        assert compare("x", *stages).verdict is verdict
        assert compare("x", stages[0], None).verdict is Verdict.PASS
        assert compare("x", stages[0], stage(rng, 1)).verdict is Verdict.PASS


def test_one_stage_alone_is_never_red():
    rng = np.random.default_rng(2)
    assert compare("x", stage(rng, 2), None).verdict is Verdict.PASS
    assert compare("x", stage(rng, 2), stage(rng, 1)).verdict is Verdict.PASS


def test_below_the_tolerance_is_not_red_however_sure():
    measured = stage(np.random.default_rng(3), 1.1, noise=1e-4)
    assert measured.bound() > 1.09
    assert not flagged(measured)
    assert flagged(measured, tolerance=0.05)


def test_noise_above_the_tolerance_raises_the_threshold_and_is_inconclusive():
    rng = np.random.default_rng(4)
    result = compare("x", stage(rng, 1.2, noise=0.5), None)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.threshold == result.noise > 1.15
    assert result.detectable > result.threshold


@pytest.mark.slow
def test_false_alarms_and_power_of_the_two_stage_rule():
    """Shares of red for one cell at 5 % noise of a timing: none of 4,000 unchanged, most of 1.3×, all of 2×."""
    rng = np.random.default_rng(5)

    def red(slowdown, trials):
        hits = 0
        for _ in range(trials):
            first = stage(rng, slowdown, 0.05)
            if flagged(first):
                hits += compare("x", first, stage(rng, slowdown, 0.05)).verdict is Verdict.REGRESSION
        return hits / trials

    assert red(1.0, 4_000) == 0
    assert red(1.3, 500) > 0.9
    assert red(2.0, 500) == 1
