"""The estimate of discrete data from the counts of their values, by entropies corrected for sampling bias."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError

from ._cells import number_cells
from ._information import Correction, information


@register_estimator("counts")
@dataclass(frozen=True)
class Counting(Estimator):
    """Î = Σ_b Ĥ(Z_b) − Ĥ(Z_1, …, Z_m) nats, each entropy estimated from the counts n_c of the values that occur.

    A letter of a block, of shape ``(n, d)``, is one of its different rows; nothing is cut or merged. Takes any number
    of discrete blocks. With p̂_c = n_c/n, and K_b letters in a block's alphabet, K = Π_b K_b in the joint one:

    ``none``: the plug-in Ĥ = −Σ_c p̂_c ln p̂_c, the maximum of the likelihood.
    ``miller-madow``: adds (occupied cells − 1)/2n, the first order of the bias [1].
    ``grassberger``: Ĥ = ln n − Σ_c p̂_c·G(n_c), G(n) = ψ(n) + ½(−1)ⁿ[ψ((n + 1)/2) − ψ(n/2)] [2].
    ``chao-shen``: Ĥ = −Σ_c p̃_c ln p̃_c / (1 − (1 − p̃_c)ⁿ), p̃ = (1 − f₁/n)·p̂ with f₁ values seen once: the coverage
    of Good, and Horvitz and Thompson's weights [3]. Where every value is seen once, f₁ is taken as n − 1.
    ``shrinkage``: the information of the one joint distribution λ/K + (1 − λ)·p̂, with James and Stein's
    λ = (1 − Σp̂²)/((n − 1)·Σ(1/K − p̂)²), at most 1 [4]. It is never negative, for that reason and not by clipping.
    ``nsb``: the mean under a mixture of Dirichlet priors that is nearly flat in the entropy [5], by quadrature.

    Bias: of the plug-in, upwards by about (K − Σ_b K_b + m − 1)/2n with occupied K; the others' is smaller, of either
    sign. In the joint entropy of sparse tables all fall short, so that the information is too large. Shrinkage to
    the uniform distribution, and NSB's prior, pull towards independence where K exceeds n. The standard error is the
    delta method's for the plug-in; there is none where occupied joint cells hold fewer than 5 samples on average. Cost:
    O(n·Σd·log n) time, O(n) memory, whatever K.

    Args:
        correction: of the entropies, as above.
        alphabet: the letters of each block's alphabet, at least 2, for ``shrinkage`` and ``nsb``; ``seen`` takes those
            that occur in the block. What was never seen in a block is not in its alphabet then.

    References:
        [1] G. A. Miller, Note on the bias of information estimates, in: Information Theory in Psychology, 95–100, 1955;
        L. Paninski, Neural Computation 15, 1191–1253, 2003. DOI 10.1162/089976603321780272
        [2] P. Grassberger, Entropy estimates from insufficient samplings, 2003, version 2 of 2008.
        arXiv:physics/0307138
        [3] A. Chao and T.-J. Shen, Nonparametric estimation of Shannon's index of diversity when there are unseen
        species in sample, Environmental and Ecological Statistics 10, 429–443, 2003. DOI 10.1023/A:1026096204727
        [4] J. Hausser and K. Strimmer, Entropy inference and the James–Stein estimator, with application to nonlinear
        gene association networks, J. Machine Learning Research 10, 1469–1484, 2009. arXiv:0811.3579
        [5] I. Nemenman, F. Shafee and W. Bialek, Entropy and inference, revisited, Advances in Neural Information
        Processing Systems 14, 471–478, 2002. arXiv:physics/0108025

    Example:
        Two fair bits that agree three times in four share ln 2 − H(1/4) = 0.1308 nats; on eight samples:

        >>> import numpy as np
        >>> from mibench import estimate
        >>> x, y = np.array([[0, 0], [1, 1], [0, 1], [1, 0]]).repeat([3, 3, 1, 1], axis=0).T
        >>> round(estimate(x, y, estimator="counts").nats, 4)
        0.1308
        >>> round(estimate(x, y, estimator="counts:correction=miller-madow").nats, 4)
        0.0683
    """

    correction: Correction = "none"
    alphabet: int | Literal["seen"] = "seen"

    tags = Tags(kinds=frozenset({"discrete"}), invariances=frozenset({"permutation", "scaling", "monotone", "swap"}))

    @property
    def expected_failures(self) -> dict[str, str]:  # type: ignore[override]
        """Expected failure of the shrinkage."""
        if self.correction != "shrinkage":
            return {}
        why = "on independent uniform letters the weight of the uniform distribution is 1, and the value exactly 0"
        return {"check_raw_values": why}

    def __post_init__(self) -> None:
        if not isinstance(self.alphabet, str) and self.alphabet < 2:
            raise ValueError(f"alphabet is {self.alphabet}; allowed: 2 or more, or seen")

    def prepare(self) -> None:
        """Import scipy's special functions."""
        import scipy.special  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate from the counts of the rows that occur.

        Raises:
            InputError: a block with more letters than ``alphabet``.
        """
        cells = [number_cells([np.unique(column, return_inverse=True)[1] for column in block.T]) for block in blocks]
        return information(cells, self.correction, self._letters(cells))

    def _letters(self, cells: list[np.ndarray]) -> list[float] | None:
        if isinstance(self.alphabet, str):
            return None
        most = max(int(cell.max()) + 1 for cell in cells)
        if most > self.alphabet:
            raise InputError(
                f"counts: a block has {most} letters with alphabet={self.alphabet}; allowed: {most} or more"
            )
        return [float(self.alphabet)] * len(cells)
