import math
import pickle

import numpy as np
import pytest

from mibench import get_task
from mibench.errors import SpecError

TASKS = [
    ("dim=5,mode=fixed-mi,mi=2", 2.0),
    ("dim=3,mode=fixed-rho,rho=-0.8", 1.5 * math.log(1 / 0.36)),
    ("dim=4,mode=embedded,signal_dims=2,mi=3", 3.0),
    ("dim=6,mode=embedded,signal_dims=1,rho=0.95", 0.5 * math.log(1 / 0.0975)),
]


def task_of(parameters):
    return get_task(f"dimension-scaling:{parameters}")


def canonical_correlations(x, y):
    """Singular values of Qxᵀ·Qy, orthonormal bases of the centred blocks."""
    bases = [np.linalg.qr(block - block.mean(axis=0))[0] for block in (x, y)]
    return np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)


@pytest.mark.parametrize(("parameters", "nats"), TASKS)
def test_truth_is_what_canonical_correlations_of_the_samples_give(parameters, nats, confirm_sharply):
    task = task_of(parameters)
    n = 400_000
    correlations = canonical_correlations(*task.sample(n, seed=3))
    sample_nats = -0.5 * np.log1p(-(correlations**2)).sum()
    bias = task.dim**2 / (2 * n)
    stderr = math.sqrt((correlations**2).sum() / n)

    def check(value):
        assert abs(value - (sample_nats - bias)) < 4 * stderr

    assert task.truth.nats == pytest.approx(nats, rel=1e-12)
    confirm_sharply(task.truth.nats, check)


@pytest.mark.parametrize(("parameters", "nats"), TASKS)
def test_truth_is_the_log_determinant_of_the_populations_covariance(parameters, nats, confirm_sharply):
    task = task_of(parameters)
    pairs = task.signal_dims or task.dim
    rho = task.rho if task.rho is not None else math.sqrt(1 - math.exp(-2 * task.mi / pairs))
    core = np.diag([rho] * pairs + [0.0] * (task.dim - pairs))
    turns = [turn.apply(np.eye(task.dim)) for turn in task._rotations] if task.mode == "embedded" else []
    cross = turns[0].T @ core @ turns[1] if turns else core
    joint = np.block([[np.eye(task.dim), cross], [cross.T, np.eye(task.dim)]])
    sample = np.hstack(task.sample(200_000, seed=4))
    assert np.allclose(np.cov(sample.T), joint, atol=0.02)

    def check(value):
        assert value == pytest.approx(-0.5 * np.linalg.slogdet(joint)[1], rel=1e-9)

    confirm_sharply(task.truth.nats, check)


@pytest.mark.parametrize("dim", [2, 10, 50])
def test_information_as_the_dimension_grows(dim):
    assert task_of(f"dim={dim},mode=fixed-mi,mi=1").truth.nats == 1
    assert task_of(f"dim={dim},mode=embedded,mi=1,signal_dims=2").truth.nats == 1
    single = task_of("dim=1,mode=fixed-rho,rho=0.5").truth.nats
    assert task_of(f"dim={dim},mode=fixed-rho,rho=0.5").truth.nats == pytest.approx(dim * single, rel=1e-13)


def test_embedding_hides_the_signal_from_the_columns_and_from_their_pairing():
    task = task_of("dim=20,mode=embedded,mi=2,signal_dims=1")
    x, y = task.sample(50_000)
    correlations = canonical_correlations(x, y)
    assert correlations[0] == pytest.approx(math.sqrt(1 - math.exp(-4)), abs=0.005)
    assert correlations[1] < 0.06
    cross = np.corrcoef(x.T, y.T)[:20, 20:]
    assert np.abs(cross).max() < 0.5
    assert np.linalg.norm(cross - cross.T) > 0.3
    assert np.allclose(np.cov(x.T), np.eye(20), atol=0.04)
    assert np.allclose(np.cov(y.T), np.eye(20), atol=0.04)


def test_the_rotations_are_orthogonal_different_and_a_function_of_the_parameters_alone():
    task = task_of("dim=8,mode=embedded,mi=1,signal_dims=2")
    turn_x, turn_y = turns_of(task)
    for turn in (turn_x, turn_y):
        assert np.allclose(turn @ turn.T, np.eye(8), atol=1e-13)
    assert np.abs(turn_x - turn_y).max() > 0.1
    again = pickle.loads(pickle.dumps(task_of("signal_dims=2,mi=1.0,mode=embedded,dim=8")))
    assert np.array_equal(turns_of(again), [turn_x, turn_y])
    other = task_of("dim=8,mode=embedded,mi=1,signal_dims=3")
    assert np.abs(turns_of(other)[0] - turn_x).max() > 0.1


def turns_of(task):
    return [turn.apply(np.eye(task.dim)) for turn in task._rotations]


def test_all_directions_may_be_informative():
    task = task_of("dim=3,mode=embedded,rho=0.6,signal_dims=3")
    assert task.truth.nats == pytest.approx(get_task("gaussian:dim=3,rho=0.6").truth.nats)
    assert canonical_correlations(*task.sample(50_000)) == pytest.approx(0.6, abs=0.03)


@pytest.mark.parametrize(
    ("parameters", "family"),
    [
        ("dim=10,mode=fixed-mi,mi=0", "independence"),
        ("dim=10,mode=fixed-rho,rho=0", "independence"),
        ("dim=10,mode=embedded,mi=0,signal_dims=1", "independence"),
        ("dim=10,mode=embedded,rho=0.1,signal_dims=1", "dimension-scaling"),
    ],
)
def test_family(parameters, family):
    assert task_of(parameters).board_family == family


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("dim=10,mode=fixed-mi", "mi is None and rho is None; allowed in mode=fixed-mi: mi alone"),
        ("dim=10,mode=fixed-mi,rho=0.5", "allowed in mode=fixed-mi: mi alone"),
        ("dim=10,mode=fixed-rho,mi=1", "allowed in mode=fixed-rho: rho alone"),
        ("dim=10,mode=fixed-rho,rho=0.5,mi=1", "allowed in mode=fixed-rho: rho alone"),
        ("dim=10,mode=embedded,signal_dims=1", "allowed in mode=embedded: mi or rho alone"),
        ("dim=10,mode=embedded,signal_dims=1,mi=1,rho=0.5", "allowed in mode=embedded: mi or rho alone"),
        ("dim=10,mode=embedded,mi=1", "signal_dims is None; allowed in mode=embedded: from 1 to 10"),
        ("dim=10,mode=embedded,mi=1,signal_dims=11", "signal_dims is 11; allowed in mode=embedded: from 1 to 10"),
        ("dim=10,mode=embedded,mi=1,signal_dims=0", "signal_dims is 0"),
        ("dim=10,mode=fixed-mi,mi=1,signal_dims=2", "signal_dims is 2; allowed in mode=fixed-mi: none"),
        ("dim=10,mode=sideways,mi=1", "mode is 'sideways'; allowed: fixed-mi or fixed-rho or embedded"),
        ("dim=0,mode=fixed-mi,mi=1", "dim is 0; allowed: 1 or more"),
        ("dim=10,mode=fixed-mi,mi=-1", "mi is -1.0; allowed: from 0"),
        ("dim=10,mode=fixed-rho,rho=1", "rho is 1.0; allowed: more than -1 and less than 1"),
    ],
)
def test_parameters_that_do_not_belong_to_the_mode_or_are_out_of_range_are_refused(parameters, message):
    with pytest.raises(SpecError, match=message):
        task_of(parameters)
