"""Blocks: the samples of one random variable, their declared form, and the check of what a caller passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from .errors import InputError

Kind = Literal["continuous", "discrete", "mixed"]
ALL_KINDS: frozenset[Kind] = frozenset(get_args(Kind))


@dataclass(frozen=True)
class Block:
    """One random variable: its dimension and the kind of its values."""

    dim: int
    kind: Kind = "continuous"

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise ValueError(f"Block: dim is {self.dim}; allowed: 1 or more")
        if self.kind not in ALL_KINDS:
            raise ValueError(f"Block: kind is {self.kind!r}; allowed: {', '.join(get_args(Kind))}")

    @classmethod
    def joined(cls, blocks: Sequence["Block"]) -> "Block":
        """Return the block of all columns of *blocks*; of several kinds it is mixed."""
        kinds = {block.kind for block in blocks}
        return cls(sum(block.dim for block in blocks), kinds.pop() if len(kinds) == 1 else "mixed")


def as_blocks(*arrays: Any, min_samples: int = 2) -> tuple[np.ndarray, ...]:
    """Return *arrays* as blocks: new C-ordered float64 arrays of shape ``(n, d)``.

    A 1-d array of n values becomes a block of shape ``(n, 1)``.

    Raises:
        InputError: fewer than two blocks, a shape other than ``(n,)`` or ``(n, d)``, lengths that differ, fewer than
            *min_samples* rows, a value that is no finite number, or a constant column (on which no estimator of
            dependence is defined).
    """
    if len(arrays) < 2:
        raise InputError(f"got {len(arrays)} block(s) of samples; allowed: two or more")
    blocks = tuple(_check_block(array, number) for number, array in enumerate(arrays, start=1))
    lengths = [len(block) for block in blocks]
    if len(set(lengths)) > 1:
        raise InputError(
            f"the blocks have {', '.join(map(str, lengths))} rows; allowed: the same number in every block"
        )
    if lengths[0] < min_samples:
        raise InputError(f"the blocks have {lengths[0]} row(s); allowed: at least {min_samples}")
    for number, block in enumerate(blocks, start=1):
        constant = (block == block[0]).all(axis=0)
        if constant.any():
            column = int(constant.argmax())
            raise InputError(
                f"block {number}, column {column} is constant ({block[0, column]:g}); "
                "allowed: columns with at least two different values (a constant shares no information: leave it out)"
            )
    return blocks


def _check_block(array: Any, number: int) -> np.ndarray:
    if np.ma.is_masked(array):
        array = np.ma.asarray(array, dtype=np.float64).filled(np.nan)
    try:
        if np.iscomplexobj(array):
            raise TypeError("complex values")
        block = np.array(array, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise InputError(f"block {number} cannot be read as numbers ({error}); allowed: an array of numbers") from error
    if block.ndim == 1:
        block = block[:, np.newaxis]
    if block.ndim != 2 or block.shape[1] == 0:
        raise InputError(f"block {number} has shape {block.shape}; allowed: (n,) or (n, d) with d of at least 1")
    finite = np.isfinite(block)
    if not finite.all():
        bad = np.argwhere(~finite)
        row, column = bad[0]
        raise InputError(
            f"block {number} holds {block[row, column]} at row {row}, column {column} "
            f"({len(bad)} value(s) not finite in all); allowed: finite numbers"
        )
    return block
