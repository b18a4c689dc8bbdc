"""The bounds beside MINE, InfoNCE, NWJ and SMILE: exact optima on a table, hand-written values, relations."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator, get_task  # noqa: E402
from mibench.errors import SpecError  # noqa: E402
from mibench.estimators.neural._critics import JointCritic, SeparableCritic, TwoHeads, with_baseline  # noqa: E402
from mibench.estimators.neural._pairing import other_pairs  # noqa: E402
from mibench.estimators.neural._scores import Scores  # noqa: E402

#: Joint counts of two discrete variables, whose frequencies are the distribution.
COUNTS = np.array([[6, 1, 1], [1, 2, 5]])
SHIFTED = ["tuba", "js", "demi", "demi:prior=0.2", "f-dime:divergence=kl", "f-dime", "f-dime:divergence=hd"]
ROWS = ["i-alpha:alpha=0", "i-alpha:alpha=0.01", "i-alpha", "i-alpha:alpha=1", "flo", "infonce-anchor"]
NAMES = ["tuba", "js", "demi", "f-dime", "i-alpha", "flo", "infonce-anchor"]
LOWER = {"tuba", "js", "i-alpha", "flo"}


def log_ratio():
    joint = COUNTS / COUNTS.sum()
    return torch.tensor(np.log(joint / np.outer(joint.sum(axis=1), joint.sum(axis=0))))


def truth():
    return float((torch.tensor(COUNTS / COUNTS.sum()) * log_ratio()).sum())


def samples():
    """x and y of every row, whose frequencies are the joint distribution."""
    return tuple(np.repeat(index.ravel(), COUNTS.ravel()) for index in np.indices(COUNTS.shape))


def exact(critic):
    """Scores of a table of critic values, averaged over exactly the joint and the product distribution."""
    x, y = samples()
    return Scores(critic[x, y][None]), Scores(critic[np.ix_(x, y)].reshape(1, -1))


@pytest.mark.parametrize("name", SHIFTED)
def test_at_the_log_density_ratio_the_value_is_the_information(name):
    assert get_estimator(name).bound(*exact(log_ratio())).item() == pytest.approx(truth(), rel=1e-12)


@pytest.mark.parametrize("name", SHIFTED)
def test_training_rests_at_the_log_density_ratio_alone(name):
    critic = log_ratio().requires_grad_()
    get_estimator(name).loss(*exact(critic), {}).sum().backward()
    assert critic.grad.abs().max() < 1e-12
    moved = (log_ratio() + 0.1 * torch.tensor([[1.0, -1, 0], [0, 1, 2]])).requires_grad_()
    get_estimator(name).loss(*exact(moved), {}).sum().backward()
    assert moved.grad.abs().max() > 1e-4


def drawn(critic, rows):
    """Scores of *rows* rows of the table's joint distribution, drawn, in the form of ``other_pairs``."""
    rng = np.random.default_rng(0)
    at = rng.choice(COUNTS.size, size=(2000, rows), p=COUNTS.ravel() / COUNTS.sum())
    x, y = np.divmod(at, COUNTS.shape[1])
    matrix = critic[x[:, :, None], y[:, None, :]]
    order = (np.arange(rows)[:, None] + np.arange(rows)) % rows
    moved = torch.gather(matrix, 2, torch.tensor(order).expand_as(matrix))
    return Scores(moved[:, :, 0]), Scores(moved[:, :, 1:])


def test_the_anchor_makes_the_density_ratio_the_optimum_whatever_its_weight():
    """The gradient vanishes in every direction at ln p/q, and does not where a function of x is added."""
    for prior in (0.2, 0.5, 0.8):
        estimator = get_estimator(f"infonce-anchor:prior={prior}")
        sizes = []
        for shift in (0.0, 0.5):
            critic = (log_ratio() + shift * torch.tensor([[1.0], [-1.0]])).requires_grad_()
            estimator.loss(*drawn(critic, 6), {}).mean().backward()
            sizes.append(float(critic.grad.abs().max()))
        assert sizes[0] < 0.004
        assert sizes[1] > 0.01
    assert estimator.bound(*drawn(log_ratio(), 6)).mean().item() == pytest.approx(truth(), abs=0.02)


