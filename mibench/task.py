"""The task contract: a joint distribution that can be sampled and whose truth is known."""

import dataclasses
import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from .block import Block
from .errors import InputError
from .spec import Specified
from .streams import sample_stream

__all__ = ["INDEPENDENCE", "Block", "Task", "Truth"]

Method = Literal["closed form", "quadrature", "exact enumeration", "Monte Carlo"]

#: The smallest scale an error is measured against, in nats.
SCALE_FLOOR = 0.1
#: The largest standard error of a truth, as a share of the task's scale.
MAX_TRUTH_STDERR = 0.005
#: The family of every task whose truth is 0.
INDEPENDENCE = "independence"
#: The columns of a block from which on a task is tagged ``high-dimensional``.
HIGH_DIMENSION = 10


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
        for name in ("nats", "stderr"):
            object.__setattr__(self, name, float(getattr(self, name)))


if TYPE_CHECKING:
    default_property = property
else:

    class default_property:  # noqa: N801
        """A property of a task's objects that a parameter of the same name takes the place of.

        It does not exist on the class, where a dataclass would take it for the parameter's default.
        """

        def __init__(self, compute: Callable[[Any], Any]) -> None:
            self.compute, self.__doc__ = compute, compute.__doc__

        def __get__(self, task: Any, cls: type) -> Any:
            if task is None:
                raise AttributeError(f"{cls.__name__} has it on its objects only")
            return self.compute(task)


class Task(Specified, ABC):
    """Base of every task: a frozen dataclass whose fields are the distribution's parameters.

    A subclass sets ``family`` (and raises ``version`` whenever its samples or its truth change) and defines
    :attr:`blocks`, :attr:`truth` and :meth:`draw`; it may set ``traits`` and define :meth:`pointwise`.
    """

    _noun = "task"

    if TYPE_CHECKING:

        @property
        def family(self) -> str:
            """The family that the class declares."""

    else:
        family = ""

    #: What is special about the distribution and does not follow from its blocks: ``heavy-tailed``, ``manifold``, …
    traits: ClassVar[frozenset[str]] = frozenset()

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

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray | None:
        """Return ln p(z₁, …, z_m) − Σᵢ ln p(zᵢ) in nats at each row, or None where no density can be written.

        Its mean over the distribution is the truth. Densities are taken with respect to any product measure, so those
        of discrete blocks are probabilities.

        Args:
            blocks: arrays of shape ``(n, d)``, as :meth:`draw` returns them.

        Returns:
            An array of shape ``(n,)``.
        """
        return None

    @property
    def board_family(self) -> str:
        """The family its scores are averaged in: ``independence`` where the truth is 0, else :attr:`family`."""
        return INDEPENDENCE if self.truth.nats == 0 else self.family

    @property
    def tags(self) -> frozenset[str]:
        """The declared traits, and what follows from the blocks.

        One of ``continuous``, ``discrete`` and ``mixed`` (blocks of several kinds, or of mixed values);
        ``many-block`` above two blocks; ``high-dimensional`` where a block has 10 or more columns.
        """
        joined = Block.joined(self.blocks)
        derived: set[str] = {joined.kind}
        if len(self.blocks) > 2:
            derived.add("many-block")
        if max(block.dim for block in self.blocks) >= HIGH_DIMENSION:
            derived.add("high-dimensional")
        return frozenset(self.traits) | derived

    @default_property
    def dim(self) -> int:
        """Its size in figures: the parameter ``dim`` where it has one, else the number of all columns."""
        return sum(block.dim for block in self.blocks)

    def at(self, mi: float) -> "Task":
        """Return this task brought to another true value: *mi* nats.

        By default its parameter ``mi`` is set (and ``rho``, the other way to say it, unset), or that of the task that
        it transforms. A task whose strength goes by another name overrides this.

        Raises:
            InputError: there is no such parameter, or it does not allow the value.
        """
        names = [field.name for field in dataclasses.fields(self)]  # type: ignore[arg-type]
        base = getattr(self, "base", None)
        changes: dict[str, object] = {name: value for name, value in (("mi", mi), ("rho", None)) if name in names}
        if "mi" not in names:
            if not isinstance(base, Task):
                raise InputError(f"{self.name} has one true value; allowed: a task with a parameter mi")
            changes = {"base": base.at(mi)}
        try:
            return dataclasses.replace(self, **changes)  # type: ignore[type-var]
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.name} at {mi:g} nats: {error}") from error

    @property
    def scale(self) -> float:
        """The size that errors are measured against, in nats: the truth, but no less than 0.1."""
        return max(self.truth.nats, SCALE_FLOOR)

    def sample(self, n: int, seed: int = 0) -> tuple[np.ndarray, ...]:
        """Return the very data that a cell of this task, *n* and *seed* gets."""
        if n < 1:
            raise InputError(f"{self.name}: n is {n}; allowed: 1 or more")
        return self.check_sample(self.draw(n, sample_stream(self.spec, self.full_version, n, seed)), n)

    def check_sample(self, sample: tuple[np.ndarray, ...], n: int) -> tuple[np.ndarray, ...]:
        """Return *sample* as float64 arrays, or raise :class:`TypeError` where its shapes are not the declared ones."""
        arrays = tuple(np.ascontiguousarray(array, dtype=np.float64) for array in sample)
        shapes = [array.shape for array in arrays]
        declared = [(n, block.dim) for block in self.blocks]
        if shapes != declared:
            raise TypeError(f"{self.name}: draw({n}) returned arrays of shapes {shapes}; its blocks declare {declared}")
        return arrays
