"""Second derivations of the truths of discrete and mixed tasks."""

import math

import mpmath
import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.stats import multivariate_normal

from mibench import get_task
from mibench.errors import SpecError
from mibench.tasks.rare_event import event_nats

SPECS = [
    "symmetric-channel:error=0.11", "symmetric-channel:levels=8,mi=1.5", "symmetric-channel:levels=4,mi=2,dim=3",
    "erasure-channel:erasure=0.1,levels=16,dim=2", "random-table:rows=3,columns=3",
    "random-table:rows=50,columns=50,concentration=0.1", "uniform-overlap", "gaussian-atoms",
    "gaussian-atoms:rho=0.5,share=0.2,agreement=0.6", "zero-inflated-poisson", "zero-inflated-poisson:inflation=0.6",
    "class-clusters:classes=2,dim=1,separation=1", "class-clusters:classes=10,dim=12,separation=2",
    "class-clusters:classes=5,dim=4,separation=4", "quantised-gaussian:bins=2,rho=0.6",
    "quantised-gaussian:bins=10,rho=0.95", "quantised-gaussian:bins=10,rho=-0.95,cut=first",
    "rare-event:share=0.05,mi=10,dim=20", "rare-event:share=0.3,mi=1",
]  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_the_mean_of_the_log_ratio_is_the_truth(spec):
    task = get_task(spec)
    ratios = task.pointwise(*task.draw(100_000, np.random.default_rng(0)))
    error = ratios.std() / math.sqrt(len(ratios))
    assert abs(ratios.mean() - task.truth.nats) <= 4 * error + 1e-12


def near(value, tolerance):
    def check(nats):
        assert abs(nats - value) <= tolerance

    return check


def entropy(p):
    p = np.asarray(p).ravel()
    return -float(np.sum(p[p > 0] * np.log(p[p > 0])))


class TestChannels:
    @pytest.mark.parametrize(("levels", "error"), [(2, 0.11), (2, 0.4), (5, 0.3), (16, 0.01)])
    def test_the_symmetric_one_by_its_table(self, levels, error, confirm_sharply):
        table = np.full((levels, levels), error / (levels - 1) / levels)
        np.fill_diagonal(table, (1 - error) / levels)
        second = 2 * math.log(levels) - entropy(table)
        confirm_sharply(get_task(f"symmetric-channel:levels={levels},error={error}").truth.nats, near(second, 1e-12))

    @pytest.mark.parametrize("mi", [0.01, 0.5, 1.3])
    def test_the_error_rate_solves_for_the_information(self, mi):
        task = get_task(f"symmetric-channel:levels=4,mi={mi}")
        again = get_task(f"symmetric-channel:levels=4,error={task._rate!r}")
        assert again.truth.nats == pytest.approx(mi, abs=1e-13)

    def test_the_ends(self):
        assert get_task("symmetric-channel:error=0.5").truth.nats == 0.0
        assert get_task("symmetric-channel:levels=3,error=0").truth.nats == pytest.approx(math.log(3), abs=1e-15)
        assert get_task("symmetric-channel:mi=0").board_family == "independence"
        assert get_task("erasure-channel:erasure=0,levels=7").truth.nats == pytest.approx(math.log(7), abs=1e-15)

    @pytest.mark.parametrize(("levels", "erasure"), [(2, 0.5), (6, 0.1)])
    def test_the_erasure_one_by_its_table(self, levels, erasure, confirm_sharply):
        table = np.hstack([np.eye(levels) * (1 - erasure), np.full((levels, 1), erasure)]) / levels
        second = math.log(levels) + entropy(table.sum(axis=0)) - entropy(table)
        confirm_sharply(get_task(f"erasure-channel:levels={levels},erasure={erasure}").truth.nats, near(second, 1e-12))

    def test_uses_add_up(self):
        one, three = (get_task(f"symmetric-channel:levels=4,error=0.2,dim={d}").truth.nats for d in (1, 3))
        assert three == pytest.approx(3 * one, rel=1e-14)


