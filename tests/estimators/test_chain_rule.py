from dataclasses import dataclass

import numpy as np
import pytest

from mibench import Block, Estimate, Estimator, Tags, Task, Truth, estimate, get_estimator, get_task
from mibench.cell import unsupported
from mibench.errors import SpecError
from mibench.estimators.chain_rule import ChainRule
from mibench.estimators.density.gaussian import Gaussian
from mibench.estimators.neighbors.ksg import KSG


@dataclass(frozen=True)
class Recorder(Estimator):
    """Returns the number of columns of its first block; draws one number from its stream."""

    stderr: float | None = 0.5
    tags = Tags(max_blocks=2, invariances=frozenset({"permutation", "swap"}), requires=("nothing",), install="it")

    def estimate(self, *blocks, rng):
        x, y = blocks
        diagnostics = {"shapes": (x.shape, y.shape), "first": y[0, 0], "draw": rng.random()}
        if x.shape[1] > 2:
            diagnostics["warning"] = "many columns"
        return Estimate(x.shape[1], stderr=self.stderr, diagnostics=diagnostics)

    def ceiling(self, n):
        return 10.0 + n


def run(method, *blocks):
    return method.estimate(*blocks, rng=np.random.default_rng(0))


def constant_blocks(*dims):
    return [np.full((7, dim), float(number)) for number, dim in enumerate(dims)]


@pytest.mark.parametrize("order", ["given", "reversed"])
@pytest.mark.parametrize("dim", [2, 3, 6])
def test_the_identity_is_exact_for_a_closed_form(order, dim):
    blocks = get_task(f"total-correlation:dim={dim},kind=ar1,rho=0.7").sample(300)
    lifted = ChainRule(base=Gaussian(), order=order)
    assert run(lifted, *blocks).nats == pytest.approx(run(Gaussian(), *blocks).nats, abs=1e-11)


def test_each_term_joins_all_blocks_before_it():
    found = run(ChainRule(base=Recorder()), *constant_blocks(2, 1, 3))
    assert found.nats == 2 + 3
    assert found.diagnostics["terms"] == [2, 3]
    terms = found.diagnostics["term_diagnostics"]
    assert [term["shapes"] for term in terms] == [((7, 2), (7, 1)), ((7, 3), (7, 3))]
    assert [term["first"] for term in terms] == [1, 2]
    assert terms[0]["draw"] != terms[1]["draw"]


def test_reversed_starts_from_the_last_block():
    found = run(ChainRule(base=Recorder(), order="reversed"), *constant_blocks(2, 1, 3))
    assert found.diagnostics["terms"] == [3, 4]
    assert [term["first"] for term in found.diagnostics["term_diagnostics"]] == [1, 0]


def test_warnings_and_ceilings_of_the_terms_are_passed_on():
    diagnostics = run(ChainRule(base=Recorder()), *constant_blocks(2, 1, 3, 1)).diagnostics
    assert diagnostics["warning"] == "term 2: many columns; term 3: many columns"
    assert diagnostics["ceiling"] == 3 * 17
    assert "ceiling" not in run(ChainRule(base=Gaussian()), *get_task("gaussian:mi=1").sample(50)).diagnostics


def test_a_standard_error_only_where_there_is_one_term():
    assert run(ChainRule(base=Recorder()), *constant_blocks(1, 1)).stderr == 0.5
    several = run(ChainRule(base=Recorder()), *constant_blocks(1, 1, 1))
    assert several.stderr is None
    assert several.diagnostics["term_stderrs"] == [0.5, 0.5]


def test_on_two_blocks_it_is_its_base():
    x, y = get_task("gaussian:dim=2,mi=1").sample(200)
    assert run(ChainRule(), x, y).nats == run(KSG(), x, y).nats


def test_tags_are_the_bases_for_any_number_of_blocks():
    tags = ChainRule(base=Recorder()).get_tags()
    assert tags.max_blocks is None
    assert (tags.requires, tags.install) == (("nothing",), "it")
    assert tags.invariances == {"permutation"}
    assert tags.deterministic == Recorder.tags.deterministic


def test_spec_strings_nest():
    method = get_estimator("chain-rule:order=reversed,base=(binning:bins=4)")
    assert method.spec == "chain-rule:base=(binning:bins=4,correction=none,strategy=equal-frequency),order=reversed"
    assert get_estimator(method.spec) == method
    assert get_estimator("chain-rule").base == KSG()
    with pytest.raises(SpecError, match="order is 'random'; allowed: given or reversed"):
        get_estimator("chain-rule:order=random")


def test_ksg_by_terms_agrees_with_the_truth_and_with_ksg_at_once():
    task = get_task("total-correlation:dim=3,kind=equicorrelated,rho=0.5")
    blocks = task.sample(2000)
    by_terms = estimate(*blocks, estimator="chain-rule:base=(ksg)").nats
    assert by_terms == pytest.approx(task.truth.nats, abs=0.06)
    assert by_terms == pytest.approx(estimate(*blocks, estimator="ksg").nats, abs=0.06)


@dataclass(frozen=True)
class Kinds(Task):
    """One block of each kind that is named, none of which it can draw."""

    kinds: str
    family = "trial"

    @property
    def blocks(self):
        return tuple(Block(1, kind) for kind in self.kinds.split())

    @property
    def truth(self):
        return Truth(0.0, "closed form")

    def draw(self, n, rng):
        raise AssertionError


@dataclass(frozen=True)
class Pure(Estimator):
    """Takes continuous blocks and discrete ones, but none that is both."""

    tags = Tags(kinds=frozenset({"continuous", "discrete"}))

    def estimate(self, *blocks, rng):
        raise AssertionError


@pytest.mark.parametrize(
    ("kinds", "refused"),
    [
        ("continuous continuous continuous", None),
        ("discrete discrete discrete", None),
        ("discrete continuous", None),
        ("discrete continuous continuous", "cannot take mixed blocks; allowed: continuous, discrete"),
    ],
)
def test_blocks_of_several_kinds_are_joined_to_mixed_ones(kinds, refused):
    found = unsupported(ChainRule(base=Pure()), Kinds(kinds))
    assert found is None if refused is None else refused in found
    assert unsupported(Pure(), Kinds(kinds)) is None
