"""Estimators that are plainly wrong fail a check; sound ones pass them all."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from mibench import Estimate, Estimator, Tags, get_estimator
from mibench.testing import calibration
from mibench.testing.known import channel_nats, known_pair, known_triple, triple_nats
from mibench.testing.verdict import NotClaimed

CHECKS = [
    calibration.check_calibration, calibration.check_spread, calibration.check_independence,
    calibration.check_raw_values, calibration.check_total_correlation, calibration.check_row_order,
    calibration.check_uncorrelated_dependence,
]  # fmt: skip
KSG = get_estimator("ksg")
Wrong = Callable[..., float]


def ksg(*blocks):
    return KSG.estimate(*blocks, rng=np.random.default_rng(0)).nats


def made(function: Wrong, **tags) -> Estimator:
    @dataclass(frozen=True)
    class Made(Estimator):
        name = "made"

        def estimate(self, *blocks, rng):
            return Estimate(function(*blocks, rng=rng))

    Made.tags = Tags(**tags)
    return Made()


def failed(estimator: Estimator) -> set[str]:
    found = set()
    for check in CHECKS:
        try:
            check(estimator)
        except NotClaimed:
            continue
        except AssertionError:
            found.add(check.__name__.removeprefix("check_"))
    return found


def pairwise(*blocks):
    return sum(ksg(blocks[i], blocks[j]) for i in range(len(blocks)) for j in range(i))


ATTACKS: dict[str, tuple[Wrong, set[str]]] = {
    "bits": (lambda *z, rng: ksg(*z) / math.log(2), {"calibration", "total_correlation"}),
    "doubled": (lambda *z, rng: 2 * ksg(*z), {"calibration", "total_correlation"}),
    "halved": (lambda *z, rng: ksg(*z) / 2, {"calibration", "total_correlation"}),
    "shifted by 0.05 nat": (lambda *z, rng: ksg(*z) + 0.05, {"independence"}),
    "clipped at 0": (lambda *z, rng: max(ksg(*z), 0.0), {"raw_values"}),
    "saturating at 1": (lambda *z, rng: min(ksg(*z), 1.0), {"calibration", "total_correlation"}),
    "without the last quarter": (lambda *z, rng: ksg(*(b[: len(b) * 3 // 4] for b in z)), {"row_order"}),
    "squared": (lambda *z, rng: ksg(*z) ** 2, {"calibration"}),
    "with noise of 0.3 nat": (lambda *z, rng: ksg(*z) + 0.3 * rng.standard_normal(), {"spread"}),
    "the sum over pairs": (lambda *z, rng: pairwise(*z), {"total_correlation"}),
    "the first two of three blocks": (lambda *z, rng: ksg(*z[:2]), {"total_correlation"}),
    "one block about the others": (lambda *z, rng: ksg(z[0], np.hstack(z[1:])), {"total_correlation"}),
    "the last block ignored": (lambda *z, rng: ksg(*(z[:-1] if len(z) > 2 else z)), {"total_correlation"}),
    "correlation alone": (
        lambda *z, rng: get_estimator("gaussian").estimate(*z, rng=rng).nats, {"uncorrelated_dependence"},
    ),
    "a constant": (lambda *z, rng: 0.5, {"calibration", "independence", "raw_values", "total_correlation"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_plainly_wrong_fails(name):
    function, expected = ATTACKS[name]
    assert expected <= failed(made(function, deterministic=False))


@pytest.mark.parametrize("name", ["bits", "doubled", "halved"])
def test_calling_it_a_lower_bound_does_not_help(name):
    assert failed(made(ATTACKS[name][0], direction="lower bound"))


@pytest.mark.parametrize("name", ["halved", "doubled"])
def test_calling_it_an_upper_bound_does_not_help(name):
    assert failed(made(ATTACKS[name][0], direction="upper bound"))


def test_the_unit_is_named():
    with pytest.raises(AssertionError, match="ratio of bits to nats"):
        calibration.check_calibration(made(ATTACKS["bits"][0]))


@pytest.mark.parametrize(
    "spec", ["ksg", "ksg:algorithm=2,k=3", "chain-rule", "binning:correction=miller-madow", "infomeasure"]
)
def test_sound_estimators_pass(spec):
    assert failed(get_estimator(spec)) <= set(get_estimator(spec).expected_failures)


def discrete(function: Wrong) -> Estimator:
    return made(function, kinds=frozenset({"discrete"}))


def counted(*blocks, rng=None):
    return get_estimator("binning:correction=miller-madow").estimate(*blocks, rng=rng).nats


def test_estimators_of_discrete_blocks_are_held_to_known_values_too():
    assert failed(discrete(counted)) == set()
    assert "calibration" in failed(discrete(lambda *z, rng: counted(*z) / math.log(2)))
    assert "total_correlation" in failed(discrete(lambda *z, rng: counted(*z[:2])))
    assert "raw_values" in failed(discrete(lambda *z, rng: max(0.0, counted(*z))))
    assert "row_order" in failed(discrete(lambda *z, rng: counted(*(b[: len(b) * 3 // 4] for b in z))))


def test_a_low_ceiling_is_no_fault():
    @dataclass(frozen=True)
    class Low(Estimator):
        name = "low"
        tags = Tags(direction="lower bound", max_blocks=2)

        def estimate(self, *blocks, rng):
            return Estimate(min(ksg(*blocks), 1.0))

        def ceiling(self, n):
            return 1.0

    assert failed(Low()) <= {"total_correlation"}


class TestKnownValues:
    @pytest.mark.parametrize("nats", calibration.LADDER)
    def test_the_discrete_pair_carries_what_it_says(self, nats):
        from mibench.testing.known import _error_rate

        error = _error_rate(nats)
        joint = np.full((8, 8), error / 56)
        np.fill_diagonal(joint, (1 - error) / 8)
        assert np.sum(joint * np.log(joint * 64)) == pytest.approx(nats, abs=1e-12)
        assert channel_nats(error) == pytest.approx(nats, abs=1e-12)

    @pytest.mark.parametrize("nats", calibration.LADDER)
    def test_the_gaussian_pair_has_its_correlation(self, nats):
        x, y = known_pair("continuous", nats, 0, 400_000)
        r = np.corrcoef(x[:, 0], y[:, 0])[0, 1]
        assert -0.5 * math.log1p(-(r**2)) == pytest.approx(nats, abs=0.01)

    def test_the_triples_have_their_total_correlation(self):
        blocks, nats = known_triple("continuous", 0, 400_000)
        assert -0.5 * np.linalg.slogdet(np.corrcoef(np.hstack(blocks).T))[1] == pytest.approx(nats, abs=0.01)
        letters, nats = known_triple("discrete", 0, 400_000)
        assert nats == triple_nats(0.1)
        assert counted(*letters) == pytest.approx(nats, abs=0.01)

    def test_the_turned_square_carries_1_less_ln_2(self):
        """H(X) of a triangular density on ±2 is ½ + ln 2, the joint is uniform on an area of 8."""
        assert 2 * (0.5 + math.log(2)) - math.log(8) == pytest.approx(1 - math.log(2))


def test_false_alarms_are_as_rare_as_said():
    """20,000 simulated verdicts at the edge of each tolerance: 2 expected, 12 or more once in 10⁵."""
    rng = np.random.default_rng(1)
    from scipy.stats import chi2, t

    found = 0.02 + 0.01 * rng.standard_normal((20_000, calibration.NULL_SEEDS))
    quantile = t.isf(1e-4, calibration.NULL_SEEDS - 1)
    alarms = found.mean(axis=1) > 0.02 + quantile * found.std(axis=1, ddof=1) / math.sqrt(calibration.NULL_SEEDS)
    assert alarms.sum() < 12
    sd = 0.12 * np.sqrt(rng.chisquare(28, size=20_000) / 28)
    assert np.sum(sd > 0.12 * math.sqrt(chi2.isf(1e-4, 28) / 28)) < 12
