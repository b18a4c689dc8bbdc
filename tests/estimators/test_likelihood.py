"""What estimators made of conditional densities promise: their formulas, closed forms, and data they learn easily."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

torch = pytest.importorskip("torch")

from mibench import Block, get_estimator, get_task  # noqa: E402
from mibench.cell import unsupported  # noqa: E402
from mibench.errors import InputError, SpecError  # noqa: E402
from mibench.estimators._columns import standardize  # noqa: E402
from mibench.estimators._held_out import folds  # noqa: E402
from mibench.estimators.neural._linear_frame import LinearFrame  # noqa: E402
from mibench.estimators.neural.ba import neighbors_entropy  # noqa: E402

NAMES = ["ba", "club", "doe", "knife", "l1out"]
#: Those whose value is near the truth at low information.
NEAR = ["ba", "doe", "doe:head=logistic", "doe:head=gaussian", "knife", "l1out"]
LINEAR = "head=gaussian,max_steps=0,scaling=standard"


def run(spec, blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed))


def gaussian_blocks(n, rho=0.8, seed=0, dim=2):
    x, noise = np.random.default_rng(seed).normal(size=(2, n, dim))
    mixed = np.array([[1.0, 0.5], [-0.3, 1.0]])[:dim, :dim]
    return x, (rho * x + math.sqrt(1 - rho**2) * noise) @ mixed


def linear_model(x, y, seed=0):
    """ln q(y_j | x_i) ``(r, r)`` and ln q(y_j) of the report rows, by scipy, from the linear model of the others."""
    fold = folds(len(x), np.random.default_rng(seed))[0]
    x, y = (standardize(block, block[fold.train]) for block in (x, y))
    frame = LinearFrame.fit(x[fold.train], y[fold.train])
    inside = [np.linalg.inv(matrix @ matrix.T) for matrix in (frame.residual_map, frame.marginal_map)]
    x, held = x[fold.report], y[fold.report]
    means = frame.y_mean + (x - frame.x_mean) @ frame.slope
    pairs = np.array([multivariate_normal.logpdf(held, mean, inside[0]) for mean in means])
    return pairs, multivariate_normal.logpdf(held, frame.y_mean, inside[1])


def l1out(pairs):
    r = len(pairs)
    others = [np.log(np.mean(np.exp(np.delete(pairs[:, i], i)))) for i in range(r)]
    return np.mean(np.diag(pairs) - others)


FORMULAS = {
    f"doe:{LINEAR}": lambda pairs, own: np.mean(np.diag(pairs) - own),
    f"ba:{LINEAR},entropy=marginal": lambda pairs, own: np.mean(np.diag(pairs) - own),
    f"ba:{LINEAR},entropy=gaussian": lambda pairs, own: np.mean(np.diag(pairs) - own),
    f"club:{LINEAR}": lambda pairs, own: np.diag(pairs).mean() - pairs.mean(),
    f"club:{LINEAR},negatives=sampled": lambda pairs, own: (
        np.diag(pairs).mean() - np.mean([pairs[i, (i + 1) % len(pairs)] for i in range(len(pairs))])
    ),
    f"l1out:{LINEAR}": lambda pairs, own: l1out(pairs),
}


@pytest.mark.parametrize("spec", FORMULAS)
def test_with_a_linear_gaussian_density_the_value_is_the_formula(spec):
    blocks = gaussian_blocks(1000)
    assert run(spec, blocks).nats == pytest.approx(FORMULAS[spec](*linear_model(*blocks)), abs=1e-6)


def test_with_the_true_density_the_closed_forms_hold_in_their_order():
    rho, n = 0.6, 40_000
    blocks = gaussian_blocks(n, rho, dim=1)
    truth = -math.log(1 - rho**2) / 2
    found = {spec: run(spec, blocks).nats for spec in FORMULAS}
    assert found[f"ba:{LINEAR},entropy=gaussian"] == pytest.approx(truth, abs=0.015)
    assert found[f"doe:{LINEAR}"] == pytest.approx(truth, abs=0.015)
    assert found[f"l1out:{LINEAR}"] == pytest.approx(truth, abs=0.015)
    assert found[f"club:{LINEAR}"] == pytest.approx(rho**2 / (1 - rho**2), abs=0.05)
    assert found[f"club:{LINEAR},negatives=sampled"] == pytest.approx(rho**2 / (1 - rho**2), abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_for_few_rows_the_leave_one_out_value_lies_above_the_truth_in_the_mean(seed):
    """A true conditional density and r = 8 rows: E[L1Out] ≥ I, and CLUB ≥ I, without any fit."""
    rho, rng = 0.8, np.random.default_rng(seed)
    values = []
    for _ in range(3000):
        x, noise = rng.normal(size=(2, 8))
        y = rho * x + math.sqrt(1 - rho**2) * noise
        pairs = norm.logpdf(y[None], rho * x[:, None], math.sqrt(1 - rho**2))
        values.append((l1out(pairs), np.diag(pairs).mean() - pairs[~np.eye(8, dtype=bool)].mean()))
    assert np.mean(values, axis=0)[0] > -math.log(1 - rho**2) / 2 + 0.02
    assert np.mean(values, axis=0)[1] == pytest.approx(rho**2 / (1 - rho**2), rel=0.1)


@pytest.mark.parametrize("name", ["club", "l1out"])
def test_other_pairs_of_a_trained_network_agree_with_one_row_at_a_time(name, monkeypatch):
    estimator = get_estimator(f"{name}:max_steps=30,components=3,head=mixture")
    kept, plain = [], type(estimator).terms
    monkeypatch.setattr(type(estimator), "terms", lambda self, held: (kept.append(held), plain(self, held))[1])
    found = estimator.estimate(*gaussian_blocks(1000), rng=np.random.default_rng(0)).nats
    (held,) = kept
    x, v, u, t = held.blocks
    pairs = np.empty((200, 200))
    for i in range(200):
        one = [x[:, [i]].expand(1, 200, -1), v[:, [i]].expand(1, 200, -1), u, t]
        pairs[i] = held.densities.joint(one)[0].double() + held.frame.conditional_log_det
    assert np.diag(pairs) == pytest.approx(held.joint.numpy(), abs=1e-4)
    by_hand = l1out(pairs) if name == "l1out" else np.diag(pairs).mean() - pairs.mean()
    assert found == pytest.approx(by_hand, abs=1e-4)


def test_a_learnt_density_makes_no_upper_bound():
    """X² + Y² = 1 on a turned square: a Gaussian density with linear mean sees nothing, and CLUB is 0."""
    u, v = np.random.default_rng(0).uniform(-1, 1, (2, 5000, 1))
    truth = 1 - math.log(2)
    assert run("club:max_steps=0", (u + v, u - v)).nats < truth / 2
    assert get_estimator("club").get_tags().direction == "estimate"


def test_a_density_that_does_not_fit_lowers_the_bound_of_barber_and_agakov():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (5000, 1))
    blocks = x, np.sin(4 * x) + 0.3 * rng.normal(size=x.shape)
    linear, learnt = run("ba:max_steps=0,head=gaussian", blocks).nats, run("ba", blocks).nats
    assert linear < 0.5 < learnt < 0.9  # I = 0.83


def test_barber_agakov_is_a_lower_bound_with_a_consistent_entropy_alone():
    directions = {kind: get_estimator(f"ba:entropy={kind}").get_tags().direction for kind in
                  ("neighbors", "gaussian", "marginal")}  # fmt: skip
    assert directions == {"neighbors": "lower bound", "gaussian": "estimate", "marginal": "estimate"}


def test_the_entropy_of_neighbors_agrees_with_a_naive_search():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    distances = [np.sort(np.linalg.norm(rows - row, axis=1))[3] for row in rows]
    harmonic = sum(1 / k for k in range(3, 60))  # ψ(60) − ψ(3)
    by_hand = harmonic + math.log(math.pi) + 2 * np.mean(np.log(distances))
    assert neighbors_entropy(rows) == pytest.approx(by_hand, rel=1e-12)


def test_the_entropy_of_neighbors_of_a_gaussian_sample_is_the_closed_form():
    rows = np.random.default_rng(0).normal(size=(20_000, 2)) @ np.array([[1.0, 0.5], [0.0, 0.2]])
    assert neighbors_entropy(rows) == pytest.approx(math.log(2 * math.pi * math.e) + math.log(0.2), abs=0.03)


def test_barber_agakov_by_neighbors_adds_their_entropy_less_that_of_the_rows_it_reports():
    blocks = gaussian_blocks(1000)
    pairs, own = linear_model(*blocks)
    fold = folds(1000, np.random.default_rng(0))[0]
    scaled = standardize(blocks[1], blocks[1][fold.train])
    frame = LinearFrame.fit(*(standardize(block, block[fold.train])[fold.train] for block in blocks))
    every = multivariate_normal.logpdf(scaled, frame.y_mean, np.linalg.inv(frame.marginal_map @ frame.marginal_map.T))
    entropy = neighbors_entropy((scaled - frame.y_mean) @ frame.marginal_map) - frame.marginal_log_det
    by_hand = np.diag(pairs).mean() + entropy - own.mean() + every.mean()
    assert run(f"ba:{LINEAR}", blocks).nats == pytest.approx(by_hand, abs=1e-6)


@pytest.mark.parametrize("spec", NEAR)
def test_a_gaussian_pair_is_measured(spec):
    assert run(spec, get_task("gaussian:dim=1,mi=1").sample(1000)).nats == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("spec", [*NEAR, "club"])
@pytest.mark.parametrize("n", [300, 1000])
def test_independent_blocks_share_nothing(spec, n):
    found = run(f"{spec}{',' if ':' in spec else ':'}max_steps=200", gaussian_blocks(n, 0.0)).nats
    assert -0.2 < found < 0.1  # a lower bound may lie below


@pytest.mark.parametrize("name", ["doe", "knife"])
def test_high_information_of_several_columns_is_measured(name):
    x, y = get_task("gaussian:dim=5,mi=8").sample(2000)
    assert run(name, (x, y)).nats == pytest.approx(8, abs=0.35)


@pytest.mark.parametrize("name", ["doe", "knife"])
def test_heavy_tails_do_no_harm(name):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 1))
    y = np.sinh(3 * (x + rng.normal(size=x.shape)))
    assert run(f"{name}:max_steps=300", (np.sinh(4 * x), y)).nats == pytest.approx(math.log(2) / 2, abs=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_samples_side_by_side_give_what_each_gives_alone(name):
    samples = [gaussian_blocks(200, rho, seed) for seed, rho in enumerate([0.2, 0.7])]
    estimator = get_estimator(f"{name}:max_steps=60")
    both = estimator.estimate_many(samples, [np.random.default_rng(seed) for seed in (5, 6)])
    for seed, sample, found in zip((5, 6), samples, both, strict=True):
        assert found.nats == pytest.approx(run(f"{name}:max_steps=60", sample, seed).nats, abs=1e-3)
        assert found.diagnostics["report_size"] == 200


@pytest.mark.parametrize("name", NAMES)
def test_the_first_block_may_be_of_any_kind_and_the_second_not(name):
    estimator = get_estimator(name)
    assert [block.kind for block in estimator.sees([Block(2, "discrete"), Block(1, "mixed")])] == [
        "continuous",
        "mixed",
    ]
    assert unsupported(estimator, get_task("symmetric-channel:error=0.2"))
    rng = np.random.default_rng(0)
    x = rng.integers(2, size=(1000, 1)).astype(float)
    found = run(f"{name}:max_steps=200", (x, 2.5 * x + rng.normal(size=x.shape))).nats
    assert (0.9 if name == "club" else 0.35) < found < (2.0 if name == "club" else 0.6)  # I = 0.45


def test_a_lifted_estimator_meets_joined_blocks_as_its_base_does():
    blocks = [Block(1, "discrete"), Block(2), Block(1)]
    seen = get_estimator("chain-rule:base=(doe)").sees(blocks)
    assert [(block.dim, block.kind) for block in seen] == [
        (1, "continuous"), (2, "continuous"), (3, "continuous"), (1, "continuous"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spec", ["doe:components=0", "doe:head=student", "knife:kernels=0", "ba:entropy=none", "club:negatives=few",
             "doe:scaling=none", "doe:max_steps=-1", "doe:averaging=1", "doe:learning_rate=0"]
)  # fmt: skip
def test_parameters_out_of_range_are_refused(spec):
    with pytest.raises(SpecError, match="allowed"):
        get_estimator(spec)


def test_few_rows_are_refused():
    with pytest.raises(InputError, match="at least 15"):
        run("doe", gaussian_blocks(14))
