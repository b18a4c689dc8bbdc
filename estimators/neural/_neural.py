"""Base classes of the neural estimators: parameters, held-out training and reports, learning curves."""

import copy
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from mibench import Estimate, Estimator, Tags
from mibench.errors import InputError
from mibench.estimator import Sampler

from .._columns import Scaling, scale
from .._held_out import PARTS, folds
from .._hyperparameters import check_training
from ._reliability import Report, effective_sizes, effective_terms, few_carry_it, out_of_reach, too_near, total

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ._critics import Critic
    from ._pairing import Scorer
    from ._scores import Averages, Scores
    from ._training import Source, Training

#: The most validation rows looked at.
VALIDATION_ROWS = 1024
#: Shifts of the validation rows a look averages over.
VALIDATION_SHIFTS = 16
#: Rows a learning curve on fresh draws scales by.
PILOT_ROWS = 2048
#: The largest value of a scaled column; critics are float32.
LARGEST = 1e15
#: The share of a learning curve on fresh draws whose mean is its final value.
FINAL_SHARE = 0.1


@dataclass(frozen=True)
class NeuralEstimator(Estimator):
    """Base of estimators that train a critic T to maximise a bound.

    A subclass defines :meth:`bound` in averages over joint and marginal rows, and, where training follows something
    else, :meth:`loss`; ``pairing`` says which rows are the marginal ones.

    The defaults were chosen by the error on toy distributions that are no tasks, two seeds each, n = 1000 and 5000: two
    random mixtures of six correlated Gaussians; x uniform and y = x + uniform noise; y = sin 4x + noise; asinh of
    Laplace variables plus noise in 2 and 4 dimensions; 5-dimensional blocks whose Gaussian entries share a scale of 1
    or 3; and, with tails, Student blocks (ν = 2 in 2 + 2, ν = 1.5 in 4 + 4, ν = 3 in 1 + 1 dimensions), a Cauchy copula
    with lognormal marginals, correlated lognormals with σ = 1.5, and two discrete variables of four unequal levels.

    A more patient training (``max_steps`` 10000, ``patience`` 1000, ``averaging`` .995: MINE's
    ``neural:mine-thorough``) has an RMSE of .213 against .227 on eight of these at n = 1000, three seeds, for 2.3 times
    the CPU, and of .111 against .118 at n = 5000, two seeds, for 2.5 times: six percent that the default leaves to who
    asks for them. How MINE and its kin select was chosen by what high information does, n = 1000, three seeds: x
    uniform in 1, 2, 4 and 10 dimensions and y = x + uniform noise, asinh of Laplace variables plus noise in 5 and 8
    (5.5 to 15 nats). :func:`bounded` brought the worst of 18 errors from 7126 to 9.1 nats for the patient training, and
    from 21.7 to 9.1 for the default, and changed the default's RMSE on the other eight, of at most 3.7 nats, in no
    digit.
    """

    hidden: int = 64
    layers: int = 2
    critic: Literal["joint", "separable"] = "joint"
    batch_size: int = 128
    learning_rate: float = 0.005
    max_steps: int = 2000
    patience: int = 300
    averaging: float = 0.99
    scaling: Scaling = "normal-scores"
    standardize: bool | None = None

    #: ``all`` pairs of two blocks, or the cyclic ``shifts`` of any number: see :class:`ShiftsEstimator`.
    pairing: ClassVar[Literal["shifts", "all"]] = "all"

    def __post_init__(self) -> None:
        check_training(self, {"batch_size": 2})
        if self.scaling not in get_args(Scaling):
            raise ValueError(f"scaling is {self.scaling!r}; allowed: {', '.join(get_args(Scaling))}")
        if self.standardize is not None:
            object.__setattr__(self, "scaling", "standard" if self.standardize else "none")
            object.__setattr__(self, "standardize", None)

    def get_tags(self) -> Tags:
        """Return the class's tags; normal scores are unchanged, to the last digit, by increasing maps of a column."""
        if self.scaling != "normal-scores":
            return self.tags
        return replace(self.tags, invariances=self.tags.invariances | {"scaling", "monotone"})

    @abstractmethod
    def bound(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """Return the value in nats, ``(R,)``, from averages of critic scores: of a batch or of a whole report."""

    def loss(self, joint: "Scores", marginal: "Averages", memory: dict[str, "Tensor"]) -> "Tensor":
        """Return what a gradient step lowers, ``(R,)``: minus the bound by default.

        *memory* is empty at the start of a training and lasts from step to step.
        """
        return -self.bound(joint, marginal)

    def criterion(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """Return what the best step has most of on validation rows, ``(R,)``: the bound by default."""
        return self.bound(joint, marginal)

    def warnings(self, nats: float, reports: Sequence[Report]) -> list[str]:
        """Return why a value should not be relied on: what carries it is little, or does not reach far enough."""
        return few_carry_it(reports) + out_of_reach(reports) + too_near(nats, reports)

    def diagnostics(self, nats: float, reports: Sequence[Report]) -> dict[str, Any]:
        """Return what helps to judge a value: how many rows and pairs carry its means."""
        return effective_sizes(reports)

    def prepare(self) -> None:
        """Import torch and take one step, which loads what torch loads on use."""
        rng = np.random.default_rng(0)
        self.learning_curve(lambda rows: list(rng.standard_normal((2, rows, 1))), steps=1, rng=rng)

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Train, select on validation rows, and report on rows that did neither."""
        return self.estimate_many([blocks], [rng])[0]

    def estimate_many(
        self, samples: Sequence[Sequence[np.ndarray]], rngs: Sequence[np.random.Generator]
    ) -> list[Estimate]:
        """Return what :meth:`estimate` does for each sample, their critics trained side by side.

        The same up to rounding: where a function is taken of one number a replicate, its last float32 digit can depend
        on the number of replicates, and training amplifies it.

        Args:
            samples: tuples of blocks, all of the same shapes.
            rngs: one random stream a sample.
        """
        from ._training import DataSet, as_tensor, own_torch

        n, dims = len(samples[0][0]), [block.shape[1] for block in samples[0]]
        least = PARTS * max(2, len(dims))
        if n < least:
            raise InputError(
                f"{self.name}: n is {n}; allowed: at least {least} ({PARTS} parts of {max(2, len(dims))} rows)"
            )
        splits = [folds(n, rng) for rng in rngs]
        turns = len(splits[0])
        every = [(blocks, fold) for blocks, found in zip(samples, splits, strict=True) for fold in found]
        scaled = [self._scale(blocks, [block[fold.train] for block in blocks]) for blocks, fold in every]
        orders = [np.random.default_rng(rng.integers(2**63)) for rng in rngs for _ in range(turns)]
        validation = [fold.validation[:VALIDATION_ROWS] for _, fold in every]
        with own_torch():
            source = DataSet(scaled, [fold.train for _, fold in every], validation, self.batch_size, orders)
            critic, training = self._train(source, dims, turns, rngs)
            reports = [
                self._report(
                    _replicate(critic, number),
                    [as_tensor(block[np.newaxis, fold.report]) for block in scaled[number]],
                    order,
                    self._most(dims, len(fold.train)),
                )
                for number, ((_, fold), order) in enumerate(zip(every, orders, strict=True))
            ]
        places = [slice(turns * cell, turns * (cell + 1)) for cell in range(len(samples))]
        return [self._estimate(reports[place], training, place) for place in places]

    def _estimate(self, reports: Sequence[Report], training: "Training", place: slice) -> Estimate:
        """Return the estimate of one sample, whose replicates stand at *place* in a training."""
        rows = total(reports, "rows")
        nats = sum(part.nats * part.rows for part in reports) / rows
        diagnostics = {
            "report_size": rows,
            "gradient_steps": sum(training.steps[place]),
            "best_step": float(np.mean(training.best_steps[place])),
            **self.diagnostics(nats, reports),
        }
        if warnings := self.warnings(nats, reports):
            diagnostics["warning"] = "; ".join(warnings)
        return Estimate(nats, curve=training.mean_curve(place), diagnostics=diagnostics)

    def learning_curve(self, sampler: Sampler, *, steps: int | None = None, rng: np.random.Generator) -> Estimate:
        """Train on a fresh batch every step; the value is the mean over the last tenth of the curve.

        Columns are scaled by 2,048 rows drawn beforehand, or one batch if that is more.
        """
        from ._training import FreshDraws, own_torch

        pilot = getattr(sampler, "pilot", sampler)(max(self.batch_size, PILOT_ROWS))
        with own_torch():
            source = FreshDraws(lambda rows: self._scale(sampler(rows), pilot), self.batch_size)
            _, training = self._train(source, [block.shape[1] for block in pilot], 1, [rng], steps)
        curve = training.mean_curve()
        nats = float(np.mean([value for _, value in curve[-math.ceil(FINAL_SHARE * len(curve)) :]]))
        return Estimate(nats, curve=curve, diagnostics={"gradient_steps": sum(training.steps)})

    def _scale(self, blocks: Sequence[np.ndarray], known: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Scale the columns of *blocks* as the rows in *known* say."""
        scaled = [scale(block, rows, self.scaling) for block, rows in zip(blocks, known, strict=True)]
        largest = max(float(np.abs(block).max()) for block in scaled)
        if not largest <= LARGEST:
            raise InputError(
                f"{self.name}: a value is {largest:.3g} in columns of scaling={self.scaling}; "
                f"allowed: at most {LARGEST:g} (scaling=normal-scores takes any)"
            )
        return scaled

    def _critic(self, dims: Sequence[int], replicates: int, generator: "torch.Generator") -> "Critic":
        """Return a critic of blocks of *dims* columns, its first weights from *generator*."""
        from ._critics import CRITICS

        return CRITICS[self.critic](dims, self.hidden, self.layers, replicates, generator)

    def _scorer(self, rows: int, blocks: int, validation: bool) -> "Scorer":
        """Return how *rows* rows are paired and scored: in a batch, or in the validation rows."""
        from ._pairing import all_pairs

        return all_pairs

    def _most(self, dims: Sequence[int], rows: int) -> float:
        """Return the nats that columns scaled by *rows* rows can carry: normal scores tell rows + 1 places apart."""
        return (sum(dims) - max(dims)) * math.log(rows + 1) if self.scaling == "normal-scores" else math.inf

    def _report(
        self, critic: "Critic", blocks: Sequence["Tensor"], rng: np.random.Generator, most: float = math.inf
    ) -> Report:
        """Return the held-out value of one replicate."""
        from ._pairing import report_scores

        joint, marginal = report_scores(self.pairing, critic, blocks, rng)
        nats = float(self.bound(joint, marginal))
        carried = effective_terms(joint.values[0] - marginal.row_terms)
        reach = marginal.effective_pairs, marginal.joint_above, marginal.joint_beyond
        return Report(nats, joint.pairs, marginal.pairs, carried, *reach, most)

    def _train(
        self,
        source: "Source",
        dims: list[int],
        turns: int,
        rngs: Sequence[np.random.Generator],
        steps: int | None = None,
    ) -> "tuple[Critic, Training]":
        """Train *turns* critics for each stream of *rngs*, from which their first weights are drawn."""
        import torch

        from ._training import train

        critics = [
            self._critic(dims, turns, torch.Generator("cpu").manual_seed(int(rng.integers(2**63)))) for rng in rngs
        ]
        if source.rows < len(dims):
            raise InputError(
                f"{self.name}: batch_size is {source.rows}; allowed: at least {len(dims)}, one row a block"
            )
        looked_at = 0 if source.validation is None else source.validation[0].shape[1]
        critic = critics[0]
        for tensor, *others in zip(*(one.parameters() for one in critics), strict=True):
            tensor.data = torch.cat([tensor.data, *others])
        training = train(
            critic,
            self,
            self._scorer(source.rows, len(dims), False),
            self._scorer(looked_at, len(dims), True) if looked_at else None,
            source,
            learning_rate=self.learning_rate,
            max_steps=self.max_steps if steps is None else steps,
            patience=self.patience,
            averaging=self.averaging,
        )
        return critic, training


@dataclass(frozen=True)
class ShiftsEstimator(NeuralEstimator):
    """Base of estimators of any number of blocks, whose marginal rows are cyclic shifts of the blocks."""

    shuffles: int = 4

    pairing = "shifts"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shuffles < 1:
            raise ValueError(f"shuffles is {self.shuffles}; allowed: 1 or more")

    def criterion(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """Return :func:`bounded` of the bound."""
        return bounded(self, joint, marginal)

    def warnings(self, nats: float, reports: Sequence[Report]) -> list[str]:
        """Return also whether the value exceeds what the number of pairs can support."""
        limit = min(math.log(part.pairs) for part in reports)
        above = f"the estimate exceeds ln(report pairs) = {limit:.3g} nats: no sample of this size can support it"
        return [above] * (nats > limit) + super().warnings(nats, reports)

    def diagnostics(self, nats: float, reports: Sequence[Report]) -> dict[str, Any]:
        """Return also the number of pairs."""
        return {"report_pairs": total(reports, "pairs"), **super().diagnostics(nats, reports)}

    def _scorer(self, rows: int, blocks: int, validation: bool) -> "Scorer":
        from ._pairing import ShiftedRows, cyclic_shifts, other_pairs

        count = VALIDATION_SHIFTS if validation else self.shuffles
        if blocks == 2 and count >= rows - 1:
            return other_pairs
        rng = np.random.default_rng(0)  # rows are in random order: the shifts may be the same for all replicates
        return ShiftedRows(cyclic_shifts(rows, blocks, count, rng), rows)


@dataclass(frozen=True)
class RowsEstimator(NeuralEstimator):
    """Base of estimators of two blocks that set every row beside each of the others: n − 1 marginal pairs a row."""

    critic: Literal["joint", "separable"] = "separable"

    pairing = "shifts"

    def criterion(self, joint: "Scores", marginal: "Averages") -> "Tensor":
        """Return :func:`bounded` of the bound."""
        return bounded(self, joint, marginal)

    def _scorer(self, rows: int, blocks: int, validation: bool) -> "Scorer":
        from ._pairing import other_pairs

        return other_pairs


def bounded(estimator: NeuralEstimator, joint: "Scores", marginal: "Averages") -> "Tensor":
    """Return an estimator's bound as it is where one of the marginal pairs is a joint one, to select by: ``(R,)``.

    Of the plain bound, on validation rows that all score above the marginal pairs looked at, the best critic is the one
    of the largest scale: the value grows without end, whatever the information, and so do the critics selected, of
    whose report one pair in a hundred thousand decides. No sample of N pairs supports more than ln N, and with one
    joint pair among them the criterion says no more.
    """
    from ._scores import Skewed

    return estimator.bound(joint, Skewed(joint, marginal, 1 / marginal.pairs))


def _replicate(critic: "Critic", index: int) -> "Critic":
    """Return a critic of one replicate alone."""
    one = copy.deepcopy(critic)
    for tensor in one.parameters():
        tensor.requires_grad_(False)
        tensor.data = tensor.data[index : index + 1]
    return one
