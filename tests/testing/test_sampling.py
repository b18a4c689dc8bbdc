"""Each check of tasks passes on a sound task and catches one that breaks just that promise."""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import pytest

from mibench import Block, Task, Truth, register_task
from mibench.registry import forget
from mibench.testing import sampling
from mibench.testing.verdict import NotClaimed

CHECKS = [check for name, check in vars(sampling).items() if name.startswith("check_")]
SCALARS = (Block(1), Block(1))
NUMBERS = iter(range(10_000))


def ratios(x, y):
    """ln p(x, y) − ln p(x)p(y) of a Gaussian pair of correlation 0.6."""
    return -0.5 * math.log(0.64) - ((0.36 * (x**2 + y**2) - 1.2 * x * y) / 1.28)[:, 0]


def pairs(n, rng):
    x = rng.standard_normal((n, 1))
    return x, 0.6 * x + 0.8 * rng.standard_normal((n, 1))


@pytest.fixture
def make():
    """A task of one correlated Gaussian pair, with what is given in place of its parts; forgotten afterwards."""

    def build(draw=pairs, blocks=SCALARS, family="other", truth=None, pointwise=ratios):
        given = truth or Truth(-0.5 * math.log(1 - 0.36), "closed form", "nobody")

        class Made(Task):
            def draw(self, n, rng):
                return draw(n, rng)

            def pointwise(self, *blocks):
                return pointwise(*blocks) if pointwise else None

        Made.blocks = property(lambda self: blocks() if callable(blocks) else blocks)
        Made.truth = property(lambda self: given() if callable(given) else given)
        Made.family = family
        Made.__abstractmethods__ = frozenset()
        return register_task(f"made-{next(NUMBERS)}")(dataclass(frozen=True)(Made))()

    yield build
    forget(__name__)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_task_passes(check, make):
    check(make())


def fails(check, task, match):
    with pytest.raises(AssertionError, match=match):
        check(task)


def test_shapes_other_than_declared_are_caught(make):
    with pytest.raises(TypeError, match="its blocks declare"):
        sampling.check_sample_shapes(make(blocks=(Block(2), Block(1))))
    fails(
        sampling.check_sample_shapes, make(lambda n, rng: (rng.random((n, 1)), np.full((n, 1), np.inf))), "not finite"
    )
    fails(sampling.check_sample_shapes, make(lambda n, rng: (rng.random((n, 1)),), blocks=(Block(1),)), "two or more")


def test_blocks_that_change_by_sampling_are_caught(make):
    kinds = iter(["continuous"] * 3 + ["mixed"] * 9)
    task = make(blocks=lambda: (Block(1, next(kinds)), Block(1)))
    fails(sampling.check_sample_shapes, task, "change by sampling")


def test_seeds_that_are_ignored_are_caught(make):
    fixed = np.random.default_rng(1)
    noise = fixed.random((5000, 1))
    fails(
        sampling.check_sample_seeds, make(lambda n, rng: (rng.random((n, 1)), noise[:n])), r"column\(s\) 1 are the same"
    )
    fails(sampling.check_sample_seeds, make(lambda n, rng: pairs(n, fixed)), "the same seed gives other samples")


@pytest.mark.parametrize(
    ("kind", "draw", "match"),
    [
        ("continuous", lambda n, rng: (np.floor(100 * rng.random((n, 1))), rng.random((n, 1))), "but repeats values"),
        ("discrete", pairs, "hardly repeats values"),
        ("mixed", pairs, "is of one kind"),
        ("mixed", lambda n, rng: (np.floor(3 * rng.random((n, 1))), rng.random((n, 1))), "is of one kind"),
    ],
)
def test_kinds_other_than_declared_are_caught(kind, draw, match, make):
    fails(sampling.check_block_kinds, make(draw, blocks=(Block(1, kind), Block(1))), match)


def test_kinds_as_declared_pass(make):
    def draw(n, rng):
        return np.maximum(rng.standard_normal((n, 1)), 0), rng.integers(5, size=(n, 1)).astype(float)

    sampling.check_block_kinds(make(draw, blocks=(Block(1, "mixed"), Block(1, "discrete"))))