class TestRandomTable:
    @pytest.mark.parametrize("spec", ["rows=3,columns=3", "rows=20,columns=7,concentration=0.2", "rows=50,columns=50"])
    def test_by_entropies_in_many_digits(self, spec, confirm_sharply):
        task = get_task(f"random-table:{spec}")
        with mpmath.workdps(30):
            p = [[mpmath.mpf(v) for v in row] for row in task.table]
            total = mpmath.fsum(mpmath.fsum(row) for row in p)

            def h(values):
                return -mpmath.fsum(v / total * mpmath.log(v / total) for v in values if v)

            rows, columns = [mpmath.fsum(row) for row in p], [mpmath.fsum(column) for column in zip(*p, strict=True)]
            second = float(h(rows) + h(columns) - h([v for row in p for v in row]))
        confirm_sharply(task.truth.nats, near(second, 1e-11))

    def test_frequencies_are_those_of_the_table(self):
        task = get_task("random-table:rows=3,columns=4")
        x, y = (block[:, 0].astype(int) for block in task.draw(200_000, np.random.default_rng(0)))
        counts = np.zeros((3, 4))
        np.add.at(counts, (x, y), 1)
        expected = 200_000 * task.table
        assert np.sum((counts - expected) ** 2 / expected) < 40  # χ² of 11 degrees of freedom: 4e-5

    def test_the_number_tells_tables_apart_and_independence_keeps_the_margins(self):
        first, other = (get_task(f"random-table:rows=3,columns=3,number={i}") for i in (0, 1))
        assert first.truth != other.truth
        product = get_task("random-table:rows=3,columns=3,independent=true")
        assert product.table.sum(axis=0) == pytest.approx(first.table.sum(axis=0))
        assert product.truth.nats == 0.0


class TestMixtures:
    @pytest.mark.parametrize("levels", [2, 5, 40])
    def test_uniform_overlap_by_the_entropy_of_y(self, levels, confirm_sharply):
        """H(Y) − H(Y|X): Y has density 1/(2m) on two units and 1/m on m − 1; Y|X is uniform on 2."""
        outer, inner = 1 / (2 * levels), 1 / levels
        second = -2 * outer * math.log(outer) - (levels - 1) * inner * math.log(inner) - math.log(2)
        confirm_sharply(get_task(f"uniform-overlap:levels={levels}").truth.nats, near(second, 1e-13))

    def test_the_published_value(self):
        assert get_task("uniform-overlap").truth.nats == pytest.approx(1.0549201679861, abs=1e-12)

    @pytest.mark.parametrize(("rho", "agreement", "share"), [(0.9, 0.9, 0.5), (0.5, 0.3, 0.2)])
    def test_gaussian_atoms_by_the_chain_rule_over_the_part(self, rho, agreement, share, confirm_sharply):
        """The part S is a function of X, so I(X; Y) = I(S; Y) + I(X; Y | S), and of Y, so I(S; Y) = H(S)."""
        density = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).pdf

        def integrand(y, x):
            alone = math.exp(-(x * x + y * y) / 2) / (2 * math.pi)
            joint = float(density([x, y]))
            return joint * math.log(joint / alone) if joint > 0 else 0.0

        gaussian = dblquad(integrand, -7, 7, -7, 7, epsabs=1e-8)[0]
        signs = math.log(2) - entropy([agreement, 1 - agreement])
        second = entropy([share, 1 - share]) + share * gaussian + (1 - share) * signs
        task = get_task(f"gaussian-atoms:rho={rho},agreement={agreement},share={share}")
        confirm_sharply(task.truth.nats, near(second, 1e-6))

    @pytest.mark.parametrize("p", [0.15, 0.5, 0.9])
    def test_zero_inflation_by_what_the_indicator_would_add(self, p, confirm_sharply):
        """I(X; Y) = I(X; Y, S) − P(Y = 0)·I(X; S | Y = 0), with X | Y = 0 a mixture of Exp(1) and Exp(2)."""
        with mpmath.workdps(20):
            series = mpmath.nsum(lambda k: mpmath.log(k) / mpmath.mpf(2) ** k, [1, mpmath.inf])
            poisson = float(2 * mpmath.log(2) - mpmath.euler - series)
        zero = p + (1 - p) / 2
        inflated = p / zero

        def divergence(x):
            first, second = math.exp(-x), 2 * math.exp(-2 * x)
            both = inflated * first + (1 - inflated) * second
            return inflated * first * math.log(first / both) + (1 - inflated) * second * math.log(second / both)

        second = (1 - p) * poisson - zero * quad(divergence, 0, 60, epsabs=1e-12, limit=200)[0]
        task = get_task(f"zero-inflated-poisson:inflation={p}")
        confirm_sharply(task.truth.nats, near(second, 1e-9))
        assert task.truth.nats < 0.98 * (1 - p) * 0.3012, "the printed value holds for an observed indicator"


