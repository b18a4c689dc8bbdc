"""The one training loop of the generative models, their networks and their batches."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from ..neural._training import own_torch

M = TypeVar("M", bound=nn.Module)

#: Steps between two looks at the validation rows.
STEPS_PER_LOOK = 20
#: The average of the weights spans a tenth of the steps taken and this many, until ``averaging`` allows no more.
WARM_UP = 10
#: The longest gradient; longer ones are shortened to it.
LARGEST_GRADIENT = 10.0


@contextmanager
def seeded_torch(rng: np.random.Generator) -> Iterator[None]:
    """One thread, gradients on, and torch's generator seeded from *rng*; all are put back as they were."""
    with own_torch(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**63)))
        yield


def perceptron(widths: Sequence[int], activation: Callable[[], nn.Module] = nn.SiLU, *, rest: bool) -> nn.Sequential:
    """Return linear layers of *widths* with an activation between each two; with *rest*, the last starts at 0."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layers += [nn.Linear(fan_in, fan_out, dtype=torch.float32, device="cpu"), activation()]
    last = layers[-2]
    if rest and isinstance(last, nn.Linear):
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    return nn.Sequential(*layers[:-1])


class Batches:
    """Batches of rows in a new random order every epoch; what is left of an epoch is passed over."""

    def __init__(self, blocks: Sequence[Tensor], batch_size: int) -> None:
        self.blocks, self.size = tuple(blocks), min(batch_size, len(blocks[0]))
        self.at = len(blocks[0])

    def __call__(self) -> tuple[Tensor, ...]:
        """Return the next rows of each block."""
        if self.at + self.size > len(self.blocks[0]):
            order = torch.randperm(len(self.blocks[0]))
            self.epoch, self.at = tuple(block[order] for block in self.blocks), 0
        self.at += self.size
        return tuple(block[self.at - self.size : self.at] for block in self.epoch)


@dataclass(frozen=True)
class Fit:
    """Course of a training: the gradient steps taken, the step whose weights are kept, its validation loss."""

    steps: int
    best_step: int
    loss: float


def fit(
    model: M,
    loss: Callable[[M], Tensor],
    validate: Callable[[M], Tensor],
    *,
    learning_rate: float,
    max_steps: int,
    patience: int,
    averaging: float,
) -> Fit:
    """Train *model* by Adam on *loss*; leave in it the averaged weights of the step with the least validation loss.

    What is looked at is a moving average of the weights, ā ← d·ā + (1 − d)·a with d = *averaging* (0 is no average).
    Training stops once *patience* steps have brought no smaller validation loss.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    average = copy.deepcopy(model).requires_grad_(False)
    weights: list[Tensor] = list(model.parameters())
    averages: list[Tensor] = list(average.parameters())
    best, best_loss, best_step, step = copy.deepcopy(average.state_dict()), math.inf, 0, 0
    while True:
        if step % STEPS_PER_LOOK == 0 or step == max_steps:
            with torch.no_grad():
                found = float(validate(average))
            if found < best_loss:
                best, best_loss, best_step = copy.deepcopy(average.state_dict()), found, step
            if step - best_step >= patience or step == max_steps:
                break
        step += 1
        optimizer.zero_grad()
        loss(model).backward()
        nn.utils.clip_grad_norm_(weights, LARGEST_GRADIENT)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(averages, weights, max(1 - averaging, WARM_UP / (WARM_UP + step)))
    model.load_state_dict(best)
    model.requires_grad_(False)
    return Fit(step, best_step, best_loss)