def test_columns_that_repeat_one_another_are_caught(make):
    def copies(n, rng):
        x, y = pairs(n, rng)
        return np.hstack([x, 2 * x + 1]), y

    def constant(n, rng):
        x, y = pairs(n, rng)
        return np.hstack([x, np.ones_like(x)]), y

    wide = (Block(2), Block(1))
    fails(sampling.check_declared_dimension, make(copies, blocks=wide), "declares 2 columns but they span 1")
    fails(sampling.check_declared_dimension, make(constant, blocks=wide), "block 1 has a constant column")


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"method": "Monte Carlo"}, "more than 0 for Monte Carlo"),
        ({"stderr": 1e-4}, "0 for all else"),
        ({"method": "Monte Carlo", "stderr": 0.01}, "standard error is 0.01; allowed: up to 0.001"),
        ({"reference": ""}, "no reference"),
    ],
)
def test_truths_that_cannot_be_judged_by_are_caught(fields, match, make):
    truth = dataclasses.replace(Truth(0.2, "closed form", "nobody"), **fields)
    fails(sampling.check_truth, make(truth=truth), match)


def test_a_truth_that_changes_is_caught(make):
    values = iter(np.linspace(0.2, 0.3, 20))
    fails(sampling.check_truth, make(truth=lambda: Truth(next(values), "closed form", "nobody")), "from one object")


def test_families_follow_the_truth(make):
    fails(sampling.check_family, make(family="independence"), "its family 'independence'")
    sampling.check_family(make(truth=Truth(0.0, "closed form", "nobody")))
    sampling.check_family(make(truth=Truth(0.0, "closed form", "nobody"), family="independence"))


@pytest.mark.parametrize("wrong", [0.1, 0.4, 0.6])
def test_truths_the_samples_contradict_are_caught(wrong, make):
    """The truth of these samples is 0.223 nats."""
    fails(sampling.check_agreement, make(truth=Truth(wrong, "closed form", "nobody")), "KSG gives 0.2")


def test_discrete_samples_are_counted(make):
    def flips(n, rng):
        x = rng.integers(2, size=(n, 1))
        return x.astype(float), (x ^ (rng.random((n, 1)) < 0.1)).astype(float)

    blocks = (Block(1, "discrete"), Block(1, "discrete"))
    known = math.log(2) + 0.1 * math.log(0.1) + 0.9 * math.log(0.9)
    sampling.check_agreement(make(flips, blocks=blocks, truth=Truth(known, "closed form", "nobody")))
    fails(
        sampling.check_agreement,
        make(flips, blocks=blocks, truth=Truth(0.5, "closed form", "nobody")),
        "counting gives",
    )


@pytest.mark.parametrize(
    ("blocks", "nats"), [((Block(3), Block(3)), 0.5), ((Block(1), Block(1)), 2.0), ((Block(1, "mixed"), Block(1)), 0.5)]
)
def test_agreement_is_not_asked_where_no_estimate_is_consistent_enough(blocks, nats, make):
    with pytest.raises(NotClaimed, match="a consistent estimate"):
        sampling.check_agreement(make(blocks=blocks, truth=Truth(nats, "closed form", "nobody")))


def test_samples_that_are_not_independent_are_caught(make):
    def walk(n, rng):
        return np.cumsum(rng.standard_normal((n, 1)), axis=0), rng.standard_normal((n, 1))

    noise = np.random.default_rng(3).standard_normal((5000, 1))

    def shared(n, rng):
        x = rng.standard_normal((n, 1))
        return x, x + noise[:n]

    fails(sampling.check_substreams, make(walk), "the next row")
    fails(sampling.check_substreams, make(shared), "the same row of the next seed")


class TestPointwise:
    @pytest.mark.parametrize(
        ("pointwise", "match"),
        [
            (lambda x, y: ratios(x, y) / math.log(2), "the mean of the log density ratio is 0.3"),
            (lambda x, y: np.zeros(len(x)), "is 0.00000, the truth 0.22314"),
            (lambda x, y: ratios(x, y)[:, np.newaxis], r"returns shape \(20000, 1\)"),
            (lambda x, y: np.where(x[:, 0] > 3, -np.inf, ratios(x, y)), "not finite"),
        ],
    )
    def test_a_density_that_is_not_that_of_the_samples_is_caught(self, pointwise, match, make):
        fails(sampling.check_pointwise, make(pointwise=pointwise), match)

    def test_a_truth_that_is_off_by_a_few_per_cent_is_caught(self, make):
        wrong = Truth(1.2 * -0.5 * math.log(0.64), "closed form", "nobody")
        fails(sampling.check_pointwise, make(truth=wrong), "the truth 0.26777")

    def test_no_density_is_no_fault(self, make):
        with pytest.raises(NotClaimed, match="a density"):
            sampling.check_pointwise(make(pointwise=None))
