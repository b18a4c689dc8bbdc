import collections
import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import digamma, gammaln

from mibench import estimate, get_estimator, get_task
from mibench.cell import unsupported
from mibench.errors import InputError, SpecError
from mibench.estimators.discrete._information import (
    chao_shen_entropy,
    grassberger_entropy,
    shrinkage_intensity,
    shrunk_entropy,
)
from mibench.estimators.discrete._nsb import nsb_entropy
from mibench.estimators.discrete.counts import Counting

CORRECTIONS = ["none", "miller-madow", "grassberger", "chao-shen", "shrinkage", "nsb"]
#: The example of R's package entropy, less its zeros, and that of ndd.
SPECIES = np.array([4, 2, 3, 2, 4, 2, 1, 1])
CLASSES = np.array([7, 3, 5, 8, 9, 1, 3, 3, 1, 2, 5, 2, 11, 4, 23, 5, 8])
TABLE = np.array([[12, 3], [5, 20], [9, 1]])
EULER = -digamma(1)


def run(*blocks, **parameters):
    blocks = [np.asarray(block, dtype=float).reshape(len(block), -1) for block in blocks]
    return Counting(**parameters).estimate(*blocks, rng=np.random.default_rng(0))


def samples_of(table):
    return [axis.repeat(table.ravel()) for axis in np.indices(table.shape).reshape(table.ndim, -1)]


def outcomes(shares, n):
    """Every outcome of *n* draws, with its probability."""
    for counts in itertools.product(range(n + 1), repeat=len(shares)):
        if sum(counts) == n:
            ways = math.factorial(n) / math.prod(map(math.factorial, counts))
            yield np.array(counts), ways * math.prod(p**c for p, c in zip(shares, counts, strict=True))


def expectation(entropy, shares, n):
    """The expected entropy of *n* draws, by enumeration."""
    return sum(probability * entropy(counts[counts > 0]) for counts, probability in outcomes(shares, n))


def plug_in(counts):
    shares = counts / counts.sum()
    return -(shares * np.log(shares)).sum()


def test_the_plug_in_is_the_definition_on_rows():
    rng = np.random.default_rng(0)
    blocks = [rng.integers(3, size=(200, dim)).astype(float) for dim in (1, 2, 3)]
    blocks[1][:, :1] += blocks[0]
    rows = [list(map(tuple, block.tolist())) for block in blocks]

    def entropy(values):
        return plug_in(np.array(list(collections.Counter(values).values())))

    expected = sum(map(entropy, rows)) - entropy(list(zip(*rows, strict=True)))
    found = run(*blocks)
    assert found.nats == pytest.approx(expected, abs=1e-12)
    assert found.diagnostics["block_cells"] == [len(set(values)) for values in rows]
    assert found.nats == pytest.approx(estimate(*blocks, estimator="binning:bins=200").nats, abs=1e-12)


def test_no_value_is_merged_where_binning_cuts():
    x = np.arange(1000) % 40
    assert run(x, x).nats == pytest.approx(math.log(40), abs=1e-12)
    assert estimate(x, x, estimator="binning").nats < math.log(15)


def test_corrected_values_are_sums_of_corrected_entropies():
    x, y = samples_of(TABLE)
    parts = TABLE.sum(axis=1), TABLE.sum(axis=0), TABLE.ravel()
    for correction, entropy in [("grassberger", grassberger_entropy), ("chao-shen", chao_shen_entropy)]:
        first, second, joint = map(entropy, parts)
        assert run(x, y, correction=correction).nats == pytest.approx(first + second - joint, abs=1e-13)
    for alphabet, letters in [("seen", (3, 2, 6)), (7, (7, 7, 49))]:
        first, second, joint = map(nsb_entropy, parts, letters)
        found = run(x, y, correction="nsb", alphabet=alphabet).nats
        assert found == pytest.approx(first + second - joint, abs=1e-13)


