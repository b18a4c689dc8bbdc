"""Maps of each block into a space of more dimensions, which it fills only in part."""

import math
from dataclasses import dataclass

import numpy as np

from mibench import Transformed, register_task
from mibench.errors import InputError


@register_task("swiss-roll")
@dataclass(frozen=True)
class SwissRoll(Transformed):
    """One column rolled up in the plane: u ↦ (t cos t, t sin t)/21 with t = 3π/2·(1 + 2u); I(f(U); V) = I(U; V) nats.

    The radius t/21 gives u back, so the map is injective where t ≥ 0, that is for u ≥ −1/2; a sample below is refused.
    It is meant for u uniform on (0, 1), such as ``normal-cdf`` gives. A mapped block of shape ``(n, 1)`` becomes one of
    shape ``(n, 2)`` that lies on a curve. Cost of a draw: the base's and O(n).

    Args:
        base: the task whose blocks are mapped; those have one column.
        only: the number of the one block that is mapped, counted from 1; none for all.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, Beyond normal: on the evaluation of mutual
        information estimators, NeurIPS 2023. arXiv:2306.11078

    Example:
        >>> from mibench import get_task
        >>> task = get_task("swiss-roll:base=(normal-cdf:base=(gaussian:rho=0.75)),only=1")
        >>> task.label, [block.dim for block in task.blocks], round(task.truth.nats, 6)
        ('gaussian:rho=0.75 » normal-cdf » swiss-roll:only=1', [2, 1], 0.413339)
    """

    traits = frozenset({"manifold"})

    def __post_init__(self) -> None:
        super().__post_init__()
        wide = [i for i, block in enumerate(self.base.blocks) if self.maps(i) and block.dim > 1]
        if wide:
            raise ValueError(f"block {wide[0] + 1} of {self.base.label} has several columns; allowed: one")

    def image_dim(self, dim: int) -> int:
        """Return 2."""
        return 2

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return the point of the roll."""
        if block.min() < -0.5:
            raise InputError(
                f"{self.name}: block {number + 1} of {self.base.label} holds {block.min():g}; allowed: -0.5 or more, "
                "such as the uniform columns that normal-cdf makes"
            )
        t = 1.5 * math.pi * (1 + 2 * block)
        return np.hstack([t * np.cos(t), t * np.sin(t)]) / 21

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return u = (‖y‖·21/(3π/2) − 1)/2."""
        t = 21 * np.hypot(block[:, :1], block[:, 1:])
        columns: np.ndarray = (t / (1.5 * math.pi) - 1) / 2
        return columns
