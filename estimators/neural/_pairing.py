"""Pairings of rows: which scores stand for the joint distribution and which for the product of marginals.

``shifts``: any number of blocks; the rows of a batch, which are in random order, have their blocks moved round against
each other by distinct numbers of rows, so that no two blocks of a marginal row come from the same sample. ``all``: two
blocks; every row of one with every row of the other, the joint rows on the diagonal.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ._critics import Critic, TwoHeads
from ._scores import ReportScores, Scores

Pairing = Literal["shifts", "all"]
#: Scores a batch: joint and marginal scores of R replicates.
Scorer = Callable[[Critic, Sequence[Tensor]], tuple[Scores, Scores]]

#: Shifts a report averages over where there are more than two blocks.
REPORT_SHIFTS = 64
#: Numbers a chunk of a report may hold.
CHUNK = 2**21


def cyclic_shifts(rows: int, blocks: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return up to *count* different shifts, ``(count, blocks)``: by how many rows each block is moved round.

    The first block stays; the offsets of one shift are distinct, so no two blocks share a row. Fewer than *count* are
    returned only where there are no more: (rows − 1)! / (rows − blocks)! in all.
    """
    count = min(count, math.perm(rows - 1, blocks - 1))
    found: dict[tuple[int, ...], None] = {}
    while len(found) < count:
        found[tuple(rng.choice(rows - 1, blocks - 1, replace=False) + 1)] = None
    return np.column_stack([np.zeros(count, dtype=np.int64), np.array(list(found), dtype=np.int64)])


class ShiftedRows:
    """Scores of a batch as drawn, ``(R, n)``, and with its blocks moved round against each other, ``(R, shifts·n)``."""

    def __init__(self, shifts: np.ndarray, rows: int) -> None:
        order = np.arange(rows)
        moved = (order[:, None, None] + np.vstack([np.zeros_like(shifts[:1]), shifts])) % rows
        self.rows = rows
        self.index = [torch.from_numpy(moved[:, :, block].T.ravel()) for block in range(shifts.shape[1])]

    def __call__(self, critic: Critic, blocks: Sequence[Tensor]) -> tuple[Scores, Scores]:
        """Return joint and marginal scores."""
        embedded = [block.index_select(1, index) for block, index in zip(critic.embed(blocks), self.index, strict=True)]
        scores = critic.combine(embedded)
        return Scores(scores[:, : self.rows]), Scores(scores[:, self.rows :])


def all_pairs(critic: Critic, blocks: Sequence[Tensor]) -> tuple[Scores, Scores]:
    """Return the scores of every pair of rows of two blocks, ``(R, n, n)``, after their diagonal, ``(R, n)``."""
    left, right = critic.embed(blocks)
    matrix = critic.matrix(left, right)
    return Scores(matrix.diagonal(dim1=1, dim2=2)), Scores(matrix)


def other_pairs(critic: Critic, blocks: Sequence[Tensor]) -> tuple[Scores, Scores]:
    """Return the scores of the rows as drawn, ``(R, n)``, and of each with the n − 1 others, ``(R, n, n − 1)``.

    The partners of row i begin with row i + 1 and go round, so that a partner left out is another one for every row.
    """
    embedded = critic.embed(blocks)
    matrix = critic.matrix(*embedded)
    rows = matrix.shape[1]
    order = (torch.arange(rows).unsqueeze(1) + torch.arange(rows)) % rows
    moved = matrix.gather(2, order.expand_as(matrix))
    return Scores(moved[:, :, 0], _second(critic, embedded)), Scores(moved[:, :, 1:])


def _second(critic: Critic, embedded: Sequence[Tensor]) -> Tensor | None:
    """Return the joint scores of a critic's second head, where it has one."""
    return critic.second(embedded) if isinstance(critic, TwoHeads) else None


def report_scores(
    pairing: Pairing, critic: Critic, blocks: Sequence[Tensor], rng: np.random.Generator
) -> tuple[Scores, ReportScores]:
    """Return the joint and the marginal scores of held-out rows, for one replicate.

    Marginal pairs are all pairs of two blocks, without the diagonal in ``shifts``, or up to 64 cyclic shifts of more.
    """
    rows = blocks[0].shape[1]
    embedded = critic.embed(blocks)
    scores = critic.combine(embedded).double()
    if len(blocks) > 2:
        shifts = cyclic_shifts(rows, len(blocks), REPORT_SHIFTS, rng)
        pairs, chunks = rows * len(shifts), lambda: _shift_chunks(critic, embedded, shifts)
    elif pairing == "all":
        pairs, chunks = rows * rows, lambda: _all_chunks(critic, embedded, scores[0])
    else:
        pairs, chunks = rows * (rows - 1), lambda: _other_chunks(critic, embedded)
    second = _second(critic, embedded)
    return Scores(scores, None if second is None else second.double()), ReportScores(chunks, pairs, scores[0])


def _matrix_chunks(critic: Critic, embedded: Sequence[Tensor]) -> Iterator[tuple[int, Tensor]]:
    """Yield (first row, scores ``(rows, n)``) of the matrix of all pairs of two blocks."""
    left, right = embedded
    rows = right.shape[1]
    step = max(1, CHUNK // (rows * right.shape[2]))
    for start in range(0, rows, step):
        yield start, critic.matrix(left[:, start : start + step], right)[0].double()


def _all_chunks(critic: Critic, embedded: Sequence[Tensor], joint: Tensor) -> Iterator[Tensor]:
    """Yield rows of the matrix of all pairs; the diagonal is the joint scores to the last digit."""
    for start, scores in _matrix_chunks(critic, embedded):
        scores.diagonal(start).copy_(joint[start : start + len(scores)])
        yield scores


def _other_chunks(critic: Critic, embedded: Sequence[Tensor]) -> Iterator[Tensor]:
    """Yield rows of the matrix of all pairs without its diagonal, ``(rows, n − 1)``."""
    for start, scores in _matrix_chunks(critic, embedded):
        others = torch.ones_like(scores, dtype=torch.bool)
        others.diagonal(start).fill_(False)
        yield scores[others].view(len(scores), -1)


def _shift_chunks(critic: Critic, embedded: Sequence[Tensor], shifts: np.ndarray) -> Iterator[Tensor]:
    """Yield the scores of every row with one set of partners, ``(n, 1)``."""
    for shift in shifts.tolist():
        moved = [block.roll(-offset, dims=1) for block, offset in zip(embedded, shift, strict=True)]
        yield critic.combine(moved)[0].double().unsqueeze(1)
