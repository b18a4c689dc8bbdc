"""A function of a uniform variable with Gaussian noise: sine, parabola, zigzag, exponential, cross and circle."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from mibench import Block, Task, Truth, register_task

_REFERENCE = "Reshef et al. 2011, DOI 10.1126/science.1205438 (the functions); h(Y) − h(Y|X) by quadrature"
_NOISE_ENTROPY = 0.5 * math.log(2 * math.pi * math.e)
#: Standard deviations of the noise to tabulate beyond the centres, and points in each.
_REACH, _POINTS = 12.0, 32

_FUNCTIONS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "sine": lambda x, k: np.sin(2 * math.pi * k * x),
    "parabola": lambda x, k: 4 * (x - 0.5) ** 2 * 2 - 1,
    "zigzag": lambda x, k: 4 * np.abs((k * x) % 1 - 0.5) - 1,
    "exponential": lambda x, k: 2 * np.expm1(4 * x) / math.expm1(4) - 1,
    "step": lambda x, k: 2 * np.floor(2 * k * x) / (2 * k - 1) - 1,
}


class Smoothed:
    """The law Σ_i w_i·N(c_i, s²), tabulated 12 deviations s beyond the centres, 32 points in each.

    The entropy is a trapezoidal sum, the log density between the points a cubic spline, good to 1e-8.
    """

    def __init__(self, centres: np.ndarray, weights: np.ndarray, scale: float) -> None:
        from scipy.interpolate import CubicSpline

        low, high = centres.min() - _REACH * scale, centres.max() + _REACH * scale
        y = np.linspace(low, high, 2 + math.ceil(_POINTS * (high - low) / scale))
        logs = np.empty(len(y))
        for part in np.array_split(np.arange(len(y)), 1 + len(y) * len(centres) // 2_000_000):
            z = (y[part, np.newaxis] - centres) / scale
            exponents = -0.5 * z * z
            top = exponents.max(axis=1)
            logs[part] = top + np.log(np.exp(exponents - top[:, np.newaxis]) @ weights)
        logs -= math.log(scale) + 0.5 * math.log(2 * math.pi)
        self.entropy = -float((y[1] - y[0]) * (np.exp(logs) * logs).sum())
        self._spline = CubicSpline(y, logs)

    def log_density(self, y: np.ndarray) -> np.ndarray:
        """Return the log density at each of *y*."""
        values: np.ndarray = self._spline(y)
        return values


def antipodal_nats(ratio: np.ndarray) -> np.ndarray:
    """Return the information in nats of a sign through Gaussian noise, ln 2 − E softplus(−2a(a + Z)), at each a."""
    z, step = np.linspace(-12, 12, 961, retstep=True)
    weights = np.exp(-0.5 * z * z) * step / math.sqrt(2 * math.pi)
    a = np.asarray(ratio)[:, np.newaxis]
    losses: np.ndarray = np.logaddexp(0.0, -2 * a * (a + z)) @ weights
    return math.log(2) - losses


def _uniform_nodes(panels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return Gauss–Legendre nodes and weights on [0, 1], 16 in each of *panels* equal parts."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    x = (np.arange(panels)[:, np.newaxis] + (nodes + 1) / 2) / panels
    return x.ravel(), np.tile(weights / (2 * panels), panels)


def _check_noise(noise: float, most: float) -> None:
    if not 0.01 <= noise <= most:
        raise ValueError(f"noise is {noise}; allowed: from 0.01 to {most:g}")


@register_task("functional-noise")
@dataclass(frozen=True)
class FunctionalNoise(Task):
    """I(X; Y) = h(Y) − ½ ln(2πe·s²) nats for X uniform on [0, 1] and Y = f(X) + s·N, N standard Gaussian.

    X and Y have shape ``(n, 1)``; f goes from −1 to 1. p(y) = ∫ N(y; f(x), s²) dx is a Gauss–Legendre quadrature
    and h(Y) a trapezoidal one, together good to 1e-9.

    Args:
        function: ``sine``, sin 2πkx; ``parabola``, 8(x − ½)² − 1; ``zigzag``, k teeth of straight lines;
            ``exponential``, rising e⁴-fold; ``step``, 2k steps.
        noise: the standard deviation s of the noise, from 0.01 to 100.
        frequency: k, from 1 to 20: periods of sine, zigzag and step.

    References:
        D. N. Reshef et al., Detecting novel associations in large data sets, Science 334, 1518–1524, 2011.
        DOI 10.1126/science.1205438

    Example:
        >>> from mibench import get_task
        >>> one, four = (get_task(f"functional-noise:function=sine,noise=0.3,frequency={k}").truth.nats for k in (1, 4))
        >>> abs(one - four) < 1e-9  # the sine takes its values equally often at any frequency
        True
    """

    function: Literal["sine", "parabola", "zigzag", "exponential", "step"]
    noise: float
    frequency: int = 1

    family = "functional-noise"

    def __post_init__(self) -> None:
        _check_noise(self.noise, 100)
        if not 1 <= self.frequency <= 20:
            raise ValueError(f"frequency is {self.frequency}; allowed: from 1 to 20")
        if self.frequency > 1 and self.function in ("parabola", "exponential"):
            raise ValueError(f"frequency is {self.frequency}; allowed with function={self.function}: 1")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of one dimension."""
        return Block(1), Block(1)

    @cached_property
    def _output(self) -> Smoothed:
        """The law of Y; the panels of the quadrature over x are whole parts of the pieces of f."""
        if self.function == "step":
            steps = 2 * self.frequency
            return Smoothed(2 * np.arange(steps) / (steps - 1) - 1, np.full(steps, 1 / steps), self.noise)
        x, weights = _uniform_nodes(4 * math.ceil(2 / min(self.noise, 1.0)))
        return Smoothed(_FUNCTIONS[self.function](x, 1), weights, self.noise)

    @cached_property
    def truth(self) -> Truth:
        """The entropy of Y less that of the noise."""
        nats = self._output.entropy - _NOISE_ENTROPY - math.log(self.noise)
        return Truth(nats, "quadrature", _REFERENCE)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X uniform and add the noise to f(X)."""
        x = rng.random((n, 1))
        return x, _FUNCTIONS[self.function](x, self.frequency) + self.noise * rng.standard_normal((n, 1))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln N(y; f(x), s²) − ln p(y), shape ``(n,)``."""
        x, y = blocks[0][:, 0], blocks[1][:, 0]
        z = (y - _FUNCTIONS[self.function](x, self.frequency)) / self.noise
        given = -0.5 * z * z - math.log(self.noise) - 0.5 * math.log(2 * math.pi)
        return given - self._output.log_density(y)


