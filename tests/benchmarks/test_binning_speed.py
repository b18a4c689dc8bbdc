"""Speed of binning over the sample size and the dimension, beside NumPy's dense histogram where that fits."""

import numpy as np
import pytest

from mibench import get_task
from mibench.estimators.discrete.binning import Binning


def plug_in_from_a_grid(x, y, bins):
    """The plug-in value of two columns from a dense two-dimensional histogram."""
    shares = np.histogram2d(x[:, 0], y[:, 0], bins=bins)[0] / len(x)
    product = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    filled = shares > 0
    return float((shares[filled] * np.log(shares[filled] / product[filled])).sum())


@pytest.mark.parametrize("strategy", ["equal-width", "equal-frequency"])
@pytest.mark.parametrize(("n", "dim"), [(10_000, 1), (100_000, 1), (10_000, 5), (10_000, 20)])
def test_binning(benchmark, strategy, n, dim):
    benchmark.group = f"binning n={n} dim={dim}"
    x, y = get_task(f"gaussian:dim={dim},mi=1").sample(n)
    method, rng = Binning(bins=20, strategy=strategy), np.random.default_rng(0)
    found = benchmark(lambda: method.estimate(x, y, rng=rng))
    assert 0 < found.nats <= np.log(n) + 1e-9


@pytest.mark.parametrize("n", [10_000, 100_000])
def test_dense_histogram(benchmark, n):
    benchmark.group = f"binning n={n} dim=1"
    x, y = get_task("gaussian:dim=1,mi=1").sample(n)
    found = benchmark(plug_in_from_a_grid, x, y, 20)
    method = Binning(bins=20, strategy="equal-width")
    assert found == pytest.approx(method.estimate(x, y, rng=np.random.default_rng(0)).nats, abs=1e-9)
