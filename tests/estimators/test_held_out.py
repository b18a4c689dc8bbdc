import numpy as np
import pytest

from mibench.estimators._held_out import SPLIT_FROM, folds, report_sizes


@pytest.mark.parametrize("n", [10, 252, 999])
def test_below_a_thousand_rows_every_row_is_reported_once(n):
    found = folds(n, np.random.default_rng(0))
    assert sorted(np.concatenate([fold.report for fold in found])) == list(range(n))
    assert [len(fold.report) for fold in found] == report_sizes(n)


@pytest.mark.parametrize("n", [10, 252, 999, SPLIT_FROM, 4003])
def test_no_reported_row_has_trained_or_selected(n):
    for fold in folds(n, np.random.default_rng(0)):
        assert sorted(np.concatenate(fold)) == list(range(n))


@pytest.mark.parametrize("n", [SPLIT_FROM, 4003])
def test_from_a_thousand_rows_on_there_is_one_split_of_60_20_20(n):
    (fold,) = folds(n, np.random.default_rng(0))
    assert [len(part) / n for part in fold] == pytest.approx([0.6, 0.2, 0.2], abs=2 / n)
    assert report_sizes(n) == [len(fold.report)]
