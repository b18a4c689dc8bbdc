"""Second derivations of the truths of the layers of networks, and what must hold among them."""

import hashlib
import importlib.util
import itertools
import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import entr, expit

import mibench.assets
from mibench import get_task
from mibench.errors import InputError, SpecError
from mibench.tasks import _layers, _networks
from mibench.tasks._networks import BITS, EPOCHS, LABELS

NETS = ("binary", "linear", "noisy", "quantised")
LAYERS = range(1, 6)
ASSETS = Path(_networks.__file__).parent / "assets"


def plane(net, layer, epoch, pair="xt"):
    return get_task(f"information-plane:net={net},layer={layer},epoch={epoch},pair={pair}")


def nats(*place):
    return plane(*place).truth.nats


class TestProblem:
    def test_the_label_is_symmetric_and_balanced(self):
        assert LABELS.sum() == 2048
        for step in range(1, 12):
            assert np.array_equal(_networks.label_of(np.roll(BITS, step, axis=1)), LABELS)
        assert np.array_equal(_networks.label_of(BITS[:, ::-1]), LABELS)

    def test_the_label_by_the_sum_as_it_is_written(self):
        for number in (0, 1, 1365, 2047, 3000, 4095):
            s = [2 * (number >> place & 1) - 1 for place in range(12)]
            at = lambda place, s=s: s[place % 12]  # noqa: E731
            total = sum(
                2 * at(i) + 2 * at(i) * at(i + 2) + 2 * at(i) * at(i + 3) + at(i) * at(i + 1) * at(i + 2)
                for i in range(12)
            )
            assert LABELS[number] == (total > -2)

    def test_a_linear_rule_gets_little_of_it(self):
        design = np.hstack([2 * BITS - 1, np.ones((4096, 1))])
        rule = np.linalg.lstsq(design, 2 * LABELS - 1, rcond=None)[0]
        assert 0.6 < np.mean((design @ rule > 0) == LABELS) < 0.75


@pytest.mark.parametrize("net", ["binary", "linear", "quantised"])
@pytest.mark.parametrize("pair", ["xt", "ty"])
def test_no_layer_says_more_than_the_one_before(net, pair):
    """The data-processing inequality, without any tolerance, and I(T; Y) <= I(X; Y)."""
    whole = {
        "xt": math.inf if net == "linear" else math.log(4096),
        "ty": chain_limit() if net == "linear" else math.log(2),
    }
    for epoch in EPOCHS:
        values = [nats(net, layer, epoch, pair) for layer in LAYERS]
        assert values[0] <= whole[pair] + 1e-12
        violations = [(a, b) for a, b in itertools.pairwise(values) if b > a]
        assert not violations, (epoch, violations)
        assert all(v >= 0 for v in values)


def chain_limit():
    return 0.5 * sum(math.log1p(gain**2) for gain in _networks.CHAIN_GAINS)


@pytest.mark.parametrize("net", NETS)
def test_a_layer_says_of_the_target_no_more_than_of_the_input(net):
    for epoch, layer in itertools.product(EPOCHS, LAYERS):
        assert nats(net, layer, epoch, "ty") <= nats(net, layer, epoch, "xt") + 1e-12


@pytest.mark.parametrize("net", ["binary", "linear", "noisy"])
def test_training_brings_the_target_into_the_last_layer(net):
    """Not in the quantised one: what is a function of the input with 4,096 values says all, trained or not."""
    assert nats("quantised", 1, 0, "ty") == math.log(2)
    assert nats(net, 5, 0, "ty") < 0.1
    assert nats(net, 5, EPOCHS[-1], "ty") > 0.2


@pytest.mark.parametrize("place", [("binary", 5, 100), ("linear", 2, 100), ("noisy", 4, 30), ("quantised", 5, 3)])
@pytest.mark.parametrize("pair", ["xt", "ty"])
def test_the_mean_of_the_log_ratio_is_the_truth(place, pair):
    task = plane(*place, pair)
    ratios = task.pointwise(*task.draw(5000, np.random.default_rng(1)))
    error = math.hypot(ratios.std() / math.sqrt(5000), task.truth.stderr)
    assert abs(ratios.mean() - task.truth.nats) < 4 * error + 1e-12