def test_grassbergers_function_keeps_its_recursion():
    """G₁ = −γ − ln 2, G₂ = 2 − γ − ln 2, G_{2n+1} = G_{2n}, G_{2n+2} = G_{2n} + 2/(2n + 1)."""
    values = {1: -EULER - math.log(2), 2: 2 - EULER - math.log(2)}
    for n in range(1, 60):
        values[2 * n + 1] = values[2 * n]
        values[2 * n + 2] = values[2 * n] + 2 / (2 * n + 1)
    for n, g in values.items():
        assert grassberger_entropy(np.array([n])) == pytest.approx(math.log(n) - g, abs=1e-13)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.1), (0.6, 0.3, 0.1)])
def test_grassbergers_expectation_is_its_integral(shares):
    """E Ĥ = ln N − Σp[ψ(N) − Σ_{j<N} (1 − p)ʲ/j] + Σp ∫₀¹ (1 − p − px)^{N−1}/(1 + x) dx."""
    n = 7
    expected = math.log(n) - digamma(n)
    for p in shares:
        expected += p * sum((1 - p) ** j / j for j in range(1, n))
        expected += p * quad(lambda x, p=p: (1 - p - p * x) ** (n - 1) / (1 + x), 0, 1)[0]
    assert expectation(grassberger_entropy, shares, n) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("correction", ["grassberger", "chao-shen"])
def test_corrections_take_off_most_of_the_bias(correction):
    shares, n = (0.4, 0.3, 0.2, 0.1), 8
    truth = -sum(p * math.log(p) for p in shares)
    entropy = {"grassberger": grassberger_entropy, "chao-shen": chao_shen_entropy}[correction]
    assert abs(expectation(entropy, shares, n) - truth) < 0.5 * abs(expectation(plug_in, shares, n) - truth)


def test_chao_shen_is_its_definition():
    for counts in (SPECIES, CLASSES):
        n = counts.sum()
        coverage = 1 - (counts == 1).sum() / n
        total = 0.0
        for count in counts:
            p = coverage * count / n
            total -= p * math.log(p) / (1 - (1 - p) ** n)
        assert chao_shen_entropy(counts) == pytest.approx(total, abs=1e-13)
    assert chao_shen_entropy(SPECIES) == pytest.approx(2.201137101279585, abs=1e-12), "value of infomeasure 0.6.3"
    assert chao_shen_entropy(CLASSES) == pytest.approx(2.6002147642202056, abs=1e-12), "value of infomeasure 0.6.3"


def test_chao_shen_without_coverage_is_finite():
    n = 12
    p = 1 / n**2
    expected = -n * p * math.log(p) / (1 - (1 - p) ** n)
    assert chao_shen_entropy(np.ones(n, dtype=int)) == pytest.approx(expected, abs=1e-12)
    assert chao_shen_entropy(np.array([9])) == 0.0


def test_shrinkage_is_that_of_the_whole_table():
    """λ and the shares of every cell, empty ones too, as Hausser and Strimmer write them."""
    table = np.array([[12, 0, 3, 1], [5, 20, 0, 0], [9, 1, 0, 2]])
    n, shares = table.sum(), table / table.sum()
    for size in (None, 6):
        full = np.zeros((size or 3, size or 4))
        full[:3, :4] = shares
        weight = (full * (1 - full)).sum() / (n - 1) / ((1 / full.size - full) ** 2).sum()
        assert 0 < weight < 1
        shrunk = weight / full.size + (1 - weight) * full
        expected = (shrunk * np.log(shrunk / np.outer(shrunk.sum(axis=1), shrunk.sum(axis=0)))).sum()
        found = run(*samples_of(table), correction="shrinkage", alphabet=size or "seen").nats
        assert found == pytest.approx(expected, abs=1e-13)


def test_shrinkage_of_few_counts_is_the_uniform_distribution():
    assert shrinkage_intensity(SPECIES, 8) == 1.0
    assert shrunk_entropy(SPECIES, 8, 1.0) == pytest.approx(2.0794415416798357, abs=1e-12), "infomeasure 0.6.3"
    weight = shrinkage_intensity(CLASSES, 17)
    assert shrunk_entropy(CLASSES, 17, weight) == pytest.approx(2.6396113605262412, abs=1e-12), "infomeasure 0.6.3"


