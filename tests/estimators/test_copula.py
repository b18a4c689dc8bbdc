from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from mibench import Estimate, Estimator, Tags, estimate, get_estimator, get_task
from mibench.cell import lift_to
from mibench.estimators.chain_rule import ChainRule
from mibench.estimators.density.copula import Copula


@dataclass(frozen=True)
class Recorder(Estimator):
    """Hands back what it is given."""

    tags = Tags(
        max_blocks=2, max_dim=3, kinds=frozenset({"discrete"}), deterministic=False, direction="upper bound",
        invariances=frozenset({"swap"}), requires=("nothing-there",), install="it", devices=frozenset({"cuda"}),
    )  # fmt: skip
    expected_failures = {"check_docstring": "short", "check_spread": "wild"}

    def estimate(self, *blocks, rng):
        return Estimate(1.5, stderr=0.25, diagnostics={"blocks": blocks, "draw": rng.random()})

    def ceiling(self, n):
        return float(n)


def test_the_base_sees_normal_scores():
    rng = np.random.default_rng(0)
    blocks = rng.standard_cauchy((200, 2)), rng.poisson(2.0, (200, 1)).astype(float)
    found = Copula(base=Recorder()).estimate(*blocks, rng=np.random.default_rng(1))
    for block, seen in zip(blocks, found.diagnostics["blocks"], strict=True):
        assert seen == pytest.approx(norm.ppf(rankdata(block, axis=0) / 201), abs=1e-12)
    assert (found.nats, found.stderr) == (1.5, 0.25)
    assert found.diagnostics["draw"] == np.random.default_rng(1).random()


@pytest.mark.parametrize("base", ["ksg", "gaussian", "binning:strategy=equal-width", "chain-rule:base=(ksg)"])
def test_increasing_maps_change_nothing(base):
    x, y = get_task("gaussian:dim=2,mi=1").sample(400)
    estimator = f"copula:base=({base})"
    found = estimate(x, y, estimator=estimator).nats
    assert estimate(np.exp(5 * x), np.arctan(y) ** 3, estimator=estimator).nats == found
    assert found == pytest.approx(estimate(x, y, estimator=base).nats, abs=0.1)


def test_heavy_tails_lose_nothing_behind_it():
    """Cauchy margins on a Gaussian copula, which bins of equal width cannot see."""
    x, y = get_task("gaussian:rho=0.9").sample(2000)
    truth = get_task("gaussian:rho=0.9").truth.nats
    heavy = [np.tan(np.pi * (norm.cdf(block) - 0.5)) for block in (x, y)]
    assert estimate(*heavy, estimator="binning:strategy=equal-width,correction=miller-madow").nats < 0.2 * truth
    behind = "copula:base=(binning:strategy=equal-width,correction=miller-madow)"
    assert estimate(*heavy, estimator=behind).nats == pytest.approx(truth, abs=0.12)


def test_promises_follow_the_base():
    tags = Copula(base=Recorder()).get_tags()
    assert tags == Tags(
        max_blocks=2, max_dim=3, kinds=frozenset({"discrete"}), deterministic=False, direction="upper bound",
        invariances=frozenset({"swap", "monotone", "scaling"}), requires=("nothing-there",), install="it",
        devices=frozenset({"cuda"}),
    )  # fmt: skip
    held = Copula(base=Recorder())
    assert held.expected_failures == {"check_spread": f"wild ({held.base.label})"}
    assert held.ceiling(7) == 7.0
    assert "nothing-there" in str(held.missing())
    assert get_estimator("copula").get_tags().max_blocks is None


def test_a_two_block_base_is_lifted_as_a_whole():
    lifted = lift_to(Copula(base=Recorder()), 3)
    assert isinstance(lifted, ChainRule)
    assert isinstance(lifted.base, Copula)
