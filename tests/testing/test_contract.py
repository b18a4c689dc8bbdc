"""Each check of the contract passes on a sound estimator and catches one that breaks just that promise."""

import random
from dataclasses import dataclass

import numpy as np
import pytest

from mibench import Block, Estimate, Estimator, Tags, Task, Truth, get_estimator, register_task
from mibench.errors import InputError
from mibench.registry import forget
from mibench.tasks.gaussian import Gaussian
from mibench.testing import contract
from mibench.testing.verdict import NotClaimed


@dataclass(frozen=True)
class Sound(Estimator):
    """Î = −½ ln(1 − r²) nats on the first columns, of shape ``(n, d)``. Bias: small. Cost: O(n). DOI 10/x.

    Args:
        shift: added to the value.

    Example:
        >>> 1
    """

    shift: float = 0.0
    name = "sound"

    def estimate(self, *blocks, rng):
        x, y = blocks[0][:, 0], blocks[1][:, 0]
        if len(x) < 3:
            raise InputError("too few")
        scaled = [(z - z.mean()) / z.std() for z in (x, y)]
        r = np.clip(np.mean(scaled[0] * scaled[1]), -1 + 1e-12, 1 - 1e-12)
        return Estimate(self.shift - 0.5 * np.log1p(-(r**2)))


SOUND = Sound()
CHECKS = [
    contract.check_docstring, contract.check_picklable, contract.check_global_random_state,
    contract.check_expected_failures, contract.check_shapes, contract.check_same_seed,
    contract.check_inputs_not_mutated, contract.check_kinds, contract.check_many_blocks, contract.check_typed_failure,
]  # fmt: skip


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_estimator_passes(check):
    check(SOUND)


def test_a_built_in_passes_the_round_trip():
    contract.check_spec_round_trip(get_estimator("gaussian"))


def fails(check, subject, match):
    with pytest.raises(AssertionError, match=match):
        check(subject)


@pytest.mark.parametrize(
    ("dropped", "named"),
    [("nats", "its unit, nats"), ("=", "an equation"), ("``(n", "the shapes"), ("Bias", "its bias"), ("O(", "its cost"),
     ("DOI", "a reference"), (">>>", "an example"), ("shift:", "the parameter shift")],
)  # fmt: skip
def test_docstring_names_what_is_missing(dropped, named):
    @dataclass(frozen=True)
    class Terse(Sound):
        __doc__ = Sound.__doc__.replace(dropped, "…")

    fails(contract.check_docstring, Terse(), f"the docstring lacks {named}")


def test_round_trip_catches_a_parameter_that_is_changed_on_the_way():
    @dataclass(frozen=True)
    class Impostor(Estimator):
        name = "zero"

        def estimate(self, *blocks, rng):
            return Estimate(0.0)

    @dataclass(frozen=True)
    class Drifting(Gaussian):
        def __post_init__(self):
            object.__setattr__(self, "mi", self.mi * 2)

    fails(contract.check_spec_round_trip, Impostor(), "builds a Zero")
    register_task("drifting")(Drifting)
    try:
        fails(contract.check_spec_round_trip, Drifting(mi=1.0), "'drifting:dim=1,mi=2.0' builds .*mi=4.0")
    finally:
        forget(__name__)


def test_picklable_catches_state_that_does_not_travel():
    @dataclass(frozen=True)
    class Local(Sound):
        pass

    with pytest.raises(Exception, match=r"[Cc]an't (pickle|get) local object"):
        contract.check_picklable(Local())


@dataclass(frozen=True)
class Forgetful(Sound):
    def __getstate__(self):
        return {"shift": 1.0}


def test_picklable_catches_a_copy_that_differs():
    fails(contract.check_picklable, Forgetful(), "a pickled copy is")


class TestGlobalRandomState:
    @pytest.mark.parametrize(
        ("use", "match"),
        [
            (lambda: np.random.random(), "changes the global random state of numpy"),  # noqa: NPY002
            (lambda: random.random(), "changes the global random state of random"),
            (lambda: np.random.seed(0), "changes the global random state of numpy"),  # noqa: NPY002
            (lambda: np.random.get_state()[1][0], "reads global random state"),  # noqa: NPY002
        ],
    )
    def test_it_is_caught(self, use, match):
        @dataclass(frozen=True)
        class Careless(Sound):
            def estimate(self, *blocks, rng):
                return Estimate(0.0 if use() is None else float(use()))

        fails(contract.check_global_random_state, Careless(), match)

    def test_torch_is_looked_at_where_it_is_loaded(self):
        torch = pytest.importorskip("torch")

        @dataclass(frozen=True)
        class Careless(Sound):
            def estimate(self, *blocks, rng):
                return Estimate(torch.rand(1).item())

        fails(contract.check_global_random_state, Careless(), "changes the global random state of torch")

    def test_the_state_is_put_back(self):
        np.random.seed(5)  # noqa: NPY002
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        contract.check_global_random_state(SOUND)
        assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    def test_tasks_are_held_to_it(self):
        @dataclass(frozen=True)
        class Careless(Task):
            name = "careless"
            family = "other"
            blocks = (Block(1), Block(1))
            truth = Truth(0.0, "closed form")

            def draw(self, n, rng):
                return np.random.random((n, 1)), rng.random((n, 1))  # noqa: NPY002

            def sample(self, n, seed=0):
                return self.draw(n, np.random.default_rng(seed))

        fails(contract.check_global_random_state, Careless(), "changes the global random state of numpy")


