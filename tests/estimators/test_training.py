import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench.estimators.neural._scores import Scores  # noqa: E402
from mibench.estimators.neural._training import DataSet, FreshDraws, own_torch, train  # noqa: E402


class Scripted:
    """A critic of one weight a replicate, which every step raises by about the learning rate, and its target."""

    def __init__(self, targets):
        self.weight = torch.zeros(len(targets), 1).requires_grad_()
        self.target = torch.tensor(targets)[:, None]

    def parameters(self):
        return [self.weight, self.target]


class Climb:
    """Pulls the weight up; the validation value of each replicate peaks where the weight meets its target."""

    def bound(self, joint, marginal):
        return -(joint.mean() - marginal.mean()).abs()

    criterion = bound

    def loss(self, joint, marginal, memory):
        return -joint.mean()


def weight_as_scores(critic, blocks):
    return Scores(critic.weight), Scores(critic.target)


def data_set(rows=20, replicates=1, batch_size=4, seed=0):
    order = np.arange(rows)
    blocks = [[np.arange(rows, dtype=float)[:, None], 100 + np.arange(rows, dtype=float)[:, None]]] * replicates
    parts = [order[:12]] * replicates, [order[12:16]] * replicates
    return DataSet(blocks, *parts, batch_size, [np.random.default_rng(seed + r) for r in range(replicates)])


def climb(targets, patience=30, max_steps=200, averaging=0.0):
    critic = Scripted(targets)
    source = data_set(replicates=len(targets))
    training = train(
        critic, Climb(), weight_as_scores, weight_as_scores, source,
        learning_rate=0.01, max_steps=max_steps, patience=patience, averaging=averaging,
    )  # fmt: skip
    return critic, training


def test_best_weights_are_restored_to_each_replicate():
    critic, training = climb([0.2, 0.5])
    assert training.best_steps == [20, 50]
    assert training.steps == [50, 80]
    assert critic.weight.detach().numpy()[:, 0] == pytest.approx([0.2, 0.5], abs=0.005)


def test_a_replicate_whose_patience_is_out_stays_closed():
    alone = climb([0.2])[1]
    beside_a_slow_one = climb([0.2, 1.5])[1]
    assert alone.best_steps == [20]
    assert beside_a_slow_one.best_steps[0] == 20
    assert alone.steps == [50]
    assert beside_a_slow_one.steps == [50, 180]


def test_the_average_of_the_weights_is_selected_and_given():
    critic, training = climb([9.0], max_steps=300, averaging=0.9)
    weights = average = 0.0
    for step in range(1, 301):
        weights += 0.01
        average += max(0.1, 10 / (10 + step)) * (weights - average)
    assert critic.weight.item() == pytest.approx(average, rel=1e-3)
    assert critic.weight.item() == pytest.approx(3 - 0.01 * 9, rel=1e-2)  # behind by decay / (1 - decay) steps
    assert training.curve[-1] == (300, [pytest.approx(average - 9, rel=1e-3)])


def test_a_replicate_that_has_stopped_leaves_the_others_as_they_were_alone():
    together = climb([0.2, 0.9, 0.5], averaging=0.9)
    for replicate, target in enumerate([0.2, 0.9, 0.5]):
        critic, training = climb([target], averaging=0.9)
        assert training.best_steps == [together[1].best_steps[replicate]]
        assert critic.weight.item() == together[0].weight[replicate].item()


def test_untrained_weights_win_where_training_only_harms():
    critic, training = climb([-1.0])
    assert training.best_steps == [0]
    assert critic.weight.item() == 0


def test_training_stops_at_max_steps_and_looks_there():
    _, training = climb([9.0], max_steps=25)
    assert training.steps == [25]
    assert training.best_steps == [25]
    assert [step for step, _ in training.curve] == [0, 10, 20, 25]


def test_fresh_draws_are_neither_selected_nor_restored():
    critic = Scripted([0.1])
    source = FreshDraws(lambda rows: [np.zeros((rows, 1))] * 2, 3)
    training = train(
        critic, Climb(), weight_as_scores, None, source,
        learning_rate=0.01, max_steps=40, patience=1, averaging=0.9,
    )  # fmt: skip
    assert training.best_steps == [40]
    assert critic.weight.item() == pytest.approx(0.4, abs=0.01)
    assert [step for step, _ in training.curve] == list(range(1, 41))
    assert training.curve[0][1] == [pytest.approx(-0.1)]  # before the first step is taken


def test_an_epoch_takes_every_training_row_once_and_keeps_rows_together():
    source = data_set(batch_size=5)
    seen = [source.batch() for _ in range(2)]
    x = torch.cat([batch[0] for batch in seen], dim=1).flatten().tolist()
    y = torch.cat([batch[1] for batch in seen], dim=1).flatten().tolist()
    assert len(set(x)) == 10
    assert set(x) <= set(range(12))
    assert [b - a for a, b in zip(x, y, strict=True)] == [100] * 10
    assert source.batch()[0].flatten().tolist() != seen[0][0].flatten().tolist()


def test_batches_are_no_larger_than_the_training_rows():
    assert data_set(batch_size=1000).rows == 12


def test_torch_settings_are_put_back_even_after_an_error():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with torch.no_grad(), own_torch():
            inside = torch.get_num_threads(), torch.is_grad_enabled()
        assert inside == (1, True)
        with pytest.raises(ZeroDivisionError), own_torch():
            _ = 1 // 0
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
