"""Ross: mutual information between a discrete and a continuous variable."""

import math
from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError


@register_estimator("ross")
@dataclass(frozen=True)
class Ross(Estimator):
    """Î = ψ(N) + ⟨ψ(k_i)⟩ − ⟨ψ(N_c)⟩ − ⟨ψ(m_i)⟩ nats: how many samples of all classes are as near as one's own class.

    One block is discrete, the other continuous, of shapes ``(n, d)``, in either order: the one with fewer different
    rows is taken as the classes. N_c is the number of samples of a sample's class, k_i = min(k, N_c − 1), and m_i the
    number of other samples, of all classes, up to the distance |y − y′| = max_c |y_c − y′_c| of its k_i-th neighbour in
    its own class. Samples that are alone in their class are left out; N counts those that remain.

    Repeated values of the continuous block are told apart as by ``ksg:ties=jitter``.

    Bias: towards 0, growing with the true value, as the density of a class is taken to be uniform over k neighbours.
    Cost: O(n log n) for few dimensions, else O(n²·d) time, O(n·d) memory.

    Args:
        k: number of neighbours in a sample's own class, 1 or more; classes with k samples or less use all others.
        standardize: divide every column of the continuous block by its standard deviation; matters where it has
            several columns.

    References:
        B. C. Ross, Mutual information between discrete and continuous data sets, PLoS ONE 9, e87357, 2014.
        DOI 10.1371/journal.pone.0087357

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("uniform-overlap:levels=5").sample(2000)
        >>> round(estimate(x, y, estimator="ross").nats, 1)  # true value: 1.055
        1.1
    """

    k: int = 3
    standardize: bool = True

    tags = Tags(
        max_blocks=2,
        kinds=frozenset({"discrete", "continuous"}),
        one_of_each_kind=True,
        invariances=frozenset({"permutation", "scaling", "swap"}),
    )

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; allowed: 1 or more")

    def prepare(self) -> None:
        """Compile the searches."""
        from . import _ksg  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Find each sample's neighbours in its class, count the samples as near in all classes, average ψ.

        Raises:
            InputError: more than two blocks, or every class has a single sample.
        """
        from ._ksg import count_within, digamma, mean_digamma, nearest_distances
        from ._ties import scale_columns

        if len(blocks) != 2:
            raise InputError(f"ross: got {len(blocks)} blocks; allowed: two, one discrete and one continuous")
        classes, sizes, values = _classes(*blocks)
        kept = sizes[classes] > 1
        if not kept.any():
            raise InputError("ross: no row of either block is repeated; allowed: one discrete block")
        (values,), jittered = scale_columns((values[kept],), self.standardize, jitter=True)
        classes, n = classes[kept], int(kept.sum())
        own, radii = sizes[classes], np.empty(n)
        order = np.argsort(classes, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(classes[order])) + 1):
            radii[members] = nearest_distances(values[members], min(self.k, len(members) - 1))
        counts = count_within(values, radii)
        terms = [float(digamma(n)), mean_digamma(np.minimum(self.k, own - 1)), -mean_digamma(own)]
        diagnostics = {"classes": int(np.sum(sizes > 1)), "left_out": len(kept) - n, "jittered_columns": jittered}
        return Estimate(math.fsum([*terms, -mean_digamma(counts)]), diagnostics=diagnostics)


def _classes(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the class of each sample, the sizes of the classes, and the continuous block."""
    found = [np.unique(block, axis=0, return_inverse=True, return_counts=True) for block in (first, second)]
    discrete = 0 if len(found[0][2]) <= len(found[1][2]) else 1
    _, classes, sizes = found[discrete]
    return classes.ravel(), sizes, (second, first)[discrete]
