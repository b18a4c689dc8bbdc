"""Gao, Kannan, Oh and Viswanath: mutual information of mixtures of discrete and continuous variables."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError


@register_estimator("mixed-ksg")
@dataclass(frozen=True)
class MixedKSG(Estimator):
    """Î = ⟨ψ(k̃)⟩ + (m−1) ln N − Σ_b⟨ψ(n_b + 1)⟩ nats: k nearest neighbours, but all samples of an atom where one is.

    m ≥ 2 blocks of shape ``(N, d_b)`` (the paper has two); max-norm distances |x − x′| = max_c |x_c − x′_c|. ρ is the
    distance of a sample to its k-th neighbour in the joint space. Where ρ > 0, k̃ = k, and n_b counts the other samples
    nearer than ρ in block b; where ρ = 0, the sample lies on an atom: k̃ counts the samples on it, the sample included,
    and n_b the other samples at distance 0 in block b. So discrete data get nearly the plug-in estimate, continuous
    data nearly that of KSG, and no noise is added to tell ties apart.

    The paper (Algorithm 1) writes ln(n_b + 1) where its n_b counts distances up to ρ and the sample itself. Its
    published code, by which its figures were made, counts distances *below* ρ and the sample itself, n_b + 1 here, and
    takes ψ of them. ``form`` chooses between ln and ψ; the counts are those of the code in both.

    Bias: towards 0, as KSG's, where the data are continuous; ``form=log`` lies below ``form=digamma`` by about
    ⟨1/2(n_b + 1)⟩ a block. Cost: as KSG's: O(n log n) for few dimensions, else O(n²·D) time
    for D columns in all, O(n·D) memory.

    Args:
        k: number of neighbours, 1 or more; more than k samples are needed.
        form: ψ(n_b + 1), ``digamma``, as in the paper's code, or ln(n_b + 1), ``log``, as in its text.
        standardize: divide every column by its standard deviation, which the paper does not: units then do not matter.

    References:
        W. Gao, S. Kannan, S. Oh and P. Viswanath, Estimating mutual information for discrete-continuous mixtures,
        NeurIPS 2017, Algorithm 1. DOI 10.48550/arXiv.1709.06212

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("uniform-overlap:levels=5").sample(2000)
        >>> round(estimate(x, y, estimator="mixed-ksg").nats, 1)  # true value: 1.055
        1.0
    """

    k: int = 5
    form: Literal["digamma", "log"] = "digamma"
    standardize: bool = False

    tags = Tags(invariances=frozenset({"permutation", "swap"}))

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")

    def prepare(self) -> None:
        """Compile the searches."""
        from . import _ksg  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Count neighbours, or the samples on the same atom; average ψ and ln.

        Raises:
            InputError: no more than ``k`` samples.
        """
        from ._ksg import count_neighbors, digamma, mean_of
        from ._ties import scale_columns

        n, m = len(blocks[0]), len(blocks)
        if n <= self.k:
            raise InputError(f"mixed-ksg: n is {n} with k={self.k}; allowed: more than k samples")
        scaled, _ = scale_columns(blocks, self.standardize, jitter=False)
        found = count_neighbors(scaled, self.k, "below or 0")
        function = digamma if self.form == "digamma" else np.log
        on_atoms = np.where(found.on_atom, found.within + 1, self.k)
        terms = [mean_of(digamma, on_atoms), (m - 1) * math.log(n)]
        terms += [-mean_of(function, counts + 1) for counts in found.counts]
        diagnostics = {"regime": found.regime, "samples_on_atoms": int(np.count_nonzero(found.on_atom))}
        return Estimate(math.fsum(terms), diagnostics=diagnostics)
