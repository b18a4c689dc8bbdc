import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench.estimators.neural._critics import CRITICS, JointCritic, SeparableCritic  # noqa: E402


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def blocks_of(dims, n=6, replicates=2):
    return [torch.randn((replicates, n, dim), generator=generator(dim)) for dim in dims]


def test_joint_critic_is_linear_maps_summed_then_relu_then_linear():
    critic = JointCritic([2, 3], hidden=4, layers=1, replicates=2, generator=generator())
    x, y = blocks_of([2, 3])
    scores = critic.combine(critic.embed([x, y]))
    wx, bx, wy, by, out, bias = [tensor.detach().numpy() for tensor in critic.parameters()]
    for r in range(2):
        hidden = np.maximum(x[r].numpy() @ wx[r] + bx[r] + y[r].numpy() @ wy[r] + by[r], 0)
        assert scores[r].detach().numpy() == pytest.approx((hidden @ out[r] + bias[r])[:, 0], abs=1e-5)


def test_separable_critic_is_an_inner_product_of_encodings():
    critic = SeparableCritic([1, 2], hidden=3, layers=1, replicates=1, generator=generator())
    x, y = blocks_of([1, 2], replicates=1)
    w1, b1, w2, b2, v1, c1, v2, c2 = [tensor.detach().numpy()[0] for tensor in critic.parameters()]
    f = np.maximum(x[0].numpy() @ w1 + b1, 0) @ w2 + b2
    g = np.maximum(y[0].numpy() @ v1 + c1, 0) @ v2 + c2
    matrix = critic.matrix(*critic.embed([x, y]))[0].detach().numpy()
    assert matrix == pytest.approx(f @ g.T, abs=1e-5)


@pytest.mark.parametrize("kind", CRITICS)
def test_matrix_holds_the_score_of_every_pair(kind):
    critic = CRITICS[kind]([2, 1], 5, 2, 2, generator())
    left, right = critic.embed(blocks_of([2, 1]))
    matrix = critic.matrix(left, right[:, :4])
    assert matrix.shape == (2, 6, 4)
    for i in range(6):
        for j in range(4):
            pair = critic.combine([left[:, i : i + 1], right[:, j : j + 1]])
            torch.testing.assert_close(matrix[:, i, j], pair[:, 0])


@pytest.mark.parametrize("kind", CRITICS)
def test_replicates_do_not_touch_each_other(kind):
    critic = CRITICS[kind]([1, 1, 2], 5, 2, 3, generator())
    blocks = blocks_of([1, 1, 2], replicates=3)
    critic.combine(critic.embed(blocks))[1].sum().backward()
    for tensor in critic.parameters():
        assert torch.count_nonzero(tensor.grad[0]) == torch.count_nonzero(tensor.grad[2]) == 0
    assert any(torch.count_nonzero(tensor.grad[1]) for tensor in critic.parameters())


@pytest.mark.parametrize("kind", CRITICS)
def test_weights_start_within_one_over_root_fan_in_and_follow_the_generator(kind):
    make = lambda seed: CRITICS[kind]([4, 4], 8, 2, 1, generator(seed)).parameters()  # noqa: E731
    assert all(torch.equal(a, b) for a, b in zip(make(0), make(0), strict=True))
    assert not torch.equal(make(0)[0], make(1)[0])
    weight = make(0)[0]
    assert weight.abs().max() <= 4**-0.5
    assert weight.abs().max() > 0.8 * 4**-0.5
