"""Base of the estimators that fit densities q(y | x), and q(y), by maximum likelihood."""

import copy
import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast, get_args

import numpy as np

from mibench import Block, Estimate, Estimator
from mibench.errors import InputError

from .._columns import smooth_scores, standardize
from .._held_out import PARTS, Fold, folds
from .._hyperparameters import check_training
from ._linear_frame import LinearFrame
from ._reliability import Report, effective_sizes, effective_terms, few_carry_it, total

if TYPE_CHECKING:
    from torch import Tensor

    from ._conditional import Densities, Family
    from ._critics import Critic
    from ._pairing import Scorer
    from ._training import DataSet, Objective, Training

Head = Literal["gaussian", "logistic", "mixture"]
Scaling = Literal["smooth-scores", "standard"]

#: The most validation rows looked at.
VALIDATION_ROWS = 1024
#: Rows of each part that are needed.
LEAST_ROWS = 3


@dataclass(frozen=True)
class HeldOut:
    """Log densities in nats of the report rows of one fold, all in the scaled columns of y.

    Attributes:
        joint: ln q(y_i | x_i), ``(r,)``.
        marginal: ln q(y_i), ``(r,)``, 0 where no marginal density is fitted.
        densities, blocks, frame: what the log densities of other pairs are computed from.
        white, report: all rows of y in the frame's coordinates t, ``(n, d)``, and the numbers of the report rows.
    """

    joint: "Tensor"
    marginal: "Tensor"
    densities: "Densities"
    blocks: "Sequence[Tensor]"
    frame: LinearFrame
    white: np.ndarray
    report: np.ndarray

    def shifted(self) -> "Tensor":
        """Return ln q(y_j | x_i) in nats, ``(r,)``, j being the row after i, which is a random one."""
        x, v, u, t = self.blocks
        moved = (x, v, u.roll(-1, dims=1), t)
        return self.densities.joint(moved)[0].double() + self.frame.conditional_log_det

    def pairs(self) -> "Iterator[tuple[int, Tensor]]":
        """Yield the first row, and ln q(y_j | x_i) in nats of rows i and all j, ``(rows, r)``."""
        for start, chunk in self.densities.pairs(self.blocks):
            yield start, chunk + self.frame.conditional_log_det


