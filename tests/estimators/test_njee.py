"""NJEE: its formula, the entropies it reproduces, and what it learns of discrete data."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator, get_task  # noqa: E402
from mibench.cell import unsupported  # noqa: E402
from mibench.errors import InputError, SpecError  # noqa: E402
from mibench.estimators._held_out import folds  # noqa: E402
from mibench.estimators.neural import _training  # noqa: E402
from mibench.estimators.neural._classifiers import Classifier  # noqa: E402


def run(spec, blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed))


def channel(n, seed=0, levels=4):
    """x uniform, y = x with probability ½, otherwise uniform: I in closed form."""
    rng = np.random.default_rng(seed)
    x = rng.integers(levels, size=(n, 1))
    y = np.where(rng.random((n, 1)) < 0.5, x, rng.integers(levels, size=(n, 1)))
    right, wrong = 0.5 + 0.5 / levels, 0.5 / levels
    truth = math.log(levels) + right * math.log(right) + (levels - 1) * wrong * math.log(wrong)
    return x.astype(float), y.astype(float), truth


def test_a_classifier_gives_the_softmax_of_its_network_and_starts_at_the_frequencies():
    frequencies = np.array([[0.5, 0.3, 0.2]])
    classifier = Classifier(frequencies, 2, 16, 1, torch.Generator().manual_seed(0))
    inputs = torch.randn((1, 40, 2), generator=torch.Generator().manual_seed(1))
    found = [classifier.log_probability(inputs, torch.full((1, 40, 1), float(k)))[0].detach() for k in range(3)]
    assert torch.stack(found).exp().sum(dim=0).numpy() == pytest.approx(np.ones(40), abs=1e-6)
    assert torch.stack(found).exp().mean(dim=1).numpy() == pytest.approx(frequencies[0], abs=0.05)
    logits = classifier.network(inputs)[0, :, :3].detach().double().numpy()
    by_hand = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    assert torch.stack(found).T.numpy() == pytest.approx(by_hand, abs=1e-6)


def test_with_the_true_conditional_probabilities_the_value_is_the_difference_of_cross_entropies(monkeypatch):
    """Networks are replaced by tables: two columns of y, each with and without x; the value is their formula."""
    rng = np.random.default_rng(0)
    x, first = rng.integers(3, size=(2, 500, 1))
    second = (x + first + rng.integers(2, size=(500, 1))) % 3
    y = np.hstack([first, second]).astype(float)
    joint = rng.dirichlet(np.ones(3), size=(2, 3, 3))  # (column, x, first) → letters

    def table(self, inputs, letters):
        column = 0 if inputs.shape[-1] == 3 else 1
        given = inputs[..., -3:]
        seen = given.argmax(-1) * given.sum(-1).long()
        before = inputs[..., :3].argmax(-1) if column else torch.zeros_like(seen)
        rows = torch.from_numpy(joint[column])[seen, before].log()
        return rows.gather(-1, letters.long()).squeeze(-1) * (1 + given.sum(-1)) + 0 * self.parameters()[0].sum()

    monkeypatch.setattr(Classifier, "log_probability", table)
    monkeypatch.setattr(_training, "train", lambda *_, **__: _training.Training([], [0], [0]))
    found = run("njee", (x.astype(float), y)).nats
    terms = []
    for i in range(500):
        letters, seen = (int(first[i, 0]), int(second[i, 0])), int(x[i, 0])
        for column, before in ((0, 0), (1, letters[0])):
            with_x = 2 * math.log(joint[column, seen, before, letters[column]])
            terms.append(with_x - math.log(joint[column, 0, before, letters[column]]))
    assert found == pytest.approx(sum(terms) / 500, abs=1e-6)
    assert len(folds(500, rng)) == 5


@pytest.mark.parametrize("n", [400, 3000])
def test_a_channel_is_measured(n):
    x, y, truth = channel(n)
    assert run("njee", (x, y)).nats == pytest.approx(truth, abs=0.1)


def test_independent_blocks_share_nothing_and_no_value_is_clipped():
    found = [run("njee:max_steps=50", np.random.default_rng(seed).integers(4, size=(2, 1000, 1)).astype(float)).nats
             for seed in range(4)]  # fmt: skip
    assert np.abs(found).max() < 0.05
    assert len(set(found)) == 4


def test_columns_of_y_that_share_what_they_say_are_counted_once():
    x, y, truth = channel(3000)
    assert run("njee", (x, np.hstack([y, y]))).nats == pytest.approx(truth, abs=0.1)


def test_information_of_two_columns_together_is_found():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=(3000, 2)).astype(float)
    x = (y.sum(axis=1, keepdims=True) % 2).astype(float)  # of neither column alone
    assert run("njee", (x, y)).nats == pytest.approx(math.log(2), abs=0.1)


def test_letters_may_be_any_numbers():
    x, y, _ = channel(300)
    plain = run("njee:max_steps=50", (x, y)).nats
    assert run("njee:max_steps=50", (100 * x - 7, np.exp(y))).nats == plain


def test_blocks_that_are_not_discrete_are_unsupported():
    assert unsupported(get_estimator("njee"), get_task("gaussian:mi=1"))
    assert unsupported(get_estimator("njee"), get_task("symmetric-channel:error=0.2")) is None
    with pytest.raises(InputError, match="allowed: 2048"):
        run("njee", np.random.default_rng(0).normal(size=(2, 3000, 1)))


@pytest.mark.parametrize("setting", ["hidden=0", "max_steps=0", "averaging=1", "learning_rate=0"])
def test_parameters_out_of_range_are_refused(setting):
    with pytest.raises(SpecError, match="allowed"):
        get_estimator(f"njee:{setting}")


def test_values_none_of_which_is_repeated_are_warned_of():
    x = np.random.default_rng(0).normal(size=(30, 1))
    assert "no value of a column is repeated" in run("njee:max_steps=2", (x, x)).diagnostics["warning"]
    assert "warning" not in run("njee:max_steps=2", (np.rint(x), np.rint(x))).diagnostics