class TestBinary:
    @staticmethod
    def by_paths(weights, labels):
        """I(X; T_l) and I(T_l; Y) of each layer, every path of states written out."""
        sizes = [len(weights.matrices[0][0]), *(len(matrix) for matrix in weights.matrices)]
        inputs = list(itertools.product((0, 1), repeat=sizes[0]))  # the first digit slowest
        joint = [defaultdict(float) for _ in weights.matrices]
        for x in inputs:
            for path in itertools.product(*(itertools.product((0, 1), repeat=size) for size in sizes[1:])):
                chance, before = 1 / len(inputs), x
                for layer, state in enumerate(path):
                    for unit, value in enumerate(state):
                        field = weights.biases[layer][unit] + sum(
                            w * (2 * s - 1) for w, s in zip(weights.matrices[layer][unit], before, strict=True)
                        )
                        chance *= 1 / (1 + math.exp(-field if value else field))
                    before = state
                for layer, state in enumerate(path):
                    joint[layer][x, state] += chance
        number = lambda x: sum(bit << place for place, bit in enumerate(x))  # noqa: E731
        return [
            tuple(
                information({(key(x), t): 0.0 for x, t in table}, table, key)
                for key in (lambda x: x, lambda x: labels[number(x)])
            )
            for table in joint
        ]

    def test_by_every_path_of_a_small_network(self):
        rng = np.random.default_rng(3)
        weights = _networks.Weights(
            tuple(rng.normal(size=shape) for shape in ((3, 3), (2, 3), (2, 2))),
            tuple(rng.normal(size=size) for size in (3, 2, 2)),
        )
        labels = np.array([0, 1, 1, 0, 1, 0, 0, 1])
        found, expected = _layers.channel_information(weights, labels), self.by_paths(weights, labels)
        assert np.allclose(found, expected, rtol=0, atol=1e-14)

    @pytest.mark.parametrize("epoch", [0, 30, 3000])
    def test_the_first_layer_by_its_units_which_are_independent_given_the_input(self, epoch):
        """I(X; T) = H(T) − Σ_units E h(p_unit)."""
        chance = expit(_networks.load("binary", epoch).field(1, _networks.SIGNS))
        given = (entr(chance) + entr(1 - chance)).sum(axis=1).mean()
        whole = np.ones((4096, 1))
        for unit in chance.T:  # the states of one unit more at a time
            whole = np.hstack([whole * (1 - unit)[:, np.newaxis], whole * unit[:, np.newaxis]])
        assert nats("binary", 1, epoch) == pytest.approx(entr(whole.mean(axis=0)).sum() - given, abs=1e-11)

    def test_no_unit_is_dead(self):
        for epoch, layer in itertools.product(EPOCHS, LAYERS):
            _, t = plane("binary", layer, epoch).draw(4000, np.random.default_rng(0))
            assert t.mean(axis=0).min() > 0.005
            assert t.mean(axis=0).max() < 0.995


def information(joint, table, key):
    """Mutual information of a dict of probabilities, with the first of each pair under *key*."""
    first, second = defaultdict(float), defaultdict(float)
    for (x, t), chance in table.items():
        joint[key(x), t] += chance
        first[key(x)] += chance
        second[t] += chance
    return math.fsum(p * math.log(p / (first[x] * second[t])) for (x, t), p in joint.items())


