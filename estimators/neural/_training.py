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
from ._scores import Averages, Scores

#: Steps between two looks at the validation rows.
STEPS_PER_LOOK = 10
#: The average of the weights spans a tenth of the steps taken and this many, until ``averaging`` allows no more.
WARM_UP = 10


class Objective(Protocol):
    """Objective that training maximises: the estimator itself."""

    def bound(self, joint: Scores, marginal: Averages) -> Tensor:
        """Return the bound in nats of each replicate: ``(R,)``."""

    def criterion(self, joint: Scores, marginal: Averages) -> Tensor:
        """Return what the best step has most of on the validation rows: ``(R,)``."""

    def loss(self, joint: Scores, marginal: Averages, memory: dict[str, Tensor]) -> Tensor:
        """Return what the gradient is taken of, ``(R,)``; *memory* lasts from step to step of one training."""


class Source(Protocol):
    """Source of batches.

    Attributes:
        rows: rows a batch.
        validation: the validation rows; None where every batch is fresh, so that nothing can be overfitted.
    """

    rows: int
    validation: tuple[Tensor, ...] | None

    def batch(self) -> tuple[Tensor, ...]:
        """Return the next batch, ``(R, rows, d)`` a block."""

    def keep(self, index: list[int]) -> None:
        """Leave out all replicates but those of *index* from now on."""


class DataSet:
    """Batches from a fixed set of rows, in a new random order every epoch.

    Args:
        blocks: the data, ``(n, d)`` a block.
        train: the training rows of each replicate.
        validation: the validation rows of each replicate.
        batch_size: rows a batch; what is left of an epoch is passed over.
        rngs: where the orders of each replicate come from.
    """

    def __init__(
        self,
        blocks: Sequence[Sequence[np.ndarray]],
        train: Sequence[np.ndarray],
        validation: Sequence[np.ndarray],
        batch_size: int,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        self.blocks, self.train, self.rngs = list(blocks), list(train), list(rngs)
        self.rows = min(batch_size, *map(len, train))
        self.batches = min(map(len, train)) // self.rows
        self.validation: tuple[Tensor, ...] | None = self._gather(validation, min(map(len, validation)))
        self.at = self.batches

    def batch(self) -> tuple[Tensor, ...]:
        """Return the next ``rows`` rows of this epoch's order."""
        if self.at == self.batches:
            orders = [rng.permutation(rows) for rng, rows in zip(self.rngs, self.train, strict=True)]
            self.epoch = self._gather(orders, self.batches * self.rows)
            self.at = 0
        start = self.at * self.rows
        self.at += 1
        return tuple(block[:, start : start + self.rows] for block in self.epoch)

    def keep(self, index: list[int]) -> None:
        """Leave out all replicates but those of *index* from now on."""
        self.blocks = [self.blocks[replicate] for replicate in index]
        self.train = [self.train[replicate] for replicate in index]
        self.rngs = [self.rngs[replicate] for replicate in index]
        self.epoch = tuple(block[index] for block in self.epoch)
        self.validation = tuple(block[index] for block in self.validation or ())

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

    def keep(self, index: list[int]) -> None:
        """Do nothing: the one replicate is never finished."""


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
    """Result of training.

    Attributes:
        curve: (step, nats of each replicate): the validation values after that step, the last one of a replicate that
            has stopped; or, on fresh draws, the value of the batch that step learns from, taken before it does.
        steps: the gradient steps each replicate has taken.
        best_steps: the step each replicate's weights are from.
    """

    curve: list[tuple[int, list[float]]]
    steps: list[int]
    best_steps: list[int]

    def mean_curve(self, replicates: slice = slice(None)) -> list[tuple[float, float]]:
        """Return (step, mean over *replicates*) up to the step at which the last of them stopped."""
        last = max(self.steps[replicates])
        return [(float(step), float(np.mean(values[replicates]))) for step, values in self.curve if step <= last]


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
    replicates = len(critic.parameters()[0])
    latest, steps = [0.0] * replicates, [0] * replicates
    curve: list[tuple[int, list[float]]] = []
    memory: dict[str, Tensor] = {}

    def note(step: int, joint: Scores, marginal: Averages) -> None:
        with torch.no_grad():
            values = objective.bound(joint, marginal).tolist()
        for replicate, value in zip(selection.active if selection else range(replicates), values, strict=True):
            latest[replicate], steps[replicate] = value, step
        curve.append((step, latest.copy()))

    def take_step() -> None:  # its graph ends with it, so that replicates can be left out afterwards
        joint, marginal = scorer(critic, source.batch())
        if selection is None:
            note(step, joint, marginal)
        optimizer.zero_grad()
        objective.loss(joint, marginal, memory).sum().backward()
        optimizer.step()

    step = 0
    while True:
        if selection and source.validation and validation_scorer and _is_look(step, max_steps):
            with torch.no_grad():
                scores = validation_scorer(average, source.validation)
                values = objective.criterion(*scores)
            note(step, *scores)
            going_on = selection.consider(step, values)
            if not going_on:
                break
            if len(going_on) < len(values):
                source.keep(going_on)
                _keep(going_on, (critic, average), optimizer, memory)
        if step == max_steps:
            break
        step += 1
        take_step()
        if selection:
            _move(average, critic, max(1 - averaging, WARM_UP / (WARM_UP + step)))
    if selection is None:
        return Training(curve, steps, steps)
    for tensor, best in zip(critic.parameters(), selection.best, strict=True):
        tensor.data, tensor.grad = best, None
    return Training(curve, steps, selection.best_steps)


def _move(average: Critic, critic: Critic, share: float) -> None:
    """Move the weights of *average* towards those of *critic* by *share* of the way."""
    with torch.no_grad():
        for kept, tensor in zip(average.parameters(), critic.parameters(), strict=True):
            kept.lerp_(tensor, share)


def _is_look(step: int, max_steps: int) -> bool:
    return step % STEPS_PER_LOOK == 0 or step == max_steps


def _keep(index: list[int], critics: Sequence[Critic], optimizer: torch.optim.Adam, memory: dict[str, Tensor]) -> None:
    """Take all replicates but those of *index* out of a training, so that they cost nothing more."""
    for tensor in (tensor for critic in critics for tensor in critic.parameters()):
        tensor.data, tensor.grad = tensor.data[index], None
    for state in optimizer.state.values():
        state.update({name: state[name][index] for name in ("exp_avg", "exp_avg_sq")})
    memory.update({name: value[index] for name, value in memory.items()})


class _Selection:
    """Early stopping: the best weights of each replicate, copied when they are met.

    Attributes:
        active: the replicates still in training, in the order in which *critic* holds them.
    """

    def __init__(self, critic: Critic, patience: int) -> None:
        self.parameters, self.patience = critic.parameters(), patience
        self.active = list(range(len(self.parameters[0])))
        self.best = [tensor.detach().clone() for tensor in self.parameters]
        self.best_values = [-math.inf] * len(self.active)
        self.best_steps = [0] * len(self.active)

    def consider(self, step: int, values: Tensor) -> list[int]:
        """Copy the weights of each replicate that has improved; return the positions of those that go on."""
        going_on = []
        for position, (replicate, value) in enumerate(zip(self.active, values.tolist(), strict=True)):
            if value > self.best_values[replicate]:
                self.best_values[replicate], self.best_steps[replicate] = value, step
                for kept, tensor in zip(self.best, self.parameters, strict=True):
                    kept[replicate].copy_(tensor.detach()[position])
            if step - self.best_steps[replicate] < self.patience:
                going_on.append(position)
        self.active = [self.active[position] for position in going_on]
        return going_on
