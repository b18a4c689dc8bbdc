import ast
import importlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core import config as numba_config
from scipy import stats
from scipy.special import digamma

import mibench
from mibench import get_estimator
from mibench.errors import InputError, SpecError
from mibench.estimators.neighbors import _ksg, _neighbors
from mibench.estimators.neighbors._ties import scale_columns

REGIMES = ["tree", "brute force", "screened"]
BARE = "standardize=false,ties=none"


def naive_counts(blocks, k, algorithm):
    """n_b of every sample, from all pairs of distances."""
    distances = [np.abs(block[:, None] - block[None]).max(axis=2) for block in blocks]
    for matrix in distances:
        np.fill_diagonal(matrix, np.inf)
    joint = np.maximum.reduce(distances)
    edge = np.sort(joint, axis=1)[:, k - 1 : k]
    if algorithm == 1:
        return [np.sum(matrix < edge, axis=1) for matrix in distances]
    radii = [np.where(joint <= edge, matrix, 0).max(axis=1, keepdims=True) for matrix in distances]
    return [np.sum(matrix <= radius, axis=1) for matrix, radius in zip(distances, radii, strict=True)]


def naive(blocks, k, algorithm):
    """KSG1 or KSG2 in nats, as in the paper."""
    n, m = len(blocks[0]), len(blocks)
    counts = naive_counts(blocks, k, algorithm)
    if algorithm == 1:
        return digamma(k) + (m - 1) * digamma(n) - sum(np.mean(digamma(c + 1)) for c in counts)
    return digamma(k) - (m - 1) / k + (m - 1) * digamma(n) - sum(np.mean(digamma(c)) for c in counts)


def dependent_blocks(rng, n, dims):
    common = rng.standard_normal((n, 1))
    return tuple(0.7 * common + rng.standard_normal((n, d)) for d in dims)


def estimate(blocks, spec):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(0))


@pytest.fixture(params=REGIMES)
def regime(request, monkeypatch):
    """Each search in turn; brute force in levels from the first point on, where the distances allow it."""
    screened = request.param == "screened"
    name = "brute force" if screened else request.param
    monkeypatch.setattr(_ksg, "_SCREENED_FROM", 0 if screened else math.inf)
    monkeypatch.setattr(_ksg, "choose_regime", lambda n, d: name)
    return name


@pytest.mark.parametrize("algorithm", [1, 2])
@pytest.mark.parametrize("dims", [(1, 1), (1, 4), (3, 2), (5, 5), (1, 1, 1), (2, 1, 3), (5, 1, 4)], ids=str)
@pytest.mark.parametrize("kind", ["continuous", "grid"])
def test_agrees_with_the_naive_reference(regime, kind, dims, algorithm):
    rng = np.random.default_rng([algorithm, *dims])
    for n, k in [(301, 5), (150, 1), (64, 3), (9, 8)]:
        blocks = dependent_blocks(rng, n, dims)
        if kind == "grid":
            blocks = tuple(np.floor(2 * block) for block in blocks)
        found = estimate(blocks, f"ksg:k={k},algorithm={algorithm},{BARE}")
        assert found.diagnostics["regime"] == regime
        assert found.nats == pytest.approx(naive(blocks, k, algorithm), abs=1e-12)


