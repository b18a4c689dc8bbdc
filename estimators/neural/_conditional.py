"""Conditional densities: networks that map a context to the parameters of a density of a target.

The leading axis of every tensor holds R independent replicates, as in :mod:`mibench.estimators.neural._critics`. A
density is a mixture of K product kernels, q(t) = Σ_k π_k Π_c κ((t_c − m_kc)/s_kc)/s_kc, whose logits ln π, locations m
and log scales ln s are what a network returns; without a context they are learnt themselves.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ._critics import LANES, _Perceptron
from ._scores import Scores

Kernel = Literal["gaussian", "logistic"]

#: Log scales beyond ± this, in the units of a linear model's residuals, are held there.
LARGEST_LOG_SCALE = 8.0
#: Numbers a chunk of all pairs may hold.
CHUNK = 2**21


@dataclass(frozen=True)
class Family:
    """A family of densities of ``dim`` columns: its kernel and the number K of its components."""

    kernel: Kernel
    components: int
    dim: int

    @property
    def size(self) -> int:
        """The number of parameters of a density."""
        return self.components * (1 + 2 * self.dim)

    def start(self, points: Tensor, spread: float) -> Tensor:
        """Return parameters near a standard Gaussian, ``(R, size)``, with components about points, ``(R, K, dim)``.

        Locations are *spread* times the points, scales √(1 − spread²), so that the variance of standard points is kept.
        A single component stands at 0.
        """
        if self.components == 1:
            points, spread = torch.zeros_like(points), 0.0
        scale = math.log1p(-(spread**2)) / 2 + (math.log(3**0.5 / math.pi) if self.kernel == "logistic" else 0)
        locations = (spread * points).flatten(start_dim=1)
        logits = torch.zeros(len(points), self.components)
        return torch.cat([logits, locations, torch.full_like(locations, scale)], dim=1)

    def log_density(self, parameters: Tensor, target: Tensor) -> Tensor:
        """Return ln q(t) in nats, ``(…)``, of targets ``(…, dim)`` and parameters ``(…, size)``, broadcast."""
        k, d = self.components, self.dim
        logits, locations, scales = parameters.split([k, k * d, k * d], dim=-1)
        scales = scales.unflatten(-1, (k, d)).clamp(-LARGEST_LOG_SCALE, LARGEST_LOG_SCALE)
        z = (target.unsqueeze(-2) - locations.unflatten(-1, (k, d))) * torch.exp(-scales)
        if self.kernel == "gaussian":
            kernels = -0.5 * z.square() - 0.5 * math.log(2 * math.pi)
        else:
            kernels = -z - 2 * softplus(-z)
        each = (kernels - scales).sum(dim=-1)
        if k == 1:
            return each.squeeze(-1)
        return torch.logsumexp(each + torch.log_softmax(logits, dim=-1), dim=-1)


class ConditionalDensity:
    """q(t | x) whose parameters are a perceptron of x; the last layer starts at 0, so every q(· | x) starts equal."""

    def __init__(
        self, family: Family, start: Tensor, context: int, hidden: int, layers: int, generator: torch.Generator
    ) -> None:
        self.family = family
        self.network = _Perceptron(len(start), [context] + [hidden] * layers + [_padded(family.size)], generator)
        last = self.network.layers[-1]
        with torch.no_grad():
            last.weight.zero_()
            last.bias.zero_()[:, 0, : family.size] = start

    def parameters(self) -> list[Tensor]:
        """Every tensor that is learnt."""
        return self.network.parameters()

    def at(self, context: Tensor) -> Tensor:
        """Return the parameters of the density at each context: ``(R, n, d_x)`` → ``(R, n, size)``."""
        return self.network(context)[..., : self.family.size]


class MarginalDensity:
    """q(t), whose parameters are learnt themselves."""

    def __init__(self, family: Family, start: Tensor) -> None:
        self.family = family
        self.learnt = torch.zeros(len(start), 1, _padded(family.size))
        self.learnt[:, 0, : family.size] = start
        self.learnt.requires_grad_()

    def parameters(self) -> list[Tensor]:
        """Every tensor that is learnt."""
        return [self.learnt]

    def log_density(self, target: Tensor) -> Tensor:
        """Return ln q(t) in nats: ``(R, n, d)`` → ``(R, n)``."""
        return self.family.log_density(self.learnt[..., : self.family.size], target)


class Densities:
    """q(y | x) and, where one is wanted, q(y): what is trained.

    Rows come as four blocks (see :class:`mibench.estimators.neural._likelihood.Frame`): the context x, the linear
    prediction v, the target u, of which the conditional density is that of u − v, and the target t of the marginal one.
    """

    def __init__(self, conditional: ConditionalDensity, marginal: MarginalDensity | None) -> None:
        self.conditional, self.marginal = conditional, marginal

    def parameters(self) -> list[Tensor]:
        """Every tensor that is learnt."""
        return self.conditional.parameters() + (self.marginal.parameters() if self.marginal else [])

    def joint(self, blocks: Sequence[Tensor]) -> Tensor:
        """Return ln q(u_i | x_i) in nats: ``(R, n)``."""
        x, v, u, _ = blocks
        return self.conditional.family.log_density(self.conditional.at(x), u - v)

    def pairs(self, blocks: Sequence[Tensor]) -> Iterator[tuple[int, Tensor]]:
        """Yield (first row, ln q(u_j | x_i) of rows i and every j, ``(rows, n)``) of one replicate, in nats."""
        x, v, u, _ = (block[0] for block in blocks)
        parameters = self.conditional.at(x.unsqueeze(0))[0]
        family = self.conditional.family
        step = max(1, CHUNK // (len(u) * family.components * family.dim))
        for start in range(0, len(u), step):
            rows = slice(start, start + step)
            yield start, family.log_density(parameters[rows, None], u - v[rows, None]).double()


def score_likelihood(densities: Densities, blocks: Sequence[Tensor]) -> tuple[Scores, Scores]:
    """Return ln q(y | x) and ln q(y), or 0, of every row."""
    joint = densities.joint(blocks)
    return Scores(joint), Scores(densities.marginal.log_density(blocks[3]) if densities.marginal else joint * 0)


class Likelihood:
    """The objective of training: the likelihood of both densities."""

    def bound(self, joint: Scores, marginal: Scores) -> Tensor:
        """E[ln q(y | x)] + E[ln q(y)]."""
        return joint.mean() + marginal.mean()

    criterion = bound

    def loss(self, joint: Scores, marginal: Scores, memory: dict[str, Tensor]) -> Tensor:
        """Minus the likelihood."""
        return -self.bound(joint, marginal)


def _padded(size: int) -> int:
    return -(-size // LANES) * LANES
