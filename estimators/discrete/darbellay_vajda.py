"""Darbellay and Vajda: a partition that is refined where the variables still depend on one another."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator

from ._cells import count, number_cells
from ._information import MIN_PER_CELL


@register_estimator("darbellay-vajda")
@dataclass(frozen=True)
class DarbellayVajda(Estimator):
    """Î = Σ_c (n_c/n) ln[(n_c/n) / Π_b(n_{b,c}/n)] nats over the cells c of a partition that the samples choose.

    A cell is a product of boxes, one a block of shape ``(n, d)``; it holds n_c samples, and n_{b,c} samples lie in its
    box of block b, whatever their other blocks. The first cell holds everything. A cell is refined where the density
    ratio is found to vary within it: every column is cut at the median of the samples in the box, so that the cell
    falls into up to 2^D, for D columns in all. A χ² test compares the n_c samples with what a constant ratio expects,
    n_c times the product of the boxes' shares, in these 2^D places; a second test does in the 4^D places that quartiles
    make. The cell is refined where either statistic exceeds the upper quantile *level* of its distribution, of (places
    − 1) degrees of freedom. The quarters find what halves cannot: a turned square, a circle. Where a table expects
    fewer than 5 samples to a place it is not tested, so that small cells are kept.

    Only ranks count. Values that are equal are never parted. Takes any number of blocks.

    Bias: downwards by what varies within the cells, upwards by chance refinements. For independent blocks the first
    cell is nearly always kept, and the value is then exactly 0: the medians fix the margins of its table, so that the
    test is at a lower level than the nominal one. Many columns leave too few samples to a table, at 5·2^D > n the first
    one: the value is then 0, and a warning says so. Cost: O(n·D·log n) time a level of refinement, about log n levels;
    O(n·m) memory.

    Args:
        level: the level of each χ² test, between 0 and 1.

    References:
        G. A. Darbellay and I. Vajda, Estimation of the information by an adaptive partitioning of the observation
        space, IEEE Trans. Information Theory 45, 1315–1321, 1999. DOI 10.1109/18.761290
        A. M. Fraser and H. L. Swinney, Independent coordinates for strange attractors from mutual information, Phys.
        Rev. A 33, 1134–1140, 1986. DOI 10.1103/PhysRevA.33.1134

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:dim=1,mi=1").sample(2000)
        >>> abs(estimate(x, y, estimator="darbellay-vajda").nats - 1) < 0.15
        True
    """

    level: float = 0.05

    tags = Tags(invariances=frozenset({"permutation", "scaling", "monotone", "swap"}))

    expected_failures = {
        "check_raw_values": "independent blocks are found to be so, and the value is then exactly 0",
        "check_total_correlation": "at n = 1000 three blocks leave few cells of the 40 samples that 2³ places need",
        "check_additivity": "at n = 1000 four columns leave few cells of the 80 samples that 2⁴ places need",
    }

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f"level is {self.level}; allowed: above 0 and below 1")

    def prepare(self) -> None:
        """Import scipy's special functions."""
        import scipy.special  # noqa: F401

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Refine the cell of all samples, and add up what the kept cells show."""
        n, m = len(blocks[0]), len(blocks)
        terms, untested, cells = [], False, [_Cell(np.arange(n), (np.arange(n),) * m)]
        while cells:
            cell = cells.pop()
            if self._depends(cell, blocks):
                cells.extend(_refine(cell, blocks))
                continue
            held = len(cell.samples)
            untested |= held == n and not _testable(cell, blocks, 2)
            density = math.log(held) + (m - 1) * math.log(n) - sum(math.log(len(box)) for box in cell.boxes)
            terms.append(held / n * density)
        diagnostics: dict[str, object] = {"cells": len(terms)}
        if untested:
            diagnostics["warning"] = "too few samples to test the cell of all of them: nothing could be seen"
        return Estimate(math.fsum(terms), diagnostics=diagnostics)

    def _depends(self, cell: "_Cell", blocks: tuple[np.ndarray, ...]) -> bool:
        """Return whether the blocks are found to depend on one another within the cell."""
        from scipy.special import chdtri

        for parts in (2, 4):
            if _testable(cell, blocks, parts):
                statistic, freedom = _variation(cell, blocks, parts)
                if freedom > 0 and statistic > chdtri(freedom, self.level):
                    return True
        return False


class _Cell(NamedTuple):
    """Row numbers: of the samples of a cell, and of those whose block lies in the cell's box of it."""

    samples: np.ndarray
    boxes: tuple[np.ndarray, ...]


def _testable(cell: _Cell, blocks: tuple[np.ndarray, ...], parts: int) -> bool:
    columns = sum(block.shape[1] for block in blocks)
    return len(cell.samples) >= MIN_PER_CELL * parts**columns


def _variation(cell: _Cell, blocks: tuple[np.ndarray, ...], parts: int) -> tuple[float, int]:
    """Return χ² of a cell's samples in its places against a constant density ratio, and the degrees of freedom.

    Σ (observed − expected)²/expected = Σ_samples observed/expected − n_c, as both add up to n_c.
    """
    divided = [_divide(cell, block, box, parts) for block, box in zip(blocks, cell.boxes, strict=True)]
    held = len(cell.samples)
    observed = count(number_cells([codes for codes, _ in divided])).at_sample
    expected = held * np.prod([shares[codes] for codes, shares in divided], axis=0)
    return float((observed / expected).sum()) - held, math.prod(len(shares) for _, shares in divided) - 1


def _divide(cell: _Cell, block: np.ndarray, box: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of each sample of a cell among those its box of a block is cut to, and the places' shares."""
    places = _places(block[box], parts)
    return places[np.searchsorted(box, cell.samples)], np.bincount(places) / len(box)


def _places(values: np.ndarray, parts: int) -> np.ndarray:
    """Number the places of *values*, of shape ``(n, d)``, when each column is cut at its *parts*-quantiles."""
    return number_cells([np.searchsorted(_cuts(column, parts), column) for column in values.T])


def _cuts(values: np.ndarray, parts: int) -> np.ndarray:
    """Return the values that end each of *parts* equal shares of *values* but the last; none for one value."""
    ordered = np.sort(values)
    ends = -(-len(ordered) * np.arange(1, parts) // parts) - 1
    cuts = np.unique(ordered[ends])
    cuts = cuts[cuts < ordered[-1]]
    return cuts if len(cuts) else ordered[ordered < ordered[-1]][-1:]


def _refine(cell: _Cell, blocks: tuple[np.ndarray, ...]) -> Iterator[_Cell]:
    """Yield the occupied cells into which the medians of its boxes cut a cell; row numbers stay sorted."""
    boxes, codes = [], []
    for block, box in zip(blocks, cell.boxes, strict=True):
        places = _places(block[box], 2)
        codes.append(places[np.searchsorted(box, cell.samples)])
        boxes.append([box[places == place] for place in range(int(places.max()) + 1)])
    joint = number_cells(codes)
    order = np.argsort(joint, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(joint[order])) + 1):
        at = members[0]
        yield _Cell(cell.samples[members], tuple(box[code[at]] for box, code in zip(boxes, codes, strict=True)))