@given(
    data=st.data(),
    dims=st.lists(st.integers(1, 5), min_size=2, max_size=3),
    n=st.integers(3, 200),
    algorithm=st.sampled_from([1, 2]),
)
@settings(max_examples=60)
def test_counts_are_exact_on_grids(data, dims, n, algorithm):
    k = data.draw(st.integers(1, min(n - 1, 12)))
    values = data.draw(st.integers(1, 6))
    step = data.draw(st.sampled_from([1.0, 0.1, 1 / 3]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    blocks = sorted((rng.integers(-values, values, (n, d)) * step for d in dims), key=lambda b: b.shape[1] == 1)
    reference = naive_counts(blocks, k, algorithm)
    for name in REGIMES[:2]:
        found = _ksg.count_neighbors(tuple(blocks), k, "own" if algorithm == 2 else "below", name, threads=1)
        for counts, expected in zip(found.counts, reference, strict=True):
            np.testing.assert_array_equal(np.sort(counts), np.sort(expected))


@pytest.mark.parametrize("reach", ["below", "up to", "below or 0", "own"])
@pytest.mark.parametrize("kind", ["normal", "grid", "few levels", "one far value", "clusters"])
@pytest.mark.parametrize("k", [1, 5])
def test_screening_in_levels_changes_no_count(monkeypatch, kind, reach, k):
    monkeypatch.setattr(_ksg, "_SCREENED_FROM", 0)
    monkeypatch.setattr(_ksg, "_OPEN", math.inf)
    monkeypatch.setattr(_ksg, "_FINE", 0)  # however coarse the levels
    rng = np.random.default_rng(k)
    x, y, z = dependent_blocks(rng, 700, (3, 2, 1))
    if kind == "grid":
        x, y, z = (np.floor(2 * block) / 3 for block in (x, y, z))
    if kind == "few levels":
        monkeypatch.setattr(_ksg, "_LEVELS", 12)
    if kind == "one far value":
        x[17, 1] = 1e7
    if kind == "clusters":
        x[::2], y[::2], z[::2] = (1e-7 * block[::2] + 1 for block in (x, y, z))
    sharp, calls = _ksg._in_levels, []
    monkeypatch.setattr(_ksg, "_in_levels", lambda *given: calls.append(sharp(*given)) or calls[-1])
    found = _ksg.count_neighbors((x, y, z), k, reach, "brute force", 1)
    assert calls[0] is not None
    monkeypatch.setattr(_ksg, "_in_levels", lambda *given: None)
    plain = _ksg.count_neighbors((x, y, z), k, reach, "brute force", 1)
    for counts, expected in zip(found.counts, plain.counts, strict=True):
        np.testing.assert_array_equal(counts, expected)
    np.testing.assert_array_equal(found.within, plain.within)


def test_levels_are_left_where_they_do_not_pay():
    rng = np.random.default_rng(0)
    columns, parts = rng.standard_normal((6, 6000)), np.array([0, 3, 6])
    assert _ksg._in_levels(columns, parts, 5) is not None
    assert _ksg._in_levels(columns[:, :4000], parts, 5) is None
    far = columns.copy()
    far[0, 0] = 1e6
    assert _ksg._in_levels(far, parts, 5) is None
    assert _ksg._in_levels(np.round(columns), parts, 5) is None
    assert _ksg._in_levels(columns * 1e-310, parts, 5) is None
    assert _ksg._in_levels(columns * 1e307, parts, 5) is not None
    assert _ksg._in_levels(columns * 4e307, parts, 5) is None  # their range is beyond float64


def test_distances_that_differ_by_rounding_only_are_counted_exactly(regime):
    # 0.1 * i is no multiple of 0.1: |x - y| of equal steps differs in the last digit, and x + r is not y.
    x = 0.1 * np.arange(200)[:, None]
    y = 0.3 * np.random.default_rng(0).permutation(200)[:, None]
    for algorithm in (1, 2):
        found = estimate((x, y), f"ksg:k=2,algorithm={algorithm},{BARE}")
        assert found.nats == pytest.approx(naive((x, y), 2, algorithm), abs=1e-12)


def test_algorithm_2_is_the_rectangle_of_the_k_nearest_where_nothing_is_tied():
    x, y = dependent_blocks(np.random.default_rng(5), 200, (2, 1))
    gaps = [np.abs(block[:, None] - block[None]).max(axis=2) for block in (x, y)]
    joint = np.maximum(*gaps) + np.diag(np.full(200, np.inf))
    nearest = np.argsort(joint, axis=1)[:, :4]
    total = digamma(4) - 1 / 4 + digamma(200)
    for gap in gaps:
        radius = np.take_along_axis(gap, nearest, axis=1).max(axis=1)
        total -= np.mean(digamma(np.sum(gap <= radius[:, None], axis=1) - 1))
    assert estimate((x, y), f"ksg:k=4,algorithm=2,{BARE}").nats == pytest.approx(total, abs=1e-12)


def test_documented_example_of_ennemi():
    rng = np.random.default_rng(1234)
    data = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=800)
    x, y = np.exp(5 * data[:, 0]), np.exp(data[:, 1])
    assert mibench.estimate(x, y, estimator="ksg:k=3").nats == pytest.approx(0.18815, abs=1e-5)
    assert mibench.estimate(x, y, estimator="ksg:k=3,standardize=false").nats == pytest.approx(0.2896, abs=5e-5)
    by_hand = mibench.estimate(x / x.std(), y / y.std(), estimator="ksg:k=3,standardize=false")
    assert by_hand.nats == pytest.approx(0.18815, abs=1e-5)


@pytest.mark.parametrize("algorithm", [1, 2])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_gaussian_pairs(rho, algorithm):
    truth = -0.5 * math.log(1 - rho**2)
    values = []
    for seed in range(10):
        x, z = np.random.default_rng(seed).standard_normal((2, 1000, 1))
        values.append(estimate((x, rho * x + math.sqrt(1 - rho**2) * z), f"ksg:algorithm={algorithm}").nats)
    assert np.mean(values) == pytest.approx(truth, abs=0.02)


def test_total_correlation_of_equicorrelated_gaussians():
    covariance = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    truth = -0.5 * np.linalg.slogdet(covariance)[1]
    sample = np.random.default_rng(3).multivariate_normal(np.zeros(4), covariance, size=4000)
    for algorithm in (1, 2):
        assert estimate(np.hsplit(sample, 4), f"ksg:algorithm={algorithm}").nats == pytest.approx(truth, abs=0.06)


@pytest.mark.parametrize("spec", ["ksg", "ksg:algorithm=2", f"ksg:{BARE}", "ksg:standardize=false"])
@pytest.mark.parametrize("kind", ["continuous", "counts", "mixed", "grid"])
def test_the_order_of_the_samples_shows_in_no_digit(spec, kind):
    rng = np.random.default_rng(0)
    x, y, z = dependent_blocks(rng, 400, (2, 1, 1))
    if kind == "counts":
        x, y, z = (np.round(3 * block) for block in (x, y, z))
    if kind == "mixed":
        x, y = np.sign(x), np.round(y)
    if kind == "grid":
        y, z = (np.arange(400.0)[:, None], np.arange(400.0)[::-1, None])
    order = rng.permutation(400)
    assert estimate((x, y, z), spec).nats == estimate((x[order], y[order], z[order]), spec).nats


@pytest.mark.parametrize("algorithm", [1, 2])
def test_blocks_can_be_swapped_and_columns_rescaled_where_nothing_is_tied(algorithm):
    x, y, z = dependent_blocks(np.random.default_rng(1), 500, (2, 1, 3))
    spec = f"ksg:algorithm={algorithm}"
    value = estimate((x, y, z), spec).nats
    assert estimate((z, x, y), spec).nats == value
    assert estimate((x * 4, y * 2.0**-700, z * 2.0**900), spec).nats == value
    assert estimate((x * [3, -0.1] + 7, y, z), spec).nats == pytest.approx(value, abs=1e-12)
    assert estimate((x * 100, y, z), f"{spec},standardize=false").nats != pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("spec", ["ksg", "ksg:algorithm=2", "ksg:k=1,standardize=false"])
@pytest.mark.parametrize("kind", ["counts", "binary", "equal margins", "equal", "reversed", "mixed", "wide", "three"])
def test_the_order_of_tied_blocks_and_rows_shows_in_no_digit(spec, kind):
    rng = np.random.default_rng(0)
    u, v = rng.standard_normal((2, 500, 1))
    x, y = np.round(3 * u), np.round(3 * (u + v))
    margins = np.repeat(np.arange(5.0), 100)[:, None]
    pair = {
        "counts": [x, y],
        "binary": [np.sign(u), np.sign(u + v)],
        "equal margins": [margins, rng.permutation(margins)],
        "equal": [x, x],
        "reversed": [x, -x],
        "mixed": [np.sign(u), u + v],
        "wide": [np.hstack([x, y]), np.hstack([np.round(v), y])],
        "three": [margins, rng.permutation(margins), rng.permutation(margins)],
    }[kind]
    value = estimate(pair, spec).nats
    order = rng.permutation(500)
    assert estimate(pair[::-1], spec).nats == pytest.approx(value, abs=1e-12)
    assert estimate([block[order] for block in pair[::-1]], spec).nats == pytest.approx(value, abs=1e-12)


def poisson_pair(rng, n):
    x = rng.poisson(200, n)
    return x[:, None].astype(float), rng.poisson(x)[:, None].astype(float)


def poisson_truth():
    """I(X; Y) of X ~ Poisson(200), Y | X ~ Poisson(X), summed over all values that can occur."""
    x, y = np.arange(70, 360), np.arange(20, 500)
    joint = stats.poisson.pmf(x, 200)[:, None] * stats.poisson.pmf(y, x[:, None])
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    return np.sum(joint * np.log(joint / independent))


def test_counts_are_told_apart():
    truth = poisson_truth()
    assert truth == pytest.approx(0.35, abs=0.01)
    pairs = [poisson_pair(np.random.default_rng(seed), 1000) for seed in range(10)]
    jittered = [estimate(pair, "ksg") for pair in pairs]
    assert np.mean([found.nats for found in jittered]) == pytest.approx(truth, abs=0.03)
    assert all(found.diagnostics["jittered_columns"] == 2 for found in jittered)
    untreated = [estimate(pair, f"ksg:{BARE}") for pair in pairs]
    assert min(found.nats for found in untreated) > 2 * truth
    assert all(found.diagnostics["jittered_columns"] == 0 for found in untreated)


def test_binary_and_continuous_pairs():
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 1.0], (4000, 1))
    y = x + rng.standard_normal((4000, 1))
    found = estimate((x, y), "ksg")
    assert found.diagnostics["jittered_columns"] == 1
    assert found.nats == pytest.approx(0.3368308203468316, abs=0.05)