class TestClassClusters:
    @pytest.mark.parametrize("separation", [0.5, 1.0, 3.0])
    def test_two_classes_are_a_binary_input_in_gaussian_noise(self, separation, confirm_sharply):
        second = get_task(f"binary-gaussian:noise_var={2 / separation**2!r}").truth.nats
        task = get_task(f"class-clusters:classes=2,dim=1,separation={separation}")
        confirm_sharply(task.truth.nats, near(second, 1e-9))

    @pytest.mark.parametrize("separation", [0.8, 2.0])
    def test_three_classes_by_a_quadrature_over_the_plane(self, separation, confirm_sharply):
        task = get_task(f"class-clusters:classes=3,dim=2,separation={separation}")
        nodes, weights = np.polynomial.legendre.leggauss(400)
        reach = separation + 9
        y = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1) * reach
        w = np.outer(weights, weights) * reach**2
        given = [np.exp(-0.5 * ((y - c) ** 2).sum(axis=-1)) / (2 * math.pi) for c in task.centres]
        alone = sum(given) / 3
        second = -float(np.sum(w * alone * np.log(np.maximum(alone, 1e-300)))) - math.log(2 * math.pi * math.e)
        confirm_sharply(task.truth.nats, near(second, 1e-8))

    def test_noise_columns_carry_nothing_and_far_clusters_tell_the_class(self):
        narrow, wide = (get_task(f"class-clusters:classes=4,dim={d},separation=1.5").truth.nats for d in (3, 50))
        assert wide == narrow
        far = get_task("class-clusters:classes=10,dim=9,separation=8").truth.nats
        assert far == pytest.approx(math.log(10), abs=1e-6)
        assert far <= math.log(10)

    def test_centres_are_equally_far_apart(self):
        centres = get_task("class-clusters:classes=6,dim=8,separation=1.5").centres
        distances = np.linalg.norm(centres[:, None] - centres, axis=-1)[~np.eye(6, dtype=bool)]
        assert distances == pytest.approx(1.5 * math.sqrt(2))


