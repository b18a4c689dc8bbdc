"""Signs that a held-out bound should not be relied on: few rows or pairs carry it, or they do not reach far enough."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

#: Effective rows, or pairs, below which a mean is said to hang on few.
FEW = 10
#: How often joint rows score above the marginal pairs that carry the mean of exp(T) before it is said that these do not
#: reach them; half the time is right.
ABOVE = 2 / 3
#: The share of joint rows that score above every marginal pair from which on the same is said: the mean of exp(T) lacks
#: about that share.
BEYOND = 0.1


@dataclass(frozen=True)
class Report:
    """A bound on the report rows of one replicate.

    Attributes:
        nats: the value.
        rows: joint rows.
        pairs: marginal rows.
        effective_rows: the effective number of rows behind the mean of T, (Σ a)² / Σ a² with a = |T − median|.
        effective_pairs: that of pairs behind the mean of exp(T), (Σ w)² / Σ w² with w = exp(T), None without one.
        joint_above: how often a joint row scores above a marginal pair drawn with weight exp(T), None without a mean of
            it: ½ where T is the log density ratio, under which weighted marginal pairs are distributed as joint ones.
        joint_beyond: the share of joint rows that score above every marginal pair, None likewise.
        most: the nats that the columns can carry as they were scaled.
    """

    nats: float
    rows: int
    pairs: int
    effective_rows: float
    effective_pairs: float | None = None
    joint_above: float | None = None
    joint_beyond: float | None = None
    most: float = math.inf


def effective_terms(terms: "Tensor") -> float:
    """Return (Σ a)² / Σ a² with a = |t − median|: how many terms a mean hangs on, all where they are equal."""
    distances = (terms - terms.median()).abs()
    squares = float(distances.square().sum())
    return float(distances.sum()) ** 2 / squares if squares > 0 else float(len(terms))


def effective_sizes(reports: Sequence[Report]) -> dict[str, float]:
    """Return the effective numbers of rows and, where a mean of exp(T) is taken, of pairs behind a mean of reports."""
    found = {"effective_rows": _of_mean([part.effective_rows for part in reports])}
    pairs = [part.effective_pairs for part in reports if part.effective_pairs is not None]
    return {**found, "effective_sample_size": _of_mean(pairs)} if pairs else found


def few_carry_it(reports: Sequence[Report]) -> list[str]:
    """Return a warning for each mean that hangs on fewer than ten rows or pairs."""
    means = {
        "effective_rows": ("the critic", total(reports, "rows"), "rows"),
        "effective_sample_size": ("exp(critic)", total(reports, "pairs"), "pairs"),
    }
    return [
        "the mean of {} hangs on about {:.2g} of {} {}".format(means[name][0], size, *means[name][1:])
        for name, size in effective_sizes(reports).items()
        if size < FEW
    ]


def out_of_reach(reports: Sequence[Report]) -> list[str]:
    """Return a warning where joint rows score higher than the marginal pairs that should be like them.

    At the best critic E_joint[h] = E_marginal[exp(T)·h] / E_marginal[exp(T)] for every function h, and so for the
    indicator of every range of scores. Where joint rows lie beyond the pairs that carry the mean of exp(T), or beyond
    all pairs, the mean has not seen the part of the product that looks like them, and the value is off on either side.
    """
    signs = {
        "joint_above": (
            ABOVE,
            "joint rows outscore the pairs that carry the mean of exp(critic) in {} of 100 cases, not in half",
        ),
        "joint_beyond": (
            BEYOND,
            "{} of 100 joint rows outscore every marginal pair: no pair of the sample is like them",
        ),
    }
    found = []
    for name, (limit, text) in signs.items():
        shares = [getattr(part, name) * part.rows for part in reports if getattr(part, name) is not None]
        share = sum(shares) / total(reports, "rows")
        if share > limit:
            found.append(text.format(round(100 * share)))
    return found


def too_near(nats: float, reports: Sequence[Report]) -> list[str]:
    """Return a warning where a value comes near what the scaled columns can carry at most, less ln 10."""
    most = sum(part.most * part.rows for part in reports) / total(reports, "rows")
    if not nats > most - math.log(FEW):
        return []
    return [
        f"ranks of this many training rows carry at most {most:.3g} nats in these columns: the estimate is too near "
        "that to be told from more (scaling=standard has no such limit)"
    ]


def total(reports: Sequence[Report], what: Literal["rows", "pairs"]) -> int:
    """Return the number of rows or pairs of all reports."""
    return sum(getattr(part, what) for part in reports)


def _of_mean(sizes: Sequence[float]) -> float:
    """Return the effective size of the mean over k replicates, k² / Σ 1/size: one small size spoils its share."""
    return len(sizes) ** 2 / sum(1 / size for size in sizes)
