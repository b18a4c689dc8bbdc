"""The estimator contract: what an estimator declares, takes and returns."""

import importlib.util
import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, get_args, runtime_checkable

import numpy as np

from .block import ALL_KINDS, Block, Kind, as_blocks
from .spec import Specified

__all__ = [
    "ALL_KINDS", "Direction", "Estimate", "Estimator", "Invariance", "Kind", "Learner", "Sampler", "Tags",
    "check_blocks", "missing_requirements",
]  # fmt: skip

Direction = Literal["estimate", "lower bound", "upper bound"]
Invariance = Literal["permutation", "scaling", "monotone", "swap"]
Device = Literal["cpu", "cuda"]

#: Draws fresh samples: n ↦ one array of shape ``(n, d)`` a block.
Sampler: TypeAlias = Callable[[int], Sequence[np.ndarray]]

#: The name under which :func:`mibench.block.as_blocks` was public first.
check_blocks = as_blocks


@dataclass(frozen=True)
class Tags:
    """Declared abilities and properties of an estimator; ``unsupported`` follows from them, before anything runs.

    Attributes:
        max_blocks: the most blocks it takes, None for any number; a two-block estimator is lifted by the chain rule.
        max_dim: the most columns a block may have, None for any number.
        kinds: the kinds of block it *can* take; that it does badly on one is no reason to leave it out.
        one_of_each_kind: it takes one block of each of its kinds, and no two of the same.
        deterministic: the same data give the same value, whatever the random stream.
        direction: what the value is in the population: an estimate, a lower bound or an upper bound.
        invariances: what leaves the value unchanged: ``permutation`` of the samples, ``scaling`` of a column,
            ``monotone`` maps of a column, ``swap`` of the blocks.
        requires: modules that must be importable; without them the estimator is listed with *install*.
        install: what to install for them, as pip takes it.
        devices: where it can run: ``cpu``, ``cuda``.
    """

    max_blocks: int | None = None
    max_dim: int | None = None
    kinds: frozenset[Kind] = ALL_KINDS
    one_of_each_kind: bool = False
    deterministic: bool = True
    direction: Direction = "estimate"
    invariances: frozenset[Invariance] = frozenset()
    requires: tuple[str, ...] = ()
    install: str = ""
    devices: frozenset[Device] = frozenset({"cpu"})

    def __post_init__(self) -> None:
        for name, allowed in (("kinds", Kind), ("invariances", Invariance), ("devices", Device)):
            values = frozenset(getattr(self, name))
            unknown = sorted(map(str, values - set(get_args(allowed))))
            if unknown:
                raise ValueError(f"Tags: {name} holds {', '.join(unknown)}; allowed: {', '.join(get_args(allowed))}")
            object.__setattr__(self, name, values)
        if self.direction not in get_args(Direction):
            raise ValueError(
                f"Tags: direction is {self.direction!r}; allowed: {', '.join(map(repr, get_args(Direction)))}"
            )


@dataclass(frozen=True)
class Estimate:
    """One estimate, raw: never clipped at 0, never capped.

    Attributes:
        nats: the estimated mutual information or total correlation, in nats.
        stderr: the estimator's own standard error in nats, where it gives one.
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
        """True if the value is a finite number."""
        return math.isfinite(self.nats)


class Estimator(Specified, ABC):
    """Base of every estimator: a frozen dataclass whose fields are its hyperparameters.

    A subclass sets ``tags`` (and raises ``version`` whenever its numbers change) and defines :meth:`estimate`. Where
    the tags depend on the parameters it overrides :meth:`get_tags` instead, which is what everything reads.

    Two more methods are optional. One that trains in steps may define ``learning_curve`` (see :class:`Learner`). One
    that is cheaper on several samples at once may define ``estimate_many(samples, rngs) -> list[Estimate]``: *samples*
    is a sequence of tuples of blocks, all of the same shapes, *rngs* one generator each, and every estimate must be
    what :meth:`estimate` would give for its sample and generator alone, up to rounding.
    """

    _noun = "estimator"

    tags: ClassVar[Tags] = Tags()

    def get_tags(self) -> Tags:
        """Return what this estimator, with its parameters, can take and promises: by default the class's ``tags``."""
        return self.tags

    def sees(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """Return the blocks as the estimator meets them: *blocks* themselves, unless it joins some of them.

        Its tags must allow the kind and the width of each.
        """
        return tuple(blocks)

    def missing(self) -> str | None:
        """Return what to install where a module that the estimator needs is missing, else None; imports nothing."""
        return _missing(self.name, self.get_tags())

    def prepare(self) -> None:
        """Import, compile, warm up. Sees no data; its time is recorded apart from the estimate's."""

    @abstractmethod
    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate the mutual information (two blocks) or total correlation (more) in nats.

        Args:
            blocks: float64 arrays of shape ``(n, d_i)``, finite, all of one n; not to be changed.
            rng: the only source of randomness.
        """

    def ceiling(self, n: int) -> float | None:
        """Return the largest value it can give on *n* samples, in nats, or None."""
        return None


@runtime_checkable
class Learner(Protocol):
    """An estimator that also trains on fresh draws, step by step."""

    def learning_curve(self, sampler: Sampler, *, steps: int | None = None, rng: np.random.Generator) -> Estimate:
        """Train on fresh draws.

        Args:
            sampler: draws the batches, one call a step, and nothing else does. One that has a method ``pilot(n)`` draws
                by that what the training looks at before its first step.
            steps: how many steps to take, None for as many as the estimator's own parameters say.
            rng: the only other source of randomness.

        Returns:
            An estimate whose ``curve`` holds one ``(step, nats)`` pair for each step.
        """


def missing_requirements(estimator: Estimator | type[Estimator]) -> str | None:
    """Return what :meth:`Estimator.missing` does; for a class, by the tags that it declares."""
    return estimator.missing() if isinstance(estimator, Estimator) else _missing(estimator.name, estimator.tags)


def _missing(name: str, tags: Tags) -> str | None:
    absent = [module for module in tags.requires if not _importable(module)]
    return f"{name} needs {', '.join(absent)}: pip install '{tags.install or absent[0]}'" if absent else None


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its parent package is missing
        return False
