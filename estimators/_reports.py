"""Held-out values of a trained critic, in float64, pairs taken a few million at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ._critics import Critic
from ._objectives import ShiftedRows, cyclic_shifts

#: Shifts averaged over where there are more than two blocks.
REPORT_SHIFTS = 64
#: Numbers a chunk of pairs may hold.
CHUNK = 2**21


@dataclass(frozen=True)
class Report:
    """A bound on the report rows of one replicate.

    Attributes:
        nats: the value.
        rows: joint rows.
        pairs: marginal rows.
        effective: effective number of marginal rows, (Σ w)² / Σ w² with w = exp(T).
    """

    nats: float
    rows: int
    pairs: int
    effective: float


def matrix_chunks(critic: Critic, blocks: Sequence[Tensor]) -> Iterator[tuple[int, Tensor]]:
    """Yield (first row, scores ``(rows, n)``) of the matrix of all pairs of two blocks, in float64."""
    left, right = critic.embed(blocks)
    step = max(1, CHUNK // (right.shape[1] * right.shape[2]))
    for start in range(0, left.shape[1], step):
        yield start, critic.matrix(left[:, start : start + step], right)[0].double()


def report_donsker_varadhan(critic: Critic, blocks: Sequence[Tensor], rng: np.random.Generator) -> Report:
    """E[T] − ln E[exp(T)], over all off-diagonal pairs of two blocks, or up to 64 cyclic shifts of more."""
    rows = blocks[0].shape[1]
    joint, marginal = [], []
    if len(blocks) == 2:
        for start, scores in matrix_chunks(critic, blocks):
            joint.append(scores.diagonal(start).clone())
            scores.diagonal(start).fill_(-torch.inf)
            marginal.append(_log_sums(scores))
        pairs = rows * (rows - 1)
    else:
        shifts = cyclic_shifts(rows, len(blocks), REPORT_SHIFTS, rng)
        for shift in shifts:
            drawn, shifted = ShiftedRows(shift[np.newaxis], rows)(critic, blocks)
            joint = [drawn[0].double()]
            marginal.append(_log_sums(shifted[0].double()))
        pairs = rows * len(shifts)
    log_sum, log_square_sum = torch.logsumexp(torch.stack(marginal), dim=0).tolist()
    nats = float(torch.cat(joint).mean()) - (log_sum - float(np.log(pairs)))
    return Report(nats, rows, pairs, float(np.exp(2 * log_sum - log_square_sum)))


def _log_sums(scores: Tensor) -> Tensor:
    """The logarithms of Σ exp(T) and Σ exp(2T)."""
    flat = scores.flatten()
    return torch.stack([torch.logsumexp(flat, dim=0), torch.logsumexp(2 * flat, dim=0)])


def report_infonce(critic: Critic, blocks: Sequence[Tensor]) -> Report:
    """(1/r) Σ_i [T_ii − ln (1/r) Σ_j exp(T_ij)] with all r report rows as one batch: at most ln r."""
    rows = blocks[0].shape[1]
    terms, marginal = [], []
    for start, scores in matrix_chunks(critic, blocks):
        terms.append(scores.diagonal(start) - torch.logsumexp(scores, dim=1) + float(np.log(rows)))
        marginal.append(_log_sums(scores))
    log_sum, log_square_sum = torch.logsumexp(torch.stack(marginal), dim=0).tolist()
    effective = float(np.exp(2 * log_sum - log_square_sum))
    return Report(float(torch.cat(terms).mean()), rows, rows * rows, effective)
