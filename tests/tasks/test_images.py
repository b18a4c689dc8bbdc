"""Second derivations of the truths of the image tasks, and what keeps the information in the pictures."""

import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.spatial.distance import cdist
from scipy.special import entr, logsumexp, ndtri
from scipy.stats import norm

from mibench import get_task
from mibench.errors import AssetError, InputError, SpecError
from mibench.tasks import _digits

SPECS = [
    "pattern-channel:count=3,noise=8", "pattern-channel:count=16,noise=3,side=4,texture=0.9",
    "pattern-channel:count=64,noise=20", "digit-pairs:mi=0", "digit-pairs:mi=1.5", "digit-pairs:mi=2.3",
    "digit-label:error=0", "digit-label:error=0.3", "digit-label:error=0.9",
    "blobs:base=(normal-cdf:base=(gaussian:dim=2,mi=2)),side=16",
    "rectangles:base=(normal-cdf:base=(gaussian:dim=4,mi=2))",
]  # fmt: skip
NOISES = (4, 8, 16, 32, 64)


def mean_and_stderr(values):
    return values.mean(), values.std() / math.sqrt(len(values))


def near(value, tolerance):
    def check(nats):
        assert abs(nats - value) <= tolerance

    return check


@pytest.mark.parametrize("spec", SPECS)
def test_the_mean_of_the_log_ratio_is_the_truth(spec):
    task = get_task(spec)
    mean, error = mean_and_stderr(task.pointwise(*task.draw(20_000, np.random.default_rng(0))))
    assert abs(mean - task.truth.nats) <= 4 * error + 1e-12


@pytest.mark.parametrize("spec", [*SPECS, *(f"noisy-digits:noise={s},about=label" for s in NOISES)])
def test_they_are_a_family_and_have_a_tag(spec):
    task = get_task(spec)
    assert task.family == "images"
    assert "image" in task.tags
    assert len(task.tags & {"continuous", "discrete", "mixed"}) == 1
    assert task.board_family == ("independence" if task.truth.nats == 0 else "images")


class TestPatternChannel:
    @pytest.mark.parametrize(("count", "side", "noise"), [(3, 8, 8.0), (16, 4, 2.0), (20, 8, 30.0)])
    def test_by_the_entropy_of_the_projections(self, count, side, noise, confirm_sharply):
        """I = Σ_k h(Y·p_k/‖p_k‖²) − h(N_k), each output a mixture of two Gaussians."""
        task = get_task(f"pattern-channel:count={count},side={side},noise={noise}")
        second = 0.0
        for pattern in task._dictionary:
            s = noise / math.sqrt(pattern @ pattern)
            density = lambda y, s=s: (norm.pdf(y, 1, s) + norm.pdf(y, -1, s)) / 2  # noqa: E731
            output = quad(lambda y, p=density: entr(p(y)), -1 - 12 * s, 1 + 12 * s, points=[-1, 0, 1], epsabs=1e-11)[0]
            second += output - 0.5 * math.log(2 * math.pi * math.e * s * s)

        confirm_sharply(task.truth.nats, near(second, 1e-8))

    @pytest.mark.parametrize("side", [2, 4, 8, 16])
    def test_patterns_are_orthogonal_signs_the_coarsest_first(self, side):
        patterns = get_task(f"pattern-channel:count={side * side},side={side},noise=1")._dictionary
        assert np.array_equal(np.abs(patterns), np.ones_like(patterns))
        assert np.array_equal(patterns @ patterns.T, side**2 * np.eye(side**2))
        assert (patterns[0] == 1).all()

    def test_the_signs_are_a_function_of_x_whatever_the_texture(self):
        """The texture that moves a projection most is that along the pattern: by less than 1."""
        task = get_task("pattern-channel:count=16,side=4,noise=1,texture=0.999")
        patterns = task._dictionary
        signs = 2.0 * np.random.default_rng(0).integers(2, size=(50, 16)) - 1
        for k in range(16):
            for worst in (-0.999, 0.999):
                read = np.sign((signs @ patterns + worst * patterns[k]) @ patterns.T)
                assert np.array_equal(read, signs)

    def test_more_than_the_allowed_texture_is_refused(self):
        with pytest.raises(SpecError, match=r"texture is 1\.0; allowed"):
            get_task("pattern-channel:count=4,noise=1,texture=1")

    def test_what_is_left_of_y_tells_nothing_of_x(self):
        """The projections of Y on other patterns are noise: a regression on X explains nothing of them."""
        task = get_task("pattern-channel:count=5,side=4,noise=1")
        x, y = task.draw(20_000, np.random.default_rng(1))
        others = get_task("pattern-channel:count=16,side=4,noise=1")._dictionary[5:]
        rest = y @ others.T / 4
        correlations = np.corrcoef(np.hstack([x, rest]).T)[:16, 16:]
        assert np.abs(correlations).max() < 5 / math.sqrt(20_000)
        assert rest.var(axis=0) == pytest.approx(1, abs=0.06)


