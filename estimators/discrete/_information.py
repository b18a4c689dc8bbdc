"""Information from counts, by entropies that are corrected for the bias of the shares."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from mibench import Estimate

from ._cells import Counts, count, number_cells

_Entropy: TypeAlias = Callable[[np.ndarray, float], float]
#: Samples that a joint cell should hold (Cochran 1954).
MIN_PER_CELL = 5
#: An alphabet no larger than that keeps its size, and the products of it, finite.
_MOST_LETTERS = 1e250

Correction = Literal["none", "miller-madow", "grassberger", "chao-shen", "shrinkage", "nsb"]


def information(cells: list[np.ndarray], correction: Correction, letters: list[float] | None = None) -> Estimate:
    """Return the information that the cells of m blocks share, with *correction* on the entropies, in nats.

    The standard error is the delta method's for the shares, which the corrections leave as it is to first order in 1/n;
    there is none, and a warning, where an occupied joint cell holds fewer than 5 samples on average.

    Args:
        cells: for each block the cell of each sample, numbered without a gap, shape ``(n,)``.
        correction: see :class:`~mibench.estimators.discrete.counts.Counting`.
        letters: the size of each block's alphabet, by default its occupied cells; the joint one's is their product.
    """
    n, joint, blocks = len(cells[0]), count(number_cells(cells)), [count(cell) for cell in cells]
    density = (len(blocks) - 1) * math.log(n) + np.log(joint.at_sample)
    for block in blocks:
        density -= np.log(block.at_sample)
    occupied = [block.occupied for block in blocks]
    nats = _corrected(float(density.mean()), joint, blocks, correction, letters or occupied)
    diagnostics: dict[str, Any] = {"joint_cells": joint.occupied, "block_cells": occupied}
    if joint.occupied * MIN_PER_CELL > n:
        diagnostics["warning"] = f"{n / joint.occupied:.1f} samples to an occupied joint cell: large sampling bias"
        return Estimate(nats, diagnostics=diagnostics)
    return Estimate(nats, stderr=float(density.std(ddof=1)) / math.sqrt(n), diagnostics=diagnostics)


def _corrected(
    nats: float, joint: Counts, blocks: list[Counts], correction: Correction, letters: Sequence[float]
) -> float:
    """Return the information of the shares, *nats*, as *correction* would have it."""
    size = min(math.prod(map(float, letters)), _MOST_LETTERS)
    if correction == "none":
        return nats
    if correction == "miller-madow":
        excess = joint.occupied - sum(block.occupied for block in blocks) + len(blocks) - 1
        return nats - excess / (2 * len(joint.at_sample))
    entropy = ENTROPIES.get(correction)
    if entropy is None:
        weight = shrinkage_intensity(joint.of_cells, size)
        entropy = functools.partial(shrunk_entropy, weight=weight)
    apart = (entropy(block.of_cells, most) for block, most in zip(blocks, letters, strict=True))
    return math.fsum([*apart, -entropy(joint.of_cells, size)])


def grassberger_entropy(counts: np.ndarray, letters: float = 0) -> float:
    """Return ln n − Σ_c (n_c/n)·G(n_c) in nats, with G(n) = ψ(n) + ½(−1)ⁿ[ψ((n + 1)/2) − ψ(n/2)]."""
    from scipy.special import digamma

    values, times = np.unique(counts, return_counts=True)
    n = int(values @ times)
    alternating = np.where(values % 2 == 0, 0.5, -0.5) * (digamma((values + 1) / 2) - digamma(values / 2))
    return math.log(n) - float((times * values) @ (digamma(values) + alternating)) / n


def chao_shen_entropy(counts: np.ndarray, letters: float = 0) -> float:
    """Return −Σ_c p̃_c ln p̃_c / (1 − (1 − p̃_c)ⁿ) in nats, with p̃_c = (1 − f₁/n)·n_c/n and f₁ cells of one sample.

    Where every cell holds one sample the coverage 1 − f₁/n would be 0 and nothing left to sum: f₁ is then n − 1.
    """
    values, times = np.unique(counts, return_counts=True)
    n = int(values @ times)
    single = int(times[values == 1].sum())
    shares = (1 - min(single, n - 1) / n) * values / n
    with np.errstate(divide="ignore"):  # a share of 1 is seen for certain
        seen = -np.expm1(n * np.log1p(-shares))
    return -float(times @ (shares * np.log(shares) / seen))


def nsb_entropy(counts: np.ndarray, letters: float) -> float:
    """Return the posterior mean of Nemenman, Shafee and Bialek in nats, see :mod:`._nsb`."""
    from ._nsb import nsb_entropy

    return nsb_entropy(counts, letters)


def shrinkage_intensity(counts: np.ndarray, letters: float) -> float:
    """Return λ = (1 − Σp̂²)/((n − 1)·Σ(1/K − p̂)²), within 0 … 1, the sums over all K letters, seen or not.

    Hausser and Strimmer 2009, equation 6: the estimated weight of the uniform distribution at which the mean square
    error of the shares is least.
    """
    n = int(counts.sum())
    squares = float(np.square(counts / n).sum())
    distance = squares - 1 / letters
    return min((1 - squares) / ((n - 1) * distance), 1.0) if n > 1 and distance > 0 else 1.0


def shrunk_entropy(counts: np.ndarray, letters: float, weight: float) -> float:
    """Return the entropy in nats of λ/K + (1 − λ)·p̂ over K letters, with λ = *weight*.

    With λ and K those of a joint table, a block of K_b letters has the margin λ/K_b + (1 − λ)·p̂_b of the same form.
    """
    from scipy.special import entr

    empty = weight / letters
    return float(entr(empty + (1 - weight) * counts / counts.sum()).sum()) + (letters - len(counts)) * float(
        entr(empty)
    )


#: Entropy of counts and the number of letters, by the name of its correction.
ENTROPIES: dict[str, _Entropy] = {
    "grassberger": grassberger_entropy,
    "chao-shen": chao_shen_entropy,
    "nsb": nsb_entropy,
}