def test_jitter_is_triggered_by_repeated_values_alone():
    rng = np.random.default_rng(0)
    once, repeated = rng.permutation(100).astype(float)[:, None], rng.integers(0, 50, (100, 1)).astype(float)
    (plain, noisy), columns = scale_columns((once, repeated), standardize=False, jitter=True)
    assert columns == 1
    np.testing.assert_array_equal(plain, once)
    assert len(np.unique(noisy)) == 100
    change = noisy - (repeated - repeated.mean())
    assert np.std(change) == pytest.approx(1e-10 * repeated.std(), rel=0.3)


def test_jitter_survives_a_large_offset():
    x, y = poisson_pair(np.random.default_rng(0), 500)
    assert estimate((x + 1e12, y), "ksg").nats == pytest.approx(estimate((x, y), "ksg").nats, abs=1e-3)


def test_standardized_columns_have_unit_variance_at_any_scale():
    sample = np.random.default_rng(0).standard_normal((100, 3)) * [1e-300, 1.0, 1e300] + [0, 5, 1e300]
    (scaled,), _ = scale_columns((sample,), standardize=True, jitter=True)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize("spec", ["ksg", "ksg:algorithm=2", f"ksg:{BARE}", f"ksg:algorithm=2,{BARE}"])
def test_too_few_samples(spec):
    blocks = dependent_blocks(np.random.default_rng(0), 5, (1, 2))
    with pytest.raises(InputError, match=r"ksg: n is 5 with k=5; allowed: more than k samples \(6 or more\)"):
        estimate(blocks, spec)
    assert estimate(dependent_blocks(np.random.default_rng(0), 6, (1, 2)), spec).finite


