import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator  # noqa: E402
from mibench.estimators.neural import _pairing  # noqa: E402
from mibench.estimators.neural._critics import CRITICS, JointCritic  # noqa: E402
from mibench.estimators.neural._pairing import ShiftedRows, all_pairs, cyclic_shifts, report_scores  # noqa: E402


@pytest.fixture(autouse=True)
def _same_scores_every_time():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def setting(kind, blocks=2, rows=17):
    generator = torch.Generator().manual_seed(1)
    critic = CRITICS[kind]([2] * blocks, 8, 2, 1, generator)
    for tensor in critic.parameters():
        tensor.requires_grad_(False).mul_(2)
    return critic, [torch.randn((1, rows, 2), generator=generator) for _ in range(blocks)]


def score(critic, blocks, rows):
    parts = [block[:, [row]] for block, row in zip(blocks, rows, strict=True)]
    return critic.combine(critic.embed(parts)).item()


@pytest.mark.parametrize("kind", CRITICS)
@pytest.mark.parametrize("chunk", [1, 300, 2**21])
@pytest.mark.parametrize("pairing", ["shifts", "all"])
def test_averages_over_all_pairs_agree_with_a_double_loop(kind, chunk, pairing, monkeypatch):
    monkeypatch.setattr(_pairing, "CHUNK", chunk)
    critic, blocks = setting(kind)
    taken = [(i, j) for i in range(17) for j in range(17) if i != j or pairing == "all"]
    table = {pair: score(critic, blocks, pair) for pair in taken}
    joint, marginal = report_scores(pairing, critic, blocks, np.random.default_rng(0))
    assert joint.mean().item() == pytest.approx(np.mean([score(critic, blocks, (i, i)) for i in range(17)]), abs=1e-6)
    assert marginal.pairs == len(taken)
    assert marginal.mean().item() == pytest.approx(np.mean(list(table.values())), abs=1e-6)
    clipped = np.clip(list(table.values()), -0.1, 0.1)
    assert marginal.mean(lambda t: t.clamp(-0.1, 0.1)).item() == pytest.approx(clipped.mean(), abs=1e-6)
    for values, f in ((np.array(list(table.values())), None), (clipped, lambda t: t.clamp(-0.1, 0.1))):
        weights = np.exp(values)
        assert marginal.log_mean_exp(f).item() == pytest.approx(math.log(weights.mean()), abs=1e-6)
        assert marginal.effective_pairs == pytest.approx(weights.sum() ** 2 / (weights**2).sum(), rel=1e-5)
    by_row = [np.mean([math.exp(t) for (i, _), t in table.items() if i == row]) for row in range(17)]
    assert marginal.mean_log_mean_exp().item() == pytest.approx(np.mean(np.log(by_row)), abs=1e-6)


def test_more_blocks_are_averaged_over_all_shifts_where_there_are_few():
    critic, blocks = setting("joint", blocks=3, rows=5)
    moves = [(a, b) for a in range(1, 5) for b in range(1, 5) if a != b]
    weights = [
        math.exp(score(critic, blocks, (i, (i + a) % 5, (i + b) % 5))) for a, b in moves for i in range(5)
    ]  # fmt: skip
    joint, marginal = report_scores("shifts", critic, blocks, np.random.default_rng(0))
    assert marginal.pairs == len(weights)
    assert joint.mean().item() == pytest.approx(np.mean([score(critic, blocks, (i, i, i)) for i in range(5)]), abs=1e-6)
    assert marginal.log_mean_exp().item() == pytest.approx(math.log(np.mean(weights)), abs=1e-6)


def test_more_blocks_are_averaged_over_at_least_64_shifts():
    critic, blocks = setting("joint", blocks=4, rows=40)
    _, marginal = report_scores("shifts", critic, blocks, np.random.default_rng(0))
    assert marginal.pairs >= 64 * 40


@pytest.mark.parametrize(("rows", "blocks", "count"), [(20, 2, 8), (10, 3, 64), (7, 5, 100), (3, 3, 64), (2, 2, 4)])
def test_shifted_blocks_share_no_row(rows, blocks, count):
    shifts = cyclic_shifts(rows, blocks, count, np.random.default_rng(0))
    assert shifts.shape == (min(count, math.perm(rows - 1, blocks - 1)), blocks)
    assert len({tuple(shift) for shift in shifts}) == len(shifts)
    for shift in shifts:
        taken = (np.arange(rows)[:, None] + shift) % rows
        assert all(len(set(row)) == blocks for row in taken)


def test_shifts_of_two_blocks_are_all_pairs_once_there_are_enough():
    shifts = cyclic_shifts(9, 2, 1000, np.random.default_rng(0))
    assert sorted(shifts[:, 1]) == list(range(1, 9))


@pytest.mark.parametrize("blocks", [2, 3])
def test_shifted_rows_score_what_the_shifts_say(blocks):
    rows = 6
    critic = JointCritic([1] * blocks, 4, 2, 2, torch.Generator().manual_seed(0))
    data = [torch.randn((2, rows, 1)) for _ in range(blocks)]
    shifts = cyclic_shifts(rows, blocks, 3, np.random.default_rng(0))
    joint, marginal = (scores.values for scores in ShiftedRows(shifts, rows)(critic, data))
    torch.testing.assert_close(joint, critic.combine(critic.embed(data)))
    for number, row in itertools.product(range(3), range(rows)):
        parts = [block[:, [(row + move) % rows]] for block, move in zip(data, shifts[number], strict=True)]
        by_hand = critic.combine(critic.embed(parts))[:, 0]
        torch.testing.assert_close(marginal[:, number * rows + row], by_hand)


def test_all_pairs_has_the_joint_rows_on_the_diagonal():
    critic = JointCritic([1, 1], 4, 1, 1, torch.Generator().manual_seed(0))
    data = [torch.randn((1, 5, 1)) for _ in range(2)]
    joint, matrix = (scores.values for scores in all_pairs(critic, data))
    torch.testing.assert_close(joint, critic.combine(critic.embed(data)))
    assert torch.equal(joint[0], torch.diag(matrix[0]))


@pytest.mark.parametrize("critic", ["joint", "separable"])
def test_every_shift_is_every_other_row(critic):
    """As many shifts as there are give the scores of all other pairs, which are had from the matrix."""
    rows = 9
    made = CRITICS[critic]([2, 3], 5, 1, 2, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    blocks = [torch.randn(2, rows, dim, generator=generator) for dim in (2, 3)]
    shifted = ShiftedRows(cyclic_shifts(rows, 2, rows - 1, np.random.default_rng(0)), rows)
    asked = get_estimator(f"nwj:shuffles={rows - 1}")._scorer(rows, 2, False)
    assert asked is _pairing.other_pairs
    for first, second in zip(shifted(made, blocks), asked(made, blocks), strict=True):
        torch.testing.assert_close(
            first.values.flatten(1).sort(dim=1).values, second.values.flatten(1).sort(dim=1).values
        )
    assert get_estimator("nwj:shuffles=7")._scorer(rows, 2, False) is not _pairing.other_pairs
