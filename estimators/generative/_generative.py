"""Base class of the estimators that fit a generative model: parameters, held-out splits, and the mean over them."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np

from mibench import Estimate, Estimator
from mibench.errors import InputError

from .._columns import scale
from .._held_out import PARTS, Fold, folds
from .._hyperparameters import check_training

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ._training import Fit

M = TypeVar("M", bound="nn.Module")


@dataclass(frozen=True)
class GenerativeEstimator(Estimator):
    """Base of estimators that fit a model to some rows, scaled by them, and report on others.

    A subclass defines :meth:`value`.
    """

    hidden: int = 64
    layers: int = 3
    batch_size: int = 128
    learning_rate: float = 0.005
    max_steps: int = 2000
    patience: int = 300
    averaging: float = 0.99

    #: The fewest rows that a report can be made of.
    least_report: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_training(self, {})

    def prepare(self) -> None:
        """Import torch and take one step, which loads what torch loads on use."""
        from dataclasses import replace

        rng = np.random.default_rng(0)
        replace(self, max_steps=1).estimate(*rng.standard_normal((2, 60, 2)), rng=rng)

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Fit on training rows, select on validation rows, and report on rows that did neither."""
        from ._training import seeded_torch

        n, least = len(blocks[0]), PARTS * self.least_report
        if n < least:
            raise InputError(f"{self.name}: n is {n}; allowed: at least {least} ({PARTS} parts of {self.least_report})")
        values, rows, steps = [], [], 0
        with seeded_torch(rng):
            for fold in self.splits(n, rng):
                nats, taken = self.value([self.scaled(block, block[fold.train]) for block in blocks], fold)
                values.append(nats)
                rows.append(len(fold.report))
                steps += taken
        nats = float(np.average(values, weights=rows))
        return Estimate(nats, diagnostics={"report_size": sum(rows), "gradient_steps": steps})

    def splits(self, n: int, rng: np.random.Generator) -> list[Fold]:
        """Return which of *n* rows train, select and report: see :func:`mibench.estimators._held_out.folds`."""
        return folds(n, rng)

    def scaled(self, block: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the columns of *block* as the model is given them: the normal scores among the training rows."""
        return scale(block, known, "normal-scores")

    @abstractmethod
    def value(self, scaled: Sequence[np.ndarray], fold: Fold) -> tuple[float, int]:
        """Return the value in nats of one split, and the gradient steps taken. torch is seeded."""

    def fit(self, model: M, loss: "Callable[[M], Tensor]", validate: "Callable[[M], Tensor]") -> "Fit":
        """Train *model* as the parameters say: see :func:`mibench.estimators.generative._training.fit`."""
        from ._training import fit

        return fit(
            model,
            loss,
            validate,
            learning_rate=self.learning_rate,
            max_steps=self.max_steps,
            patience=self.patience,
            averaging=self.averaging,
        )
