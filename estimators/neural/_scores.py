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

#: Nats below the largest of a chunk from which on a pair's share of a sum is not looked at.
NEGLIGIBLE = 40.0


class Averages(Protocol):
    """Averages over pairs of rows; *f* maps scores elementwise, the identity by default.

    Attributes:
        pairs: how many pairs of a replicate are averaged over.
    """

    pairs: int

    def mean(self, f: Map | None = None) -> Tensor:
        """Return E[f(T)]: ``(R,)``."""

    def log_mean_exp(self, f: Map | None = None) -> Tensor:
        """Return ln E[exp(f(T))], without overflow: ``(R,)``."""

    def mean_log_mean_exp(self) -> Tensor:
        """Return E_i[ln E_j[exp(T_ij)]], the inner mean over the partners j of row i: ``(R,)``."""

    def rows_log_mean_exp(self, leave: int = 0) -> Tensor:
        """Return ln E_j[exp(T_ij)] of every row i, over all its partners j but the first *leave*: ``(R, n)``."""


class Scores:
    """Scores ``(R, rows)`` or ``(R, rows, partners)`` held in memory, and their averages.

    Args:
        values: the scores.
        second: the scores of a second critic for the same pairs, where there is one.
    """

    def __init__(self, values: Tensor, second: Tensor | None = None) -> None:
        self.values, self.second = values, second
        self.pairs = values[0].numel()

    def mean(self, f: Map | None = None) -> Tensor:
        """Return E[f(T)]: ``(R,)``."""
        return (f(self.values) if f else self.values).flatten(start_dim=1).mean(dim=1)

    def log_mean_exp(self, f: Map | None = None) -> Tensor:
        """Return ln E[exp(f(T))]: ``(R,)``."""
        return _log_mean_exp((f(self.values) if f else self.values).flatten(start_dim=1), dim=1)

    def mean_log_mean_exp(self) -> Tensor:
        """Return E_i[ln E_j[exp(T_ij)]]: ``(R,)``."""
        return self.rows_log_mean_exp().mean(dim=1)

    def rows_log_mean_exp(self, leave: int = 0) -> Tensor:
        """Return ln E_j[exp(T_ij)] of every row i, over all its partners j but the first *leave*: ``(R, n)``."""
        return _log_mean_exp(self.values[:, :, leave:], dim=2)


def _log_sum_exp(values: Tensor) -> Tensor:
    return torch.logsumexp(values, dim=0)


def _log_mean_exp(scores: Tensor, dim: int) -> Tensor:
    return torch.logsumexp(scores, dim=dim) - math.log(scores.shape[dim])


class Skewed:
    """Averages over marginal pairs, of which a share w is taken to be joint ones: (1 − w)·E_marginal + w·E_joint.

    A bound on KL(p ‖ q) of the joint p and the product q that is taken of these is one on KL(p ‖ (1 − w)q + wp), which
    is at most ln 1/w. Its best critic is ln p/q up to a constant where p/q is well below 1/w. With w = 1/pairs, one of
    the pairs averaged over is joint.

    Reference: L. Lee, On the Effectiveness of the Skew Divergence for Statistical Language Analysis, AISTATS 2001.
    """

    def __init__(self, joint: Scores, marginal: Averages, share: float) -> None:
        self.joint, self.marginal, self.share = joint, marginal, share
        self.pairs = marginal.pairs

    def mean(self, f: Map | None = None) -> Tensor:
        """Return (1 − w)·E_marginal[f(T)] + w·E_joint[f(T)]: ``(R,)``."""
        return (1 - self.share) * self.marginal.mean(f) + self.share * self.joint.mean(f)

    def log_mean_exp(self, f: Map | None = None) -> Tensor:
        """Return ln((1 − w)·E_marginal[exp(f(T))] + w·E_joint[exp(f(T))]): ``(R,)``."""
        marginal = self.marginal.log_mean_exp(f) + math.log1p(-self.share)
        return marginal.logaddexp(self.joint.log_mean_exp(f) + math.log(self.share))

    def mean_log_mean_exp(self) -> Tensor:
        """Return E_i[ln((1 − w)·E_j[exp(T_ij)] + w·exp(T_ii))]: ``(R,)``."""
        return self.rows_log_mean_exp().mean(dim=1)

    def rows_log_mean_exp(self, leave: int = 0) -> Tensor:
        """Return ln((1 − w)·E_j[exp(T_ij)] + w·exp(T_ii)) of every row i: ``(R, n)``."""
        marginal = self.marginal.rows_log_mean_exp(leave) + math.log1p(-self.share)
        return marginal.logaddexp(self.joint.values + math.log(self.share))