class TestDigits:
    def test_no_image_occurs_twice_not_even_without_the_outer_columns(self):
        digits = _digits.load()
        assert digits.images.shape == (1797, 48)
        assert len(np.unique(digits.images, axis=0)) == 1797
        assert np.array_equal(digits.find(digits.images), np.arange(1797))
        assert digits.counts.sum() == 1797
        assert digits.weights.sum() == pytest.approx(1)

    def test_they_are_scikit_learns(self):
        from sklearn.datasets import load_digits

        found, digits = load_digits(), _digits.load()
        whole = {image.tobytes(): c for image, c in zip(found.images[:, :, 1:7].copy(), found.target, strict=True)}
        assert [whole[image.tobytes()] for image in digits.images] == digits.classes.tolist()

    def test_other_images_are_refused(self, monkeypatch):
        import sklearn.datasets

        changed = sklearn.datasets.load_digits()
        changed.images[0, 0, 0] += 1
        monkeypatch.setattr("sklearn.datasets.load_digits", lambda: changed)
        with pytest.raises(AssetError, match="scikit-learn's digits have SHA-256"):
            _digits.load.__wrapped__()

    def test_what_is_no_digit_has_no_class(self):
        with pytest.raises(InputError, match="row 1 is none of the 1797 images"):
            _digits.load().find(np.add(_digits.load().images[:2], [[0], [0.5]]))

    def test_no_pixel_is_likely_to_be_constant_in_a_sample(self):
        images = _digits.load().images
        commonest = max(np.unique(pixel, return_counts=True)[1].max() for pixel in images.T)
        assert (commonest / 1797) ** 200 < 1e-11

    @pytest.mark.parametrize("mi", [0.2, 2.0])
    def test_pairs_by_the_table_of_all_images(self, mi, confirm_sharply):
        """H(X) + H(Y) − H(X, Y) over the 1797² pairs of images, at the frequencies of a sample."""
        task, digits = get_task(f"digit-pairs:mi={mi}"), _digits.load()
        blocks = task.draw(100_000, np.random.default_rng(2))
        first, second = (digits.classes[digits.find(block)] for block in blocks)
        error = task._channel._rate
        assert np.mean(first != second) == pytest.approx(error, abs=4 * math.sqrt(error * (1 - error) / 100_000))
        channel = np.where(np.eye(10, dtype=bool), 1 - error, error / 9) / 10
        within = 1 / digits.counts[digits.classes]
        joint = channel[np.ix_(digits.classes, digits.classes)] * np.outer(within, within)
        total = entr(joint.sum(axis=0)).sum() + entr(joint.sum(axis=1)).sum() - entr(joint).sum()

        confirm_sharply(task.truth.nats, near(total, 1e-9))

    @pytest.mark.parametrize("error", [0.0, 0.1, 0.5])
    def test_a_label_by_the_table_of_labels_and_images(self, error, confirm_sharply):
        task, digits = get_task(f"digit-label:error={error}"), _digits.load()
        channel = np.where(np.eye(10, dtype=bool), 1 - error, error / 9)
        joint = channel[:, digits.classes] * digits.weights
        total = entr(joint.sum(axis=0)).sum() + entr(joint.sum(axis=1)).sum() - entr(joint).sum()

        confirm_sharply(task.truth.nats, near(total, 1e-9))

    @pytest.mark.parametrize("spec", ["digit-pairs:mi=1", "digit-label:error=0.2"])
    def test_classes_are_uniform_and_images_uniform_within_them(self, spec):
        digits = _digits.load()
        numbers = digits.find(get_task(spec).draw(100_000, np.random.default_rng(3))[1])
        counts, expected = np.bincount(numbers, minlength=1797), 100_000 * digits.weights
        chi2 = np.sum((counts - expected) ** 2 / expected)
        assert abs(chi2 - 1796) < 5 * math.sqrt(2 * 1796)

    def test_labels_are_wrong_as_often_as_said_and_uniformly(self):
        digits = _digits.load()
        label, y = get_task("digit-label:error=0.3").draw(100_000, np.random.default_rng(4))
        shift = (label[:, 0].astype(int) - digits.classes[digits.find(y)]) % 10
        counts, expected = np.bincount(shift, minlength=10), 100_000 * np.array([0.7, *[0.3 / 9] * 9])
        assert np.sum((counts - expected) ** 2 / expected) < 36  # χ² of 9 degrees of freedom: 4e-5


