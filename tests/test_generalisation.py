"""The two bounds on generalisation: the heuristic one's numbers, and the one case that is known exactly."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from mibench import get_task
from mibench.errors import InputError
from mibench.generalisation import CompressionBound, GaussianMean


@pytest.mark.parametrize(("bits", "epsilon"), [(4, 0.054), (8, 0.199), (11, 0.559)])
def test_the_heuristic_of_a_published_size(bits, epsilon):
    found = CompressionBound(bits * math.log(2), rows=3277, delta=0.05)
    assert found.epsilon == pytest.approx(epsilon, abs=5e-4)
    assert found.epsilon**2 * 2 * 3277 == pytest.approx(2**bits + math.log(20), rel=1e-12)
    assert found.bits == pytest.approx(bits)
    assert not found.is_vacuous


def test_it_is_vacuous_from_one():
    """13 bits over 3,277 rows: √(8195/6554); with one row more than half the cells it just says something."""
    assert CompressionBound(13 * math.log(2), rows=3277).is_vacuous
    need = CompressionBound(13 * math.log(2), rows=3277).rows_needed
    assert need == math.floor((2**13 + math.log(20)) / 2) + 1
    assert not CompressionBound(13 * math.log(2), rows=need).is_vacuous
    assert CompressionBound(13 * math.log(2), rows=need - 1).is_vacuous


def test_no_number_is_too_large_and_none_too_small():
    assert CompressionBound(1e6, rows=10).epsilon == math.inf
    assert CompressionBound(1e6, rows=10).rows_needed == math.inf
    raw = CompressionBound(-0.1, rows=10)  # an estimate may be below 0
    assert raw.epsilon < CompressionBound(0.0, rows=10).epsilon


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nats": math.nan, "rows": 5}, "mi is nan; allowed: a finite number"),
        ({"nats": 1, "rows": 0}, "rows is 0; allowed: 1 or more"),
        ({"nats": 1, "rows": 5, "delta": 1}, "delta is 1; allowed: more than 0 and less than 1"),
    ],
)
def test_what_has_no_bound_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        CompressionBound(**arguments)


@pytest.mark.parametrize("arguments", [{"rows": 1}, {"rows": 2, "dim": 0}, {"rows": 2, "variance": 0}])
def test_what_is_no_gaussian_mean_is_refused(arguments):
    with pytest.raises(InputError, match="; allowed: "):
        GaussianMean(**arguments)


@pytest.mark.parametrize(("rows", "dim", "variance"), [(2, 1, 1.0), (5, 3, 0.5), (20, 1, 4.0)])
def test_the_gap_by_learning_a_hundred_thousand_times(rows, dim, variance):
    """Expected test loss given w is ‖w‖² + dσ², so that each training gives one draw of the gap."""
    z = math.sqrt(variance) * np.random.default_rng(0).standard_normal((100_000, rows, dim))
    w = z.mean(axis=1)
    test = (w**2).sum(axis=1) + dim * variance
    train = ((w[:, np.newaxis] - z) ** 2).sum(axis=2).mean(axis=1)
    gaps = test - train
    error = gaps.std() / math.sqrt(len(gaps))
    assert abs(gaps.mean() - GaussianMean(rows, dim, variance).gap) < 4 * error
    assert error < 0.02 * GaussianMean(rows, dim, variance).gap


@pytest.mark.parametrize("rows", [2, 3, 10, 1000])
@pytest.mark.parametrize("dim", [1, 4])
def test_the_proven_bound_holds_and_is_no_tighter_than_the_cumulants_allow(rows, dim):
    """Donsker and Varadhan give gap ≤ (I + Λ(−λ))/λ for every λ > 0, Λ(−λ) = dsλ − (d/2) ln(1 + 2sλ) exactly.

    Replacing Λ by its bound ds²λ² gives √(4ds²I), which is what the sub-Gaussian form says.
    """
    case = GaussianMean(rows, dim)
    s = 1 + 1 / rows
    exact = lambda t: (case.nats + dim * s * t - dim / 2 * math.log1p(2 * s * t)) / t  # noqa: E731
    loose = lambda t: (case.nats + dim * s**2 * t**2) / t  # noqa: E731
    best = [minimize_scalar(f, bounds=(1e-6, 50), method="bounded").fun for f in (exact, loose)]
    assert case.gap <= best[0] + 1e-9
    assert best[0] <= best[1] * (1 + 1e-6)
    assert best[1] == pytest.approx(case.bound, rel=1e-4)
    assert case.bound == pytest.approx(s * dim * math.sqrt(2 * math.log(rows / (rows - 1))), rel=1e-12)


def test_the_bound_falls_as_the_root_of_n_and_the_gap_as_n():
    few, many = GaussianMean(1000), GaussianMean(100_000)
    assert few.gap / many.gap == pytest.approx(100)
    assert few.bound / many.bound == pytest.approx(10, rel=0.01)
    assert many.bound == pytest.approx(math.sqrt(2 / 100_000), rel=1e-4)


@pytest.mark.parametrize(("rows", "dim"), [(2, 1), (10, 3)])
def test_the_task_has_the_information_of_the_case(rows, dim):
    task = get_task(f"gaussian-mean:rows={rows},dim={dim}")
    assert task.truth.nats == pytest.approx(GaussianMean(rows, dim).nats, rel=1e-12)
    assert task.truth.nats == pytest.approx(dim / 2 * math.log(rows / (rows - 1)), rel=1e-12)


def test_the_task_draws_a_mean_and_one_of_its_rows():
    """Against the naive simulation: every row of n, their mean, the first: the same second moments, so the same law."""
    w, z = get_task("gaussian-mean:rows=4").draw(200_000, np.random.default_rng(1))
    rows = np.random.default_rng(2).standard_normal((200_000, 4))
    naive = np.cov(2 * rows.mean(axis=1), rows[:, 0])
    assert np.cov(w[:, 0], z[:, 0]) == pytest.approx(naive, abs=0.02)
    assert np.cov(w[:, 0], z[:, 0])[0, 1] == pytest.approx(0.5, abs=0.01)
