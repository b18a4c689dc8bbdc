"""Maps of every column by an increasing function, which leave the information as it is."""

from dataclasses import dataclass

import numpy as np

from mibench import Transformed, register_task
from mibench.errors import InputError

from ._invert import invert_increasing


@register_task("half-cube")
@dataclass(frozen=True)
class HalfCube(Transformed):
    """Each column by x ↦ x·√|x|; I(f(X); g(Y)) = I(X; Y) nats, since the map is invertible on all of ℝ.

    Blocks of shape ``(n, d)`` stay so. The inverse is y ↦ sign(y)·|y|^(2/3). Tails get longer, and the density of a
    Gaussian becomes infinite at 0. Cost of a draw: the base's and O(n·d).

    Args:
        base: the task whose blocks are mapped.
        only: the number of the one block that is mapped, counted from 1; none for all.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, Beyond normal: on the evaluation of mutual
        information estimators, NeurIPS 2023. arXiv:2306.11078

    Example:
        >>> from mibench import get_task
        >>> task = get_task("half-cube:base=(gaussian:rho=0.75)")
        >>> task.label, round(task.truth.nats, 6)
        ('gaussian:rho=0.75 » half-cube', 0.413339)
    """

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return x·√|x|."""
        return block * np.sqrt(np.abs(block))

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return sign(y)·|y|^(2/3)."""
        return np.sign(block) * np.cbrt(block) ** 2


@register_task("normal-cdf")
@dataclass(frozen=True)
class NormalCdf(Transformed):
    """Each column by x ↦ Φ(x), the standard normal distribution function; I(Φ(X); Φ(Y)) = I(X; Y) nats.

    Blocks of shape ``(n, d)`` stay so; standard normal columns become uniform on (0, 1). Φ is invertible on ℝ, in
    float64 below 8.3, above which it rounds to 1: a heavy-tailed base is refused, and so is a sample that reaches
    either end. Cost of a draw: the base's and O(n·d).

    Args:
        base: the task whose blocks are mapped; not heavy-tailed.
        only: the number of the one block that is mapped, counted from 1; none for all.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, Beyond normal: on the evaluation of mutual
        information estimators, NeurIPS 2023. arXiv:2306.11078

    Example:
        >>> from mibench import get_task
        >>> x, y = get_task("normal-cdf:base=(gaussian:rho=0.75)").sample(1000)
        >>> bool(0 < x.min() < 0.01 and 0.99 < x.max() < 1)
        True
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if "heavy-tailed" in self.base.tags:
            raise ValueError(f"base is {self.base.label}, whose tails reach where Φ rounds to 1; allowed: light tails")

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return Φ(x)."""
        from scipy.special import ndtr

        image: np.ndarray = ndtr(block)
        if not (image.min() > 0 and image.max() < 1):
            raise InputError(
                f"{self.name}: block {number + 1} of {self.base.label} reaches from {block.min():g} to "
                f"{block.max():g}, where Φ rounds to 0 or 1; allowed: a base that stays within ±8"
            )
        return image

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return Φ⁻¹(y)."""
        from scipy.special import ndtri

        columns: np.ndarray = ndtri(block)
        return columns


@register_task("asinh")
@dataclass(frozen=True)
class Asinh(Transformed):
    """Each column by x ↦ asinh(x) = ln(x + √(1 + x²)); I(f(X); g(Y)) = I(X; Y) nats: it is invertible on all of ℝ.

    Blocks of shape ``(n, d)`` stay so. Power tails become exponential ones, so a task is no longer heavy-tailed where
    every block is mapped. Cost of a draw: the base's and O(n·d).

    Args:
        base: the task whose blocks are mapped.
        only: the number of the one block that is mapped, counted from 1; none for all.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, Beyond normal: on the evaluation of mutual
        information estimators, NeurIPS 2023. arXiv:2306.11078

    Example:
        >>> from mibench import get_task
        >>> task = get_task("asinh:base=(total-correlation:dim=2,kind=student,nu=1)")
        >>> sorted(task.base.tags), sorted(task.tags)
        (['continuous', 'heavy-tailed'], ['continuous'])
    """

    @property
    def tags(self) -> frozenset[str]:
        """The base's, without ``heavy-tailed`` where every block is mapped."""
        return super().tags - ({"heavy-tailed"} if self.only is None else set())

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return sign(x)·ln(1 + |x| + x²/(1 + √(1 + x²))).

        NumPy's own asinh and logarithm round by the processor.
        """
        from scipy.special import log1p

        size = np.abs(block)
        image: np.ndarray = np.copysign(log1p(size + size * (size / (1 + np.hypot(1, size)))), block)
        return image

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return sinh(y)."""
        columns: np.ndarray = np.sinh(block)
        return columns


#: (weight, frequency, phase) of the sines that are added to x, in the blocks of odd and of even number.
_SINES = (
    ((0.4, 1.0, 0.0), (0.2, 1.7, 1.0), (0.03, 3.3, -2.5)),
    ((-0.4, 0.4, 0.0), (0.17, 1.3, 3.5), (0.02, 4.3, -2.5)),
)


@register_task("wiggly")
@dataclass(frozen=True)
class Wiggly(Transformed):
    """Each column by x plus three small sines; I(f(X); g(Y)) = I(X; Y) nats, since either sum increases on all of ℝ.

    In the first block (third, …) f(x) = x + 0.4 sin x + 0.2 sin(1.7x + 1) + 0.03 sin(3.3x − 2.5), of slope at least
    0.16; in the second (fourth, …) g(x) = x − 0.4 sin 0.4x + 0.17 sin(1.3x + 3.5) + 0.02 sin(4.3x − 2.5), of slope at
    least 0.53. Blocks of shape ``(n, d)`` stay so. The inverse is found by bisection. Cost of a draw: the base's and
    O(n·d).

    Args:
        base: the task whose blocks are mapped.
        only: the number of the one block that is mapped, counted from 1; none for all.

    References:
        P. Czyż, F. Grabowski, J. E. Vogt, N. Beerenwinkel and A. Marx, Beyond normal: on the evaluation of mutual
        information estimators, NeurIPS 2023. arXiv:2306.11078

    Example:
        >>> from mibench import get_task
        >>> get_task("wiggly:base=(gaussian:mi=1)").truth.nats
        1.0
    """

    def forward(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return x and the sines of the block."""
        image = block
        for weight, frequency, phase in _SINES[number % 2]:
            image = image + weight * np.sin(frequency * block + phase)
        return image

    def inverse(self, block: np.ndarray, number: int) -> np.ndarray:
        """Return the root, which is no further from y than the weights' sum."""
        reach = sum(abs(weight) for weight, _, _ in _SINES[number % 2])
        return invert_increasing(lambda x: self.forward(x, number), block, block - reach, block + reach)
