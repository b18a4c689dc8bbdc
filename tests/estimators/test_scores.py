import math

import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator  # noqa: E402
from mibench.estimators.neural._scores import ReportScores, Scores, Skewed  # noqa: E402


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


def test_skewed_averages_by_hand():
    skewed = Skewed(Scores(torch.log(torch.tensor([[8.0]]))), Scores(torch.log(torch.tensor([[1.0, 3.0]]))), 0.25)
    assert skewed.pairs == 2
    assert skewed.mean(torch.exp).tolist() == pytest.approx([0.75 * 2 + 0.25 * 8], abs=1e-5)
    assert skewed.log_mean_exp().tolist() == pytest.approx([math.log(3.5)], abs=1e-6)


def test_how_joint_rows_compare_with_weighted_pairs_by_hand():
    pairs = torch.log(torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64))
    joint = torch.log(torch.tensor([3.0, 0.5, 5.0, 2.5], dtype=torch.float64))
    scores = ReportScores(lambda: iter(pairs.split(1)), 4, joint)
    assert scores.log_mean_exp().item() == pytest.approx(math.log(2.5))
    assert scores.joint_above == pytest.approx((1 * 3 + 2 * 3 + 3 * 1.5 + 4 * 1) / (10 * 4))
    assert scores.joint_beyond == 0.25
    assert scores.effective_pairs == pytest.approx(100 / 30)


def test_at_the_log_density_ratio_joint_rows_are_above_weighted_pairs_half_the_time():
    p = torch.tensor([[0.3, 0.1], [0.1, 0.5]], dtype=torch.float64)
    ratio = (p / (p.sum(1, keepdim=True) * p.sum(0))).log()
    counts = (10 * p).round().long().flatten()
    joint = ratio.flatten().repeat_interleave(counts)
    product = (100 * p.sum(1, keepdim=True) * p.sum(0)).round().long().flatten()
    pairs = ratio.flatten().repeat_interleave(product)
    scores = ReportScores(lambda: iter([pairs]), len(pairs), joint)
    assert scores.log_mean_exp().item() == pytest.approx(0, abs=1e-12)
    assert scores.joint_above == pytest.approx(0.5)