@register_task("cross")
@dataclass(frozen=True)
class Cross(Task):
    """I(X; Y) = h(Y) − ∫₀¹ h(Y | X = x) dx nats for X uniform on [−1, 1] and Y = ±X + s·N, either sign equally likely.

    X and Y have shape ``(n, 1)`` and are uncorrelated. Y | X is a mixture of two Gaussians; the entropies are
    quadratures, good to 1e-9.

    Args:
        noise: the standard deviation s of the noise, from 0.01 to 2.

    References:
        D. N. Reshef et al., Detecting novel associations in large data sets, Science 334, 1518–1524, 2011.
        DOI 10.1126/science.1205438

    Example:
        >>> from mibench import get_task
        >>> 0 < get_task("cross:noise=0.2").truth.nats < get_task("cross:noise=0.1").truth.nats
        True
    """

    noise: float

    family = "functional-noise"

    def __post_init__(self) -> None:
        _check_noise(self.noise, 2)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of one dimension."""
        return Block(1), Block(1)

    @cached_property
    def _output(self) -> Smoothed:
        """The law of Y: uniform on [−1, 1] with noise."""
        x, weights = _uniform_nodes(2 * math.ceil(2 / min(self.noise, 1.0)))
        return Smoothed(2 * x - 1, weights, self.noise)

    @cached_property
    def truth(self) -> Truth:
        """The entropy of Y less the mean entropy of the two-part mixture."""
        x, weights = _uniform_nodes(2 * math.ceil(2 / min(self.noise, 1.0)))
        given = _NOISE_ENTROPY + math.log(self.noise) + float(weights @ antipodal_nats(x / self.noise))
        return Truth(self._output.entropy - given, "quadrature", _REFERENCE)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X uniform, its sign in Y, and the noise."""
        x = rng.uniform(-1, 1, (n, 1))
        sign = 2.0 * rng.integers(2, size=(n, 1)) - 1
        return x, sign * x + self.noise * rng.standard_normal((n, 1))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln ½[N(y; x, s²) + N(y; −x, s²)] − ln p(y), shape ``(n,)``."""
        x, y = blocks[0][:, 0], blocks[1][:, 0]
        both = np.logaddexp(-0.5 * ((y - x) / self.noise) ** 2, -0.5 * ((y + x) / self.noise) ** 2)
        given = both - math.log(2 * self.noise) - 0.5 * math.log(2 * math.pi)
        return given - self._output.log_density(y)


@register_task("circle")
@dataclass(frozen=True)
class Circle(Task):
    """I(X; Y) = 2·h(X) − h(X, Y) nats for (X, Y) = (cos A, sin A) + s·(N₁, N₂), the angle A uniform.

    X and Y have shape ``(n, 1)`` and are uncorrelated. The joint density at radius r is
    exp(−(r² + 1)/2s²)·I₀(r/s²)/(2πs²), I₀ being the modified Bessel function; the entropies are quadratures, good to
    1e-9.

    Args:
        noise: the standard deviation s of the noise, from 0.01 to 2.

    References:
        D. N. Reshef et al., Detecting novel associations in large data sets, Science 334, 1518–1524, 2011.
        DOI 10.1126/science.1205438

    Example:
        >>> from mibench import get_task
        >>> 0 < get_task("circle:noise=0.3").truth.nats < get_task("circle:noise=0.1").truth.nats
        True
    """

    noise: float

    family = "functional-noise"

    def __post_init__(self) -> None:
        _check_noise(self.noise, 2)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of one dimension."""
        return Block(1), Block(1)

    @cached_property
    def _output(self) -> Smoothed:
        """The law of X and of Y: the cosine at equally spaced angles, with noise."""
        angles = 16 * math.ceil(2 * math.pi / min(self.noise, 1.0))
        return Smoothed(
            np.cos(2 * math.pi * (np.arange(angles) + 0.5) / angles), np.full(angles, 1 / angles), self.noise
        )

    def _log_joint(self, r: np.ndarray) -> np.ndarray:
        from scipy.special import i0e

        s2 = self.noise**2
        logs: np.ndarray = -((r - 1) ** 2) / (2 * s2) + np.log(i0e(r / s2)) - math.log(2 * math.pi * s2)
        return logs

    @cached_property
    def truth(self) -> Truth:
        """Twice the entropy of X less that of the ring, by a quadrature over the radius."""
        low, high = max(0.0, 1 - _REACH * self.noise), 1 + _REACH * self.noise
        panels = 4 * math.ceil((high - low) / self.noise)
        unit, weights = _uniform_nodes(panels)
        r = low + (high - low) * unit
        logs = self._log_joint(r)
        joint = -float((high - low) * weights @ (2 * math.pi * r * np.exp(logs) * logs))
        return Truth(2 * self._output.entropy - joint, "quadrature", _REFERENCE)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the angle and the noise."""
        angle = 2 * math.pi * rng.random((n, 1))
        noise = self.noise * rng.standard_normal((2, n, 1))
        return np.cos(angle) + noise[0], np.sin(angle) + noise[1]

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln p(x, y) − ln p(x) − ln p(y), shape ``(n,)``."""
        x, y = blocks[0][:, 0], blocks[1][:, 0]
        return self._log_joint(np.hypot(x, y)) - self._output.log_density(x) - self._output.log_density(y)
