"""Gao, Ver Steeg and Galstyan: KSG corrected for neighbourhoods that are stretched along a line or a plane."""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError

from .ksg import KSG


@register_estimator("lnc")
@dataclass(frozen=True)
class LNC(Estimator):
    """Î = Î_KSG2 − (1/N) Σ_i ln(V̄_i/V_i) nats, the sum being over the samples with V̄_i/V_i < α.

    m ≥ 2 blocks of shape ``(N, d_b)``, D columns in all; Î_KSG2 is ``ksg:algorithm=2``. V_i is the volume of the box
    with sides along the columns that just holds the k nearest neighbours of sample i in the joint max-norm, V̄_i that of
    the box with sides along the principal axes of these neighbours about the sample. KSG takes the density to be
    uniform in V_i; under strong dependence the samples fill a thin part of it, for which V̄_i stands.

    α is such that a uniform neighbourhood is corrected by mistake with probability 0.005, simulated for each k and D
    by the module ``_lnc_thresholds`` as in the paper's Algorithm 2. The paper's code leaves α to the user, 0.25 by
    default, for k = 5 and D = 2.

    Repeated values are told apart as by ``ksg:ties=jitter``. Where a block has several columns each is a side of the
    box, as in the simulation of α; the paper has variables of one dimension.

    Bias: far less than KSG's for strong dependence; upwards in many columns, where neighbourhoods are too wide to be
    uniform even without dependence: on independent standard normals, n = 2000, the mean is 0.00 nat for 1 + 1 columns,
    0.07 for 3 + 3 and 0.53 for 5 + 5, where it corrects 38 % of the samples.

    Cost: as KSG's, and O(N·k·D²) time for the axes and O(N·k·D) memory.

    Args:
        k: number of neighbours, more than D; ``auto`` takes 5, or 2·D if that is more. Allowed are those for which α
            has been simulated; the error message lists them.
        standardize: divide every column by its standard deviation: units then do not matter.

    References:
        S. Gao, G. Ver Steeg and A. Galstyan, Efficient estimation of mutual information for strongly dependent
        variables, AISTATS 2015. DOI 10.48550/arXiv.1411.2003

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:mi=6").sample(500)
        >>> [round(estimate(x, y, estimator=name).nats, 1) for name in ("ksg", "lnc")]
        [4.4, 5.8]
    """

    k: int | Literal["auto"] = "auto"
    standardize: bool = True

    tags = Tags(max_dim=6, kinds=frozenset({"continuous"}), invariances=frozenset({"permutation", "scaling", "swap"}))

    def __post_init__(self) -> None:
        if not isinstance(self.k, str) and self.k < 3:
            raise ValueError(f"k is {self.k}; allowed: 3 or more, or auto")

    def prepare(self) -> None:
        """Compile the searches."""
        from . import _ksg  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate by KSG2; compare the boxes of each sample's neighbours.

        Raises:
            InputError: α has not been simulated for this k and number of columns, or there are no more than k samples.
        """
        from scipy.spatial import KDTree

        from ._ksg import thread_count
        from ._lnc_thresholds import THRESHOLDS, box_ratios, default_neighbors
        from ._ties import scale_columns

        n, columns = len(blocks[0]), sum(block.shape[1] for block in blocks)
        k = default_neighbors(columns) if isinstance(self.k, str) else self.k
        if (k, columns) not in THRESHOLDS:
            allowed = ", ".join(str(known) for known, d in THRESHOLDS if d == columns)
            what = f"k of {allowed}" if allowed else "at most 12 columns"
            raise InputError(f"lnc: k is {k} with {columns} columns in all; allowed: {what}")
        if n <= k:
            raise InputError(f"lnc: n is {n} with k={k}; allowed: more than k samples")
        plain = KSG(k=k, algorithm=2, standardize=self.standardize).estimate(*blocks, rng=rng)
        scaled, _ = scale_columns(blocks, self.standardize, jitter=True)
        points = np.hstack(scaled)
        nearest = np.asarray(KDTree(points).query(points, k + 1, p=np.inf, workers=thread_count())[1])
        ratios = np.concatenate(
            [
                box_ratios(points[nearest[rows]] - points[rows, np.newaxis])
                for rows in np.array_split(np.arange(n), 1 + n * k * columns // 2_000_000)
            ]
        )
        corrected = ratios < math.log(THRESHOLDS[k, columns])
        nats = plain.nats - math.fsum(np.where(corrected, ratios, 0.0)) / n
        diagnostics: dict[str, Any] = {**plain.diagnostics, "k": k, "corrected_share": float(corrected.mean())}
        return replace(plain, nats=nats, diagnostics=diagnostics)
