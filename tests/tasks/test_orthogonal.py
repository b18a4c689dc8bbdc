import numpy as np
import pytest

from mibench.tasks._orthogonal import Orthogonal


@pytest.mark.parametrize("dim", [1, 2, 3, 20])
def test_it_is_orthogonal_and_can_be_undone(dim):
    turn = Orthogonal.draw(dim, np.random.default_rng(dim))
    matrix = turn.apply(np.eye(dim))
    assert np.allclose(matrix @ matrix.T, np.eye(dim), atol=1e-13)
    rows = np.random.default_rng(0).standard_normal((30, dim))
    assert np.allclose(turn.apply(rows), rows @ matrix, atol=1e-13)
    assert np.allclose(turn.undo(turn.apply(rows)), rows, atol=1e-13)
    assert np.allclose(turn.undo(rows), rows @ matrix.T, atol=1e-13)


@pytest.mark.parametrize("dim", [2, 4])
def test_it_is_drawn_from_the_haar_measure(dim):
    """E q = 0, E q² = 1/d, E q⁴ = 3/(d(d+2)) for every entry, E tr = 0, E tr² = 1, and det = ±1 with one half each."""
    rng = np.random.default_rng(5)
    draws = np.array([Orthogonal.draw(dim, rng).apply(np.eye(dim)) for _ in range(4000)])
    traces = np.trace(draws, axis1=1, axis2=2)
    moments = {1: 0.0, 2: 1 / dim, 4: 3 / (dim * (dim + 2))}
    for power, expected in moments.items():
        assert np.allclose((draws**power).mean(axis=0), expected, atol=5 / np.sqrt(4000))
    assert abs(traces.mean()) < 5 / np.sqrt(4000)
    assert np.mean(traces**2) == pytest.approx(1.0, abs=0.15)
    assert np.mean(np.linalg.det(draws)) == pytest.approx(0.0, abs=5 / np.sqrt(4000))