class TestQuantised:
    @pytest.mark.parametrize(("layer", "epoch"), [(1, 0), (3, 100), (5, 3), (5, 3000)])
    def test_by_counting_states_that_are_computed_anew(self, layer, epoch):
        """I(X; T) = H(T) and I(T; Y) = H(T) + H(Y) − H(T, Y), in whole counts."""
        weights, states = _networks.load("tanh", epoch), []
        for bits in BITS:
            values = [2.0 * bit - 1 for bit in bits]
            for matrix, bias in list(zip(weights.matrices, weights.biases, strict=True))[:layer]:
                fields = [
                    sum(w * v for w, v in zip(row, values, strict=True)) + b
                    for row, b in zip(matrix, bias, strict=True)
                ]
                values = [(2 * math.floor((math.tanh(field) + 1) * 128) + 1) / 256 - 1 for field in fields]
            states.append(tuple(values))

        def entropy(items):
            return math.fsum(count / 4096 * math.log(4096 / count) for count in Counter(items).values())

        assert nats("quantised", layer, epoch) == pytest.approx(entropy(states), abs=1e-12)
        both = entropy(zip(states, LABELS.tolist(), strict=True))
        assert nats("quantised", layer, epoch, "ty") == pytest.approx(entropy(states) + math.log(2) - both, abs=1e-12)
        sample = plane("quantised", layer, epoch).draw(300, np.random.default_rng(0))[1]
        assert {tuple(row) for row in sample} <= set(states)

    def test_early_layers_keep_the_whole_input(self):
        """A deterministic layer whose states are all different says all there is, whatever its training."""
        assert [nats("quantised", 1, epoch) for epoch in EPOCHS] == pytest.approx(
            [math.log(4096)] * len(EPOCHS), abs=0.01
        )

    def test_the_ratio_is_minus_infinity_where_the_state_is_not_that_of_the_input(self):
        task = plane("quantised", 1, 0)
        x, t = task.draw(50, np.random.default_rng(0))
        assert (task.pointwise(x, np.roll(t, 1, axis=0)) == -math.inf).sum() >= 48
        with pytest.raises(InputError, match="row 1 is no state"):
            task.pointwise(x[:2], np.vstack([t[:1], t[1:2] + 0.001]))


def pairwise_bounds(centres):
    """Bounds on the entropy of an equal mixture of Gaussians, less that of one: by Bhattacharyya's distance and by KL.

    Kolchinsky & Tracey 2017, equations 14 and 16: −Σ_i c_i·ln Σ_j c_j·exp(−D_ij), D_ij = ‖Δ‖²/8s² and ‖Δ‖²/2s².
    """
    distances = cdist(centres, centres, "sqeuclidean") / _networks.READING_NOISE**2
    return [-float(np.log(np.exp(-distances / part).mean(axis=1)).mean()) for part in (8, 2)]


class TestNoisy:
    @staticmethod
    def assert_bracketed(layer, epoch):
        centres = _layers.NoisyLayer(layer, epoch).centres
        low, high = pairwise_bounds(centres)
        xt, ty = plane("noisy", layer, epoch).truth, plane("noisy", layer, epoch, "ty").truth
        assert low <= xt.nats <= min(high, math.log(4096)), (low, xt, high)
        within = [pairwise_bounds(centres[label == LABELS]) for label in (0, 1)]
        given_low, given_high = (sum(bounds) / 2 for bounds in zip(*within, strict=True))
        assert low - given_high <= ty.nats <= min(high - given_low, math.log(2))

    @pytest.mark.parametrize(("layer", "epoch"), [(3, 30), (5, 3000)])
    def test_it_lies_between_the_bounds_of_pairwise_distances(self, layer, epoch):
        self.assert_bracketed(layer, epoch)

    @pytest.mark.slow
    def test_all_lie_between_the_bounds_of_pairwise_distances(self):
        for layer, epoch in itertools.product(LAYERS, EPOCHS):
            self.assert_bracketed(layer, epoch)

    @pytest.mark.slow
    @pytest.mark.parametrize("epoch", [3, 3000])
    def test_the_last_layer_by_sums_over_a_grid(self, epoch):
        """h(T) and h(T|Y) by the trapezoidal rule in three dimensions, steps of 0.4 standard deviations."""
        centres, s = _layers.NoisyLayer(5, epoch).centres, _networks.READING_NOISE
        lines = [
            np.arange(low - 6 * s, high + 6 * s, 0.4 * s)
            for low, high in zip(*np.quantile(centres, (0, 1), axis=0), strict=True)
        ]
        parts = [
            np.exp(-((line[:, np.newaxis] - column) ** 2) / (2 * s * s)) / (s * math.sqrt(2 * math.pi))
            for line, column in zip(lines, centres.T, strict=True)
        ]

        def entropy(rows):
            planes = (parts[0][:, np.newaxis, rows] * parts[1][np.newaxis, :, rows]).reshape(-1, rows.sum())
            return entr(planes @ parts[2][:, rows].T / rows.sum()).sum() * (0.4 * s) ** 3

        whole, alone = entropy(np.ones(4096, bool)), 1.5 * math.log(2 * math.pi * math.e * s * s)
        by_label = (entropy(LABELS == 0) + entropy(LABELS == 1)) / 2
        for pair, value in (("xt", whole - alone), ("ty", whole - by_label)):
            truth = plane("noisy", 5, epoch, pair).truth
            assert abs(truth.nats - value) < 4 * truth.stderr + 1e-4

    def test_standard_errors_are_small(self):
        truths = [
            plane("noisy", layer, epoch, pair).truth for layer in LAYERS for epoch in EPOCHS for pair in ("xt", "ty")
        ]
        assert min(truth.stderr for truth in truths) > 0
        assert max(truth.stderr for truth in truths) < 0.002


