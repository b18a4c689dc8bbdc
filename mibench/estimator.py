"""The estimator contract: what a method declares, takes and returns."""

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from .errors import InputError
from .spec import Specified

Kind = Literal["continuous", "discrete", "mixed"]
Direction = Literal["estimate", "lower bound", "upper bound"]
Invariance = Literal["permutation", "scaling", "monotone", "swap"]

#: Draws fresh samples: n ↦ one array of shape ``(n, d)`` a block.
Sampler: TypeAlias = Callable[[int], Sequence[np.ndarray]]

ALL_KINDS: frozenset[Kind] = frozenset({"continuous", "discrete", "mixed"})


@dataclass(frozen=True)
class Tags:
    """What a method can take and what it promises. ``unsupported`` follows from it, before anything runs.

    Attributes:
        max_blocks: the most blocks it takes, None for any number; a two-block method is lifted by the chain rule.
        max_dim: the most columns a block may have, None for any number.
        kinds: the kinds of block it *can* take; that it does badly on one is no reason to leave it out.
        deterministic: the same data give the same value, whatever the random stream.
        direction: what the value is in the population: an estimate, a lower bound or an upper bound.
        invariances: what leaves the value unchanged: ``permutation`` of the samples, ``scaling`` of a column,
            ``monotone`` maps of a column, ``swap`` of the blocks.
        requires: modules that must be importable; without them the method is listed with *install*.
        install: what to install for them, as pip takes it.
        joins_blocks: given more than two, it joins some to one, so that blocks of several kinds become a mixed one.
    """

    max_blocks: int | None = None
    max_dim: int | None = None
    kinds: frozenset[Kind] = ALL_KINDS
    deterministic: bool = True
    direction: Direction = "estimate"
    invariances: frozenset[Invariance] = frozenset()
    requires: tuple[str, ...] = ()
    install: str = ""
    joins_blocks: bool = False


@dataclass(frozen=True)
class Estimate:
    """One estimate, raw: never clipped at 0, never capped.

    Attributes:
        nats: the estimated mutual information or total correlation, in nats.
        stderr: the method's own standard error in nats, where it gives one.
        curve: a learning curve, ``(step, nats)`` pairs.
        diagnostics: whatever helps to judge the value: numbers, strings, ``warning``.
    """

    nats: float
    stderr: float | None = None
    curve: Sequence[tuple[float, float]] | None = None
    diagnostics: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("nats", "stderr"):
            value = getattr(self, name)
            if value is None and name == "stderr":
                continue
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                raise TypeError(f"Estimate.{name} is {value!r}; allowed: a real number in nats")
            object.__setattr__(self, name, float(value))

    @property
    def finite(self) -> bool:
        """Whether the value is a finite number."""
        return math.isfinite(self.nats)


class Estimator(Specified, ABC):
    """Base of every estimator: a frozen dataclass whose fields are its hyperparameters.

    A subclass sets ``tags`` (and raises ``version`` whenever its numbers change) and defines :meth:`estimate`.
    """

    tags: ClassVar[Tags] = Tags()

    def prepare(self) -> None:
        """Import, compile, warm up. Sees no data; its time is recorded apart from the estimate's."""

    @abstractmethod
    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate the mutual information (two blocks) or total correlation (more) in nats.

        Args:
            blocks: float64 arrays of shape ``(n, d_i)``, finite, all of one n; not to be changed.
            rng: the only source of randomness.
        """

    def learning_curve(self, sampler: Sampler, *, steps: int | None = None, rng: np.random.Generator) -> Estimate:
        """Train on fresh draws: optional, for methods that learn step by step.

        Args:
            sampler: draws the batches, and nothing else does.
            steps: how many steps to take, None for as many as the method's own parameters say.
            rng: the only other source of randomness.

        Returns:
            An estimate whose ``curve`` holds one ``(step, nats)`` pair for each step.

        Raises:
            InputError: the method has no such steps.
        """
        raise InputError(
            f"{self.name} learns no curve; allowed: an estimator that trains in steps, such as a neural one"
        )

    def ceiling(self, n: int) -> float | None:
        """The largest value it can return on *n* samples, in nats, or None."""
        return None


def too_wide(estimator: Estimator, dims: Sequence[int]) -> str | None:
    """Say why a method of bounded ``max_dim`` cannot take blocks of *dims* columns, or return None where it can."""
    tags, widest = estimator.tags, max(dims)
    lifted = tags.max_blocks is not None and len(dims) > tags.max_blocks
    if len(dims) > 2 and (tags.joins_blocks or lifted):
        widest = max(widest, sum(dims[:-1]))
    if tags.max_dim is None or widest <= tags.max_dim:
        return None
    joined = " (joined by the chain rule)" if widest > max(dims) else ""
    return f"{estimator.name} cannot take a block of {widest} columns{joined}; allowed: at most {tags.max_dim}"


def check_blocks(*arrays: Any, min_samples: int = 2) -> tuple[np.ndarray, ...]:
    """Return *arrays* as blocks: new C-ordered float64 arrays of shape ``(n, d)``.

    A 1-d array of n values becomes a block of shape ``(n, 1)``.

    Raises:
        InputError: fewer than two blocks, a shape other than ``(n,)`` or ``(n, d)``, lengths that differ, fewer than
            *min_samples* rows, a value that is no finite number, or a constant column (on which no estimator of
            dependence is defined).
    """
    if len(arrays) < 2:
        raise InputError(f"got {len(arrays)} block(s) of samples; allowed: two or more")
    blocks = tuple(_check_block(array, number) for number, array in enumerate(arrays, start=1))
    lengths = [len(block) for block in blocks]
    if len(set(lengths)) > 1:
        raise InputError(
            f"the blocks have {', '.join(map(str, lengths))} rows; allowed: the same number in every block"
        )
    if lengths[0] < min_samples:
        raise InputError(f"the blocks have {lengths[0]} row(s); allowed: at least {min_samples}")
    for number, block in enumerate(blocks, start=1):
        constant = np.flatnonzero(np.all(block == block[0], axis=0))
        if constant.size:
            raise InputError(
                f"block {number}, column {constant[0]} is constant ({block[0, constant[0]]:g}); "
                "allowed: columns with at least two different values (a constant shares no information: leave it out)"
            )
    return blocks


def _check_block(array: Any, number: int) -> np.ndarray:
    if np.ma.is_masked(array):
        array = np.ma.asarray(array, dtype=np.float64).filled(np.nan)
    try:
        if np.iscomplexobj(array):
            raise TypeError("complex values")
        block = np.array(array, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise InputError(f"block {number} cannot be read as numbers ({error}); allowed: an array of numbers") from error
    if block.ndim == 1:
        block = block[:, np.newaxis]
    if block.ndim != 2 or block.shape[1] == 0:
        raise InputError(f"block {number} has shape {block.shape}; allowed: (n,) or (n, d) with d of at least 1")
    bad = np.argwhere(~np.isfinite(block))
    if bad.size:
        row, column = bad[0]
        raise InputError(
            f"block {number} holds {block[row, column]} at row {row}, column {column} "
            f"({len(bad)} value(s) not finite in all); allowed: finite numbers"
        )
    return block
