"""Objectives: small functions of the scores of joint and of marginal rows.

``joint`` has shape ``(R, n)``: scores of rows as they were drawn together. ``marginal`` has shape ``(R, …)``: scores of
rows put together from different draws. An objective gives ``value``, the bound in nats of each replicate, and ``loss``,
the scalar whose gradient training follows.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ._critics import Critic


class Objective(Protocol):
    """What training needs of an objective."""

    def value(self, joint: Tensor, marginal: Tensor) -> Tensor:
        """The bound in nats of each replicate: ``(R,)``."""

    def loss(self, joint: Tensor, marginal: Tensor) -> Tensor:
        """A scalar; its gradient is summed over replicates, none of which depends on another."""


def log_mean_exp(scores: Tensor, dim: int) -> Tensor:
    """ln((1/n) Σ exp(t)) along *dim*, without overflow."""
    return torch.logsumexp(scores, dim=dim) - math.log(scores.shape[dim])


def donsker_varadhan(joint: Tensor, marginal: Tensor) -> Tensor:
    """E_joint[T] − ln E_marginal[exp(T)] for each replicate: ``(R,)``."""
    return joint.mean(dim=1) - log_mean_exp(marginal.flatten(start_dim=1), dim=1)


def infonce(joint: Tensor, marginal: Tensor) -> Tensor:
    """(1/n) Σ_i [T_ii − ln (1/n) Σ_j exp(T_ij)] for each replicate, at most ln n: ``(R,)``.

    *marginal* is the whole matrix ``(R, n, n)``, its diagonal the joint rows.
    """
    return (joint - log_mean_exp(marginal, dim=2)).mean(dim=1)


class MovingAverageDV:
    """Donsker–Varadhan, its gradient corrected by a moving average.

    The gradient of ln E[exp(T)] on a batch is E[exp(T) ∇T] / E[exp(T)]; a batch's own denominator biases it. Here the
    denominator is the moving average a ← (1 − r)·a + r·E[exp(T)] over batches, kept as a logarithm and held constant in
    the gradient. The value stays plain Donsker–Varadhan. With r = 1 the gradient is the plain one.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.log_average: Tensor | None = None

    def value(self, joint: Tensor, marginal: Tensor) -> Tensor:
        """The plain bound."""
        return donsker_varadhan(joint, marginal)

    def loss(self, joint: Tensor, marginal: Tensor) -> Tensor:
        """−E[T] + E[exp(T)] / a, with a moved on by this batch first."""
        scores = marginal.flatten(start_dim=1)
        current = log_mean_exp(scores.detach(), dim=1)
        if self.log_average is None or self.rate == 1:
            self.log_average = current
        else:
            kept = self.log_average + math.log1p(-self.rate)
            self.log_average = torch.logaddexp(kept, current + math.log(self.rate))
        weights = torch.exp(scores - self.log_average.unsqueeze(1))
        return (weights.mean(dim=1) - joint.mean(dim=1)).sum()


class InfoNCELoss:
    """InfoNCE and its own gradient."""

    def value(self, joint: Tensor, marginal: Tensor) -> Tensor:
        """The bound."""
        return infonce(joint, marginal)

    def loss(self, joint: Tensor, marginal: Tensor) -> Tensor:
        """Minus the bound."""
        return -infonce(joint, marginal).sum()


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
    """Scores of a batch as drawn, and of the batch with its blocks moved round against each other."""

    def __init__(self, shifts: np.ndarray, rows: int) -> None:
        order = np.arange(rows)
        moved = (order[:, None, None] + np.vstack([np.zeros_like(shifts[:1]), shifts])) % rows
        self.rows = rows
        self.index = [torch.from_numpy(moved[:, :, block].T.ravel()) for block in range(shifts.shape[1])]

    def __call__(self, critic: Critic, blocks: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return joint ``(R, n)`` and marginal ``(R, shifts · n)`` scores."""
        embedded = [block.index_select(1, index) for block, index in zip(critic.embed(blocks), self.index, strict=True)]
        scores = critic.combine(embedded)
        return scores[:, : self.rows], scores[:, self.rows :]


def all_pairs(critic: Critic, blocks: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the scores of every pair of rows of two blocks ``(R, n, n)``, and their diagonal ``(R, n)``."""
    left, right = critic.embed(blocks)
    matrix = critic.matrix(left, right)
    return matrix.diagonal(dim1=1, dim2=2), matrix
