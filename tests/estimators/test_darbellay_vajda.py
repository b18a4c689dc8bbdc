import itertools
import math

import numpy as np
import pytest
from scipy.stats import chi2

from mibench import get_estimator, get_task
from mibench.errors import SpecError
from mibench.estimators.discrete.darbellay_vajda import DarbellayVajda


def run(*blocks, **parameters):
    blocks = [np.asarray(block, dtype=float).reshape(len(block), -1) for block in blocks]
    return DarbellayVajda(**parameters).estimate(*blocks, rng=np.random.default_rng(0))


def quantiles(values, parts):
    """The ends of *parts* equal shares of sorted distinct values."""
    ends = [values[math.ceil(len(values) * j / parts) - 1] for j in range(1, parts)]
    return [-math.inf, *ends, math.inf]


def recursion(points, level, box):
    """The definition for two continuous columns, with rectangles and lists of points."""
    n = len(points)
    inside = [p for p in points if all(low < v <= high for v, (low, high) in zip(p, box, strict=True))]
    margins = [sorted(p[c] for p in points if low < p[c] <= high) for c, (low, high) in enumerate(box)]
    if not inside:
        return 0.0
    for parts in (2, 4):
        if len(inside) < 5 * parts**2:
            continue
        edges = [quantiles(margin, parts) for margin in margins]
        statistic = 0.0
        for i, j in itertools.product(range(parts), repeat=2):
            rectangle = [(edges[0][i], edges[0][i + 1]), (edges[1][j], edges[1][j + 1])]
            seen = sum(all(a < v <= b for v, (a, b) in zip(p, rectangle, strict=True)) for p in inside)
            shares = [
                sum(a < v <= b for v in margin) / len(margin) for margin, (a, b) in zip(margins, rectangle, strict=True)
            ]
            expected = len(inside) * shares[0] * shares[1]
            statistic += (seen - expected) ** 2 / expected
        if statistic > chi2.isf(level, parts**2 - 1):
            middle = [quantiles(margin, 2)[1] for margin in margins]
            halves = [[(low, cut), (cut, high)] for (low, high), cut in zip(box, middle, strict=True)]
            return sum(recursion(points, level, list(part)) for part in itertools.product(*halves))
    density = len(inside) / n / math.prod(len(margin) / n for margin in margins)
    return len(inside) / n * math.log(density)


@pytest.mark.parametrize(("task", "level"), [
    ("gaussian:rho=0.9", 0.05), ("gaussian:rho=0.5", 0.2), ("circle:noise=0.1", 0.05), ("gaussian:rho=0.99", 0.001),
])  # fmt: skip
def test_agrees_with_a_recursion_over_rectangles(task, level):
    x, y = get_task(task).sample(300)
    everything = [(-math.inf, math.inf)] * 2
    expected = recursion(list(zip(x[:, 0].tolist(), y[:, 0].tolist(), strict=True)), level, everything)
    assert expected > 0.1
    assert run(x, y, level=level).nats == pytest.approx(expected, abs=1e-12)


def test_one_refinement_is_the_table_of_halves():
    """Two bits, told apart by their medians: nothing varies within their cells."""
    table = np.array([[30, 10], [10, 50]])
    x, y = (axis.repeat(table.ravel()) for axis in np.indices((2, 2)).reshape(2, -1))
    shares = table / table.sum()
    expected = (shares * np.log(shares / np.outer(shares.sum(axis=1), shares.sum(axis=0)))).sum()
    found = run(x, y)
    assert found.nats == pytest.approx(expected, abs=1e-13)
    assert found.diagnostics["cells"] == 4


def test_the_level_decides():
    """χ² of this table is 5.4 at 3 degrees of freedom: its probability is 0.145."""
    table = np.array([[33, 22], [22, 33]])
    x, y = (axis.repeat(table.ravel()) for axis in np.indices((2, 2)).reshape(2, -1))
    statistic = 4 * 5.5**2 / 27.5
    tail = chi2.sf(statistic, 3)
    assert run(x, y, level=tail - 1e-3).nats == 0.0
    assert run(x, y, level=tail + 1e-3).nats > 0.01


def test_blocks_of_several_columns_and_several_blocks():
    rng = np.random.default_rng(1)
    bits = rng.integers(2, size=(3000, 2))
    parity = bits.sum(axis=1) % 2
    assert run(bits, parity).nats == pytest.approx(math.log(2), abs=0.01)
    assert run(bits[:, 0], bits[:, 1], parity).nats == pytest.approx(math.log(2), abs=0.01)
    assert run(bits[:, 0], parity).nats == 0.0


def test_quarters_find_what_halves_miss():
    x, y = get_task("circle:noise=0.1").sample(2000)
    halves = np.array([[((x > np.median(x)) == a) & ((y > np.median(y)) == b) for a in (0, 1)] for b in (0, 1)]).sum(
        axis=(2, 3)
    )
    assert ((halves - 500) ** 2 / 500).sum() < chi2.isf(0.05, 3)
    assert run(x, y).nats > 0.5


@pytest.mark.parametrize("nats", [0.2, 1.0])
def test_gaussian_pairs_are_measured(nats):
    task = get_task(f"gaussian:dim=1,mi={nats}")
    found = [run(*task.sample(4000, seed)).nats for seed in range(8)]
    assert np.mean(found) == pytest.approx(nats, abs=0.02 + 0.03 * nats)


def test_too_many_columns_are_warned_of():
    x, y = get_task("gaussian:dim=5,mi=2").sample(1000)
    found = run(x, y)
    assert found.nats == 0.0
    assert "too few samples" in found.diagnostics["warning"]


def test_ties_are_never_parted():
    rng = np.random.default_rng(2)
    x = rng.poisson(1.0, 2000)
    y = x + rng.poisson(0.3, 2000)
    found = run(x, y)
    assert found.nats == run(np.exp(x), y**3).nats
    assert found.diagnostics["cells"] <= len(set(zip(x.tolist(), y.tolist(), strict=True)))


def test_parameters_are_checked():
    with pytest.raises(SpecError, match=r"level is 1\.0; allowed: above 0 and below 1"):
        get_estimator("darbellay-vajda:level=1")
