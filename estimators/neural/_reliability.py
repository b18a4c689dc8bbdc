"""Effective numbers of rows and pairs behind a held-out bound, and the warning where they are few."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

#: Effective rows, or pairs, below which a mean is said to hang on few.
FEW = 10


@dataclass(frozen=True)
class Report:
    """A bound on the report rows of one replicate.

    Attributes:
        nats: the value.
        rows: joint rows.
        pairs: marginal rows.
        effective_rows: the effective number of rows behind the mean of T, (Σ a)² / Σ a² with a = |T − median|.
        effective_pairs: that of pairs behind the mean of exp(T), (Σ w)² / Σ w² with w = exp(T), None without one.
    """

    nats: float
    rows: int
    pairs: int
    effective_rows: float
    effective_pairs: float | None = None


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


def total(reports: Sequence[Report], what: Literal["rows", "pairs"]) -> int:
    """Return the number of rows or pairs of all reports."""
    return sum(getattr(part, what) for part in reports)


def _of_mean(sizes: Sequence[float]) -> float:
    """Return the effective size of the mean over k replicates, k² / Σ 1/size: one small size spoils its share."""
    return len(sizes) ** 2 / sum(1 / size for size in sizes)
