import collections
import itertools
import math
import tracemalloc

import numpy as np
import pytest

from mibench import estimate, get_estimator, get_task
from mibench.errors import SpecError
from mibench.estimators.discrete.binning import CUTS, RULES, Binning

STRATEGIES = ["equal-frequency", "equal-width"]
#: Counts of a discrete joint distribution that do not factorise, of three values by two.
COUNTS = np.array([[12, 3], [5, 20], [9, 1]])


def value(*blocks, **parameters):
    return run(*blocks, **parameters).nats


def run(*blocks, **parameters):
    blocks = [np.asarray(block, dtype=float).reshape(len(block), -1) for block in blocks]
    return Binning(**parameters).estimate(*blocks, rng=np.random.default_rng(0))


def entropy(rows):
    counts = collections.Counter(rows)
    return -sum(count / len(rows) * math.log(count / len(rows)) for count in counts.values())


def plug_in(*blocks):
    """The definition, by dictionaries of tuples."""
    rows = [list(map(tuple, block.tolist())) for block in blocks]
    return sum(map(entropy, rows)) - entropy(list(zip(*rows, strict=True)))


def naive_cut(column, bins, strategy):
    """Bin one column as the documentation says, sample by sample."""
    if len(set(column)) <= bins:
        return [sorted(set(column)).index(item) for item in column]
    if strategy == "equal-width":
        low, high = min(column), max(column)
        return [min(int((item - low) / (high - low) * bins), bins - 1) for item in column]
    ordered = sorted(column)
    middles = {item: (ordered.index(item) + len(ordered) - ordered[::-1].index(item)) / 2 for item in set(column)}
    return [int(middles[item] / len(column) * bins) for item in column]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("dims", [(1, 1), (2, 1), (1, 2, 3)])
def test_agrees_with_counting_in_dictionaries(strategy, dims):
    rng = np.random.default_rng(1)
    shared = rng.normal(size=(157, 1))
    blocks = [shared + rng.normal(size=(157, dim)) for dim in dims]
    blocks[0][:, 0] = np.round(blocks[0][:, 0] * 4)
    cut = [np.column_stack([naive_cut(c.tolist(), 6, strategy) for c in block.T]) for block in blocks]
    assert value(*blocks, bins=6, strategy=strategy) == pytest.approx(plug_in(*cut), abs=1e-12)


def test_a_discrete_pair_is_its_contingency_table():
    x, y = (axis.repeat(COUNTS.ravel()) for axis in np.indices(COUNTS.shape).reshape(2, -1))
    shares = COUNTS / COUNTS.sum()
    expected = (shares * np.log(shares / np.outer(shares.sum(axis=1), shares.sum(axis=0)))).sum()
    for strategy in STRATEGIES:
        assert value(x, y, strategy=strategy, bins=3) == pytest.approx(expected, abs=1e-14)
        assert value(x * 1e7, y - 0.1, strategy=strategy, bins=50) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_values_stay_apart_however_uneven(strategy):
    y = np.array([0.0] * 3 + [1.0] * 997)
    for bins in (2, 3, 14):
        assert value(y, y, bins=bins, strategy=strategy) == pytest.approx(entropy(y.tolist()), abs=1e-13)


def test_equal_frequency_bins_hold_equal_shares():
    x = np.random.default_rng(2).standard_cauchy(1200)
    assert value(x, x, bins=12) == pytest.approx(math.log(12), abs=1e-13)


def test_equal_width_cuts_the_range_into_equal_parts():
    x = np.random.default_rng(3).normal(size=5000)
    shares = np.histogram(x, bins=9)[0] / 5000
    assert value(x, x, bins=9, strategy="equal-width") == pytest.approx(-(shares * np.log(shares)).sum(), abs=1e-12)