def test_equal_rows_give_a_finite_value(regime):
    x = np.repeat([[0.0], [1.0]], 50, axis=0)
    for algorithm in (1, 2):
        found = estimate((x, x), f"ksg:algorithm={algorithm},{BARE}")
        assert found.nats == pytest.approx(naive((x, x), 5, algorithm), abs=1e-12)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ksg:k=0", "k is 0; allowed: 1 or more"),
        ("ksg:algorithm=3", "algorithm is '3'; allowed: 1 or 2"),
        ("ksg:ties=drop", "ties is 'drop'; allowed: jitter or none"),
        ("ksg:k=2.5", "k is '2.5'; allowed: a whole number"),
    ],
)
def test_parameters_out_of_range(spec, message):
    with pytest.raises(SpecError, match=message):
        get_estimator(spec)


def test_parameters_are_checked_without_a_spec_too():
    ksg = type(get_estimator("ksg"))
    for parameters in ({"k": -1}, {"algorithm": 3}, {"ties": "drop"}):
        with pytest.raises(ValueError, match="allowed"):
            ksg(**parameters)


def test_canonical_spec():
    assert get_estimator("ksg").spec == "ksg:algorithm=1,k=5,standardize=true,ties=jitter"
    assert get_estimator("ksg:ties=none,algorithm=2").label == "ksg:algorithm=2,ties=none"


def test_threads_and_random_state_do_not_show(regime, monkeypatch):
    blocks = dependent_blocks(np.random.default_rng(0), 2500, (1, 3))
    single = get_estimator("ksg").estimate(*blocks, rng=np.random.default_rng(1))
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    monkeypatch.setattr(_ksg, "thread_count", lambda: 3)
    several = get_estimator("ksg").estimate(*blocks, rng=np.random.default_rng(2))
    assert several.diagnostics["threads"] == 3
    assert several.nats == single.nats
    assert several.diagnostics["distance_evaluations"] == single.diagnostics["distance_evaluations"]
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_the_environment_bounds_the_threads(monkeypatch):
    monkeypatch.setattr(_ksg.os, "sched_getaffinity", lambda pid: set(range(8)))
    for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert _ksg.thread_count() == 8
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    assert _ksg.thread_count() == 4
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert _ksg.thread_count() == 1
    monkeypatch.setenv("NUMBA_NUM_THREADS", "many")
    assert _ksg.thread_count() == 4


