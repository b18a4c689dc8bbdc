"""Velocity fields between two distributions, their training by flow matching, and the mean of their divergence."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ._training import Batches, perceptron

#: From the place z, ``(n, d)``, the time t, ``(n, 1)``, and what is given, ``(n, c)``, to the velocity, ``(n, d)``.
Velocity: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
#: From rows of x and y to the rows that a path starts at, those it ends at, and what is given.
Ends: TypeAlias = Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]

#: Waves by which t enters a network.
WAVES = 4
#: Rows, each with a time of its own, that a look at the validation rows takes.
VALIDATION_ROWS = 2048
#: Times for each report row, and rows in a chunk.
REPORT_POINTS, CHUNK = 16, 2**13


class VelocityNet(nn.Module):
    """Perceptron on the place, what is given, and the time as itself and in waves."""

    def __init__(self, dim: int, given: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.net = perceptron([dim + given + 1 + 2 * WAVES, *[hidden] * layers, dim], rest=False)

    def forward(self, place: Tensor, time: Tensor, given: Tensor) -> Tensor:
        """Return the velocity."""
        phase = math.pi * time * torch.arange(1, WAVES + 1, dtype=place.dtype)
        return self.net(torch.cat([place, given, 2 * time - 1, phase.sin(), phase.cos()], dim=1))


def joint_ends(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """From rows whose x and y stand in other rows, the product of marginals, to the rows themselves."""
    return torch.cat([x.roll(1, 0), y.roll(2, 0)], dim=1), torch.cat([x, y], dim=1), x[:, :0]


def conditional_ends(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """From the x of another row to that of the row, with y given."""
    return x.roll(1, 0), x, y


def times(count: int) -> Tensor:
    """Return one random time in each of *count* equal parts of (0, 1), in random order: ``(count, 1)``."""
    return ((torch.randperm(count) + torch.rand(count)) / count).unsqueeze(1)


def matching_loss(velocity: Velocity, ends: tuple[Tensor, Tensor, Tensor], time: Tensor) -> Tensor:
    """Return the mean of ‖v(z_t, t) − (z₁ − z₀)‖² with z_t = (1 − t)z₀ + t·z₁."""
    start, stop, given = ends
    found = velocity(start + time * (stop - start), time, given)
    return (found - (stop - start)).square().sum(dim=1).mean()


def losses(
    train: Sequence[Tensor], validation: Sequence[Tensor], ends: Ends, batch_size: int
) -> tuple[Callable[[VelocityNet], Tensor], Callable[[VelocityNet], Tensor]]:
    """Return the loss of the next batch and that of the validation rows, whose paths and times stay the same."""
    batches = Batches(train, batch_size)
    x, y = (block[:VALIDATION_ROWS] for block in validation)
    orders = [torch.randperm(len(x)) for _ in range(max(1, VALIDATION_ROWS // len(x)))]
    parts = [ends(x[order], y[order]) for order in orders]
    kept = tuple(torch.cat(found) for found in zip(*parts, strict=True))
    at = times(len(kept[0]))

    def loss(model: VelocityNet) -> Tensor:
        x, y = batches()
        return matching_loss(model, ends(x, y), times(len(x)))

    return loss, lambda model: matching_loss(model, (kept[0], kept[1], kept[2]), at)


def divergence(velocity: Velocity, place: Tensor, time: Tensor, given: Tensor) -> Tensor:
    """Return Σ_k ∂v_k/∂z_k of each row, ``(n,)``, exactly: one pass backwards a column."""
    with torch.enable_grad():
        place = place.detach().requires_grad_()
        found = velocity(place, time, given)
        total = torch.zeros(len(place), dtype=place.dtype)
        for column in range(place.shape[1]):
            (slope,) = torch.autograd.grad(found[:, column].sum(), place, retain_graph=True)
            total += slope[:, column]
    return total.detach()


def mean_divergence(velocity: Velocity, blocks: Sequence[Tensor], ends: Ends) -> float:
    """Return ∫ E[div v(z_t, t)] dt: the mean over paths to every row, and over 16 times of each from equal parts."""
    total, count = 0.0, 0
    for part in range(REPORT_POINTS):
        order = torch.randperm(len(blocks[0]))
        start, stop, given = ends(*(block[order] for block in blocks))
        time = (part + times(len(start))) / REPORT_POINTS
        place = start + time * (stop - start)
        for rows in zip(*(tensor.split(CHUNK) for tensor in (place, time, given)), strict=True):
            found = divergence(velocity, *rows)
            total += float(found.double().sum())
            count += len(found)
    return total / count
