"""What the neural estimators share: their parameters, who trains, selects and reports, and the learning curve."""

import copy
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mibench import Estimate, Estimator
from mibench.errors import InputError
from mibench.estimator import Sampler

if TYPE_CHECKING:
    from torch import Tensor

    from ._critics import Critic
    from ._objectives import Objective
    from ._reports import Report
    from ._training import Scores, Source, Training

#: Parts the rows are dealt into: three train, one selects, one reports.
PARTS = 5
#: From this many rows on there is one split; below, each part reports once.
SPLIT_FROM = 1000
#: The most validation rows looked at.
VALIDATION_ROWS = 1024
#: The share of a learning curve on fresh draws whose mean is its final value.
FINAL_SHARE = 0.1


def split(n: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return the (train, validation, report) rows of each replicate: 60/20/20, or five folds below 1000 rows.

    In the folds every row is reported once, by a critic that it has neither trained nor selected.
    """
    parts = np.array_split(rng.permutation(n), PARTS)
    turns = 1 if n >= SPLIT_FROM else PARTS
    return [
        (np.concatenate([parts[(turn + shift) % PARTS] for shift in (2, 3, 4)]), parts[(turn + 1) % PARTS], parts[turn])
        for turn in range(turns)
    ]


def report_sizes(n: int) -> list[int]:
    """The number of report rows of each replicate."""
    sizes = [n // PARTS + (part < n % PARTS) for part in range(PARTS)]
    return sizes[:1] if n >= SPLIT_FROM else sizes


@dataclass(frozen=True)
class NeuralEstimator(Estimator):
    """Base of estimators that train a critic; a subclass says which objective, on which scores, and what it reports.

    The defaults are common practice for a few thousand rows: two hidden layers of 64, Adam, early stopping. Learning
    rate and patience were chosen for cost among settings that reached the same held-out bound on two toy distributions
    (a noisy sine; a noisy logarithm of mixed exponentials) that are no tasks. No truth was used to choose any of them.
    """

    hidden: int = 64
    layers: int = 2
    critic: Literal["joint", "separable"] = "joint"
    batch_size: int = 128
    learning_rate: float = 0.003
    max_steps: int = 2000
    patience: int = 100
    standardize: bool = True

    def __post_init__(self) -> None:
        least = {"hidden": 1, "layers": 1, "batch_size": 2, "max_steps": 1, "patience": 1}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: {lowest} or more")
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate is {self.learning_rate}; allowed: a finite number of more than 0")

    @abstractmethod
    def _objective(self) -> "Objective":
        """The objective, fresh for one training."""

    @abstractmethod
    def _scores(self, rows: int, blocks: int, validation: bool, rng: np.random.Generator) -> "Scores":
        """How *rows* rows are paired: in a batch, or in the validation rows."""

    @abstractmethod
    def _report(self, critic: "Critic", blocks: Sequence["Tensor"], rng: np.random.Generator) -> "Report":
        """The held-out value of one replicate."""

    def _judge(self, nats: float, reports: "Sequence[Report]") -> dict[str, Any]:
        """What the method has to say about a value: its ceiling, a warning."""
        return {}

    def prepare(self) -> None:
        """Import torch and take one step, which loads what torch loads on use."""
        rng = np.random.default_rng(0)
        self.learning_curve(lambda rows: list(rng.standard_normal((2, rows, 1))), steps=1, rng=rng)

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Train, select on validation rows, and report on rows that did neither."""
        from ._training import DataSet, as_tensor, own_torch

        n, m = len(blocks[0]), len(blocks)
        least = PARTS * max(2, m)
        if n < least:
            raise InputError(f"{self.name}: n is {n}; allowed: at least {least} ({PARTS} parts of {max(2, m)} rows)")
        train, validation, report = zip(*split(n, rng), strict=True)
        scaled = [self._scale(blocks, [block[rows] for block in blocks]) for rows in train]
        with own_torch():
            source = DataSet(scaled, train, [rows[:VALIDATION_ROWS] for rows in validation], self.batch_size, rng)
            critic, training = self._train(source, [block.shape[1] for block in blocks], len(train), rng)
            reports = [
                self._report(
                    _replicate(critic, turn), [as_tensor(block[np.newaxis, rows]) for block in scaled[turn]], rng
                )
                for turn, rows in enumerate(report)
            ]
        rows = sum(part.rows for part in reports)
        nats = sum(part.nats * part.rows for part in reports) / rows
        diagnostics = {
            "report_size": rows,
            "gradient_steps": training.steps * len(reports),
            "best_step": float(np.mean(training.best_steps)),
            **self._judge(nats, reports),
        }
        return Estimate(nats, curve=training.curve, diagnostics=diagnostics)

    def learning_curve(self, sampler: Sampler, *, steps: int | None = None, rng: np.random.Generator) -> Estimate:
        """Train on a fresh batch every step; the value is the mean over the last tenth of the curve.

        See :meth:`mibench.Estimator.learning_curve`. Standardising uses the statistics of one batch drawn beforehand.
        """
        from ._training import FreshDraws, own_torch

        pilot = sampler(self.batch_size)
        with own_torch():
            source = FreshDraws(lambda rows: self._scale(sampler(rows), pilot), self.batch_size)
            _, training = self._train(source, [block.shape[1] for block in pilot], 1, rng, steps)
        last = training.curve[-math.ceil(FINAL_SHARE * len(training.curve)) :]
        nats = float(np.mean([value for _, value in last]))
        return Estimate(nats, curve=training.curve, diagnostics={"gradient_steps": training.steps})

    def _scale(self, blocks: Sequence[np.ndarray], known: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Centre and scale the columns of *blocks* as the rows in *known* say."""
        if not self.standardize:
            return list(blocks)
        scales = [block.std(axis=0) for block in known]
        return [
            (block - rows.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
            for block, rows, scale in zip(blocks, known, scales, strict=True)
        ]

    def _train(
        self, source: "Source", dims: list[int], replicates: int, rng: np.random.Generator, steps: int | None = None
    ) -> "tuple[Critic, Training]":
        import torch

        from ._critics import CRITICS
        from ._training import train

        generator = torch.Generator(device="cpu").manual_seed(int(rng.integers(2**63)))
        critic = CRITICS[self.critic](dims, self.hidden, self.layers, replicates, generator)
        looked_at = 0 if source.validation is None else source.validation[0].shape[1]
        if source.rows < len(dims):
            raise InputError(
                f"{self.name}: batch_size is {source.rows}; allowed: at least {len(dims)}, one row a block"
            )
        training = train(
            critic,
            self._objective(),
            self._scores(source.rows, len(dims), False, rng),
            self._scores(looked_at, len(dims), True, rng) if looked_at else None,
            source,
            learning_rate=self.learning_rate,
            max_steps=self.max_steps if steps is None else steps,
            patience=self.patience,
        )
        return critic, training


def _replicate(critic: "Critic", index: int) -> "Critic":
    """Return a critic of one replicate alone."""
    one = copy.deepcopy(critic)
    for tensor in one.parameters():
        tensor.requires_grad_(False)
        tensor.data = tensor.data[index : index + 1]
    return one