def by_hand(name, matrix):
    """The value of an n × n table of scores, joint ones on the diagonal, one pair after the other."""
    n, base = len(matrix), name.partition(":")[0]
    own = np.diag(matrix)
    others = [[math.exp(matrix[i][(i + j) % n]) for j in range(1, n)] for i in range(n)]
    if base == "tuba" or base == "js":
        return 1 + own.mean() - np.mean(others)
    if base == "i-alpha":
        alpha = get_estimator(name).alpha
        first, second = [], []
        for i in range(n):
            m = (math.exp(own[i]) + sum(others[i][1:])) / (n - 1)
            first.append(own[i] - math.log(alpha * m + 1 - alpha))
            m = np.mean(others[i])
            second.append(m / (alpha * m + 1 - alpha))
        return 1 + np.mean(first) - np.mean(second)
    return own.mean()


@pytest.mark.parametrize("name", [*SHIFTED, *ROWS[:4], "infonce-anchor"])
@pytest.mark.parametrize("n", [2, 3, 12])
def test_values_agree_with_a_double_loop(name, n):
    matrix = np.random.default_rng(n).normal(size=(n, n)) * 2
    order = (np.arange(n)[:, None] + np.arange(n)) % n
    moved = torch.tensor(np.take_along_axis(matrix, order, axis=1))[None]
    joint, marginal = Scores(moved[:, :, 0]), Scores(moved[:, :, 1:])
    assert get_estimator(name).bound(joint, marginal).item() == pytest.approx(by_hand(name, matrix), rel=1e-10)


@pytest.mark.parametrize("name", ["tuba", "js", "demi", "f-dime", "i-alpha", "infonce-anchor", "flo"])
def test_a_report_is_the_value_of_all_pairs(name):
    estimator = get_estimator(name)
    critic = estimator._critic([2, 2], 1, torch.Generator().manual_seed(1))
    for tensor in critic.parameters():
        tensor.requires_grad_(False).mul_(2)
    blocks = [torch.randn((1, 17, 2), generator=torch.Generator().manual_seed(seed)) for seed in range(2)]
    found = estimator._report(critic, blocks, np.random.default_rng(0))
    assert (found.rows, found.pairs) == (17, 17 * 16)
    joint, marginal = other_pairs(critic, blocks)
    if name == "i-alpha":  # which partner is left out of m is another one in a report
        assert found.nats == pytest.approx(float(estimator.bound(joint, marginal)), abs=0.02)
    else:
        assert found.nats == pytest.approx(float(estimator.bound(joint, marginal)), rel=1e-4, abs=1e-5)


def rows(seed, n=9, scale=2.0):
    values = scale * torch.tensor(np.random.default_rng(seed).normal(size=(1, n, n)))
    return Scores(values[:, :, 0]), Scores(values[:, :, 1:])


@pytest.mark.parametrize("seed", range(4))
def test_alpha_one_is_infonce_and_alpha_zero_tuba(seed):
    joint, marginal = rows(seed)
    partners = torch.cat([joint.values.unsqueeze(2), marginal.values[:, :, 1:]], dim=2)
    infonce = get_estimator("infonce").bound(joint, Scores(partners))
    assert get_estimator("i-alpha:alpha=1").bound(joint, marginal).item() == pytest.approx(infonce.item(), rel=1e-12)
    tuba = get_estimator("tuba").bound(joint, Scores(marginal.values.flatten(1)))
    assert get_estimator("i-alpha:alpha=0").bound(joint, marginal).item() == pytest.approx(tuba.item(), rel=1e-12)
    near = get_estimator("i-alpha:alpha=1e-9").bound(joint, marginal).item()
    assert near == pytest.approx(tuba.item(), abs=1e-5)


@pytest.mark.parametrize("alpha", [0.01, 0.5, 1.0])
def test_the_interpolation_keeps_below_its_ceiling(alpha):
    estimator = get_estimator(f"i-alpha:alpha={alpha}")
    joint, marginal = Scores(torch.full((1, 200), 300.0)), Scores(torch.full((1, 200, 199), -300.0))
    assert estimator.ceiling(1000) == pytest.approx(math.log(199 / alpha))
    assert estimator.bound(joint, marginal).item() <= 1 + estimator.ceiling(1000)
    assert estimator.ceiling(250) == pytest.approx(math.log(49 / alpha))


def test_flo_at_its_best_second_critic_is_infonce_of_the_other_rows():
    joint, marginal = rows(5)
    best = marginal.rows_log_mean_exp()  # of u + g
    found = get_estimator("flo").bound(Scores(joint.values, best), marginal).item()
    assert found == pytest.approx(float((joint.values - marginal.rows_log_mean_exp()).mean()), rel=1e-12)
    for seed in range(3):
        other = best + torch.tensor(np.random.default_rng(seed).normal(size=best.shape))
        assert get_estimator("flo").bound(Scores(joint.values, other), marginal).item() < found


