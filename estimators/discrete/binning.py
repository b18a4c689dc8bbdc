"""The plug-in estimate on a histogram: bin every column, count, insert the shares into the definition."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator

from .._columns import standardize
from ._cells import number_cells
from ._information import MIN_PER_CELL, Correction, information

Rule = Literal["cochran", "sturges", "rice", "sqrt", "cube-root", "freedman-diaconis", "scott", "doane"]


@register_estimator("binning")
@dataclass(frozen=True)
class Binning(Estimator):
    """Î = Σ_b Ĥ(Z_b) − Ĥ(Z_1, …, Z_m) nats, with Ĥ = −Σ_c (n_c/n) ln(n_c/n) over the occupied cells of a histogram.

    Every column of every block, of shape ``(n, d)``, is cut into bins; a cell is one combination of them. Only
    occupied cells are stored, at most n, so the dimension costs no memory. Takes any number of blocks. A column with
    no more distinct values than bins is discrete: each value is its own bin.

    Bias: upwards by about (K − Σ_b K_b + m − 1)/2n, K and K_b being the numbers of occupied joint and block cells,
    which ``correction=miller-madow`` takes off; downwards by what is lost within the bins. The standard error is the
    delta method's, that of the mean of ln p̂(z)/Π p̂(z_b) over the samples; there is none where occupied joint cells
    hold fewer than 5 samples on average, since the value is then mostly bias. Cost: O(n·Σd·log n) time, O(n) memory.

    Args:
        bins: the number of bins of a column, at least 2, or the rule that gives it, at least 2 and at most n.
            ``cochran``: the most for which a joint cell expects 5 samples, ⌊(n/5)^(1/D)⌋ with D the columns of all
            blocks together [1, 2]. ``sturges``: 1 + ⌈log₂ n⌉. ``rice``: ⌈2·∛n⌉. ``sqrt``: ⌈√n⌉. ``cube-root``: ⌈∛n⌉.
            ``freedman-diaconis``: ⌈range/(2·IQR/∛n)⌉ of each column [3], ``sturges`` where the IQR is 0. ``scott``:
            ⌈range/(σ·(24√π/n)^(1/3))⌉ [5]. ``doane``: 1 + ⌈log₂ n + log₂(1 + |g|/σ_g)⌉ with the skewness g and
            σ_g² = 6(n − 2)/((n + 1)(n + 3)) [6].
        strategy: ``equal-frequency`` cuts at the column's quantiles; tied values are never parted, so that edges which
            coincide are one. ``equal-width`` cuts its range into equal parts. ``bayesian-blocks`` cuts at the change
            points of a piecewise constant density that are likeliest, with a penalty for each by which noise adds one
            with probability 0.05 [7], n counting all samples, tied or not; *bins* then only says up to how many values
            a column is discrete. O(n²) time.
        correction: ``none``, or ``miller-madow``, which adds (K − 1)/2n to each entropy [4], or another of those of the
            estimator ``counts``, the alphabet of a block being its occupied cells.

    References:
        [1] C. J. Cellucci, A. M. Albano and P. E. Rapp, Statistical validation of mutual information calculations,
        Phys. Rev. E 71, 066208, 2005. DOI 10.1103/PhysRevE.71.066208
        [2] W. G. Cochran, Some methods for strengthening the common χ² tests, Biometrics 10, 417–451, 1954.
        DOI 10.2307/3001616
        [3] D. Freedman and P. Diaconis, On the histogram as a density estimator: L₂ theory, Zeitschrift für
        Wahrscheinlichkeitstheorie und verwandte Gebiete 57, 453–476, 1981. DOI 10.1007/BF01025868
        [4] L. Paninski, Estimation of entropy and mutual information, Neural Computation 15, 1191–1253, 2003.
        DOI 10.1162/089976603321780272
        [5] D. W. Scott, On optimal and data-based histograms, Biometrika 66, 605–610, 1979. DOI 10.1093/biomet/66.3.605
        [6] D. P. Doane, Aesthetic frequency classifications, American Statistician 30, 181–183, 1976.
        DOI 10.1080/00031305.1976.10479172
        [7] J. D. Scargle, J. P. Norris, B. Jackson and J. Chiang, Studies in astronomical time series analysis. VI.
        Bayesian block representations, Astrophysical Journal 764, 167, 2013. DOI 10.1088/0004-637X/764/2/167

    Example:
        Two fair bits that agree three times in four share ln 2 − H(1/4) = 0.1308 nats:

        >>> import numpy as np
        >>> from mibench import estimate
        >>> x, y = np.array([[0, 0], [1, 1], [0, 1], [1, 0]]).repeat([3, 3, 1, 1], axis=0).T
        >>> round(estimate(x, y, estimator="binning").nats, 4)
        0.1308
    """

    bins: int | Rule = "cochran"
    strategy: Literal["equal-frequency", "equal-width", "bayesian-blocks"] = "equal-frequency"
    correction: Correction = "none"

    tags = Tags(invariances=frozenset({"permutation", "scaling", "swap"}))

    @property
    def expected_failures(self) -> dict[str, str]:  # type: ignore[override]
        """Expected failures of the cut by Cochran's rule."""
        if self.bins != "cochran":
            return {}
        known = {}
        if self.strategy == "bayesian-blocks":
            shape = "a column is cut as its own density asks, a smooth one seldom, however strong the dependence"
            known = dict.fromkeys(("check_calibration", "check_uncorrelated_dependence"), shape)
        elif self.correction == "none":
            known["check_independence"] = "the plug-in entropies are biased: upwards by about (bins − 1)²/2n"
        if self.correction == "none":
            known["check_additivity"] = "the more columns, the fewer and wider its bins, so less information is seen"
        if self.correction == "shrinkage":
            pulled = "five samples to a cell leave the uniform distribution most of the weight: pulled to independence"
            known |= dict.fromkeys(("check_total_correlation", "check_uncorrelated_dependence"), pulled)
            known["check_raw_values"] = "on independent blocks that weight may be 1, and the value 0 but for rounding"
        if self.strategy == "equal-width":
            known["check_total_correlation"] = "three blocks leave five bins a column, too wide for strong dependence"
        return known

    def __post_init__(self) -> None:
        if not isinstance(self.bins, str) and self.bins < 2:
            raise ValueError(f"bins is {self.bins}; allowed: 2 or more, or the name of a rule")

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate from the counts of the occupied cells."""
        columns = sum(block.shape[1] for block in blocks)
        return information(
            [number_cells([self._cut(column, columns) for column in block.T]) for block in blocks], self.correction
        )

    def _cut(self, column: np.ndarray, columns: int) -> np.ndarray:
        """Return the bin of each sample of one column."""
        bins = self._bins(column, columns)
        values, codes, counts = np.unique(column, return_inverse=True, return_counts=True)
        if len(values) > bins:
            codes = CUTS[self.strategy](values, counts, bins)[codes]
        return codes

    def _bins(self, column: np.ndarray, columns: int) -> int:
        if isinstance(self.bins, str):
            return min(max(RULES[self.bins](column, columns), 2), len(column))
        return self.bins


def _equal_frequency(values: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    """Return the bin that holds the middle of the quantiles each of the sorted *values* spans."""
    upto = np.cumsum(counts)
    return bins * (2 * upto - counts) // (2 * upto[-1])


def _equal_width(values: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    """Return the bin of each of the sorted *values*; a power of two keeps their range from overflowing."""
    scaled = np.ldexp(values, -np.frexp(np.abs(values).max())[1] - 1)
    place = (scaled - scaled[0]) * bins / (scaled[-1] - scaled[0])
    return np.minimum(place.astype(np.int64), bins - 1)


def _bayesian_blocks(values: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    """Return the block of each of the sorted *values*: the partition of the largest Σ_blocks [N ln(N/T) − penalty].

    N is the number of samples of a block, T its length; blocks end midway between values. The best partition that ends
    with value r is the best one before its last block, for some first value of that: a maximum over r choices. The
    penalty is 4 − ln(73.53·0.05·n^−0.478), fitted by Scargle et al. (equation 21) to simulated noise.
    """
    scaled = np.ldexp(values, -np.frexp(np.abs(values).max())[1] - 1)
    edges = np.concatenate([scaled[:1], (scaled[1:] + scaled[:-1]) / 2, scaled[-1:]])
    before = np.concatenate([[0], np.cumsum(counts)])
    penalty = 4 - math.log(73.53 * 0.05 * float(before[-1]) ** -0.478)
    best, first = np.zeros(len(values) + 1), np.zeros(len(values), dtype=np.int64)
    for last in range(len(values)):
        held = before[last + 1] - before[: last + 1]
        gain = best[: last + 1] + held * np.log(held / (edges[last + 1] - edges[: last + 1]))
        first[last] = np.argmax(gain)
        best[last + 1] = gain[first[last]] - penalty
    codes, last = np.zeros(len(values), dtype=np.int64), len(values) - 1
    while first[last] > 0:
        codes[first[last] :] += 1
        last = int(first[last]) - 1
    return codes


CUTS = {"equal-frequency": _equal_frequency, "equal-width": _equal_width, "bayesian-blocks": _bayesian_blocks}


def _cochran(column: np.ndarray, columns: int) -> int:
    return math.floor((len(column) / MIN_PER_CELL) ** (1 / columns) + 1e-9)


def _sturges(column: np.ndarray, columns: int) -> int:
    return 1 + math.ceil(math.log2(len(column)))


def _freedman_diaconis(column: np.ndarray, columns: int) -> int:
    low, first, third, high = np.quantile(column, [0, 0.25, 0.75, 1])
    if not third > first:
        return _sturges(column, columns)
    return math.ceil(min((high / 2 - low / 2) / (third - first) * np.cbrt(len(column)), len(column)))


def _scott(column: np.ndarray, columns: int) -> int:
    scaled = np.ldexp(column, -np.frexp(np.abs(column).max())[1])
    width = scaled.std() * np.cbrt(24 * math.sqrt(math.pi) / len(column))
    return math.ceil(np.ptp(scaled) / width) if width > 0 else _sturges(column, columns)


def _doane(column: np.ndarray, columns: int) -> int:
    n, scaled = len(column), standardize(column, column)
    spread = math.sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))
    skewness = abs(float((scaled**3).mean())) / spread if spread > 0 else 0.0
    return 1 + math.ceil(math.log2(n) + math.log2(1 + skewness))


#: The number of bins of a column, given it and the columns of all blocks together.
RULES: dict[Rule, Callable[[np.ndarray, int], int]] = {
    "cochran": _cochran,
    "sturges": _sturges,
    "rice": lambda column, columns: math.ceil(2 * np.cbrt(len(column))),
    "sqrt": lambda column, columns: math.ceil(math.sqrt(len(column))),
    "cube-root": lambda column, columns: math.ceil(np.cbrt(len(column))),
    "freedman-diaconis": _freedman_diaconis,
    "scott": _scott,
    "doane": _doane,
}
