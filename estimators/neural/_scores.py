"""Critic scores of paired rows, and the averages of them that bounds are made of.

A bound is written once, in averages over two kinds of pairs: *joint* (rows as they were drawn together) and *marginal*
(rows put together from different draws). :class:`Scores` takes the averages of a batch, of shape ``(R,)`` for R
replicates, with gradients; :class:`ReportScores` those of held-out rows of one replicate, in float64, chunk by chunk.
"""

import math
from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

Map = Callable[[Tensor], Tensor]


class Averages(Protocol):
    """Averages over pairs of rows; *f* maps scores elementwise, the identity by default."""

    def mean(self, f: Map | None = None) -> Tensor:
        """Return E[f(T)]: ``(R,)``."""

    def log_mean_exp(self, f: Map | None = None) -> Tensor:
        """Return ln E[exp(f(T))], without overflow: ``(R,)``."""

    def mean_log_mean_exp(self) -> Tensor:
        """Return E_i[ln E_j[exp(T_ij)]], the inner mean over the partners j of row i: ``(R,)``."""


class Scores:
    """Scores ``(R, rows)`` or ``(R, rows, partners)`` held in memory, and their averages."""

    def __init__(self, values: Tensor) -> None:
        self.values = values

    def mean(self, f: Map | None = None) -> Tensor:
        """Return E[f(T)]: ``(R,)``."""
        return (f(self.values) if f else self.values).flatten(start_dim=1).mean(dim=1)

    def log_mean_exp(self, f: Map | None = None) -> Tensor:
        """Return ln E[exp(f(T))]: ``(R,)``."""
        return _log_mean_exp((f(self.values) if f else self.values).flatten(start_dim=1), dim=1)

    def mean_log_mean_exp(self) -> Tensor:
        """Return E_i[ln E_j[exp(T_ij)]]: ``(R,)``."""
        return _log_mean_exp(self.values, dim=2).mean(dim=1)


def _log_mean_exp(scores: Tensor, dim: int) -> Tensor:
    return torch.logsumexp(scores, dim=dim) - math.log(scores.shape[dim])


class ReportScores:
    """Averages over the pairs of a report, of which one chunk at a time is in memory.

    Args:
        chunks: makes the chunks anew for every average: float64 scores, ``(rows, partners)``.

    Attributes:
        effective_pairs: the effective number of pairs behind the last ``log_mean_exp``, (Σ w)² / Σ w² with
            w = exp(f(T)); None before the first.
        row_terms: ln E_j[exp(T_ij)] of every row i, left by ``mean_log_mean_exp``; 0 before.
    """

    def __init__(self, chunks: Callable[[], Iterator[Tensor]]) -> None:
        self.chunks = chunks
        self.effective_pairs: float | None = None
        self.row_terms: Tensor | float = 0.0

    def mean(self, f: Map | None = None) -> Tensor:
        """Return E[f(T)]: ``(1,)``."""
        sums = [((f(chunk) if f else chunk).sum(), chunk.numel()) for chunk in self.chunks()]
        return (torch.stack([part for part, _ in sums]).sum() / sum(count for _, count in sums)).reshape(1)

    def log_mean_exp(self, f: Map | None = None) -> Tensor:
        """Return ln E[exp(f(T))]: ``(1,)``."""
        parts, count = [], 0
        for chunk in self.chunks():
            flat = (f(chunk) if f else chunk).flatten()
            parts.append(torch.stack([torch.logsumexp(flat, dim=0), torch.logsumexp(2 * flat, dim=0)]))
            count += flat.numel()
        log_sum, log_square_sum = torch.logsumexp(torch.stack(parts), dim=0)
        self.effective_pairs = math.exp(2 * log_sum - log_square_sum)
        return (log_sum - math.log(count)).reshape(1)

    def mean_log_mean_exp(self) -> Tensor:
        """Return E_i[ln E_j[exp(T_ij)]]: ``(1,)``; every chunk must hold all partners of its rows."""
        self.row_terms = torch.cat([_log_mean_exp(chunk, dim=1) for chunk in self.chunks()])
        return self.row_terms.mean().reshape(1)