@pytest.mark.parametrize(
    ("counts", "letters", "published"),
    [
        (CLASSES, 20, 2.623634344888532),  # ndd 0.9
        ([12, 4, 12, 4, 5, 3, 1, 5, 1, 2, 2, 2, 2, 11, 3, 4, 12, 12, 1, 2], 100, 2.840012048914245),  # ndd 1.6
    ],
)
def test_nsb_is_the_published_value(counts, letters, published):
    assert nsb_entropy(np.array(counts), letters) == pytest.approx(published, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "letters"), [((3, 1), 2), ((4, 2, 1), 3), ((1, 1), 50), ((30, 2), 2), ((5, 5, 5), 3), ((2,), 4)]
)
def test_nsb_is_its_integral(counts, letters):
    """The definition, gamma function by gamma function and letter by letter, by a fine Riemann sum over ln β."""
    n, seen = sum(counts), np.array([*counts, *[0] * (letters - len(counts))])
    b = np.exp(np.linspace(-40, 14, 20001))
    prior = np.gradient(digamma(letters * b + 1) - digamma(b + 1), b)
    gammas = gammaln(letters * b) - gammaln(n + letters * b) + sum(gammaln(c + b) - gammaln(b) for c in seen)
    total = n + letters * b
    mean = digamma(total + 1) - sum((c + b) / total * digamma(c + b + 1) for c in seen)
    weight = prior * np.exp(gammas - gammas.max()) * b
    assert nsb_entropy(np.array(counts), letters) == pytest.approx((weight * mean).sum() / weight.sum(), abs=2e-6)


def test_nsb_of_a_vast_alphabet_has_a_limit():
    found = [nsb_entropy(SPECIES, letters) for letters in (1e6, 1e10, 1e100, 1e250)]
    assert np.ptp(found) < 1e-4
    assert np.ptp(found[1:]) < 1e-8


def test_large_counts_leave_nothing_to_correct():
    table = TABLE * 10**6
    for entropy in (grassberger_entropy, chao_shen_entropy, lambda counts: nsb_entropy(counts, 6)):
        assert entropy(table.ravel()) == pytest.approx(plug_in(table.ravel()), abs=1e-6)


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_every_correction_measures_a_channel(correction):
    x, y = get_task("symmetric-channel:levels=4,error=0.2").sample(4000)
    truth = get_task("symmetric-channel:levels=4,error=0.2").truth.nats
    assert run(x, y, correction=correction).nats == pytest.approx(truth, abs=0.05)


def test_a_smaller_error_than_the_plug_in_on_a_sparse_table():
    task = get_task("symmetric-channel:levels=16,error=0.6")
    truth = task.truth.nats
    error = {
        correction: abs(
            np.mean([run(*task.sample(200, seed), correction=correction).nats for seed in range(10)]) - truth
        )
        for correction in CORRECTIONS
    }
    assert max(value for name, value in error.items() if name != "none") < error["none"]


def test_independent_binary_blocks_may_be_negative():
    found = [
        run(*np.random.default_rng(seed).integers(2, size=(2, 300)), correction="grassberger").nats for seed in range(9)
    ]
    assert min(found) < 0


def test_aliases_name_every_correction():
    names = {
        "plug-in": "none", "miller-madow": "miller-madow", "grassberger-2003": "grassberger", "chao-shen": "chao-shen",
        "james-stein": "shrinkage", "nsb-2002": "nsb",
    }  # fmt: skip
    for name, correction in names.items():
        assert get_estimator(f"discrete:{name}") == Counting(correction=correction)


def test_only_discrete_blocks_are_taken():
    counts = get_estimator("counts")
    assert unsupported(counts, get_task("gaussian:mi=1")) == "counts cannot take continuous blocks; allowed: discrete"
    assert unsupported(counts, get_task("symmetric-channel:error=0.1")) is None


def test_parameters_are_checked():
    with pytest.raises(SpecError, match="alphabet is 1; allowed: 2 or more, or seen"):
        get_estimator("counts:alphabet=1")
    with pytest.raises(InputError, match="a block has 3 letters with alphabet=2; allowed: 3 or more"):
        run(*samples_of(TABLE), alphabet=2)


def test_binning_takes_the_same_corrections():
    x, y = samples_of(TABLE)
    for correction in CORRECTIONS:
        binned = estimate(x, y, estimator=f"binning:correction={correction},bins=9").nats
        assert binned == run(x, y, correction=correction).nats
