"""The task contract: a joint distribution that can be sampled and whose truth is known."""

import functools
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from .errors import InputError
from .estimator import Kind
from .spec import Specified
from .streams import sample_stream

Method = Literal["closed form", "quadrature", "exact enumeration", "Monte Carlo"]

#: The smallest scale an error is measured against, in nats.
SCALE_FLOOR = 0.1
#: The largest standard error of a truth, as a share of the task's scale.
MAX_TRUTH_STDERR = 0.005


@dataclass(frozen=True)
class Block:
    """One random variable: its dimension and the kind of its values."""

    dim: int
    kind: Kind = "continuous"

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise ValueError(f"Block: dim is {self.dim}; allowed: 1 or more")
        if self.kind not in get_args(Kind):
            raise ValueError(f"Block: kind is {self.kind!r}; allowed: {', '.join(get_args(Kind))}")


@dataclass(frozen=True)
class Truth:
    """The known value of a task.

    Attributes:
        nats: the mutual information or total correlation in nats.
        method: how it is known.
        reference: where the formula comes from, with a DOI where there is one.
        stderr: its standard error in nats; 0 for all methods but Monte Carlo.
    """

    nats: float
    method: Method
    reference: str = ""
    stderr: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.nats) and self.nats >= 0):
            raise ValueError(f"Truth: nats is {self.nats}; allowed: a finite number of at least 0")
        if self.method not in get_args(Method):
            raise ValueError(f"Truth: method is {self.method!r}; allowed: {', '.join(get_args(Method))}")
        if not (math.isfinite(self.stderr) and self.stderr >= 0):
            raise ValueError(f"Truth: stderr is {self.stderr}; allowed: a finite number of at least 0")


class Task(Specified, ABC):
    """Base of every task: a frozen dataclass whose fields are the distribution's parameters.

    A subclass sets ``family`` (and raises ``version`` whenever its samples or its truth change) and defines
    :attr:`blocks`, :attr:`truth` and :meth:`draw`.
    """

    family: ClassVar[str] = ""

    @property
    @abstractmethod
    def blocks(self) -> tuple[Block, ...]:
        """The blocks a sample holds, known before sampling."""

    @functools.cached_property
    @abstractmethod
    def truth(self) -> Truth:
        """The true mutual information (two blocks) or total correlation (more)."""

    @abstractmethod
    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw *n* independent samples: one array of shape ``(n, d)`` a block, from *rng* alone."""

    @property
    def scale(self) -> float:
        """What an error is measured against: the truth, but no less than 0.1 nat."""
        return max(self.truth.nats, SCALE_FLOOR)

    def sample(self, n: int, seed: int = 0) -> tuple[np.ndarray, ...]:
        """Return the very data that a cell of this task, *n* and *seed* gets."""
        from .registry import version_of

        if n < 1:
            raise InputError(f"{self.name}: n is {n}; allowed: 1 or more")
        return self.check_sample(self.draw(n, sample_stream(self.spec, version_of(self), n, seed)), n)

    def check_sample(self, sample: tuple[np.ndarray, ...], n: int) -> tuple[np.ndarray, ...]:
        """Return *sample* as float64 arrays, or raise :class:`TypeError` where its shapes are not the declared ones."""
        arrays = tuple(np.ascontiguousarray(array, dtype=np.float64) for array in sample)
        shapes = [array.shape for array in arrays]
        declared = [(n, block.dim) for block in self.blocks]
        if shapes != declared:
            raise TypeError(f"{self.name}: draw({n}) returned arrays of shapes {shapes}; its blocks declare {declared}")
        return arrays