def test_input_is_left_alone():
    blocks = dependent_blocks(np.random.default_rng(0), 50, (1, 3))
    for block in blocks:
        block.flags.writeable = False
    for spec in ("ksg", f"ksg:{BARE}"):
        assert estimate(blocks, spec).finite


def test_trees_are_used_for_few_dimensions_and_many_samples():
    assert _ksg.choose_regime(10_000, 2) == "tree"
    assert _ksg.choose_regime(10_000, 20) == "brute force"
    assert _ksg.choose_regime(50, 2) == "brute force"


def test_levels_take_the_place_of_a_tree_where_they_are_faster():
    rng = np.random.default_rng(0)
    x, z = rng.standard_normal((2, 6000, 3))
    found = _ksg.count_neighbors((x, x + z), 5, "below")
    tree = _ksg.count_neighbors((x, x + z), 5, "below", "tree")
    assert (found.regime, _ksg.choose_regime(6000, 6), tree.regime) == ("brute force", "tree", "tree")
    for counts, expected in zip(found.counts, tree.counts, strict=True):
        np.testing.assert_array_equal(np.sort(counts), np.sort(expected))
    x[0, 0] = 1e9  # levels would be too wide
    assert _ksg.count_neighbors((x, x + z), 5, "below").regime == "tree"
    assert not _ksg.levels_beat_tree(20_000, 6)


def test_trees_measure_few_of_all_distances(monkeypatch):
    monkeypatch.setattr(_ksg, "choose_regime", lambda n, d: "tree")
    blocks = dependent_blocks(np.random.default_rng(0), 3000, (1, 1))
    assert estimate(blocks, "ksg").diagnostics["distance_evaluations"] < 3000**2 / 10


def test_kernels_compile_where_no_cache_can_be_kept():
    scope = {}
    exec("def double(x):\n    return 2 * x", scope)  # it stands in no file, so that there is no place for its cache
    assert _neighbors.compiled("i8(i8)")(scope["double"])(21) == 42


def test_kernels_are_made_of_their_own_file_and_the_shared_one():
    """Numba's cache sees changes of the first, the name that the code is kept under those of the second."""
    found = {}
    for path in Path(_neighbors.__file__).parents[1].rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        if any("numba" in ast.unparse(node) for node in imports):
            found[path.stem] = {name for node in imports if "mibench" in (name := ast.unparse(node).split()[1])}
            found[path.stem] |= {f".{node.module}" for node in imports if getattr(node, "level", 0)}
        assert path.stem == "_neighbors" or "cache=True" not in path.read_text(encoding="utf-8")
    assert found.pop("_neighbors") == set()
    assert {"_brute", "_levels", "_squares", "_tree"} <= set(found)
    assert all(others == {"._neighbors"} for others in found.values()), found


KERNEL = """
from _shared import compiled, count_within

@compiled("i8(f8[::1], f8)")
def count(values, radius):
    return count_within(values, radius)
"""


def test_a_change_of_the_shared_file_is_compiled_anew(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(numba_config, "CACHE_DIR", str(tmp_path))
    (tmp_path / "_kernel.py").write_text(KERNEL, encoding="utf-8")
    text = Path(_neighbors.__file__).read_text(encoding="utf-8")
    found = []
    for edge in ("<=", "<=", "<"):
        (tmp_path / "_shared.py").write_text(text.replace("[j] <= radius", f"[j] {edge} radius"), encoding="utf-8")
        for name in ("_shared", "_kernel"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        count = importlib.import_module("_kernel").count
        found.append((count(np.array([1.0, 2.0, 3.0]), 2.0), sum(count.stats.cache_hits.values())))
    assert found == [(2, 0), (2, 1), (1, 0)]


@pytest.mark.slow
def test_machine_code_is_kept_on_disk(tmp_path):
    script = (
        "from mibench import get_estimator; get_estimator('ksg').prepare(); "
        "from mibench.estimators.neighbors import _brute;"
        "print(sum(_brute.brute_force.stats.cache_hits.values()))"
    )
    for hits in ("0", "1"):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == hits
