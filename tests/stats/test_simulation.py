"""The protocol's error rates, by simulation of whole boards: 2,000 of each kind."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from mibench.stats.interval import Interval, Layout, fixed_tasks_interval, holm, random_tasks_interval

pytestmark = pytest.mark.slow

BOARDS = 2_000


@pytest.fixture
def report(request, capsys):
    """Print a measured rate whatever pytest captures."""

    def write(text: str) -> None:
        with capsys.disabled():
            print(f"\n{request.node.name}: {text}")

    return write


def make_layout(families: int, tasks: int, seeds: int) -> Layout:
    rows = [
        {"family": f"f{family}", "task": f"f{family}t{task:02}", "n": 1000}
        for family in range(families)
        for task in range(tasks)
        for _ in range(seeds)
    ]
    return Layout.of(pd.DataFrame(rows))


def task_noise(rng: np.random.Generator, layout: Layout, estimators: int, exponential: bool) -> np.ndarray:
    """Errors of cells × estimators: of unequal spread over tasks, and alike seed by seed as on common data."""
    cells = len(layout.stratum)
    spread = 0.08 * np.exp(0.7 * rng.standard_normal(len(layout.task_of_stratum)))[layout.stratum, None]
    if exponential:
        return spread * rng.exponential(size=(cells, estimators))
    shared = 0.6 * rng.standard_normal((cells, 1))
    return spread * np.abs(shared + 0.8 * rng.standard_normal((cells, estimators)))


def compare_all(scores: np.ndarray, layout: Layout, method) -> tuple[list[Interval], np.ndarray]:
    pairs = combinations(range(scores.shape[1]), 2)
    found = [method(scores[:, a] - scores[:, b], layout) for a, b in pairs]
    return found, holm(np.array([item.p for item in found]))


def rates(boards) -> tuple[float, float]:
    """The share of boards with any false difference, and the share of intervals that hold 0."""
    false = covered = intervals = 0
    for found, adjusted in boards:
        false += bool((adjusted <= 0.05).any())
        covered += sum(item.low <= 0 <= item.high for item in found)
        intervals += len(found)
    return false / BOARDS, covered / intervals


@pytest.mark.parametrize("exponential", [False, True], ids=["gaussian", "exponential"])
@pytest.mark.parametrize(("tasks", "seeds"), [(2, 10), (5, 20)], ids=["8 tasks, 10 seeds", "20 tasks, 20 seeds"])
def test_identical_estimators_on_this_suite(tasks, seeds, exponential, report):
    rng = np.random.default_rng(4 + tasks + exponential)
    layout = make_layout(4, tasks, seeds)
    boards = (
        compare_all(np.minimum(task_noise(rng, layout, 6, exponential), 1), layout, fixed_tasks_interval)
        for _ in range(BOARDS)
    )
    false, coverage = rates(boards)
    report(f"false differences {false:.4f}, coverage {coverage:.4f}")
    assert false <= 0.05
    assert 0.93 <= coverage <= 0.97


@pytest.mark.parametrize("exponential", [False, True], ids=["gaussian", "exponential"])
@pytest.mark.parametrize(("families", "tasks"), [(4, 5), (5, 3)])
def test_exchangeable_estimators_on_suites_like_it(families, tasks, exponential, report):
    """Equal on average and unequal on every task: only the spread between tasks tells that nothing differs."""
    rng = np.random.default_rng(7 + families + exponential)
    layout = make_layout(families, tasks, 20)

    def board():
        effects = 0.05 * rng.standard_normal((families * tasks, 6))[layout.stratum]
        noise = task_noise(rng, layout, 6, exponential)
        return compare_all(effects + noise, layout, random_tasks_interval)

    false, coverage = rates(board() for _ in range(BOARDS))
    report(f"false differences {false:.4f}, coverage {coverage:.4f}")
    assert false <= 0.05
    assert 0.93 <= coverage <= 0.97


@pytest.mark.parametrize("uneven", [0.0, 0.7], ids=["even tasks", "uneven tasks"])
@pytest.mark.parametrize("exponential", [False, True], ids=["gaussian", "exponential"])
def test_power_for_a_quarter(exponential, uneven, report):
    """One of six estimators errs 25 % more, on 20 tasks with 20 seeds: how often the board shows each such pair.

    The test itself must have the power of a normal test of the same mean and spread; what Holm's correction over the
    15 pairs leaves of it is reported.
    """
    rng = np.random.default_rng(11 + exponential)
    layout = make_layout(4, 5, 20)
    factors = np.array([1.25, 1, 1, 1, 1, 1])
    alone = adjusted_share = expected = 0.0
    for _ in range(BOARDS):
        spread = 0.05 * np.exp(uneven * rng.standard_normal(20))
        shape = (len(layout.stratum), 6)
        errors = rng.exponential(size=shape) if exponential else np.abs(rng.standard_normal(shape))
        found, adjusted = compare_all(spread[layout.stratum, None] * errors * factors, layout, fixed_tasks_interval)
        alone += np.mean([item.p <= 0.05 for item in found[:5]]) / BOARDS
        adjusted_share += (adjusted[:5] <= 0.05).mean() / BOARDS
        mean, sd = (1, 1) if exponential else (np.sqrt(2 / np.pi), np.sqrt(1 - 2 / np.pi))
        stderr = sd * np.sqrt((1 + 1.25**2) * np.mean(spread**2) / 400)
        expected += norm.sf(norm.ppf(0.975) - 0.25 * mean * np.mean(spread) / stderr) / BOARDS
    report(f"power {alone:.3f} (normal theory {expected:.3f}), after Holm {adjusted_share:.3f}")
    assert alone == pytest.approx(expected, abs=0.03)
    assert adjusted_share >= 0.25
