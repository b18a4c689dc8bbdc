import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench.estimators._critics import JointCritic  # noqa: E402
from mibench.estimators._objectives import (  # noqa: E402
    InfoNCELoss,
    MovingAverageDV,
    ShiftedRows,
    all_pairs,
    cyclic_shifts,
    donsker_varadhan,
    infonce,
)


@pytest.fixture(autouse=True)
def _same_scores_every_time():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_donsker_varadhan_by_hand():
    joint = torch.tensor([[1.0, 3.0], [0.0, 0.0]])
    marginal = torch.log(torch.tensor([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]))
    assert donsker_varadhan(joint, marginal).tolist() == pytest.approx([2 - math.log(2), -math.log(5)], abs=1e-6)


def test_infonce_by_hand():
    matrix = torch.log(torch.tensor([[[2.0, 1.0], [1.0, 3.0]]]))
    by_hand = (math.log(2 / 1.5) + math.log(3 / 2)) / 2
    assert infonce(matrix.diagonal(dim1=1, dim2=2), matrix).tolist() == pytest.approx([by_hand], abs=1e-6)


@pytest.mark.parametrize("rows", [2, 7, 50])
def test_infonce_never_exceeds_the_logarithm_of_its_rows_and_reaches_it(rows):
    random = 30 * torch.randn((1, rows, rows), generator=torch.Generator().manual_seed(rows))
    perfect = 100 * torch.eye(rows)[None]
    values = [infonce(matrix.diagonal(dim1=1, dim2=2), matrix).item() for matrix in (random, perfect)]
    assert values[0] < math.log(rows)
    assert values[1] == pytest.approx(math.log(rows), rel=1e-5)


def test_bounds_do_not_overflow():
    joint, marginal = torch.full((1, 3), 500.0), torch.full((1, 9), 499.0)
    assert donsker_varadhan(joint, marginal).item() == pytest.approx(1)
    assert math.isfinite(MovingAverageDV(0.1).loss(joint, marginal).item())


def gradients(rate, steps):
    """Gradients of the loss in the scores, for a list of (joint, marginal) batches."""
    objective, found = MovingAverageDV(rate), []
    for joint, marginal in steps:
        joint, marginal = joint.clone().requires_grad_(), marginal.clone().requires_grad_()
        objective.loss(joint, marginal).backward()
        found.append((joint.grad.numpy(), marginal.grad.numpy()))
    return found


def test_moving_average_stands_in_the_denominator_of_the_gradient():
    batches = [(torch.randn(1, 4), torch.randn(1, 6)) for _ in range(4)]
    average = None
    for (_, marginal), (of_joint, of_marginal) in zip(batches, gradients(0.3, batches), strict=True):
        weights = np.exp(marginal.numpy().astype(float))
        average = weights.mean() if average is None else 0.7 * average + 0.3 * weights.mean()
        assert of_joint == pytest.approx(np.full((1, 4), -1 / 4), rel=1e-5)
        assert of_marginal == pytest.approx(weights / 6 / average, rel=1e-5)


def test_with_rate_one_the_gradient_is_that_of_the_bound_itself():
    joint, marginal = torch.randn(2, 4), torch.randn(2, 6).requires_grad_()
    (-donsker_varadhan(joint, marginal)).sum().backward()
    (_, _), (_, of_marginal) = gradients(1.0, [(joint, torch.randn(2, 6)), (joint, marginal.detach())])
    assert of_marginal == pytest.approx(marginal.grad.numpy(), rel=1e-5)


def test_infonce_loss_is_minus_the_sum_of_the_bounds():
    matrix = torch.randn(3, 5, 5)
    joint = matrix.diagonal(dim1=1, dim2=2)
    assert InfoNCELoss().loss(joint, matrix).item() == pytest.approx(-infonce(joint, matrix).sum().item(), rel=1e-6)


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
    joint, marginal = ShiftedRows(shifts, rows)(critic, data)
    torch.testing.assert_close(joint, critic.combine(critic.embed(data)))
    for number, row in itertools.product(range(3), range(rows)):
        parts = [block[:, [(row + move) % rows]] for block, move in zip(data, shifts[number], strict=True)]
        by_hand = critic.combine(critic.embed(parts))[:, 0]
        torch.testing.assert_close(marginal[:, number * rows + row], by_hand)


def test_all_pairs_has_the_joint_rows_on_the_diagonal():
    critic = JointCritic([1, 1], 4, 1, 1, torch.Generator().manual_seed(0))
    data = [torch.randn((1, 5, 1)) for _ in range(2)]
    joint, matrix = all_pairs(critic, data)
    torch.testing.assert_close(joint, critic.combine(critic.embed(data)))
    assert torch.equal(joint[0], torch.diag(matrix[0]))