def test_equal_width_edges_are_exact_on_whole_numbers():
    x = np.arange(60.0)
    assert value(x, x, bins=20, strategy="equal-width") == pytest.approx(
        entropy([min(int(i) * 20 // 59, 19) for i in range(60)]), abs=1e-13
    )


def test_ties_are_never_parted_and_coinciding_edges_are_one():
    rng = np.random.default_rng(4)
    x = np.where(rng.random(1000) < 0.6, 0.0, rng.exponential(size=1000))
    cells = run(x, rng.normal(size=1000), bins=10).diagnostics["block_cells"]
    assert cells[1] == 10
    assert 5 <= cells[0] <= 6
    assert value(x, x == 0, bins=10) == pytest.approx(entropy((x == 0).tolist()), abs=1e-13)
    assert value(-x, x == 0, bins=10) == pytest.approx(entropy((x == 0).tolist()), abs=1e-13)


def test_equal_frequency_sees_ranks_only():
    x, y = get_task("gaussian:dim=2,mi=1").sample(500)
    assert value(np.exp(3 * x), y**3, bins=5) == value(x, y, bins=5)


def test_miller_madow_takes_off_what_the_counts_of_cells_say():
    x, y, z = np.random.default_rng(5).normal(size=(3, 400))
    plain, corrected = (run(x, y, z, bins=4, correction=name) for name in ("none", "miller-madow"))
    joint, blocks = plain.diagnostics["joint_cells"], plain.diagnostics["block_cells"]
    assert blocks == [4, 4, 4]
    assert joint == len(set(zip(*(naive_cut(c.tolist(), 4, "equal-frequency") for c in (x, y, z)), strict=True)))
    by_entropies = plain.nats + sum((cells - 1) / 800 for cells in blocks) - (joint - 1) / 800
    assert corrected.nats == pytest.approx(by_entropies, abs=1e-13)


def test_miller_madow_removes_the_bias_under_independence():
    task = get_task("gaussian:dim=1,rho=0")
    plain, corrected = (
        np.array([value(*task.sample(1000, seed), correction=name) for seed in range(40)])
        for name in ("none", "miller-madow")
    )
    bias = 13 * 13 / 2000
    assert plain.mean() == pytest.approx(bias, rel=0.1)
    assert abs(corrected.mean()) < 0.1 * bias
    assert corrected.min() < 0, "raw values are not clipped at 0"


@pytest.mark.parametrize(("rho", "strategy"), list(itertools.product([0.5, 0.9], STRATEGIES)))
def test_standard_error_is_the_spread_over_samples(rho, strategy):
    task = get_task(f"gaussian:dim=1,rho={rho}")
    found = [run(*task.sample(800, seed), bins=8, strategy=strategy) for seed in range(200)]
    spread = np.std([item.nats for item in found])
    assert np.mean([item.stderr for item in found]) == pytest.approx(spread, rel=0.2)


def test_sparse_cells_have_a_warning_and_no_standard_error():
    found = run(*get_task("gaussian:dim=3,mi=1").sample(300), bins=10)
    assert "1.0 samples to an occupied joint cell" in found.diagnostics["warning"]
    assert found.stderr is None
    assert "warning" not in run(*get_task("gaussian:dim=1,mi=1").sample(300)).diagnostics


def test_twenty_dimensions_allocate_no_grid():
    x, y = np.random.default_rng(6).normal(size=(2, 2000, 20))
    tracemalloc.start()
    found = value(x, y, bins=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == pytest.approx(math.log(2000), abs=1e-12)
    assert peak < 5e6


@pytest.mark.parametrize(
    ("rule", "n", "columns", "bins"),
    [
        ("cochran", 1000, 2, 14), ("cochran", 1620, 2, 18), ("cochran", 1000, 6, 2), ("cochran", 1000, 40, 1),
        ("sturges", 1000, 2, 11), ("sturges", 1024, 2, 11), ("rice", 1000, 2, 20), ("sqrt", 1000, 2, 32),
        ("cube-root", 1000, 2, 10),
    ],
)  # fmt: skip
def test_rules_that_see_the_number_of_samples(rule, n, columns, bins):
    assert RULES[rule](np.arange(float(n)), columns) == bins


def test_freedman_diaconis_is_numpys():
    x = np.random.default_rng(7).normal(size=3000)
    assert RULES["freedman-diaconis"](x, 2) == len(np.histogram_bin_edges(x, "fd")) - 1
    mostly_zero = np.r_[np.zeros(80), np.arange(20.0)]
    assert RULES["freedman-diaconis"](mostly_zero, 2) == RULES["sturges"](mostly_zero, 2)
    assert RULES["freedman-diaconis"](np.r_[x, 1e300], 2) == 3001


@pytest.mark.parametrize("rule", ["scott", "doane"])
def test_scotts_and_doanes_rules_are_numpys(rule):
    for draw in (np.random.default_rng(8).normal, np.random.default_rng(9).exponential):
        for n in (100, 3000):
            x = draw(size=n)
            assert RULES[rule](x, 2) == len(np.histogram_bin_edges(x, rule)) - 1
            assert RULES[rule](np.ldexp(x, 1000), 2) == RULES[rule](x, 2)


def blocks_of(x):
    values, counts = np.unique(x, return_counts=True)
    codes = CUTS["bayesian-blocks"](values, counts, 2)
    ends = np.flatnonzero(np.diff(codes))
    return [values[0], *(values[ends] + values[ends + 1]) / 2, values[-1]]


@pytest.mark.parametrize(
    ("sample", "edges"),
    [
        (
            lambda: np.random.default_rng(0).normal(size=300),
            [-3.1063368012832915, -1.4862240269694715, 1.0834970986531243, 1.8192436521047335, 3.0660367390488967],
        ),
        (
            lambda: np.r_[
                np.random.default_rng(1).normal(size=1000), 5 + 0.1 * np.random.default_rng(9).normal(size=200)
            ],
            [
                -3.5488049709979372, -2.2946655447480007, -1.5373688412642212, -0.8766528587685865, 1.0181877813249427,
                1.8891215090144446, 2.2763351968912584, 4.776986269425413, 4.882509758369624, 5.099522920779511,
                5.252232741074944,
            ],
        ),
    ],
)  # fmt: skip
def test_bayesian_blocks_are_astropys(sample, edges):
    """The edges that astropy 8's bayesian_blocks gives for the same values."""
    assert blocks_of(sample()) == pytest.approx(edges, abs=1e-12)


def test_bayesian_blocks_are_the_best_of_all_partitions():
    x = np.sort(np.r_[np.random.default_rng(3).uniform(size=8), np.random.default_rng(4).uniform(0.4, 0.402, 6)])
    edges = np.r_[x[0], (x[1:] + x[:-1]) / 2, x[-1]]
    penalty = 4 - math.log(73.53 * 0.05 * len(x) ** -0.478)

    def fitness(cuts):
        bounds = [0, *cuts, len(x)]
        parts = itertools.pairwise(bounds)
        return sum((j - i) * math.log((j - i) / (edges[j] - edges[i])) - penalty for i, j in parts)

    every = (cuts for size in range(5) for cuts in itertools.combinations(range(1, len(x)), size))
    best = max(every, key=fitness)
    assert best, "a partition with a cut, or nothing is tested"
    assert blocks_of(x) == pytest.approx([edges[i] for i in (0, *best, len(x))], abs=1e-14)


def test_bayesian_blocks_find_a_shared_burst():
    rng = np.random.default_rng(5)
    burst = rng.random(800) < 0.3
    x, y = (np.where(burst, 0.5 + 1e-3 * rng.normal(size=800), rng.uniform(size=800)) for _ in range(2))
    share = burst.mean()
    truth = -share * math.log(share) - (1 - share) * math.log(1 - share)
    assert value(x, y, strategy="bayesian-blocks") == pytest.approx(truth, abs=0.1)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_rule_estimates_a_gaussian_pair(rule, strategy):
    blocks = get_task("gaussian:dim=1,mi=1").sample(4000)
    corrected = value(*blocks, bins=rule, strategy=strategy, correction="miller-madow")
    assert corrected == pytest.approx(1, abs=0.25)


def test_extreme_magnitudes_bin_as_others():
    x, y = get_task("gaussian:dim=1,mi=1").sample(300)
    for strategy in STRATEGIES:
        plain = value(x, y, strategy=strategy)
        assert value(np.ldexp(x, 1021), np.ldexp(y, -900), strategy=strategy) == plain


def test_parameters_are_checked():
    with pytest.raises(SpecError, match="bins is 1; allowed: 2 or more"):
        get_estimator("binning:bins=1")
    with pytest.raises(SpecError, match=r"bins is 'scot'; allowed: .*cochran or sturges"):
        get_estimator("binning:bins=scot")
    assert get_estimator("binning").spec == "binning:bins=cochran,correction=none,strategy=equal-frequency"


def test_takes_mixed_pairs():
    x, y = get_task("binary-gaussian:noise_var=0.2").sample(4000)
    assert estimate(x, y, estimator="binning:correction=miller-madow").nats == pytest.approx(0.65873, abs=0.04)
