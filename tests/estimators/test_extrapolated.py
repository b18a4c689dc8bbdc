from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import linregress

from mibench import Estimate, Estimator, Tags, estimate, get_estimator, get_task
from mibench.errors import InputError, SpecError
from mibench.estimators.extrapolated import Extrapolated, extrapolate


@dataclass(frozen=True)
class Biased(Estimator):
    """2 + power of 1/n."""

    power: float = 1.0
    scale: float = 30.0
    tags = Tags(direction="lower bound", invariances=frozenset({"permutation", "swap"}))

    def estimate(self, *blocks, rng):
        n = len(blocks[0])
        found = {"warning": "thin"} if n < 50 else {}
        return Estimate(2 + (self.scale / n) ** self.power, diagnostics=found)


def run(estimator, *blocks, seed=0):
    return estimator.estimate(*blocks, rng=np.random.default_rng(seed))


def normal_pair(n, seed=0):
    return tuple(np.random.default_rng(seed).normal(size=(2, n, 1)))


def test_a_bias_in_1_over_n_vanishes():
    found = run(Extrapolated(base=Biased()), *normal_pair(2520))
    assert found.nats == pytest.approx(2, abs=1e-12)
    assert found.diagnostics["slope"] == pytest.approx(30 / 2520, abs=1e-12)
    assert found.diagnostics["means"] == pytest.approx([2 + 30 * g / 2520 for g in range(1, 11)])
    assert "warning" not in found.diagnostics


def test_any_other_bias_is_called_unreliable():
    found = run(Extrapolated(base=Biased(power=2.0, scale=300.0)), *normal_pair(2520))
    assert "unreliable: the values are not linear in 1/n" in found.diagnostics["warning"]


def test_warnings_of_the_parts_are_handed_on():
    assert run(Extrapolated(base=Biased()), *normal_pair(400)).diagnostics["warning"].startswith("thin")


def test_parts_are_disjoint_and_hold_all_rows():
    seen = []

    @dataclass(frozen=True)
    class Rows(Estimator):
        def estimate(self, *blocks, rng):
            seen.append([block[:, 0].tolist() for block in blocks])
            return Estimate(0.0)

    x = np.arange(103.0)[:, None]
    run(Extrapolated(base=Rows(), parts=4), x, -x)
    assert len(seen) == 1 + 2 + 3 + 4
    for start, count in ((0, 1), (1, 2), (3, 3), (6, 4)):
        parts = seen[start : start + count]
        assert sorted(row for part in parts for row in part[0]) == x[:, 0].tolist()
        assert all(a == -b for part in parts for a, b in zip(*part, strict=True))
        assert {len(part[0]) - 103 // count for part in parts} <= {0, 1}


def test_the_line_is_scipys_and_its_errors_add_up():
    rng = np.random.default_rng(1)
    values = [1 + 0.01 * g + rng.normal(size=g) for g in range(1, 9)]
    line = extrapolate(values)
    fit = linregress(range(1, 9), [each.mean() for each in values])
    assert (line.intercept, line.slope) == pytest.approx((fit.intercept, fit.slope), abs=1e-12)
    weights = sum(g - 1 for g in range(2, 9))
    common = sum(np.var(each, ddof=1) * (len(each) - 1) / len(each) for each in values[1:]) / weights
    assert line.stderr == pytest.approx(np.hypot(fit.intercept_stderr, np.sqrt(common)), abs=1e-12)


def test_curvature_is_the_f_test_of_a_quadratic_term():
    from statistics import fmean

    from scipy.stats import f

    rng = np.random.default_rng(2)
    values = [1 + 0.01 * g**2 + 0.1 * rng.normal(size=g) for g in range(1, 9)]
    counts, means = np.arange(1, 9), [fmean(each) for each in values]
    rests = [np.sum((np.polyval(np.polyfit(counts, means, degree), counts) - means) ** 2) for degree in (1, 2)]
    assert extrapolate(values).curvature_p == pytest.approx(
        f.sf((rests[0] - rests[1]) / (rests[1] / 5), 1, 5), rel=1e-9
    )


def test_the_plug_ins_bias_goes():
    task = get_task("gaussian:rho=0")
    plain, better = (
        np.mean([estimate(*task.sample(2000, seed), estimator=name).nats for seed in range(10)])
        for name in ("binning:bins=8", "extrapolated:base=(binning:bins=8),parts=4")
    )
    assert plain == pytest.approx(49 / 4000, rel=0.2)
    assert abs(better) < 0.25 * plain


def test_standard_error_covers_the_spread_over_samples():
    task = get_task("gaussian:rho=0.6")
    found = [estimate(*task.sample(500, seed), estimator="extrapolated", seed=seed) for seed in range(40)]
    assert 0.8 < np.mean([each.stderr for each in found]) / np.std([each.nats for each in found]) < 2


def test_promises_follow_the_base():
    tags = Extrapolated(base=Biased()).get_tags()
    assert (tags.direction, tags.deterministic, tags.invariances) == ("lower bound", False, {"swap"})


def test_mistakes_are_refused():
    with pytest.raises(SpecError, match="parts is 3; allowed: 4 or more"):
        get_estimator("extrapolated:parts=3")
    with pytest.raises(InputError, match="n is 19 with parts=10; allowed: 20 or more"):
        run(Extrapolated(), *normal_pair(19))
    rare = np.zeros((100, 1))
    rare[0] = 1
    with pytest.raises(InputError, match="a column is constant in a part of 50 rows"):
        run(Extrapolated(), rare, normal_pair(100)[0])
