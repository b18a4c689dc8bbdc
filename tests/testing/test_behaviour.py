"""Each check of behaviour passes on a sound estimator and catches one that breaks just that property."""

from dataclasses import dataclass

import numpy as np
import pytest

from mibench import Estimate, Estimator, Tags, get_estimator
from mibench.testing import behaviour
from mibench.testing.samples import SAMPLES, SEEDS, as_kind, gaussian_pair, margin
from mibench.testing.verdict import NotClaimed

CHECKS = [check for name, check in vars(behaviour).items() if name.startswith("check_")]
ALL = frozenset({"permutation", "scaling", "monotone", "swap"})


def information(x, y):
    """The Gaussian closed form, of blocks of one column, or summed over pairs of columns."""
    rs = [np.corrcoef(x[:, i], y[:, i])[0, 1] for i in range(min(x.shape[1], y.shape[1]))]
    return -0.5 * sum(np.log1p(-(r**2)) for r in rs)


def make(function, **tags):
    """An estimator whose value is ``function(x, y, rng)`` of its first two blocks."""

    @dataclass(frozen=True)
    class Made(Estimator):
        name = "made"

        def estimate(self, *blocks, rng):
            return Estimate(function(*blocks[:2], rng))

        def ceiling(self, n):
            return 1.0

    Made.tags = Tags(**tags)
    return Made()


SOUND = make(lambda x, y, rng: min(information(x, y), 1.0), invariances=ALL - {"monotone"}, direction="lower bound")


@pytest.mark.parametrize(
    "check",
    [check for check in CHECKS if check not in {behaviour.check_monotone_maps, behaviour.check_monotone}],
    ids=lambda check: check.__name__,
)
def test_a_sound_estimator_passes(check):
    check(SOUND)


def test_the_gaussian_closed_form_grows_with_the_correlation():
    behaviour.check_monotone(get_estimator("gaussian"))


@pytest.mark.parametrize(
    ("check", "broken", "match"),
    [
        ("monotone", make(lambda x, y, rng: 0.0), "the means are 0.0000, 0.0000, 0.0000"),
        ("monotone", make(lambda x, y, rng: min(information(x, y), 0.1)), "0.1000, 0.1000"),
        ("permutation", make(lambda x, y, rng: information(x[::2], y[::2]), invariances=ALL), "in another order"),
        ("scaling", make(lambda x, y, rng: x.std(), invariances=ALL), "scaled by 0.001 and 250"),
        ("monotone_maps", make(lambda x, y, rng: information(x, y), invariances=ALL), "mapped by"),
        ("swap", make(lambda x, y, rng: x[0, 0], invariances=ALL), "with the samples swapped"),
        ("data_processing", make(lambda x, y, rng: 1 - np.abs(y - y.mean()).mean()), "folding y raises the mean"),
        ("data_processing", make(lambda x, y, rng: -information(x, y)), "raises the mean by"),
        ("data_processing", make(lambda x, y, rng: 1.0 / y.shape[1]), "leaving out one of two columns of y"),
        ("additivity", make(lambda x, y, rng: information(x[:, :1], y[:, :1])), "together less their sum is -0.2"),
        ("direction", make(lambda x, y, rng: 0.4, direction="lower bound"), "mean 0.400 is on the wrong side"),
        ("direction", make(lambda x, y, rng: 0.2, direction="upper bound"), "mean 0.200 is on the wrong side"),
        ("ceiling", make(lambda x, y, rng: information(x, y)), r"ceiling\(1000\) is 1.0, but it returns"),
    ],
)  # fmt: skip
def test_a_broken_one_is_caught(check, broken, match):
    with pytest.raises(AssertionError, match=match):
        getattr(behaviour, f"check_{check}")(broken)


def test_an_independent_third_block_must_not_count():
    @dataclass(frozen=True)
    class Counting(Estimator):
        name = "counting"

        def estimate(self, *blocks, rng):
            return Estimate(0.3 * len(blocks))

    with pytest.raises(AssertionError, match=r"the third block changes the mean by 0.300"):
        behaviour.check_independent_block(Counting())


@pytest.mark.parametrize(
    ("check", "tags"),
    [
        ("permutation", {}), ("scaling", {}), ("monotone_maps", {}), ("swap", {}), ("direction", {}),
        ("direction", {"direction": "upper bound", "kinds": frozenset({"mixed"})}),
        ("additivity", {"max_dim": 1}), ("independent_block", {"max_blocks": 2}),
    ],
)  # fmt: skip
def test_what_is_not_claimed_is_not_checked(check, tags):
    with pytest.raises(NotClaimed):
        getattr(behaviour, f"check_{check}")(make(lambda x, y, rng: 1 / 0, **tags))


def test_a_method_without_a_ceiling_claims_none():
    with pytest.raises(NotClaimed, match="a ceiling"):
        behaviour.check_ceiling(get_estimator("zero"))


def test_the_margin_is_the_t_quantile_of_one_in_ten_thousand():
    from scipy.stats import t

    for count in (2, SEEDS, 24):
        values = np.arange(count, dtype=float)
        quantile = margin(values) / values.std(ddof=1) * np.sqrt(count)
        assert t.sf(quantile, count - 1) == pytest.approx(1e-4)


def test_false_alarms_at_the_edge_of_the_tolerance_are_as_rare_as_said():
    """20,000 simulated verdicts on a method whose mean is exactly 0.1 nat: 2 expected, 12 or more once in 10⁵."""
    rng = np.random.default_rng(0)
    found = 0.1 + 0.05 * rng.standard_normal((20_000, SEEDS))
    alarms = [abs(values.mean()) > 0.1 + margin(values) for values in found]
    assert sum(alarms) < 12


def test_the_samples_are_what_they_are_called():
    x, y = gaussian_pair(0.6, 0, n=20_000)
    assert np.corrcoef(x[:, 0], y[:, 0])[0, 1] == pytest.approx(0.6, abs=0.02)
    assert np.array_equal(np.unique(as_kind(x, "discrete")), [0, 1, 2, 3])
    assert np.unique(as_kind(x, "discrete"), return_counts=True)[1] == pytest.approx(5000, rel=0.05)
    mixed = as_kind(x, "mixed")
    assert np.mean(mixed == 0) == pytest.approx(0.5, abs=0.02)
    assert np.array_equal(gaussian_pair(0.0, 3)[0], gaussian_pair(0.9, 3)[0])
    assert len(gaussian_pair(0.0, 3)[0]) == SAMPLES
