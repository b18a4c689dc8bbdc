"""Transformed tasks: the blocks of another task under invertible maps, which leave the information as it is."""

from abc import abstractmethod
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .block import Block
from .grammar import join
from .task import Task, Truth, default_property


@dataclass(frozen=True)
class Transformed(Task):
    """Base of the tasks that map each block of a base task by a function of that block alone, injective on its support.

    Mutual information and total correlation are unchanged by such maps, and so is the log density ratio: truth,
    family, kinds, tags and ``dim`` are the base's, and :meth:`pointwise` is the base's at the inverse images. A
    subclass defines :meth:`forward` and :meth:`inverse`, and :meth:`image_dim` where the map adds columns. Its label
    reads ``base » name``.

    Args:
        base: the task whose blocks are mapped.
        only: the number of the one block that is mapped, counted from 1; none for all.
    """

    base: Task
    only: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.only is not None and not 1 <= self.only <= len(self.base.blocks):
            raise ValueError(f"only is {self.only}; allowed: from 1 to {len(self.base.blocks)}, or none")

    @abstractmethod
    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return the image, shape ``(n, image_dim(d))``, of block *number* (from 0) of the base, shape ``(n, d)``."""

    @abstractmethod
    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return the block of which *block* is the image under :meth:`forward`."""

    def image_dim(self, dim: int) -> int:
        """Return the number of columns of the image of a block of *dim* columns."""
        return dim

    @property
    def family(self) -> str:
        """The base's."""
        return self.base.family

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The base's, with the columns of their images."""
        return tuple(
            Block(self.image_dim(block.dim), block.kind) if self.maps(number) else block
            for number, block in enumerate(self.base.blocks)
        )

    @cached_property
    def truth(self) -> Truth:
        """The base's."""
        return self.base.truth

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw from the base, with *rng* as it is, and map."""
        sample = self.base.check_sample(self.base.draw(n, rng), n)
        return tuple(self.forward(block, i) if self.maps(i) else block for i, block in enumerate(sample))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray | None:
        """Return the base's log density ratio at the inverse images."""
        return self.base.pointwise(*(self.inverse(b, i) if self.maps(i) else b for i, b in enumerate(blocks)))

    @property
    def tags(self) -> frozenset[str]:
        """The base's and its own: what is added can follow from a map that adds columns."""
        return super().tags | self.base.tags

    @default_property
    def dim(self) -> int:
        """The base's."""
        return self.base.dim

    @cached_property
    def label(self) -> str:
        """The base's label and this map's, such as ``gaussian:dim=3 » normal-cdf » spiral``."""
        return f"{self.base.label} » {join(self.name, self._labelled('base'))}"

    def maps(self, number: int) -> bool:
        """Return whether block *number* (from 0) of the base is mapped."""
        return self.only in (None, number + 1)
