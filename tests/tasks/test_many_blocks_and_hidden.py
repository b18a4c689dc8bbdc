"""Second derivations of the truths of many-block tasks and of hidden structure."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln, logsumexp

from mibench import get_task
from mibench.errors import SpecError

SPECS = [
    "gaussian-tree:count=4,shape=line,rho=0.5", "gaussian-tree:count=7,shape=binary,mi=3,width=2",
    "gaussian-tree:count=20,shape=star,rho=-0.3", "spin-chain:count=5,flip=0.1", "parity:count=5",
    "parity:count=3,error=0.1", "student-blocks:count=4,nu=3", "student-blocks:count=3,nu=1,width=5",
    "common-scale:count=3,scales=4", "common-scale:count=10,scales=5,width=3",
    "hidden-structure:dim=40,signal_dims=2,mi=1", "hidden-structure:dim=20,signal_dims=2,mi=1 » coupling",
]  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_the_mean_of_the_log_ratio_is_the_truth(spec):
    task = get_task(spec)
    ratios = task.pointwise(*task.draw(50_000, np.random.default_rng(0)))
    assert abs(ratios.mean() - task.truth.nats) <= 4 * ratios.std() / math.sqrt(len(ratios)) + 1e-12


def near(value, tolerance):
    def check(nats):
        assert abs(nats - value) <= tolerance

    return check


def log_det(matrix):
    return float(np.linalg.slogdet(matrix)[1])


@pytest.mark.parametrize(
    ("shape", "parents"),
    [("line", [0, 1, 2, 3, 4]), ("binary", [0, 0, 1, 1, 2]), ("star", [0, 0, 0, 0, 0])],
)
def test_trees_by_the_determinant_of_the_covariance(shape, parents, confirm_sharply):
    """Σ is ρ to the number of edges between two nodes; d columns are d copies."""
    rho, width = 0.6, 2
    above = [[0]]
    for i, parent in enumerate(parents, start=1):
        above.append([i, *above[parent]])
    distance = [[len(set(a) ^ set(b)) for b in above] for a in above]
    second = -0.5 * width * log_det(rho ** np.array(distance, float))
    task = get_task(f"gaussian-tree:count=6,shape={shape},rho={rho},width={width}")
    confirm_sharply(task.truth.nats, near(second, 1e-11))
    blocks = task.draw(100_000, np.random.default_rng(0))
    found = np.corrcoef(np.hstack([block[:, :1] for block in blocks]).T)
    assert np.abs(found - rho ** np.array(distance, float)).max() < 0.02


def enumerated(task, count, letters, probability):
    """TC = m·ln 2 − H of the joint table, for margins that are uniform on two values."""
    table = np.array([probability(point) for point in itertools.product(letters, repeat=count)])
    assert table.sum() == pytest.approx(1)
    used = table[table > 0]
    return count * math.log(2) + float(np.sum(used * np.log(used)))


@pytest.mark.parametrize(("count", "flip"), [(3, 0.1), (6, 0.3), (4, 0.9)])
def test_chains_by_enumeration(count, flip, confirm_sharply):
    def probability(spins):
        turns = sum(a != b for a, b in itertools.pairwise(spins))
        return 0.5 * flip**turns * (1 - flip) ** (count - 1 - turns)

    task = get_task(f"spin-chain:count={count},flip={flip}")
    confirm_sharply(task.truth.nats, near(enumerated(task, count, (-1, 1), probability), 1e-12))


@pytest.mark.parametrize(("count", "error"), [(3, 0.0), (5, 0.1)])
def test_parity_by_enumeration(count, error, confirm_sharply):
    def probability(bits):
        return 2.0 ** (1 - count) * (error if sum(bits) % 2 else 1 - error)

    task = get_task(f"parity:count={count},error={error}")
    confirm_sharply(task.truth.nats, near(enumerated(task, count, (0, 1), probability), 1e-12))


def test_any_two_blocks_of_a_parity_are_independent():
    blocks = np.hstack(get_task("parity:count=4").draw(100_000, np.random.default_rng(0)))
    assert np.abs(np.corrcoef(blocks.T) - np.eye(4)).max() < 0.02
    assert set(blocks.sum(axis=1) % 2) == {0.0}


def radial_entropy(log_density, columns, ends):
    """−∫ p ln p over space by an integral over the radius."""
    surface = math.log(2) + columns / 2 * math.log(math.pi) - gammaln(columns / 2)

    def integrand(r):
        log_p = log_density(r)
        return -math.exp(log_p + surface + (columns - 1) * math.log(r)) * log_p if r > 0 else 0.0

    return sum(quad(integrand, low, high, epsabs=1e-11, limit=500)[0] for low, high in itertools.pairwise(ends))


@pytest.mark.parametrize(("count", "nu", "width"), [(3, 2.0, 1), (2, 3.0, 4), (5, 4.0, 2)])
def test_student_blocks_by_radial_integrals(count, nu, width, confirm_sharply):
    def entropy(columns):
        norm = gammaln((nu + columns) / 2) - gammaln(nu / 2) - columns / 2 * math.log(nu * math.pi)
        return radial_entropy(
            lambda r: norm - (nu + columns) / 2 * math.log1p(r * r / nu),
            columns,
            [0, 1, 5, 20, 100, 1e3, 1e4, 1e5, 1e7],
        )

    second = count * entropy(width) - entropy(count * width)
    confirm_sharply(get_task(f"student-blocks:count={count},nu={nu},width={width}").truth.nats, near(second, 1e-6))


@pytest.mark.parametrize(("count", "scales", "width"), [(3, 4, 1), (6, 3, 2)])
def test_common_scale_by_radial_integrals(count, scales, width, confirm_sharply):
    j = np.arange(1, scales + 1)

    def entropy(columns):
        def log_density(r):
            parts = -0.5 * (r / j) ** 2 - columns * np.log(j)
            return float(logsumexp(parts)) - math.log(scales) - columns / 2 * math.log(2 * math.pi)

        return radial_entropy(log_density, columns, list(range(0, 20 * scales, scales)))

    second = count * entropy(width) - entropy(count * width)
    task = get_task(f"common-scale:count={count},scales={scales},width={width}")
    confirm_sharply(task.truth.nats, near(second, 1e-7))


def test_hidden_structure_by_the_determinants_of_the_mixed_covariance(confirm_sharply):
    task = get_task("hidden-structure:dim=30,signal_dims=3,mi=2")
    first, second = (mixing.apply(np.eye(30)) for mixing in task._mixing)
    cross = np.zeros((30, 30))
    cross[range(3), range(3)] = math.sqrt(1 - math.exp(-4 / 3))
    mixed = first.T @ cross @ second
    assert first @ first.T == pytest.approx(np.eye(30), abs=1e-12)
    sigma = np.block([[np.eye(30), mixed], [mixed.T, np.eye(30)]])
    confirm_sharply(task.truth.nats, near(-0.5 * log_det(sigma), 1e-10))
    assert np.abs(mixed).max() < 0.5, "no column holds a signal by itself"
    assert np.count_nonzero(np.abs(mixed) > 1e-3) > 800, "every column holds some of it"
    x, y = task.draw(50_000, np.random.default_rng(0))
    assert np.abs(x.T @ y / 50_000 - mixed).max() < 0.03


class TestCoupling:
    TASK = get_task("coupling:base=(gaussian:dim=5,mi=1)")

    @pytest.mark.parametrize("number", [0, 1])
    def test_it_is_undone(self, number):
        x = np.random.default_rng(0).standard_normal((200, 5))
        image = self.TASK.forward(x, number)
        assert np.abs(image - x).max() > 0.5
        assert self.TASK.inverse(image, number) == pytest.approx(x, abs=1e-12)

    def test_it_keeps_volumes(self):
        """The determinant of the Jacobian, by central differences, is ±1 everywhere."""
        x = np.random.default_rng(1).standard_normal((20, 5))
        step = 1e-5
        moves = [
            (self.TASK.forward(x + step * e, 0) - self.TASK.forward(x - step * e, 0)) / (2 * step) for e in np.eye(5)
        ]
        assert np.abs(np.linalg.det(np.stack(moves, axis=1))) == pytest.approx(np.ones(20), abs=1e-7)

    def test_its_samples_are_not_gaussian(self):
        from scipy.stats import normaltest

        x, _ = get_task("coupling:base=(gaussian:dim=4,mi=1),strength=2").draw(20_000, np.random.default_rng(0))
        assert min(normaltest(column).pvalue for column in x.T) < 1e-6


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gaussian-tree:count=1,shape=line,rho=0.5", "count is 1; allowed: from 2 to 100"),
        ("gaussian-tree:count=3,shape=line", "rho is None and mi is None"),
        ("spin-chain:count=3,flip=1.5", "flip is 1.5; allowed: from 0 to 1"),
        ("parity:count=3,error=0.7", "error is 0.7; allowed: from 0 to 0.5"),
        ("student-blocks:count=3,nu=0", "nu is 0.0; allowed"),
        ("common-scale:count=3,scales=1", "scales is 1; allowed"),
        ("hidden-structure:dim=3,signal_dims=4,mi=1", "signal_dims is 4; allowed: from 1 to 3"),
        ("coupling:base=(gaussian:mi=1)", "block 1 of gaussian:mi=1.0 has one column; allowed: 2 or more"),
    ],
)
def test_mistakes_are_named(spec, message):
    with pytest.raises(SpecError, match=message):
        get_task(spec)