class TestQuantisedGaussian:
    @pytest.mark.parametrize("rho", [0.3, 0.6, -0.9])
    def test_two_bins_by_the_orthant_probability(self, rho, confirm_sharply):
        same = 0.5 + math.asin(rho) / math.pi
        second = math.log(2) - entropy([same, 1 - same])
        confirm_sharply(get_task(f"quantised-gaussian:bins=2,rho={rho}").truth.nats, near(second, 1e-11))

    @pytest.mark.parametrize(("bins", "rho"), [(5, 0.7), (8, -0.95)])
    def test_more_bins_by_bivariate_probabilities(self, bins, rho, confirm_sharply):
        from scipy.stats import norm

        edges = norm.ppf(np.arange(bins + 1) / bins)
        edges[[0, -1]] = -9, 9
        both = multivariate_normal([0, 0], [[1, rho], [rho, 1]])
        upto = np.array([[both.cdf([x, y]) for y in edges] for x in edges])
        cells = np.diff(np.diff(upto, axis=0), axis=1)
        second = 2 * math.log(bins) - entropy(np.maximum(cells, 0))
        confirm_sharply(get_task(f"quantised-gaussian:bins={bins},rho={rho}").truth.nats, near(second, 1e-6))

    @pytest.mark.parametrize(("bins", "rho"), [(2, 0.5), (6, 0.9)])
    def test_one_cut_by_the_entropy_of_y_within_a_bin(self, bins, rho, confirm_sharply):
        """H(Y) − (1/b) Σ_i h(Y | bin i), the density of Y in a bin by a quadrature over x."""
        from scipy.stats import norm

        edges = norm.ppf(np.arange(bins + 1) / bins)
        noise = math.sqrt(1 - rho**2)
        x, w = np.polynomial.legendre.leggauss(60)
        y, v = np.polynomial.legendre.leggauss(300)
        inside = 0.0
        for low, high in zip(np.maximum(edges[:-1], -9), np.minimum(edges[1:], 9), strict=True):
            nodes, weights = (low + high) / 2 + (high - low) / 2 * x, (high - low) / 2 * w
            density = bins * (weights * norm.pdf(nodes)) @ norm.pdf((9 * y - rho * nodes[:, None]) / noise) / noise
            inside -= np.sum(9 * v * density * np.log(np.maximum(density, 1e-300))) / bins
        second = 0.5 * math.log(2 * math.pi * math.e) - inside
        task = get_task(f"quantised-gaussian:bins={bins},rho={rho},cut=first")
        confirm_sharply(task.truth.nats, near(second, 1e-7))

    def test_cutting_loses_and_fine_bins_lose_little(self):
        whole = -0.5 * math.log(1 - 0.8**2)
        both, first = (get_task(f"quantised-gaussian:bins=8,rho=0.8,cut={cut}").truth.nats for cut in ("both", "first"))
        assert both < first < whole
        assert get_task("quantised-gaussian:bins=100,rho=0.8,cut=first").truth.nats == pytest.approx(whole, abs=2e-3)


class TestRareEvent:
    @pytest.mark.parametrize(("share", "width"), [(0.3, 0.1), (0.05, 0.4)])
    def test_one_dimension_by_a_quadrature_over_the_offset(self, share, width, confirm_sharply):
        def density(t):
            return share / width * (t < width) + 1 - share

        second = quad(lambda t: density(t) * math.log(density(t)), 0, 1, points=[width], epsabs=1e-12)[0]
        confirm_sharply(event_nats(share, math.log(width)), near(second, 1e-11))

    def test_the_events_hold_all_of_it(self):
        task = get_task("rare-event:share=0.05,mi=10,dim=20")
        x, y = task.draw(20_000, np.random.default_rng(0))
        ratios = task.pointwise(x, y)
        assert np.mean(ratios > 100) == pytest.approx(0.05, abs=0.01)
        assert ratios[ratios > 100].mean() == pytest.approx(200, rel=0.05)

    def test_margins_are_uniform(self):
        _, y = get_task("rare-event:share=0.5,mi=2").draw(100_000, np.random.default_rng(0))
        counts = np.histogram(y, bins=20, range=(0, 1))[0]
        assert np.sum((counts - 5000) ** 2 / 5000) < 60  # χ² of 19 degrees of freedom: 4e-6


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("symmetric-channel", "error is None and mi is None; allowed: exactly one of the two"),
        ("symmetric-channel:error=0.6", "error is 0.6; allowed: from 0 to 0.5"),
        ("symmetric-channel:mi=0.7", "mi is 0.7; allowed: from 0 to 0.693147"),
        ("erasure-channel:erasure=1", "erasure is 1.0; allowed"),
        ("random-table:rows=1,columns=3", "rows is 1; allowed: from 2 to 100"),
        ("random-table:rows=2,columns=3,concentration=0", "concentration is 0.0; allowed"),
        ("uniform-overlap:levels=1", "levels is 1; allowed"),
        ("gaussian-atoms:share=1", "share is 1.0; allowed"),
        ("zero-inflated-poisson:inflation=1", "inflation is 1.0; allowed"),
        ("class-clusters:classes=4,dim=2,separation=1", "dim is 2; allowed: at least classes − 1 = 3"),
        ("quantised-gaussian:bins=1,rho=0.5", "bins is 1; allowed"),
        ("rare-event:share=0.05,mi=10", "mi is 10.0; allowed: more than 0 and at most 0.9"),
    ],
)
def test_mistakes_are_named(spec, message):
    with pytest.raises(SpecError, match=message.replace("(", r"\(")):
        get_task(spec)
