import math
from dataclasses import dataclass

import numpy as np
import pytest

from mibench import Block, Task, Truth, get_task, register_task
from mibench.errors import InputError, MibenchError
from mibench.streams import sample_stream


@pytest.fixture
def define(temporary_classes):
    """Register a task whose ``draw`` returns what it is given, for one test only."""

    def make(draw, **attributes):
        body = {
            "blocks": property(lambda self: (Block(1), Block(2))),
            "truth": property(lambda self: Truth(0.02, "closed form")),
            "draw": lambda self, n, rng: draw(n, rng),
            "family": "made-up",
            "__module__": __name__,
        }
        register_task("made-up")(dataclass(frozen=True)(type("MadeUp", (Task,), {**body, **attributes})))
        return get_task("made-up")

    return make


def normal(n, rng):
    return rng.standard_normal((n, 1)), rng.standard_normal((n, 2))


def test_a_sample_is_drawn_from_the_stream_of_spec_version_n_and_seed():
    task = get_task("gaussian:mi=1")
    drawn = task.draw(10, sample_stream("gaussian:dim=1,mi=1.0", "1", 10, 4))
    assert all(np.array_equal(a, b) for a, b in zip(drawn, task.sample(10, seed=4), strict=True))


def test_the_version_changes_the_sample(define):
    first = define(normal, version=1).sample(5)
    second = define(normal, version=2).sample(5)
    assert not np.array_equal(first[0], second[0])


def test_the_scale_is_the_truth_but_no_less_than_a_tenth_of_a_nat(define):
    assert define(normal).scale == 0.1
    assert get_task("gaussian:mi=3").scale == 3.0


def test_a_sample_becomes_contiguous_floats(define):
    sample = define(lambda n, rng: (np.ones((n, 1), dtype=np.int32), np.asfortranarray(np.ones((n, 2))))).sample(4)
    assert all(block.dtype == np.float64 and block.flags.c_contiguous for block in sample)


@pytest.mark.parametrize(
    "draw",
    [
        lambda n, rng: (rng.normal(size=(n, 1)),),
        lambda n, rng: (rng.normal(size=n), rng.normal(size=(n, 2))),
        lambda n, rng: (rng.normal(size=(n, 1)), rng.normal(size=(n, 3))),
        lambda n, rng: (rng.normal(size=(n + 1, 1)), rng.normal(size=(n + 1, 2))),
    ],
)
def test_a_sample_of_other_shapes_than_declared_is_refused(define, draw):
    with pytest.raises(
        TypeError, match=r"made-up: draw\(4\) returned arrays of shapes .* declare \[\(4, 1\), \(4, 2\)\]"
    ):
        define(draw).sample(4)


@pytest.mark.parametrize("n", [0, -3])
def test_a_sample_of_no_rows_is_refused(n):
    with pytest.raises(InputError, match=f"gaussian: n is {n}; allowed: 1 or more"):
        get_task("gaussian:mi=1").sample(n)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((math.nan, "closed form"), "nats is nan; allowed: a finite number of at least 0"),
        ((math.inf, "closed form"), "nats is inf"),
        ((-0.1, "closed form"), "nats is -0.1"),
        ((1.0, "guessed"), "method is 'guessed'; allowed: closed form, quadrature"),
        ((1.0, "Monte Carlo", "", -1.0), "stderr is -1.0"),
        ((1.0, "Monte Carlo", "", math.nan), "stderr is nan"),
    ],
)
def test_a_truth_that_cannot_be_one_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Truth(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0,), "dim is 0; allowed: 1 or more"), ((1, "round"), "kind is 'round'; allowed: continuous, discrete, mixed")],
)
def test_a_block_that_cannot_be_one_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Block(*arguments)


def test_a_task_of_a_class_that_is_no_longer_registered_is_refused(define):
    old = define(normal)
    define(normal, version=2)
    with pytest.raises(MibenchError, match="not the class registered as task 'made-up'"):
        old.sample(3)


@pytest.mark.parametrize(
    ("spec", "family", "on_boards", "tags", "dim"),
    [
        ("gaussian:dim=3,mi=1", "gaussian", "gaussian", {"continuous"}, 3),
        ("gaussian:dim=3,mi=0", "gaussian", "independence", {"continuous"}, 3),
        ("dimension-scaling:dim=10,mode=fixed-mi,mi=1", "dimension-scaling", "dimension-scaling",
         {"continuous", "high-dimensional"}, 10),
        ("binary-gaussian", "channel", "channel", {"mixed"}, 1),
        ("total-correlation:dim=3,kind=ar1", "total-correlation", "total-correlation", {"continuous", "many-block"}, 3),
    ],
)  # fmt: skip
def test_family_tags_and_size_follow_from_what_is_declared(spec, family, on_boards, tags, dim):
    task = get_task(spec)
    assert (task.family, task.board_family, task.tags, task.dim) == (family, on_boards, tags, dim)


def test_a_task_without_a_parameter_dim_is_as_large_as_its_columns(define):
    assert define(normal).dim == 3


def test_a_task_written_before_there_were_board_families_goes_on(define):
    old = define(normal, family=property(lambda self: "independence" if self.truth.nats == 0 else "old"))
    assert old.board_family == ("independence" if old.truth.nats == 0 else "old")
    assert old.pointwise(np.zeros((2, 1)), np.zeros((2, 2))) is None


def test_a_parameter_dim_without_a_default_stays_required():
    with pytest.raises(MibenchError, match="dimension-scaling: dim is missing"):
        get_task("dimension-scaling:mode=fixed-mi,mi=1")


def test_the_assets_of_a_task_are_part_of_its_version(define):
    plain = define(normal).full_version
    first = define(normal, assets={"a.npz": "0" * 64}).full_version
    assert first.startswith(f"{plain}+assets:") or "+assets:" in first
    assert define(normal, assets={"a.npz": "1" * 64}).full_version != first


def test_a_truth_is_made_of_plain_numbers():
    truth = Truth(np.float64(0.5), "Monte Carlo", "", np.float32(0.25))
    assert type(truth.nats) is type(truth.stderr) is float
