"""Blocks projected to a few directions before another estimator takes over."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mibench import Block, Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError

from .._columns import standardize
from .._wrapper import Wrapper
from ..neighbors.ksg import KSG
from .gaussian import orthonormal_basis


@register_estimator("projected")
@dataclass(frozen=True)
class Projected(Wrapper):
    """Î(X; Y) = Î_base(P_X X; P_Y Y) nats, each block of shape ``(n, d)`` projected linearly to at most ``to`` columns.

    ``pca``: P is the projection to the directions of largest variance of the standardised block, found without a look
    at the others. ``cca``: to those of largest canonical correlation with all the other blocks together. Since these
    are fitted to the dependence that is measured, they are found on one half of the rows, drawn at random, and the base
    estimates on the other; then the halves change roles, and Î is the mean of the two. Blocks of no more than ``to``
    columns are left as they are, and where all are, the base sees all rows. Takes any number of blocks, as far as the
    base does.

    Bias: a projection cannot add information, so that in the population the value is a lower bound of the base's,
    tight where the dependence lies within the directions that are kept. Principal directions are those of large
    variance, which may hold none of it. Cost: O(n·D²) time for D columns in all, and the base's on fewer columns.

    Args:
        base: the estimator of what is left.
        to: the most columns of a projected block, at least 1.
        by: ``pca`` or ``cca``, as above.

    References:
        H. Hotelling, Relations between two sets of variates, Biometrika 28, 321–377, 1936. DOI 10.2307/2333955
        I. T. Jolliffe, Principal Component Analysis, 2nd edition, Springer, 2002. DOI 10.1007/b98835

    Example:
        >>> from mibench import estimate, get_task
        >>> x, y = get_task("dimension-scaling:dim=10,mode=embedded,mi=1,signal_dims=1").sample(1000)
        >>> direct = estimate(x, y, estimator="ksg").nats
        >>> 0 < direct < 0.5 < estimate(x, y, estimator="projected:by=cca,to=1,base=(ksg)").nats
        True
    """

    base: Estimator = KSG()  # noqa: RUF009  (it is frozen)
    to: int = 2
    by: Literal["pca", "cca"] = "pca"

    def __post_init__(self) -> None:
        if self.to < 1:
            raise ValueError(f"to is {self.to}; allowed: 1 or more")

    def get_tags(self) -> Tags:
        """Return the base's for blocks of any width that it takes projected; a bound below what it estimates."""
        tags = self.base.get_tags()
        lost = {"monotone"} if self.by == "pca" else {"monotone", "permutation"}
        return dataclasses.replace(
            tags,
            max_dim=None if tags.max_dim is None or self.to <= tags.max_dim else tags.max_dim,
            deterministic=tags.deterministic and self.by == "pca",
            direction="estimate" if tags.direction == "upper bound" else "lower bound",
            invariances=tags.invariances - lost,
        )

    def sees(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """Return the blocks as they are projected."""
        return tuple(Block(min(block.dim, self.to), block.kind) for block in blocks)

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate from the projected blocks.

        Raises:
            InputError: halves of the rows no more than the columns (``cca``).
        """
        if all(block.shape[1] <= self.to for block in blocks):
            return self.base.estimate(*blocks, rng=rng)
        if self.by == "pca":
            return self.base.estimate(*(self._principal(block) for block in blocks), rng=rng)
        n, columns = len(blocks[0]), sum(block.shape[1] for block in blocks)
        if n // 2 <= columns:
            raise InputError(f"projected: n is {n} with {columns} columns; allowed: more than {2 * columns} for by=cca")
        halves = np.array_split(rng.permutation(n), 2)
        found = []
        for known, rest in (halves, halves[::-1]):
            maps = canonical_maps([block[known] for block in blocks], self.to)
            seen = [
                block[rest] if directions is None else standardize(block[rest], block[known]) @ directions
                for block, directions in zip(blocks, maps, strict=True)
            ]
            found.append(self.base.estimate(*seen, rng=rng))
        return _mean(found)

    def _principal(self, block: np.ndarray) -> np.ndarray:
        if block.shape[1] <= self.to:
            return block
        scaled = standardize(block, block)
        _, directions = np.linalg.eigh(scaled.T @ scaled)
        return np.ascontiguousarray(scaled @ _signed(directions[:, : -self.to - 1 : -1]))


def canonical_maps(blocks: Sequence[np.ndarray], to: int) -> list[np.ndarray | None]:
    """Return for each block the directions, ``(d, to)``, of its standardised columns that correlate most with the rest.

    None for a block of no more than *to* columns.
    """
    scaled = [standardize(block, block) for block in blocks]
    bases = [orthonormal_basis(block) for block in scaled]
    maps: list[np.ndarray | None] = []
    for number, block in enumerate(scaled):
        if block.shape[1] <= to:
            maps.append(None)
            continue
        others = orthonormal_basis(np.hstack([basis for other, basis in enumerate(bases) if other != number]))
        left, _, _ = np.linalg.svd(bases[number].T @ others)
        variates = bases[number] @ left[:, :to]
        maps.append(_signed(np.linalg.lstsq(block, variates, rcond=None)[0]))
    return maps


def _signed(directions: np.ndarray) -> np.ndarray:
    """Return the columns with their largest entry made positive."""
    largest = np.argmax(np.abs(directions), axis=0)
    return directions * np.where(directions[largest, np.arange(directions.shape[1])] < 0, -1, 1)


def _mean(found: Sequence[Estimate]) -> Estimate:
    diagnostics: dict[str, object] = {"halves": [half.nats for half in found]}
    warnings = sorted({str(half.diagnostics["warning"]) for half in found if half.diagnostics.get("warning")})
    if warnings:
        diagnostics["warning"] = "; ".join(warnings)
    return Estimate(sum(half.nats for half in found) / len(found), diagnostics=diagnostics)
