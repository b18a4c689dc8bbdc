"""The one training loop of the neural estimators, and the sources its batches come from."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ._critics import Critic
from ._pairing import Scorer
from ._scores import Averages

#: Steps between two looks at the validation rows.
STEPS_PER_LOOK = 10
#: The average of the weights spans a tenth of the steps taken and this many, until ``averaging`` allows no more.
WARM_UP = 10


class Objective(Protocol):
    """What training maximises: the estimator itself."""

    def bound(self, joint: Averages, marginal: Averages) -> Tensor:
        """Return the bound in nats of each replicate: ``(R,)``."""

    def criterion(self, joint: Averages, marginal: Averages) -> Tensor:
        """Return what the best step has most of on the validation rows: ``(R,)``."""

    def loss(self, joint: Averages, marginal: Averages, memory: dict[str, Tensor]) -> Tensor:
        """Return what the gradient is taken of, ``(R,)``; *memory* lasts from step to step of one training."""


class Source(Protocol):
    """Where batches come from.

    Attributes:
        rows: rows a batch.
        validation: the validation rows; None where every batch is fresh, so that nothing can be overfitted.
    """

    rows: int
    validation: tuple[Tensor, ...] | None

    def batch(self) -> tuple[Tensor, ...]:
        """Return the next batch, ``(R, rows, d)`` a block."""


class DataSet:
    """Batches from a fixed set of rows, in a new random order every epoch.

    Args:
        blocks: the data, ``(n, d)`` a block.
        train: the training rows of each replicate.
        validation: the validation rows of each replicate.
        batch_size: rows a batch; what is left of an epoch is passed over.
        rng: where the orders come from.
    """

    def __init__(
        self,
        blocks: Sequence[Sequence[np.ndarray]],
        train: Sequence[np.ndarray],
        validation: Sequence[np.ndarray],
        batch_size: int,
        rng: np.random.Generator,
    ) -> None:
        self.blocks, self.train, self.rng = blocks, train, rng
        self.rows = min(batch_size, *map(len, train))
        self.batches = min(map(len, train)) // self.rows
        self.validation: tuple[Tensor, ...] | None = self._gather(validation, min(map(len, validation)))
        self.at = self.batches

    def batch(self) -> tuple[Tensor, ...]:
        """Return the next ``rows`` rows of this epoch's order."""
        if self.at == self.batches:
            orders = [self.rng.permutation(rows) for rows in self.train]
            self.epoch = self._gather(orders, self.batches * self.rows)
            self.at = 0
        start = self.at * self.rows
        self.at += 1
        return tuple(block[:, start : start + self.rows] for block in self.epoch)

    def _gather(self, rows: Sequence[np.ndarray], count: int) -> tuple[Tensor, ...]:
        per_replicate = [
            [block[index[:count]] for block in blocks] for blocks, index in zip(self.blocks, rows, strict=True)
        ]
        return tuple(as_tensor(np.stack(block)) for block in zip(*per_replicate, strict=True))


class FreshDraws:
    """Batches that are each drawn anew: one replicate, no validation."""

    validation: tuple[Tensor, ...] | None = None

    def __init__(self, draw: Callable[[int], Sequence[np.ndarray]], batch_size: int) -> None:
        self.draw, self.rows = draw, batch_size

    def batch(self) -> tuple[Tensor, ...]:
        """Draw ``rows`` new rows."""
        return tuple(as_tensor(block[np.newaxis]) for block in self.draw(self.rows))


def as_tensor(array: np.ndarray) -> Tensor:
    """Return a float32 copy on the CPU, whatever torch's defaults are set to."""
    return torch.tensor(array, dtype=torch.float32, device="cpu")


