"""Total correlation as a sum of mutual informations, by which two-block estimators are lifted."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mibench import Block, Estimate, Estimator, Tags, register_estimator

from ._wrapper import Wrapper
from .neighbors.ksg import KSG


@register_estimator("chain-rule")
@dataclass(frozen=True)
class ChainRule(Wrapper):
    """TC(Z_1, …, Z_m) = Σ_{i=2…m} I(Z_1, …, Z_{i−1}; Z_i) nats, each term estimated by a two-block estimator.

    The identity is exact and holds in any order; the estimate depends on the order as far as the errors of the terms
    do. Takes any number of blocks of shape ``(n, d)``; on two it is its base. A two-block estimator is lifted with it
    automatically wherever there are more blocks.

    Bias: the sum of the terms' biases; a sum of lower bounds is a lower bound. No standard error for more than
    two blocks: the terms share their samples, so their errors do not add up as independent ones. Cost: O(m) runs of
    the base: m − 1, the i-th on all columns of the first i + 1 blocks.

    Args:
        base: the estimator of each term.
        order: the order in which the blocks enter: as ``given``, or ``reversed``.

    References:
        S. Watanabe, Information theoretical analysis of multivariate correlation, IBM J. Research and Development 4,
        66–82, 1960. DOI 10.1147/rd.41.0066

    Example:
        >>> from mibench import estimate, get_task
        >>> blocks = get_task("total-correlation:dim=3,kind=equicorrelated,rho=0.5").sample(500)
        >>> direct = estimate(*blocks, estimator="gaussian").nats
        >>> abs(estimate(*blocks, estimator="chain-rule:base=(gaussian)").nats - direct) < 1e-12
        True
    """

    base: Estimator = KSG()  # noqa: RUF009  (it is frozen)
    order: Literal["given", "reversed"] = "given"

    def get_tags(self) -> Tags:
        """Return the base's, for any number of blocks; the order makes blocks unequal."""
        tags = self.base.get_tags()
        return dataclasses.replace(tags, max_blocks=None, invariances=tags.invariances - {"swap"})

    def sees(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """Return what the base sees of each term: the blocks so far, joined, and the next."""
        ordered = blocks if self.order == "given" else blocks[::-1]
        terms = (self.base.sees((Block.joined(ordered[:i]), ordered[i])) for i in range(1, len(ordered)))
        return tuple(block for term in terms for block in term)

    def ceiling(self, n: int) -> float | None:
        """Return None: it depends on the number of blocks, and stands among the diagnostics."""
        return None

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate each term in turn and add them up."""
        ordered = blocks if self.order == "given" else blocks[::-1]
        terms = [self.base.estimate(np.hstack(ordered[:i]), ordered[i], rng=rng) for i in range(1, len(ordered))]
        return Estimate(
            sum(term.nats for term in terms),
            stderr=terms[0].stderr if len(terms) == 1 else None,
            diagnostics=self._diagnostics(terms, len(blocks[0])),
        )

    def _diagnostics(self, terms: list[Estimate], n: int) -> dict[str, Any]:
        found: dict[str, Any] = {
            "chain_rule": self.base.spec,
            "order": self.order,
            "terms": [term.nats for term in terms],
            "term_stderrs": [term.stderr for term in terms],
            "term_diagnostics": [dict(term.diagnostics) for term in terms],
        }
        ceiling = self.base.ceiling(n)
        if ceiling is not None:
            found["ceiling"] = ceiling * len(terms)
        warnings = [
            f"term {number}: {term.diagnostics['warning']}"
            for number, term in enumerate(terms, start=1)
            if term.diagnostics.get("warning")
        ]
        if warnings:
            found["warning"] = "; ".join(warnings)
        return found
