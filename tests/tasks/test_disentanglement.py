"""Second derivations of the truths of trained encoders, the identities between them, and how the encoders are made."""

import importlib.util
import itertools
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import entr
from scipy.stats import norm

from mibench import get_task
from mibench.errors import AssetError, InputError, SpecError
from mibench.tasks import _sprites
from mibench.tasks._minibatch import minibatch_densities, minibatch_weights
from mibench.tasks._posterior import AggregatedPosterior

ASSETS = Path(_sprites.__file__).parent / "assets"
NAMES = [f"{kind}-{seed}" for kind in ("c2", "c5", "c8", "beta1", "beta4") for seed in range(3)]
HALF_LOG = 0.5 * math.log(2 * math.pi * math.e)

every_encoder = pytest.mark.parametrize("name", NAMES)
one_of_each = pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("-0")])


def task_of(name, pair="tc", more=""):
    return get_task(f"disentanglement:asset={name},pair={pair}{more}")


def mean_and_error(values):
    return values.mean(), values.std() / math.sqrt(len(values))


def script(name):
    spec = importlib.util.spec_from_file_location(name, ASSETS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small():
    """Five Gaussians in the plane, near one another."""
    rng = np.random.default_rng(0)
    return AggregatedPosterior(rng.standard_normal((5, 2)), 0.5 * rng.standard_normal((5, 2)))


@pytest.fixture
def apart():
    """Twelve Gaussians far apart: their numbers in base 2, 2 and 3, one digit a latent."""
    digits = np.array(list(itertools.product(range(2), range(2), range(3))), float)
    return AggregatedPosterior(100 * digits, np.zeros((12, 3))), digits


class TestTruths:
    @every_encoder
    def test_the_standard_error_is_small(self, name):
        for pair in ("tc", "xz"):
            truth = task_of(name, pair).truth
            assert truth.method == "Monte Carlo"
            assert 0 < truth.stderr < 0.001

    @every_encoder
    def test_the_rate_is_information_and_correlation_and_marginals(self, name):
        """E KL(q(z|x) ‖ p) = I(x; z) + TC(z) + Σ_j KL(q(z_j) ‖ p), to the six decimals of the table."""
        posterior, tc, information = task_of(name).posterior, task_of(name).truth, task_of(name, "xz").truth
        parts = information.nats + tc.nats + posterior.marginal_divergences.sum()
        assert parts == pytest.approx(posterior.mean_divergence, abs=2e-6)

    @every_encoder
    def test_the_information_is_at_most_the_rate_and_what_there_is_to_know(self, name):
        task = task_of(name, "xz")
        assert task.truth.nats < min(task.posterior.mean_divergence, math.log(1536))

    @one_of_each
    def test_the_correlation_of_all_is_at_least_that_of_pairs(self, name):
        """Σ over disjoint pairs of I(z_j; z_k) ≤ TC(z): the strongest pair, and the rest in every way."""
        task = task_of(name)
        pairs = {pair: task.posterior.pair_information(*pair) for pair in itertools.combinations(range(6), 2)}
        matchings = [
            (a, b, c) for a, b, c in itertools.combinations(pairs, 3) if len({*a, *b, *c}) == 6
        ]  # fmt: skip
        assert len(matchings) == 15
        best = max(sum(pairs[pair] for pair in matching) for matching in matchings)
        assert best <= task.truth.nats + 4 * task.truth.stderr

    @pytest.mark.parametrize("name", ["c2-0", "c5-0", "c8-0", "beta4-1"])
    def test_information_by_what_is_left_to_guess(self, name, confirm_sharply):
        """ln 1536 − E H(x|Z=z): the entropies of the posteriors, with other draws."""
        self.confirm_by_posteriors(name, confirm_sharply)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", sorted({*NAMES} - {"c2-0", "c5-0", "c8-0", "beta4-1"}))
    def test_information_of_the_others_by_what_is_left_to_guess(self, name, confirm_sharply):
        self.confirm_by_posteriors(name, confirm_sharply)

    @staticmethod
    def confirm_by_posteriors(name, confirm_sharply):
        task, rng, left = task_of(name, "xz"), np.random.default_rng(7), []
        for _ in range(40):
            logs = task.posterior.log_given_each(task.posterior.draw(1000, rng)[1])
            shares = np.exp(logs - logs.max(axis=1, keepdims=True))
            left.append(entr(shares / shares.sum(axis=1, keepdims=True)).sum(axis=1))
        mean, error = mean_and_error(np.concatenate(left))

        def check(nats):
            assert abs(math.log(1536) - mean - nats) <= 3.5 * math.hypot(error, task.truth.stderr)

        confirm_sharply(task.truth.nats, check)

    @one_of_each
    def test_correlation_by_the_mean_of_the_log_ratio(self, name):
        task = task_of(name)
        mean, error = mean_and_error(task.pointwise(*task.draw(10_000, np.random.default_rng(3))))
        assert error < 0.02
        assert abs(mean - task.truth.nats) <= 4 * math.hypot(error, task.truth.stderr)

    @pytest.mark.parametrize("name", ["c2-0", "c5-0", "c8-0"])
    def test_information_is_bracketed_by_pairwise_distances(self, name):
        """Kolchinsky and Tracey 2017, DOI 10.3390/e19070361: Bhattacharyya from below, Kullback from above."""
        task = task_of(name, "xz")
        mean, var = task.posterior.mean, task.posterior.sd**2
        lower, upper = np.empty((2, 1536))
        for i in range(1536):
            middle, squares = (var[i] + var) / 2, (mean[i] - mean) ** 2
            near = (squares / middle / 8 + 0.5 * np.log(middle / np.sqrt(var[i] * var))).sum(axis=1)
            far = 0.5 * ((var[i] + squares) / var - 1 + np.log(var / var[i])).sum(axis=1)
            lower[i], upper[i] = -np.log(np.exp(-near).mean()), -np.log(np.exp(-far).mean())
        assert lower.mean() <= task.truth.nats <= upper.mean()

    @pytest.mark.parametrize("seed", range(3))
    def test_correlation_falls_with_capacity(self, seed):
        low, middle, high = (task_of(f"c{capacity}-{seed}").truth.nats for capacity in (2, 5, 8))
        assert 4 * low < middle < high / 4

    @pytest.mark.parametrize("seed", range(3))
    def test_it_is_what_correlation_cannot_see(self, seed):
        task = task_of(f"c5-{seed}")
        assert task.posterior.gaussian_total_correlation < 0.02 * task.truth.nats


class TestQuadrature:
    def test_entropies_and_information_of_what_is_far_apart(self, apart):
        posterior, digits = apart
        assert posterior.marginal_entropies == pytest.approx(np.log([2, 2, 3]) + HALF_LOG, abs=1e-9)
        assert posterior.conditional_entropies == pytest.approx(HALF_LOG)
        assert posterior.pair_information(0, 1) == pytest.approx(0, abs=1e-12)
        twice = posterior.of([2, 2])
        assert twice.pair_information(0, 1) == pytest.approx(math.log(3), abs=1e-9)
        assert posterior.information_about(digits[:, 2]) == pytest.approx([0, 0, math.log(3)], abs=1e-9)
        assert posterior.information_gap(digits) == pytest.approx(1, abs=1e-9)

    def test_a_factor_in_two_latents_has_no_gap(self, apart):
        posterior, digits = apart
        assert posterior.of([0, 1, 2, 2]).information_gap(digits[:, [2]]) == pytest.approx(0, abs=1e-9)

    @pytest.mark.parametrize("name", ["c2-1", "c5-1", "c8-1"])
    def test_marginal_entropies_by_adaptive_quadrature(self, name):
        posterior = task_of(name).posterior
        for j in range(6):
            mean, sd = posterior.mean[:, j], posterior.sd[:, j]
            ends = (mean - 9 * sd).min(), (mean + 9 * sd).max()
            second = quad(lambda z, m=mean, s=sd: entr(norm.pdf(z, m, s).mean()), *ends, limit=200, epsabs=1e-8)[0]
            assert posterior.marginal_entropies[j] == pytest.approx(second, abs=1e-7)

    @pytest.mark.parametrize(("name", "first", "second"), [("c5-0", 4, 5), ("c8-0", 1, 2)])
    def test_pairs_by_the_mean_of_the_log_ratio(self, name, first, second):
        task = task_of(name, "pair", f",first={first},second={second}")
        mean, error = mean_and_error(task.pointwise(*task.draw(20_000, np.random.default_rng(4))))
        assert abs(mean - task.truth.nats) <= 4 * error
        assert task.truth.stderr == 0

    def test_pairs_on_twice_as_fine_a_grid(self, monkeypatch):
        posterior = task_of("c8-0").posterior
        coarse = [posterior.pair_information(*pair) for pair in [(0, 1), (2, 5), (3, 4)]]
        monkeypatch.setattr("mibench.tasks._posterior._POINTS", 8)
        fine = [posterior.pair_information(*pair) for pair in [(0, 1), (2, 5), (3, 4)]]
        assert coarse == pytest.approx(fine, abs=1e-9)

    def test_a_pair_has_the_same_information_either_way(self):
        posterior = task_of("c5-0").posterior
        assert posterior.pair_information(3, 4) == pytest.approx(posterior.pair_information(4, 3), abs=1e-12)

    def test_what_a_latent_tells_of_a_factor_by_the_posterior_of_the_factor(self):
        """H(v) − E H(v|z_j): the other side of the information, by Monte Carlo."""
        posterior, factors = task_of("c5-0").posterior, _sprites.load().factors
        exact = posterior.information_about(factors[:, 4])
        _, z = posterior.draw(4000, np.random.default_rng(5))
        for j in (int(exact.argmax()), int(exact.argmin())):
            logs = posterior.of([j]).log_given_each(z[:, [j]])
            shares = np.exp(logs) @ np.eye(8)[factors[:, 4].astype(int)]
            mean, error = mean_and_error(entr(shares / shares.sum(axis=1, keepdims=True)).sum(axis=1))
            assert abs(math.log(8) - mean - exact[j]) <= 4 * error + 1e-9

    @every_encoder
    def test_densities_are_those_of_the_mixture(self, name):
        task = task_of(name, "xz")
        x, z = task.draw(3, np.random.default_rng(6))
        number = _sprites.load().find(x)
        p = task.posterior
        each = norm.logpdf(z[:, np.newaxis], p.mean, np.exp(p.log_var / 2)).sum(axis=2)
        assert p.log_density(z) == pytest.approx(np.log(np.exp(each).mean(axis=1)), abs=1e-9)
        expected = each[range(3), number] - np.log(np.exp(each).mean(axis=1))
        assert task.pointwise(x, z) == pytest.approx(expected, abs=1e-9)


class TestMinibatches:
    def test_stratified_weights_are_unbiased_over_all_batches(self, small):
        """Every batch of three of five: the mean of q̂(z_i), given z_i, is q(z_i); weights down a column are not."""
        z = np.random.default_rng(1).standard_normal((5, 2))
        found, wrong = [[] for _ in range(5)], [[] for _ in range(5)]
        column = np.full((3, 3), 1 / 2)
        column.reshape(-1)[::3], column.reshape(-1)[1::3] = 1 / 5, (5 - 2) / (5 * 2)  # strides of M + 1
        assert np.array_equal(column[:, 0], [1 / 5] * 3)
        for batch in itertools.permutations(range(5), 3):
            number = np.array(batch)
            joint, single = minibatch_densities(small, number, z[number], "stratified")
            given = np.exp(small.log_given_each(z[number]))[:, number]
            for row, i in enumerate(batch):
                found[i].append(np.exp([joint[row], *single[row]]))
                wrong[i].append(column[row] @ given[row])
        exact = np.exp(np.column_stack([small.log_density(z), small.log_marginals(z)]))
        assert np.mean(found, axis=1) == pytest.approx(exact, rel=1e-12)
        assert abs(np.mean(wrong, axis=1) / exact[:, 0] - 1).max() > 0.05

    @pytest.mark.parametrize(("size", "count"), [(2, 2), (3, 5), (256, 1536), (1536, 1536)])
    def test_stratified_weights_sum_to_one_with_the_own_row_counted_once(self, size, count):
        weights = minibatch_weights(size, count, "stratified")
        assert weights.sum(axis=1) == pytest.approx(np.ones(size))
        assert np.diag(weights) == pytest.approx(np.full(size, 1 / count))

    def test_weighted_sampling_is_off_by_the_number_of_sprites(self, small):
        number = np.arange(5)
        z = np.random.default_rng(2).standard_normal((5, 2))
        joint, _ = minibatch_densities(small, number, z, "weighted")
        assert joint == pytest.approx(small.log_density(z) - math.log(5), abs=1e-12)

    def test_a_task_estimates_its_truth_from_large_batches(self):
        for pair, allowed in (("tc", 0.05), ("xz", 0.05)):
            task = task_of("c5-0", pair)
            values = [task.minibatch(1024, np.random.default_rng(seed)) for seed in range(5)]
            assert np.mean(values) == pytest.approx(task.truth.nats, abs=allowed + 3 * np.std(values))
            weighted = task.minibatch(1024, np.random.default_rng(0), "weighted")
            assert abs(weighted - task.truth.nats) > 5

    def test_a_pair_has_no_minibatch(self):
        with pytest.raises(InputError, match="pair is 'pair'; allowed for a minibatch: tc or xz"):
            task_of("c5-0", "pair", ",first=1,second=2").minibatch(10, np.random.default_rng(0))

    @pytest.mark.parametrize("size", [1, 6])
    def test_a_batch_without_others_or_with_repeats_is_refused(self, size):
        with pytest.raises(ValueError, match=f"size is {size}; allowed: from 2 to 5"):
            minibatch_weights(size, 5, "stratified")


class TestSprites:
    def test_all_are_different_even_inside(self):
        sprites = _sprites.load()
        assert sprites.images.shape == (1536, 256)
        assert len(np.unique(sprites.inner, axis=0)) == len(np.unique(sprites.factors, axis=0)) == 1536
        assert np.array_equal(sprites.find(sprites.inner), np.arange(1536))
        assert np.array_equal(sprites.find(sprites.factors), np.arange(1536))

    def test_no_inner_pixel_is_likely_to_be_constant_in_a_sample(self):
        commonest = max(np.unique(pixel, return_counts=True)[1].max() for pixel in _sprites.load().inner.T)
        assert (commonest / 1536) ** 200 < 1e-10

    def test_a_square_covers_its_area_where_it_stays_inside(self):
        sprites = _sprites.load()
        area = sprites.images.sum(axis=1) / 16
        for scale, half in enumerate((2, 3, 4)):
            middle = (sprites.factors[:, :2] == [0, scale]).all(axis=1) & (abs(sprites.factors[:, 3:] - 3.5) < 1).all(
                axis=1
            )
            assert area[middle] == pytest.approx((1.7 * half) ** 2, rel=0.12)

    def test_what_is_no_sprite_is_refused(self):
        with pytest.raises(InputError, match="row 1 is of none of the 1536 sprites"):
            _sprites.load().find(np.add(_sprites.load().inner[:2], [[0], [0.5]]))

    def test_other_pictures_are_refused(self, monkeypatch):
        monkeypatch.setattr(_sprites, "_STEP", 1.2)
        with pytest.raises(AssetError, match="the sprites drawn here have SHA-256"):
            _sprites.load.__wrapped__()


class TestTask:
    def test_the_sprite_enters_as_image_and_as_index(self):
        image, index = task_of("c5-0", "xz"), task_of("c5-0", "xz", ",about=index")
        assert [(b.dim, b.kind) for b in image.blocks] == [(100, "discrete"), (6, "continuous")]
        assert [(b.dim, b.kind) for b in index.blocks] == [(5, "discrete"), (6, "continuous")]
        assert image.truth.nats == index.truth.nats
        first, second = image.draw(500, np.random.default_rng(0)), index.draw(500, np.random.default_rng(0))
        assert np.array_equal(_sprites.load().find(first[0]), _sprites.load().find(second[0]))
        assert np.array_equal(image.pointwise(*first), index.pointwise(*second))
        assert ("image" in image.tags, "image" in index.tags, "learned" in index.tags) == (True, False, True)

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ("asset=c3-0", "asset is 'c3-0'; allowed: c2-0, c2-1"),
            ("asset=c5-0,pair=pair", "first is None and second is None; allowed: two latents from 1 to 6"),
            ("asset=c5-0,pair=pair,first=2,second=2", "allowed: two latents from 1 to 6"),
            ("asset=c5-0,pair=pair,first=0,second=2", "allowed: two latents from 1 to 6"),
            ("asset=c5-0,pair=tc,first=1", "first and second go with pair=pair, not pair=tc"),
            ("asset=c5-0,pair=tc,about=index", "about is 'index' with pair=tc; allowed: with pair=xz"),
        ],
    )
    def test_what_there_is_not_is_refused(self, parameters, message):
        with pytest.raises(SpecError, match=message):
            get_task(f"disentanglement:{parameters}")