@contextmanager
def own_torch() -> Iterator[None]:
    """One thread and gradients on, whatever the caller has set; both are put back.

    A number of threads changes the order of summation, hence the value, and on small layers costs more than it gives.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class Training:
    """What training left behind.

    Attributes:
        curve: (step, nats): the validation value after that step, its mean over replicates; or, on fresh draws, the
            value of the batch that step learns from, taken before it does.
        steps: gradient steps taken, the same in every replicate.
        best_steps: the step each replicate's weights are from.
    """

    curve: list[tuple[float, float]]
    steps: int
    best_steps: list[int]


def train(
    critic: Critic,
    objective: Objective,
    scorer: Scorer,
    validation_scorer: Scorer | None,
    source: Source,
    *,
    learning_rate: float,
    max_steps: int,
    patience: int,
    averaging: float,
) -> Training:
    """Train *critic* by Adam on batches of *source*.

    With validation rows, what is looked at is a moving average of the weights, ā ← d·ā + (1 − d)·a with d = *averaging*
    (0 is no average): a replicate stops once ``patience`` steps have brought no better validation value, and gets the
    averaged weights of its best step. Without, every one of ``max_steps`` steps is taken and the last weights stay.
    """
    optimizer = torch.optim.Adam(critic.parameters(), lr=learning_rate, fused=True)
    average = copy.deepcopy(critic)
    selection = None if source.validation is None else _Selection(average, patience)
    curve: list[tuple[float, float]] = []
    memory: dict[str, Tensor] = {}

    def note(step: int, joint: Averages, marginal: Averages) -> None:
        with torch.no_grad():
            curve.append((float(step), float(objective.bound(joint, marginal).mean())))

    step = 0
    while True:
        if selection and source.validation and validation_scorer and _is_look(step, max_steps):
            with torch.no_grad():
                scores = validation_scorer(average, source.validation)
                selection.consider(step, objective.criterion(*scores))
            note(step, *scores)
        if step == max_steps or (selection and selection.finished):
            break
        step += 1
        joint, marginal = scorer(critic, source.batch())
        if selection is None:
            note(step, joint, marginal)
        optimizer.zero_grad()
        objective.loss(joint, marginal, memory).sum().backward()
        optimizer.step()
        if selection:
            _move(average, critic, max(1 - averaging, WARM_UP / (WARM_UP + step)))
    if selection is None:
        return Training(curve, step, [step] * len(critic.parameters()[0]))
    selection.give(critic)
    return Training(curve, step, selection.best_steps)


def _move(average: Critic, critic: Critic, share: float) -> None:
    """Move the weights of *average* towards those of *critic* by *share* of the way."""
    with torch.no_grad():
        for kept, tensor in zip(average.parameters(), critic.parameters(), strict=True):
            kept.lerp_(tensor, share)


def _is_look(step: int, max_steps: int) -> bool:
    return step % STEPS_PER_LOOK == 0 or step == max_steps


class _Selection:
    """Early stopping: the best weights of each replicate, copied when they are met."""

    def __init__(self, critic: Critic, patience: int) -> None:
        self.parameters, self.patience = critic.parameters(), patience
        replicates = len(self.parameters[0])
        self.best = [tensor.detach().clone() for tensor in self.parameters]
        self.best_values = [-math.inf] * replicates
        self.best_steps = [0] * replicates
        self.waiting = [True] * replicates

    @property
    def finished(self) -> bool:
        return not any(self.waiting)

    def consider(self, step: int, values: Tensor) -> None:
        """Copy the weights of each replicate that has improved; close those whose patience is out for good."""
        for replicate, value in enumerate(values.tolist()):
            if not self.waiting[replicate]:
                continue
            if value > self.best_values[replicate]:
                self.best_values[replicate], self.best_steps[replicate] = value, step
                for kept, tensor in zip(self.best, self.parameters, strict=True):
                    kept[replicate].copy_(tensor.detach()[replicate])
            elif step - self.best_steps[replicate] >= self.patience:
                self.waiting[replicate] = False

    def give(self, critic: Critic) -> None:
        """Give *critic* the best weights."""
        with torch.no_grad():
            for kept, tensor in zip(self.best, critic.parameters(), strict=True):
                tensor.copy_(kept)
