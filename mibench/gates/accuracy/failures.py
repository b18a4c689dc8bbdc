"""New failures: the exact paired test of how often the head fails where the base did not."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class FailureCount:
    """The failures of one estimator.

    Attributes:
        base, head: the number of pairs that failed on each side.
        only_base, only_head: the number that failed on that side alone.
        p: the exact one-sided p-value of ``only_head`` out of both, each equally likely under no change (McNemar).
    """

    estimator: str
    pairs: int
    base: int
    head: int
    only_base: int
    only_head: int
    p: float


def count_failures(frame: pd.DataFrame) -> list[FailureCount]:
    """Count and test the failures of each estimator in the frame of :class:`~mibench.gates.accuracy.pairs.Pairs`.

    Reference: Q. McNemar, Psychometrika 12(2), 153–157, 1947. DOI 10.1007/BF02295996
    """
    from scipy.stats import binomtest

    counts = []
    for estimator, group in frame.groupby("estimator"):
        base, head = group["base_failed"].to_numpy(), group["head_failed"].to_numpy()
        only_base, only_head = int((base & ~head).sum()), int((head & ~base).sum())
        discordant = only_base + only_head
        p = float(binomtest(only_head, discordant, 0.5, alternative="greater").pvalue) if discordant else 1.0
        counts.append(
            FailureCount(str(estimator), len(group), int(base.sum()), int(head.sum()), only_base, only_head, p)
        )
    return counts