class TestAssets:
    def test_they_are_small(self):
        assert sum(file.stat().st_size for file in ASSETS.iterdir() if file.is_file()) < 2_000_000

    def test_the_table_says_how_it_was_made(self):
        text = (ASSETS / "disentanglement.toml").read_text()
        table = tomllib.loads(text)
        assert (table["seed"], table["draws"]) == (0, 2 * table["pairs"] * 1536)
        assert [row["asset"] for row in table["truths"]] == NAMES
        assert "make_disentanglement.py" in text

    def test_the_trainings_are_those_the_script_names(self):
        pytest.importorskip("torch")
        assert script("train_sprites_vae").NAMES == NAMES

    @pytest.mark.slow
    def test_training_again_gives_the_same_encoder_or_one_of_the_same_truths(self):
        pytest.importorskip("torch")
        name = "c5-0"
        trained = script("train_sprites_vae").train(name)[name].astype(float)
        with np.load(ASSETS / "sprites-vae.npz") as stored:
            if np.array_equal(trained, stored[name]):
                return
        again = AggregatedPosterior(*np.hsplit(trained, 2))
        assert again.mean_divergence == pytest.approx(task_of(name).posterior.mean_divergence, abs=0.1)
        number, z = again.draw(20_000, np.random.default_rng(0))
        mean, error = mean_and_error(again.log_given(z, number) - again.log_density(z))
        assert abs(mean - task_of(name, "xz").truth.nats) < 0.15 + 4 * error
