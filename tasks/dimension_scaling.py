"""Gaussian pairs as the dimension grows, at constant, growing or hidden information."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from mibench import Block, Task, Truth, register_task
from mibench.streams import stream

from ._orthogonal import Orthogonal
from .gaussian import Gaussian

#: What gives the strength in each mode.
_MODES = {"fixed-mi": ("mi",), "fixed-rho": ("rho",), "embedded": ("mi", "rho")}


@register_task("dimension-scaling")
@dataclass(frozen=True)
class DimensionScaling(Task):
    """I(X; Y) = −s/2 · ln(1 − ρ²) nats for s correlated pairs of standard Gaussians within blocks of dimension d.

    X and Y have shape ``(n, dim)``. What happens as d grows is the ``mode``:

    - ``fixed-mi``: s = d pairs share the total information ``mi``, so each pair's correlation falls as d grows;
    - ``fixed-rho``: s = d pairs of correlation ``rho`` each, so the information grows in proportion to d;
    - ``embedded``: s = ``signal_dims`` pairs, of total information ``mi`` or of correlation ``rho`` each, are joined
      by d − s columns of independent noise in either block; then each block is turned by an orthogonal matrix of its
      own, so that the informative directions are aligned neither with the columns nor with those of the other block.

    Information is unchanged by an invertible map of each block, hence by the rotations, and either block remains
    standard Gaussian. The two matrices are drawn once, uniformly (Haar), from a stream named by the task's
    parameters: they are part of the task, the same for every n and seed, and on every machine to the last bit. Cost of
    a draw: O(n·d²) in ``embedded``, O(n·d) elsewhere.

    ρ = 0 (or ``mi`` = 0) belongs to the family ``independence``, any other to ``dimension-scaling``.

    Args:
        dim: the dimension d of either block.
        mode: what happens as ``dim`` grows.
        mi: the total mutual information in nats, from 0 to 30 a pair; in ``fixed-mi`` and ``embedded``.
        rho: the correlation of each pair, −1 < rho < 1; in ``fixed-rho`` and ``embedded``.
        signal_dims: the number of informative pairs, from 1 to ``dim``; in ``embedded`` only.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, Example 8.5.1.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> get_task("dimension-scaling:dim=20,mode=fixed-mi,mi=1").truth.nats
        1.0
        >>> round(get_task("dimension-scaling:dim=20,mode=fixed-rho,rho=0.5").truth.nats, 6)
        2.876821
        >>> round(get_task("dimension-scaling:dim=20,mode=embedded,rho=0.5,signal_dims=1").truth.nats, 6)
        0.143841
    """

    dim: int
    mode: Literal["fixed-mi", "fixed-rho", "embedded"]
    mi: float | None = None
    rho: float | None = None
    signal_dims: int | None = None

    family = "dimension-scaling"
    version = 2

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise ValueError(f"dim is {self.dim}; allowed: 1 or more")
        if self.mode not in _MODES:
            raise ValueError(f"mode is {self.mode!r}; allowed: {', '.join(_MODES)}")
        strengths = [name for name in ("mi", "rho") if getattr(self, name) is not None]
        if len(strengths) != 1 or strengths[0] not in _MODES[self.mode]:
            given, allowed = f"mi is {self.mi} and rho is {self.rho}", " or ".join(_MODES[self.mode])
            raise ValueError(f"{given}; allowed in mode={self.mode}: {allowed} alone")
        if self.mode != "embedded" and self.signal_dims is not None:
            raise ValueError(f"signal_dims is {self.signal_dims}; allowed in mode={self.mode}: none")
        if self.mode == "embedded" and not 1 <= (self.signal_dims or 0) <= self.dim:
            raise ValueError(f"signal_dims is {self.signal_dims}; allowed in mode=embedded: from 1 to {self.dim}")
        _ = self._pairs  # refuses a strength out of range

    @cached_property
    def _pairs(self) -> Gaussian:
        """The informative pairs, as the task that they are by themselves."""
        return Gaussian(dim=self.signal_dims or self.dim, rho=self.rho, mi=self.mi)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of dimension ``dim``."""
        return Block(self.dim), Block(self.dim)

    @cached_property
    def truth(self) -> Truth:
        """The information of the informative pairs."""
        return self._pairs.truth

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the informative pairs; in ``embedded`` add noise columns to either block and turn it."""
        x, y = self._pairs.draw(n, rng)
        if self.mode != "embedded":
            return x, y
        noise = rng.standard_normal((2, n, self.dim - x.shape[1]))
        turn_x, turn_y = self._rotations
        return turn_x.apply(np.hstack([x, noise[0]])), turn_y.apply(np.hstack([y, noise[1]]))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return the log density ratio of the informative pairs, turned back first in ``embedded``."""
        if self.mode == "embedded":
            blocks = tuple(turn.undo(block) for turn, block in zip(self._rotations, blocks, strict=True))
        return self._pairs.pointwise(*(block[:, : self._pairs.dim] for block in blocks))

    @cached_property
    def _rotations(self) -> tuple[Orthogonal, Orthogonal]:
        """Two orthogonal maps, uniform on the orthogonal group and independent, fixed by the parameters."""
        rng = stream("rotation", self.spec)
        return Orthogonal.draw(self.dim, rng), Orthogonal.draw(self.dim, rng)