@dataclass(frozen=True)
class LikelihoodEstimator(Estimator):
    """Base of estimators made of the log densities of held-out rows; a subclass defines :meth:`terms`.

    A density q(y | x) is that of the residual of a linear regression of y on x, made white, as a perceptron of x gives
    it; training starts at the linear Gaussian model itself, so that nothing is to be learnt where that is the truth.

    The defaults were chosen by the error of ``doe`` on toy distributions that are no tasks of any suite, two seeds
    each, n = 1000 and 5000: correlated Gaussian pairs of 1, 5 and 20 columns; two random mixtures of six Gaussians; x
    uniform and y = x + uniform noise; y = sin 4x + noise; Student blocks (ν = 2 in 2 + 2, ν = 1.5 in 4 + 4, ν = 3 and 1
    in 1 + 1 dimensions); correlated lognormals with σ = 1.5; 5-dimensional blocks that share a scale of 1 or 3. With
    ``smooth-scores`` the mean error there was 0.15 and 0.05 nat, with ``standard`` 0.26 and 0.20 (heavy tails); the
    learning rate, from 0.001 to 0.01, changed it by less than 0.003 nat.
    """

    hidden: int = 64
    layers: int = 2
    batch_size: int = 256
    learning_rate: float = 0.003
    max_steps: int = 1000
    patience: int = 200
    averaging: float = 0.99
    scaling: Scaling = "smooth-scores"

    #: How far apart the components of a mixture start.
    spread: ClassVar[float] = 0.5

    def __post_init__(self) -> None:
        check_training(self, {"batch_size": 2, "max_steps": 0})
        if self.scaling not in get_args(Scaling):
            raise ValueError(f"scaling is {self.scaling!r}; allowed: {', '.join(get_args(Scaling))}")

    @property
    def fits_marginal(self) -> bool:
        """Whether q(y) is fitted beside q(y | x)."""
        return False

    @abstractmethod
    def family(self, dim: int) -> "Family":
        """Return the family of the densities of *dim* columns."""

    @abstractmethod
    def terms(self, held_out: HeldOut) -> "Tensor":
        """Return numbers, one a report row, ``(r,)``, whose mean is the value in nats."""

    def sees(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """Return the blocks; the first is met as numbers that predict, so it may be of any kind."""
        return (Block(blocks[0].dim), *blocks[1:]) if len(blocks) == 2 else tuple(blocks)

    def prepare(self) -> None:
        """Import torch and take one step, which loads what torch loads on use."""
        rng = np.random.default_rng(0)
        replace(self, max_steps=1).estimate(*rng.standard_normal((2, 50, 1)), rng=rng)

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Fit, select on validation rows, and report on rows that did neither."""
        return self.estimate_many([blocks], [rng])[0]

    def estimate_many(
        self, samples: Sequence[Sequence[np.ndarray]], rngs: Sequence[np.random.Generator]
    ) -> list[Estimate]:
        """Return what :meth:`estimate` does for each sample, their densities fitted side by side, up to rounding.

        Args:
            samples: pairs of blocks, all of the same shapes.
            rngs: one random stream a sample.
        """
        from ._training import DataSet, own_torch

        n = len(samples[0][0])
        if n < PARTS * LEAST_ROWS:
            raise InputError(f"{self.name}: n is {n}; allowed: at least {PARTS * LEAST_ROWS} ({PARTS} parts)")
        splits = [folds(n, rng) for rng in rngs]
        turns = len(splits[0])
        every = [(blocks, fold) for blocks, found in zip(samples, splits, strict=True) for fold in found]
        scaled = [self._scale(blocks, fold) for blocks, fold in every]
        frames = [LinearFrame.fit(x[f.train], y[f.train]) for (x, y), (_, f) in zip(scaled, every, strict=True)]
        rows = [frame.blocks(x, y) for frame, (x, y) in zip(frames, scaled, strict=True)]
        orders = [np.random.default_rng(rng.integers(2**63)) for rng in rngs for _ in range(turns)]
        with own_torch():
            validation = [fold.validation[:VALIDATION_ROWS] for _, fold in every]
            source = DataSet(rows, [fold.train for _, fold in every], validation, self.batch_size, orders)
            points = [block[3][fold.train] for block, (_, fold) in zip(rows, every, strict=True)]
            densities = self._densities(rows[0][0].shape[1], points, turns, rngs)
            training = self._train(densities, source)
            reports = [
                self._report(_replicate(densities, number), rows[number], fold, frames[number])
                for number, (_, fold) in enumerate(every)
            ]
        places = [slice(turns * cell, turns * (cell + 1)) for cell in range(len(samples))]
        return [self._estimate(reports[place], training, place) for place in places]

    def _scale(self, blocks: Sequence[np.ndarray], fold: Fold) -> list[np.ndarray]:
        how = smooth_scores if self.scaling == "smooth-scores" else standardize
        return [how(block, block[fold.train]) for block in blocks]

    def _densities(
        self, context: int, points: Sequence[np.ndarray], turns: int, rngs: Sequence[np.random.Generator]
    ) -> "Densities":
        """Return the densities before training; components start about training rows."""
        import torch

        from ._conditional import ConditionalDensity, Densities, MarginalDensity
        from ._training import as_tensor

        family = self.family(points[0].shape[1])
        found = []
        for number, rng in enumerate(rngs):
            own = points[turns * number : turns * (number + 1)]
            drawn = as_tensor(np.stack([rows[rng.choice(len(rows), family.components)] for rows in own]))
            start = family.start(drawn, self.spread / math.sqrt(family.dim))
            generator = torch.Generator("cpu").manual_seed(int(rng.integers(2**63)))
            conditional = ConditionalDensity(family, start, context, self.hidden, self.layers, generator)
            marginal = MarginalDensity(family, start) if self.fits_marginal else None
            found.append(Densities(conditional, marginal))
        for tensor, *others in zip(*(one.parameters() for one in found), strict=True):
            tensor.data = torch.cat([tensor.data, *others])
        return found[0]

    def _train(self, densities: "Densities", source: "DataSet") -> "Training":
        from ._conditional import Likelihood, score_likelihood
        from ._training import train

        rows_scored = cast("Scorer", score_likelihood)
        return train(
            cast("Critic", densities),  # training asks for its parameters alone
            cast("Objective", Likelihood()),
            rows_scored,
            rows_scored,
            source,
            learning_rate=self.learning_rate,
            max_steps=self.max_steps,
            patience=self.patience,
            averaging=self.averaging,
        )

    def _report(self, densities: "Densities", rows: Sequence[np.ndarray], fold: Fold, frame: LinearFrame) -> Report:
        """Return the held-out value of one replicate."""
        import torch

        from ._training import as_tensor

        blocks = [as_tensor(block[np.newaxis, fold.report]) for block in rows]
        joint = densities.joint(blocks)[0].double() + frame.conditional_log_det
        marginal = torch.zeros_like(joint)
        if densities.marginal:
            marginal = densities.marginal.log_density(blocks[3])[0].double() + frame.marginal_log_det
        terms = self.terms(HeldOut(joint, marginal, densities, blocks, frame, rows[3], fold.report))
        return Report(float(terms.mean()), len(terms), 0, effective_terms(terms))

    def _estimate(self, reports: Sequence[Report], training: "Training", place: slice) -> Estimate:
        """Return the estimate of one sample, whose replicates stand at *place* in a training."""
        rows = total(reports, "rows")
        nats = sum(part.nats * part.rows for part in reports) / rows
        diagnostics: dict[str, Any] = {
            "report_size": rows,
            "gradient_steps": sum(training.steps[place]),
            "best_step": float(np.mean(training.best_steps[place])),
            **effective_sizes(reports),
        }
        if warnings := few_carry_it(reports):
            diagnostics["warning"] = "; ".join(warnings)
        return Estimate(nats, diagnostics=diagnostics)


@dataclass(frozen=True)
class HeadEstimator(LikelihoodEstimator):
    """Base of estimators whose densities are of a family to choose: a Gaussian, a logistic, a mixture of Gaussians."""

    head: Head = "mixture"
    components: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.components < 1:
            raise ValueError(f"components is {self.components}; allowed: 1 or more")
        if self.head not in get_args(Head):
            raise ValueError(f"head is {self.head!r}; allowed: {', '.join(get_args(Head))}")

    def family(self, dim: int) -> "Family":
        """Return the family that ``head`` names."""
        from ._conditional import Family

        kernel: Literal["gaussian", "logistic"] = "logistic" if self.head == "logistic" else "gaussian"
        return Family(kernel, self.components if self.head == "mixture" else 1, dim)


def _replicate(densities: "Densities", index: int) -> "Densities":
    """Return the densities of one replicate alone."""
    one = copy.deepcopy(densities)
    for tensor in one.parameters():
        tensor.requires_grad_(False)
        tensor.data = tensor.data[index : index + 1]
    return one