def test_expected_failures_must_name_checks_and_give_reasons():
    @dataclass(frozen=True)
    class Typo(Sound):
        expected_failures = {"check_moonotone": "because"}

    @dataclass(frozen=True)
    class Bare(Sound):
        expected_failures = {"check_monotone": " "}

    fails(contract.check_expected_failures, Typo(), "names check_moonotone; allowed: check_additivity")
    fails(contract.check_expected_failures, Bare(), "no reason for check_monotone")


class TestShapes:
    def test_a_method_of_one_column_has_to_refuse_more(self):
        @dataclass(frozen=True)
        class Narrow(Sound):
            tags = Tags(max_dim=1, max_blocks=2)

        contract.check_shapes(Narrow())

    def test_a_value_that_is_none_is_caught(self):
        @dataclass(frozen=True)
        class Narrow(Sound):
            def estimate(self, *blocks, rng):
                return Estimate(float("nan") if blocks[0].shape[1] > 1 else 0.5)

        fails(contract.check_shapes, Narrow(), "blocks of 2 and 3 columns give nan")

    def test_hidden_state_is_caught(self):
        calls = []

        @dataclass(frozen=True)
        class Counting(Sound):
            def estimate(self, *blocks, rng):
                calls.append(1)
                return Estimate(len(calls))

        fails(contract.check_shapes, Counting(), "1-d arrays give 1.0")


def test_same_seed_catches_a_stream_of_its_own():
    own = np.random.default_rng(0)

    @dataclass(frozen=True)
    class Wilful(Sound):
        tags = Tags(deterministic=False)

        def estimate(self, *blocks, rng):
            return Estimate(own.random())

    fails(contract.check_same_seed, Wilful(), "seed 3 gives .* then")


def test_same_seed_holds_deterministic_methods_to_their_tag():
    @dataclass(frozen=True)
    class Random(Sound):
        def estimate(self, *blocks, rng):
            return Estimate(rng.random())

    @dataclass(frozen=True)
    class Tagged(Random):
        tags = Tags(deterministic=False)

    fails(contract.check_same_seed, Random(), "tagged deterministic")
    contract.check_same_seed(Tagged())


def test_mutated_inputs_are_caught():
    @dataclass(frozen=True)
    class Sorting(Sound):
        def estimate(self, *blocks, rng):
            blocks[1].sort(axis=0)
            return Estimate(0.0)

    fails(contract.check_inputs_not_mutated, Sorting(), "block 2 is changed")


def test_a_kind_claimed_but_not_taken_is_caught():
    @dataclass(frozen=True)
    class Continuous(Sound):
        def estimate(self, *blocks, rng):
            return Estimate(0.5 if len(np.unique(blocks[0])) == len(blocks[0]) else float("-inf"))

    @dataclass(frozen=True)
    class Honest(Continuous):
        tags = Tags(kinds=frozenset({"continuous"}))

    fails(contract.check_kinds, Continuous(), "discrete blocks give -inf")
    contract.check_kinds(Honest())


def test_three_blocks_are_asked_for_only_where_they_can_be():
    @dataclass(frozen=True)
    class Pairs(Sound):
        def estimate(self, *blocks, rng):
            return Estimate(0.5 if len(blocks) == 2 else float("nan"))

    @dataclass(frozen=True)
    class Narrow(Pairs):
        tags = Tags(max_blocks=2, max_dim=1)

    fails(contract.check_many_blocks, Pairs(), "three blocks give nan")
    with pytest.raises(NotClaimed, match="more than two blocks"):
        contract.check_many_blocks(Narrow())
    contract.check_many_blocks(get_estimator("infonce:max_steps=2"))


@pytest.mark.parametrize(
    ("values", "match"),
    [
        (lambda x, y: np.linalg.inv(x.T @ y - x.T @ y)[0, 0], "LinAlgError"),
        (lambda x, y: x[5, 0], "2 samples: IndexError"),
        (lambda x, y: 1.0 if len(x) > 10 else float("nan"), "2 samples: the estimate is nan"),
        (lambda x, y: float("inf") if np.array_equal(x, y) else 0.0, "y = x: the estimate is inf"),
        (lambda x, y: np.mean(x**4), "values of 1e100: the estimate is inf"),
    ],
)
def test_untyped_failures_are_caught(values, match):
    @dataclass(frozen=True)
    class Fragile(Sound):
        def estimate(self, *blocks, rng):
            return Estimate(float(values(*blocks)))

    fails(contract.check_typed_failure, Fragile(), match)


class TestEstimateMany:
    @staticmethod
    def of(many):
        @dataclass(frozen=True)
        class Many(Sound):
            def estimate_many(self, samples, rngs):
                return many([self.estimate(*blocks, rng=rng) for blocks, rng in zip(samples, rngs, strict=True)])

        return Many()

    def test_it_is_asked_only_of_those_that_have_it(self):
        with pytest.raises(NotClaimed, match="estimate_many"):
            contract.check_estimate_many(SOUND)
        contract.check_estimate_many(self.of(list))
        contract.check_estimate_many(self.of(tuple))

    @pytest.mark.parametrize(
        ("many", "message"),
        [
            (lambda found: [found[0]] * len(found), "sample 1 is"),
            (lambda found: found[::-1], "sample 0 is"),
            (lambda found: found[:-1], "3 values of 4 samples"),
            (lambda found: np.array([item.nats for item in found]), "returns a ndarray"),
            (lambda found: [item.nats for item in found], "allowed: an Estimate"),
            (lambda found: [Estimate(item.nats + 0.03) for item in found], "sample 0 is"),
        ],
        ids=["one value for all", "another order", "one too few", "an array", "numbers", "shifted"],
    )
    def test_what_lies_is_caught(self, many, message):
        with pytest.raises(AssertionError, match=message):
            contract.check_estimate_many(self.of(many))
