"""A class label and a Gaussian cluster for each class."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task


def _helmert(classes: int) -> np.ndarray:
    """Return an orthonormal basis of the vectors of sum 0, shape ``(classes, classes − 1)``."""
    basis = np.zeros((classes, classes - 1))
    for i in range(1, classes):
        basis[:i, i - 1] = 1 / math.sqrt(i * (i + 1))
        basis[i, i - 1] = -math.sqrt(i / (i + 1))
    return basis


@register_task("class-clusters")
@dataclass(frozen=True)
class ClassClusters(Task):
    """I(L; Y) = ln k + a² − E ln(e^(a² + aZ₁) + Σ_{j=2…k} e^(aZ_j)) nats, Z standard Gaussian: a label and its cluster.

    L, discrete, of shape ``(n, 1)``, is uniform on k classes. Y, continuous, of shape ``(n, dim)``, is standard
    Gaussian about one of k points at equal distances a·√2 from one another, the corners of a regular simplex, which
    span k − 1 dimensions; further columns are noise.

    The expectation of the logarithm is E ln S = ∫ (e^(−e^u) − E exp(−e^u·S)) du, where the k terms of S are
    independent, so that a quadrature in u over one-dimensional expectations is enough, whatever k and dim; good to
    1e-9.

    Args:
        classes: the number k of classes, from 2 to 100.
        dim: the columns of Y, at least k − 1.
        separation: a, from 0 to 8 noise deviations; two centres are a·√2 apart.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, section 8.5.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> round(get_task("class-clusters:classes=2,dim=1,separation=1").truth.nats, 4)  # a binary input at v = 2
        0.2013
    """

    classes: int
    dim: int
    separation: float

    family = "classes"

    def __post_init__(self) -> None:
        if not 2 <= self.classes <= 100:
            raise ValueError(f"classes is {self.classes}; allowed: from 2 to 100")
        if self.dim < self.classes - 1:
            raise ValueError(f"dim is {self.dim}; allowed: at least classes − 1 = {self.classes - 1}")
        if not 0 <= self.separation <= 8:
            raise ValueError(f"separation is {self.separation}; allowed: from 0 to 8")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The label, discrete, and Y, continuous, of ``dim`` columns."""
        return Block(1, "discrete"), Block(self.dim)

    @cached_property
    def centres(self) -> np.ndarray:
        """The k centres, shape ``(classes, dim)``."""
        corners = self.separation * _helmert(self.classes)
        return np.hstack([corners, np.zeros((self.classes, self.dim - self.classes + 1))])

    @cached_property
    def truth(self) -> Truth:
        """By quadrature of the formula above."""
        a = self.separation
        if a == 0:
            return Truth(0.0, "closed form", "independent by construction")
        z = np.linspace(-12.5, 12.5, 2001)
        weights = np.exp(-0.5 * z * z)
        weights /= weights.sum()
        low, high = -(45.0 + 1.5 * a * a + math.log(self.classes)), 12.5 * a + 5
        u, step = np.linspace(low, high, 2 * math.ceil((high - low) / 0.04) + 1, retstep=True)
        other = np.array([weights @ np.exp(-np.exp(v + a * z)) for v in u])
        own = np.array([weights @ np.exp(-np.exp(v + a * a + a * z)) for v in u])
        integrand = np.exp(-np.exp(u)) - own * other ** (self.classes - 1)
        expected = float(step * integrand.sum())
        nats = math.log(self.classes) + a * a - expected
        return Truth(max(nats, 0.0), "quadrature", "Cover & Thomas 2006, section 8.5, DOI 10.1002/047174882X")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the label uniform and add standard Gaussian noise to its centre."""
        label = rng.integers(self.classes, size=n)
        return label[:, np.newaxis].astype(np.float64), self.centres[label] + rng.standard_normal((n, self.dim))

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln p(y|l) − ln (1/k) Σ_j p(y|j), shape ``(n,)``."""
        label, y = blocks[0][:, 0].astype(np.int64), blocks[1]
        scores = y @ self.centres.T - 0.5 * (self.centres**2).sum(axis=1)
        top = scores.max(axis=1)
        evidence = top + np.log(np.exp(scores - top[:, np.newaxis]).mean(axis=1))
        ratios: np.ndarray = scores[np.arange(len(y)), label] - evidence
        return ratios
