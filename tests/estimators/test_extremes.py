"""What every built-in estimator says of columns at the ends of float64's range."""

import numpy as np
import pytest

from mibench import estimate, get_estimator, get_task
from mibench.estimators._columns import moments

FAST = ["binning", "gaussian", "gaussian:correction=wishart", "ksg", "ksg:algorithm=2", "zero", "chain-rule:base=(ksg)"]
NEURAL = [
    f"{name}:max_steps=20,scaling={scaling}"
    for name in ("mine", "infonce", "nwj", "smile")
    for scaling in ("standard", "normal-scores")
]
NEURAL += [f"{name}:max_steps=20" for name in ("ba", "doe", "knife", "l1out")]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("factor", [1e-300, 1e300])
@pytest.mark.parametrize("spec", FAST + NEURAL)
def test_columns_of_extreme_scale_give_the_value_of_the_unscaled(spec, factor):
    missing = get_estimator(spec).missing()
    if missing:
        pytest.skip(missing)
    x, y = get_task("gaussian:dim=2,mi=1").sample(300)
    plain = estimate(x, y, estimator=spec).nats
    assert estimate(factor * x, y / factor, estimator=spec).nats == pytest.approx(plain, abs=1e-4)
    assert estimate(factor * x, factor * y, estimator=spec).nats == pytest.approx(plain, abs=1e-4)


@pytest.mark.filterwarnings("error")
def test_moments_are_right_where_squares_overflow_or_vanish():
    for factor in (1e-300, 1e300):
        mean, deviation = moments(factor * np.array([[1.0], [3.0]]))
        assert (mean / factor, deviation / factor) == (pytest.approx(2), pytest.approx(1))