def test_flo_at_the_density_ratio_is_the_information():
    x, y = samples()
    ratio = log_ratio()
    joint = Scores(ratio[x, y][None], torch.zeros(1, len(x)))  # u = −g
    assert get_estimator("flo").bound(joint, Scores(ratio[np.ix_(x, y)][None])).item() == pytest.approx(truth())


def test_demi_at_one_half_is_f_dime_of_the_gan():
    joint, marginal = rows(3)
    demi, dime = get_estimator("demi"), get_estimator("f-dime:divergence=gan")
    assert demi.criterion(joint, marginal).item() == pytest.approx(dime.criterion(joint, marginal).item(), rel=1e-12)
    assert demi.bound(joint, marginal).item() == dime.bound(joint, marginal).item()


@pytest.mark.parametrize("seed", range(4))
def test_bounds_are_ordered_for_any_critic(seed):
    critic = 2 * torch.tensor(np.random.default_rng(seed).normal(size=COUNTS.shape))
    values = {name: get_estimator(name).bound(*exact(critic)).item() for name in ("mine", "tuba", "js")}
    assert values["tuba"] == values["js"] <= values["mine"] <= truth()


@pytest.mark.parametrize("of", [0, -1])
@pytest.mark.parametrize("kind", [JointCritic, SeparableCritic])
def test_a_baseline_is_taken_off_every_pair_of_its_block(kind, of):
    generator = torch.Generator().manual_seed(0)
    critic = with_baseline(kind([2, 3], 16, 1, 2, generator), [2, 3], 16, of, 2, generator)
    blocks = [torch.randn((2, 5, dim), generator=generator) for dim in (2, 3)]
    bare, value = critic.critic, critic.baseline(blocks[of])[..., 0]
    assert critic.combine(critic.embed(blocks)).allclose(bare.combine(bare.embed(blocks)) - value, atol=1e-6)
    expected = bare.matrix(*bare.embed(blocks)) - value.unsqueeze(2 if of == 0 else 1)
    assert critic.matrix(*critic.embed(blocks)).allclose(expected, atol=1e-6)
    assert len(critic.parameters()) == len(bare.parameters()) + 4


def test_two_heads_score_by_themselves():
    generator = torch.Generator().manual_seed(0)
    first, second = (JointCritic([2, 3], 16, 1, 1, generator) for _ in range(2))
    blocks = [torch.randn((1, 5, dim), generator=generator) for dim in (2, 3)]
    embedded = (heads := TwoHeads(first, second)).embed(blocks)
    assert heads.combine(embedded).allclose(first.combine(first.embed(blocks)))
    assert heads.second(embedded).allclose(second.combine(second.embed(blocks)))
    joint, marginal = other_pairs(heads, blocks)
    assert joint.second.allclose(heads.second(embedded))
    assert marginal.values.shape == (1, 5, 4)


def test_huge_scores_do_not_make_values_nan():
    huge = Scores(torch.full((1, 5), 1e4), torch.full((1, 5), -1e4)), Scores(torch.full((1, 5, 4), -1e4))
    for name in (*SHIFTED, *ROWS):
        assert not math.isnan(get_estimator(name).bound(*huge).item())


@pytest.mark.parametrize("name", NAMES)
def test_bounds_say_what_they_are(name):
    assert get_estimator(name).tags.direction == ("lower bound" if name in LOWER else "estimate")


@pytest.mark.parametrize("name", NAMES)
def test_a_gaussian_pair_is_measured(name):
    found = get_estimator(f"{name}:max_steps=300").estimate(
        *get_task("gaussian:dim=1,mi=1").sample(1000), rng=np.random.default_rng(0)
    )
    assert found.nats == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("name", NAMES)
def test_fresh_draws_are_learnt_from(name):
    task, rng = get_task("gaussian:dim=1,mi=1"), np.random.default_rng(0)
    found = get_estimator(f"{name}:batch_size=64").learning_curve(lambda n: task.draw(n, rng), steps=20, rng=rng)
    assert len(found.curve) == 20
    assert math.isfinite(found.nats)


@pytest.mark.parametrize(
    "spec", ["demi:prior=0", "demi:prior=1", "f-dime:divergence=x", "i-alpha:alpha=2", "infonce-anchor:prior=0"]
)
def test_parameters_out_of_range_are_refused(spec):
    with pytest.raises(SpecError, match="allowed"):
        get_estimator(spec)
