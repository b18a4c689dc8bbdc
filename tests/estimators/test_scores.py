import math

import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator  # noqa: E402
from mibench.estimators.neural._scores import Scores  # noqa: E402


def test_averages_by_hand():
    scores = Scores(torch.log(torch.tensor([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])))
    assert scores.mean(torch.exp).tolist() == pytest.approx([2, 5], abs=1e-6)
    assert scores.log_mean_exp().tolist() == pytest.approx([math.log(2), math.log(5)], abs=1e-6)
    assert scores.log_mean_exp(torch.neg).tolist() == pytest.approx([math.log(11 / 18), -math.log(5)], abs=1e-6)


def test_mean_of_log_means_by_hand():
    matrix = Scores(torch.log(torch.tensor([[[2.0, 1.0], [1.0, 3.0]]])))
    assert matrix.mean_log_mean_exp().tolist() == pytest.approx([(math.log(1.5) + math.log(2)) / 2], abs=1e-6)
    assert matrix.log_mean_exp().tolist() == pytest.approx([math.log(7 / 4)], abs=1e-6)


def test_averages_do_not_overflow():
    assert Scores(torch.full((1, 9), 499.0)).log_mean_exp().item() == pytest.approx(499)
    assert math.isfinite(get_estimator("mine").bound(Scores(torch.full((1, 3), 500.0)), Scores(torch.zeros(1, 9))))