class ReportScores:
    """Averages over the pairs of a report, of which one chunk at a time is in memory.

    Args:
        chunks: makes the chunks anew for every average: float64 scores, ``(rows, partners)``.
        pairs: how many scores all chunks hold.
        joint: the scores of the joint rows, ``(n,)``, to set beside.

    Attributes:
        effective_pairs: the effective number of pairs behind the last ``log_mean_exp``, (Σ w)² / Σ w² with
            w = exp(f(T)); None before the first.
        joint_above: how often a joint row scores higher than a pair drawn with weight w, ties counting half; left by
            ``log_mean_exp`` as well.
        joint_beyond: the share of joint rows that score above every pair, likewise.
        row_terms: ln E_j[exp(T_ij)] of every row i, left by ``rows_log_mean_exp``; 0 before.
    """

    def __init__(self, chunks: Callable[[], Iterator[Tensor]], pairs: int, joint: Tensor) -> None:
        self.chunks, self.pairs = chunks, pairs
        self.joint = joint.sort().values
        self.effective_pairs: float | None = None
        self.joint_above: float | None = None
        self.joint_beyond: float | None = None
        self.row_terms: Tensor | float = 0.0

    def mean(self, f: Map | None = None) -> Tensor:
        """Return E[f(T)]: ``(1,)``."""
        sums = [((f(chunk) if f else chunk).sum(), chunk.numel()) for chunk in self.chunks()]
        return (torch.stack([part for part, _ in sums]).sum() / sum(count for _, count in sums)).reshape(1)

    def log_mean_exp(self, f: Map | None = None) -> Tensor:
        """Return ln E[exp(f(T))]: ``(1,)``."""
        parts, highest = [], -math.inf
        for chunk in self.chunks():
            flat = chunk.flatten()
            highest = max(highest, float(flat.max()))
            mapped = f(flat) if f else flat
            parts.append(
                torch.stack([_log_sum_exp(mapped), _log_sum_exp(2 * mapped), self._log_sum_below(flat, mapped)])
            )
        log_sum, log_square_sum, log_sum_below = torch.logsumexp(torch.stack(parts), dim=0)
        self.effective_pairs = math.exp(2 * log_sum - log_square_sum)
        self.joint_above = math.exp(log_sum_below - log_sum)
        self.joint_beyond = float((self.joint > highest).double().mean())
        return (log_sum - math.log(self.pairs)).reshape(1)

    def mean_log_mean_exp(self) -> Tensor:
        """Return E_i[ln E_j[exp(T_ij)]]: ``(1,)``."""
        return self.rows_log_mean_exp().mean(dim=1)

    def rows_log_mean_exp(self, leave: int = 0) -> Tensor:
        """Return ln E_j[exp(T_ij)] of every row: ``(1, n)``; every chunk must hold all partners of its rows."""
        self.row_terms = torch.cat([_log_mean_exp(chunk[:, leave:], dim=1) for chunk in self.chunks()])
        return self.row_terms.unsqueeze(0)

    def _log_sum_below(self, scores: Tensor, logs: Tensor) -> Tensor:
        """Return ln Σ_j exp(logs_j)·(share of joint scores above scores_j)."""
        heavy = logs > logs.max() - NEGLIGIBLE
        scores, logs = scores[heavy], logs[heavy]
        up_to, below = (torch.searchsorted(self.joint, scores, right=right) for right in (True, False))
        return _log_sum_exp(logs + (1 - (up_to + below) / (2 * len(self.joint))).log())
