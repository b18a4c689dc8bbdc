"""Invertible networks with a closed-form log determinant, and the Gaussian pair that a pair of them is fitted to."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ._training import perceptron

#: The largest logarithm of a scale in one coupling layer.
MAX_LOG_SCALE = 2.0
#: The least eigenvalue of a block's covariance that is whitened, relative to the largest.
LEAST_EIGENVALUE = 1e-6
#: The largest correlation a fit starts from.
LARGEST_START = 1 - 1e-6


class Coupling(nn.Module):
    """Affine coupling: one half of the columns is moved and scaled as the other half says; at first the identity."""

    def __init__(self, dim: int, hidden: int, layers: int, order: Tensor) -> None:
        super().__init__()
        self.fixed, self.moved = order[: dim // 2], order[dim // 2 :]
        self.net = perceptron([dim // 2, *[hidden] * layers, 2 * len(self.moved)], rest=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the image, ``(n, d)``, and ln |det J|, ``(n,)``."""
        shift, raw = self.net(x[:, self.fixed]).chunk(2, dim=1)
        log_scale = MAX_LOG_SCALE * torch.tanh(raw / MAX_LOG_SCALE)
        return x.index_copy(1, self.moved, x[:, self.moved] * log_scale.exp() + shift), log_scale.sum(dim=1)


class Flow(nn.Module):
    """Coupling layers, then an affine map: x ↦ c(x)·W + b. For one column it is affine."""

    def __init__(self, matrix: np.ndarray, couplings: int, hidden: int, layers: int) -> None:
        super().__init__()
        dim = len(matrix)
        orders = [torch.randperm(dim) for _ in range((couplings + 1) // 2)] if dim > 1 else []
        both = [half for order in orders for half in (order, order.flip(0))][:couplings]
        self.couplings = nn.ModuleList(Coupling(dim, hidden, layers, order) for order in both)
        self.matrix = nn.Parameter(torch.tensor(matrix, dtype=torch.float32, device="cpu"))
        self.bias = nn.Parameter(torch.zeros(dim, dtype=torch.float32, device="cpu"))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the image, ``(n, d)``, and ln |det J|, ``(n,)``."""
        total = self.matrix.slogdet().logabsdet.expand(len(x))
        for coupling in self.couplings:
            x, log_det = coupling(x)
            total = total + log_det
        return x @ self.matrix + self.bias, total


class GaussianPair(nn.Module):
    """Flows f, g with (f(X), g(Y)) ~ a Gaussian in canonical form: unit variances, corr(f(X)_j, g(Y)_j) = ρ_j alone.

    The correlations are tanh w_j. *start* holds the two matrices and the ρ_j it starts from: see :func:`canonical`.
    """

    def __init__(
        self, start: tuple[np.ndarray, np.ndarray, np.ndarray], couplings: int, hidden: int, layers: int
    ) -> None:
        super().__init__()
        left, right, rho = start
        self.flows = nn.ModuleList(Flow(matrix, couplings, hidden, layers) for matrix in (left, right))
        rho = np.arctanh(np.minimum(rho, LARGEST_START))
        self.strength = nn.Parameter(torch.tensor(rho, dtype=torch.float32, device="cpu"))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the images of both blocks, ``(n, d)`` each."""
        return self.flows[0](x)[0], self.flows[1](y)[0]

    def log_density(self, x: Tensor, y: Tensor) -> Tensor:
        """Return ln q(x, y) in nats, ``(n,)``."""
        (left, log_left), (right, log_right) = self.flows[0](x), self.flows[1](y)
        pairs = len(self.strength)
        squares = (left[:, pairs:] ** 2).sum(dim=1) + (right[:, pairs:] ** 2).sum(dim=1)
        a, b = left[:, :pairs], right[:, :pairs]
        near, far = softplus(-2 * self.strength), softplus(2 * self.strength)  # −ln((1 ± ρ)/2)
        squares = squares + ((a + b) ** 2 * near.exp() / 4 + (a - b) ** 2 * far.exp() / 4).sum(dim=1)
        log_norm = (left.shape[1] + right.shape[1]) * math.log(2 * math.pi)
        log_det = (2 * math.log(2) - near - far).sum()  # Σ ln(1 − ρ²)
        return log_left + log_right - (squares + log_norm + log_det) / 2


def canonical(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return matrices A, B and ρ such that xA and yB are white with correlations ρ_j of pairs of columns alone.

    The directions and values of canonical correlation analysis: ``(d_x, d_x)``, ``(d_y, d_y)``, ``(min(d_x, d_y),)``.
    O(n·d² + d³) time.
    """
    whiteners = [_whitener(block) for block in (x, y)]
    white = [(block - block.mean(axis=0)) @ whitener for block, whitener in zip((x, y), whiteners, strict=True)]
    u, rho, vt = np.linalg.svd(white[0].T @ white[1] / len(x))
    return whiteners[0] @ u, whiteners[1] @ vt.T, rho


def _whitener(block: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(np.cov(block, rowvar=False, bias=True).reshape(block.shape[1], block.shape[1]))
    return vectors / np.sqrt(np.maximum(values, LEAST_EIGENVALUE * values[-1]))


def paired_correlations(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the sample correlation of column j of one block with column j of the other, for the columns both have."""
    pairs: Sequence[np.ndarray] = [block[:, : min(left.shape[1], right.shape[1])] for block in (left, right)]
    a, b = (block - block.mean(axis=0) for block in pairs)
    return (a * b).sum(axis=0) / np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