class TestNoisyDigits:
    @pytest.mark.parametrize("about", ["image", "label"])
    @pytest.mark.parametrize("noise", NOISES)
    def test_the_standard_error_is_small(self, noise, about):
        truth = get_task(f"noisy-digits:noise={noise},about={about}").truth
        assert truth.method == "Monte Carlo"
        assert 0 < truth.stderr <= max(0.001, 0.002 * truth.nats)

    @pytest.mark.parametrize("noise", NOISES)
    def test_pairwise_distances_bound_it(self, noise):
        """Kolchinsky and Tracey: the Bhattacharyya distance, ‖Δ‖²/8s², from below, Kullback's, ‖Δ‖²/2s², from above."""
        digits = _digits.load()
        squares = cdist(digits.images, digits.images, "sqeuclidean") / noise**2
        lower, upper = (
            -digits.weights @ logsumexp(-squares / d, b=digits.weights, axis=1) for d in (8, 2)
        )  # fmt: skip
        truth = get_task(f"noisy-digits:noise={noise}").truth
        assert lower - 4 * truth.stderr <= truth.nats <= upper + 4 * truth.stderr

    @pytest.mark.parametrize(("noise", "n"), [(4, 6000), (8, 28_000)])
    def test_by_what_is_left_to_guess(self, noise, n, confirm_sharply):
        self.confirm_by_posteriors(noise, n, confirm_sharply)

    @pytest.mark.slow
    @pytest.mark.parametrize("noise", [16, 32, 64])
    def test_faint_digits_by_what_is_left_to_guess(self, noise, confirm_sharply):
        self.confirm_by_posteriors(noise, 300_000, confirm_sharply)

    @staticmethod
    def confirm_by_posteriors(noise, n, confirm_sharply):
        """H(X) − E H(X|Y=y) and ln 10 − E H(L|Y=y): the entropies of the posteriors, which no log ratio enters."""
        digits, rng = _digits.load(), np.random.default_rng([5, noise])
        left = {"image": [], "label": []}
        for _ in range(n // 1000):
            x = digits.images[rng.choice(1797, size=1000, p=digits.weights)]
            y = x + noise * rng.standard_normal(x.shape)
            logs = (y @ digits.images.T - 0.5 * (digits.images**2).sum(axis=1)) / noise**2 + np.log(digits.weights)
            posterior = np.exp(logs - logs.max(axis=1, keepdims=True))
            posterior /= posterior.sum(axis=1, keepdims=True)
            left["image"].append(entr(posterior).sum(axis=1))
            left["label"].append(entr(posterior @ np.eye(10)[digits.classes]).sum(axis=1))
        for about, whole in (("image", entr(digits.weights).sum()), ("label", math.log(10))):
            truth = get_task(f"noisy-digits:noise={noise},about={about}").truth
            mean, error = mean_and_stderr(np.concatenate(left[about]))
            confirm_sharply(truth.nats, near(whole - mean, 4 * math.hypot(error, truth.stderr)))

    @pytest.mark.slow
    @pytest.mark.parametrize("noise", [8, 16, 32, 64])
    def test_by_the_mean_square_error_of_the_best_guess(self, noise, confirm_sharply):
        """Guo, Shamai and Verdú 2005: dI/dγ = ½·mmse(γ), γ = 1/s²; DOI 10.1109/TIT.2005.844072."""
        digits, rng = _digits.load(), np.random.default_rng(6)
        nodes, weights = np.polynomial.legendre.leggauss(24)
        top, bottom = 1 / noise**2, 1e-7
        gammas = np.exp(math.log(bottom) + (nodes + 1) / 2 * math.log(top / bottom))
        parts, squares = [], []
        for gamma, weight in zip(gammas, weights, strict=True):
            number = rng.choice(1797, size=10_000, p=digits.weights)
            x = digits.images[number]
            y = x + rng.standard_normal(x.shape) / math.sqrt(gamma)
            logs = gamma * (y @ digits.images.T - 0.5 * (digits.images**2).sum(axis=1)) + np.log(digits.weights)
            posterior = np.exp(logs - logs.max(axis=1, keepdims=True))
            posterior /= posterior.sum(axis=1, keepdims=True)
            spread = posterior @ (digits.images**2).sum(axis=1) - ((posterior @ digits.images) ** 2).sum(axis=1)
            factor = 0.5 * weight * gamma * math.log(top / bottom) / 2
            parts.append(factor * spread.mean())
            squares.append((factor * spread.std()) ** 2 / len(spread))
        variance = digits.weights @ (digits.images**2).sum(axis=1) - ((digits.weights @ digits.images) ** 2).sum()
        second = sum(parts) + 0.5 * bottom * variance
        task = get_task(f"noisy-digits:noise={noise}")

        confirm_sharply(task.truth.nats, near(second, 3.5 * math.sqrt(sum(squares) + task.truth.stderr**2)))

    @pytest.mark.parametrize("about", ["image", "label"])
    def test_the_log_ratio_is_that_of_the_densities(self, about):
        task, digits = get_task(f"noisy-digits:noise=16,about={about}"), _digits.load()
        first, y = task.draw(2500, np.random.default_rng(7))
        for row in (0, 999, 1000, 2499):
            logs = norm.logpdf(y[row], digits.images, 16).sum(axis=1)
            own = (digits.images == first[row]).all(axis=1) if about == "image" else digits.classes == first[row, 0]
            shares = own * digits.weights / (own @ digits.weights)
            expected = logsumexp(logs, b=shares) - logsumexp(logs, b=digits.weights)
            assert task.pointwise(first, y)[row] == pytest.approx(expected, abs=1e-10)

    def test_another_noise_has_no_truth(self):
        with pytest.raises(
            SpecError, match="noise is 5; allowed: one of 4, 8, 16, 32, 64, for which the truth is known"
        ):
            get_task("noisy-digits:noise=5")

    def test_the_table_says_how_it_was_made(self):
        folder = Path(_digits.__file__).parent / "assets"
        text = (folder / "noisy-digits.toml").read_text()
        table = tomllib.loads(text)
        assert (table["seed"], table["draws"]) == (0, 2 * table["pairs"] * 1797)
        assert (folder / "make_noisy_digits.py").is_file()
        assert "make_noisy_digits.py" in text


class TestPictures:
    @pytest.mark.parametrize(
        "spec",
        [
            *("blobs:base=({})", "blobs:base=({}),side=4,width=1.5", "blobs:base=({}),side=16"),
            *("rectangles:base=({})", "rectangles:base=({}),side=6", "rectangles:base=({}),side=13"),
        ],
    )
    def test_the_latents_can_be_read_from_the_picture(self, spec):
        dim = 2 if spec.startswith("blobs") else 4
        base = get_task(f"normal-cdf:base=(gaussian:dim={dim},mi=1)")
        task = get_task(spec.format(base.spec))
        for number, block in enumerate(base.sample(10_000)):
            read = task.inverse(task.forward(block, number), number)
            assert np.abs(ndtri(read) - ndtri(block)).max() < 1e-8

    @pytest.mark.parametrize(("spec", "dim"), [("blobs", 2), ("blobs:side=16,width=1.5", 2), ("rectangles", 4)])
    def test_and_at_the_ends_of_the_range(self, spec, dim):
        name, _, rest = spec.partition(":")
        task = get_task(f"{name}:base=(normal-cdf:base=(gaussian:dim={dim},mi=1)){',' * bool(rest)}{rest}")
        ends = np.array([1e-12, 0.25, 0.5, 1 - 1e-12, *np.arange(1, 8) / 8, *np.arange(1, 15) / 15])
        block = np.stack(np.meshgrid(*[ends[: 25 if dim == 2 else 8]] * dim), axis=-1).reshape(-1, dim)
        assert np.abs(task.inverse(task.forward(block, 0), 0) - block).max() < 1e-13

    @pytest.mark.parametrize(("name", "dim"), [("blobs", 2), ("rectangles", 4)])
    def test_the_log_ratio_is_that_of_the_latents(self, name, dim):
        latents = get_task(f"gaussian:dim={dim},mi=2")
        task = get_task(f"{name}:base=(normal-cdf:base=({latents.spec}))")
        expected = latents.pointwise(*latents.draw(5000, np.random.default_rng(8)))
        found = task.pointwise(*task.draw(5000, np.random.default_rng(8)))
        assert np.abs(found - expected).max() < 1e-8
        assert task.truth == latents.truth

    @pytest.mark.slow
    @pytest.mark.parametrize(("name", "dim"), [("blobs", 2), ("rectangles", 4)])
    def test_by_the_correlations_of_what_pictures_say(self, name, dim, confirm_sharply):
        """−½ Σ ln(1 − r²) of the pairs of latents, read from drawn pictures; its error is about √(Σ r²/n)."""
        task = get_task(f"{name}:base=(normal-cdf:base=(gaussian:dim={dim},mi=2)),side=6")
        rng, sums = np.random.default_rng(10), np.zeros((3, dim))
        for _ in range(10):
            x, y = (ndtri(task.inverse(block, i)) for i, block in enumerate(task.draw(50_000, rng)))
            sums += [(x * y).mean(axis=0), (x * x).mean(axis=0), (y * y).mean(axis=0)]
        squares = sums[0] ** 2 / (sums[1] * sums[2])
        confirm_sharply(task.truth.nats, near(-0.5 * np.log1p(-squares).sum(), 4 * math.sqrt(squares.sum() / 500_000)))

    def test_a_blob_by_its_centre_of_mass(self):
        """Another inverse, where the edges are far: the mean row and column, weighted by brightness."""
        task = get_task("blobs:base=(normal-cdf:base=(gaussian:dim=2,mi=1)),side=16")
        block = np.random.default_rng(9).uniform(0.45, 0.55, (200, 2))
        pictures = task.forward(block, 0).reshape(-1, 16, 16)
        total = pictures.sum(axis=(1, 2))
        rows = (pictures.sum(axis=2) @ np.arange(16)) / total
        columns = (pictures.sum(axis=1) @ np.arange(16)) / total
        assert np.stack([rows, columns], axis=1) / 15 == pytest.approx(block, abs=1e-8)

    def test_a_rectangle_covers_its_area(self):
        task = get_task("rectangles:base=(normal-cdf:base=(gaussian:dim=4,mi=1))")
        block = task.base.sample(500)[0]
        assert task.forward(block, 0).sum(axis=1) == pytest.approx((2 + 3 * block[:, 2]) * (2 + 3 * block[:, 3]))

    def test_by_counting_subpixels(self):
        task = get_task("rectangles:base=(normal-cdf:base=(gaussian:dim=4,mi=1))")
        block = np.array([[0.93, 0.11, 0.4, 0.77]])
        fine = (np.arange(8 * 400) + 0.5) / 400
        down = (fine - 8 * 0.93) % 8 < 2 + 3 * 0.4
        across = (fine - 8 * 0.11) % 8 < 2 + 3 * 0.77
        counted = np.outer(down, across).reshape(8, 400, 8, 400).mean(axis=(1, 3)).ravel()
        assert task.forward(block, 0)[0] == pytest.approx(counted, abs=0.01)

    @pytest.mark.parametrize(("name", "dim", "levels"), [("blobs", 2, 16), ("rectangles", 4, 1)])
    def test_rendering_in_few_grey_levels_would_lose_information(self, name, dim, levels):
        task = get_task(f"{name}:base=(normal-cdf:base=(gaussian:dim={dim},mi=1))")
        block = task.base.sample(20_000)[0]
        nearby = np.clip(block + 1e-5, 0, 1 - 1e-9)
        first, second = task.forward(block, 0), task.forward(nearby, 0)
        assert (first != second).any(axis=1).all()
        assert (np.rint(levels * first) == np.rint(levels * second)).all(axis=1).mean() > 0.9

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            ("blobs:base=(gaussian:rho=0.5)", "block 1 of gaussian:rho=0.5 has 1 column.s.; allowed: 2"),
            ("rectangles:base=(gaussian:dim=2,mi=1)", "has 2 column.s.; allowed: 4"),
            ("blobs:base=(normal-cdf:base=(gaussian:dim=2,mi=1)),width=3", "width is 3.0; allowed: from 1 to 1.5"),
            ("blobs:base=(normal-cdf:base=(gaussian:dim=2,mi=1)),side=17", "side is 17; allowed: from 4 to 16"),
        ],
    )
    def test_what_cannot_be_drawn_is_refused(self, spec, message):
        with pytest.raises(SpecError, match=message):
            get_task(spec)

    def test_a_sample_beyond_the_picture_is_refused(self):
        with pytest.raises(InputError, match=r"blobs: block 1 of gaussian.* allowed: between 0 and 1"):
            get_task("blobs:base=(gaussian:dim=2,mi=1)").sample(100)