class TestLinear:
    @pytest.mark.parametrize("pair", ["xt", "ty"])
    def test_by_canonical_correlations(self, pair):
        """I = −½·Σ ln(1 − ρ_k²)."""
        for layer, epoch in itertools.product(LAYERS, EPOCHS):
            joint, size = _layers.LinearLayer(layer, epoch)._joint(pair)
            roots = [np.linalg.inv(np.linalg.cholesky(part)) for part in (joint[:size, :size], joint[size:, size:])]
            rho = np.linalg.svd(roots[0] @ joint[:size, size:] @ roots[1].T, compute_uv=False)
            assert nats("linear", layer, epoch, pair) == pytest.approx(-0.5 * np.log1p(-(rho**2)).sum(), abs=1e-9)

    def test_samples_have_the_covariance(self):
        layer = _layers.LinearLayer(4, 300)
        sample = np.hstack(layer.draw(40_000, np.random.default_rng(0)))
        scale = np.sqrt(np.diag(layer.covariance))
        assert np.abs(np.cov(sample.T) - layer.covariance).max() < 0.04 * scale.max() ** 2
        corner = np.corrcoef(sample.T) - layer.covariance / np.outer(scale, scale)
        assert np.abs(corner).max() < 5 / math.sqrt(40_000)


@pytest.fixture(scope="module")
def maker():
    """The script that trains the networks."""
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("make_plane", ASSETS / "make_information_plane.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestAssets:
    def test_they_are_small_and_known_by_their_digest(self):
        assert set(plane("binary", 1, 0).assets) == set(_networks.ASSETS)
        for name, digest in _networks.ASSETS.items():
            content = mibench.assets.load(name, digest)
            assert len(content) < 20_000
            assert hashlib.sha256(content).hexdigest() == digest

    @pytest.mark.slow
    def test_the_linear_chain_is_trained_to_the_same_weights_again(self, maker):
        """In single precision; sums of other widths may differ in the last digit on another processor."""
        again = [[part.detach().numpy().copy() for part in net] for net in maker.train_chain()]
        with np.load(ASSETS / "information-plane-linear.npz") as kept:
            for layer in range(6):
                assert np.allclose([net[2 * layer] for net in again], kept[f"w{layer + 1}"], atol=1e-5)

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["binary", "tanh"])
    def test_the_first_epochs_of_a_training_are_the_same_again(self, maker, kind):
        with np.load(ASSETS / f"information-plane-{kind}.npz") as kept:
            for at, net in enumerate(itertools.islice(maker.train_on_bits(kind), 4)):
                for layer in range(6):
                    assert np.allclose(net[2 * layer].detach().numpy(), kept[f"w{layer + 1}"][at], atol=1e-5)

    @pytest.mark.slow
    def test_a_row_of_the_table_is_measured_again(self, maker):
        found = maker.estimate(_layers.NoisyLayer(5, 3).centres, [maker.SEED, 3, 5])
        for pair, values in zip(("xt", "ty"), found, strict=True):
            truth = plane("noisy", 5, 3, pair).truth
            assert values == pytest.approx((truth.nats, truth.stderr), abs=2e-6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("net=binary,layer=6,epoch=0,pair=xt", r"layer is 6; allowed: one of 1, 2, 3, 4, 5"),
        ("net=binary,layer=1,epoch=2,pair=xt", r"epoch is 2; allowed: one of 0, 1, 3, 10"),
        ("net=relu,layer=1,epoch=1,pair=xt", r"net is 'relu'; allowed: "),
    ],
)
def test_what_there_is_not_is_refused(parameters, message):
    with pytest.raises(SpecError, match=message):
        get_task(f"information-plane:{parameters}")
