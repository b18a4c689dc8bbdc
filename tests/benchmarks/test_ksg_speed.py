"""KSG1 over n and d beside the same algorithm on scikit-learn's and scipy's trees, all on one thread.

``pytest tests/benchmarks/test_ksg_speed.py --benchmark-group-by=param:n,param:d`` times each alone;
``python tests/benchmarks/test_ksg_speed.py`` alternates them and prints the ratio to the fastest of
them, round by round (a tree that takes twice as long as scikit-learn's in the first round is not run again);
``python tests/benchmarks/test_ksg_speed.py levels`` alternates brute force in 16-bit levels with that in float64.
"""

import sys
import time

import numpy as np
import pytest
from scipy.spatial import KDTree
from scipy.special import digamma

from mibench import get_estimator
from mibench.estimators.neighbors import _ksg

K = 5
CASES = [(10_000, 1), (100_000, 1), (10_000, 3), (10_000, 10), (10_000, 25)]


def draw(n, d):
    x, z = np.random.default_rng([n, d]).standard_normal((2, n, d))
    return x, 0.6 * x + 0.8 * z


def ksg1(radii, counts):
    return digamma(K) + digamma(len(radii)) - sum(np.mean(digamma(count + 1)) for count in counts)


def with_mibench(x, y):
    return get_estimator("ksg").estimate(x, y, rng=np.random.default_rng(0)).nats


def with_sklearn(x, y):
    from sklearn.neighbors import KDTree as Tree

    x, y = x / x.std(axis=0), y / y.std(axis=0)
    joint = np.hstack([x, y])
    radii = np.nextafter(Tree(joint, metric="chebyshev").query(joint, K + 1)[0][:, -1], 0)
    return ksg1(radii, [Tree(z, metric="chebyshev").query_radius(z, radii, count_only=True) - 1 for z in (x, y)])


def with_scipy(x, y):
    x, y = x / x.std(axis=0), y / y.std(axis=0)
    joint = np.hstack([x, y])
    radii = np.nextafter(KDTree(joint).query(joint, K + 1, p=np.inf)[0][:, -1], 0)
    return ksg1(radii, [KDTree(z).query_ball_point(z, radii, p=np.inf, return_length=True) - 1 for z in (x, y)])


def with_scipy_and_sorting(x, y):
    """scipy's tree for the joint space, binary search in the sorted values of blocks of one dimension."""
    x, y = x / x.std(axis=0), y / y.std(axis=0)
    joint = np.hstack([x, y])
    radii = np.nextafter(KDTree(joint).query(joint, K + 1, p=np.inf)[0][:, -1], 0)
    counts = []
    for z in (x[:, 0], y[:, 0]):
        values = np.sort(z)
        inside = np.searchsorted(values, z + radii, "right") - np.searchsorted(values, z - radii, "left")
        counts.append(inside - 1)
    return ksg1(radii, counts)


TREES = [with_sklearn, with_scipy, with_scipy_and_sorting]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setattr(_ksg, "thread_count", lambda: 1)


@pytest.mark.parametrize("implementation", [with_mibench, *TREES[:2]], ids=lambda function: function.__name__)
@pytest.mark.parametrize(("n", "d"), CASES)
def test_ksg(benchmark, implementation, n, d):
    x, y = draw(n, d)
    value = benchmark.pedantic(implementation, (x, y), rounds=1 if d >= 10 else 3, warmup_rounds=1 if d < 10 else 0)
    assert value == pytest.approx(with_mibench(x, y), abs=1e-9)


@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize("d", [1, 5])
def test_small_samples(benchmark, n, d):
    x, y = draw(n, d)
    assert np.isfinite(benchmark(with_mibench, x, y))


def _seconds(function, x, y):
    start = time.perf_counter()
    function(x, y)
    return time.perf_counter() - start


def _report(rounds):
    print("| n | d | mibench s | " + " | ".join(f"{tree.__name__} s" for tree in TREES), end=" ")
    print("| trees' best / mibench: median | least | most | one thread / two |")
    print("|---" * (7 + len(TREES)) + "|")
    for n, d in CASES:
        x, y = draw(n, d)
        rivals = TREES if d == 1 else TREES[:2]
        taken = {function: [] for function in ["two threads", with_mibench, *rivals]}
        for _ in range(rounds):
            _ksg.thread_count = lambda: 2
            taken["two threads"].append(_seconds(with_mibench, x, y))
            _ksg.thread_count = lambda: 1
            for function in [with_mibench, *rivals]:
                slow = function in rivals and taken[function] and taken[function][0] > 2 * taken[rivals[0]][0]
                taken[function].append(taken[function][0] if slow else _seconds(function, x, y))
        best = np.min([taken[function] for function in rivals], axis=0)
        ratios = best / taken[with_mibench]
        speedup = np.median(taken[with_mibench]) / np.median(taken["two threads"])
        medians = [f"{np.median(taken[tree]):.3f}" if tree in rivals else "" for tree in [with_mibench, *TREES]]
        medians[0] = f"{np.median(taken[with_mibench]):.3f}"
        figures = [f"{np.median(ratios):.1f}", f"{ratios.min():.1f}", f"{ratios.max():.1f}", f"{speedup:.2f}"]
        print("|", " | ".join([str(n), str(d), *medians, *figures]), "|", flush=True)


def _report_levels(rounds):
    in_levels, cases = _ksg._in_levels, [(10_000, 5), (10_000, 10), (10_000, 25), (30_000, 10), (100_000, 10)]
    print("| n | d | float64 CPU-s | levels CPU-s | ratio: median | least | most |\n" + "|---" * 7 + "|")
    _ksg.thread_count = lambda: 1
    for n, d in cases:
        blocks, taken, values = draw(n, d), {"float64": [], "levels": []}, set()
        for _ in range(rounds if n < 100_000 else 1):
            for name in taken:
                _ksg._in_levels = in_levels if name == "levels" else lambda *given: None
                start = time.process_time()
                found = _ksg.count_neighbors(blocks, K, "below", "brute force")
                taken[name].append(time.process_time() - start)
                values.add(tuple(_ksg.mean_digamma(counts + 1) for counts in found.counts))
        assert len(values) == 1
        ratios = np.divide(taken["float64"], taken["levels"])
        figures = [*(f"{np.median(each):.3f}" for each in taken.values()), f"{np.median(ratios):.2f}"]
        print(
            "|", " | ".join([str(n), str(d), *figures, f"{ratios.min():.2f}", f"{ratios.max():.2f}"]), "|", flush=True
        )


if __name__ == "__main__":
    with_mibench(*draw(100, 1))
    if sys.argv[1:] == ["levels"]:
        _report_levels(rounds=5)
    else:
        _report(rounds=5)
