"""Denoisers of noised blocks, their training, and means over rows and signal-to-noise ratios.

A block is noised as z = √s(λ)·x + √s(−λ)·ε with ε standard Gaussian, s the logistic function and λ the logarithm of the
signal-to-noise ratio. A denoiser predicts ε in one of four roles: of ``x`` alone, of ``x|y`` with y given as it is, of
``y|x``, and of ``xy``, both noised alike. Its score is −ε̂/√s(−λ).
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from ._training import Batches, perceptron

Role = Literal["x", "x|y", "y|x", "xy"]
ROLES: tuple[Role, ...] = ("x", "x|y", "y|x", "xy")
#: Predicts the noise of rows in each of some roles.
Denoise: TypeAlias = Callable[[Sequence[Role], "Noised"], list[Tensor]]
#: From a denoiser and noised rows to what is averaged, ``(n,)``.
Integrand: TypeAlias = Callable[[Denoise, "Noised"], Tensor]
#: From places in (0, 1), ``(n, 1)``, to λ and the inverse of its density.
Schedule: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]

#: Waves by which λ enters a network, and half the length of the longest.
WAVES, HALF_LENGTH = 4, 20.0
#: Rows, each with a λ of its own, that a look at the validation rows takes.
VALIDATION_ROWS = 2048
#: λ for each report row, and rows in a chunk.
REPORT_POINTS, CHUNK = 32, 2**14


class Noised:
    """Rows noised at λ: the clean blocks, the noise of each, and the noised blocks."""

    def __init__(self, x: Tensor, y: Tensor, log_snr: Tensor, noise: tuple[Tensor, Tensor]) -> None:
        self.x, self.y, self.log_snr = x, y, log_snr
        self.noise_x, self.noise_y = noise
        signal, spread = torch.sigmoid(log_snr).sqrt(), torch.sigmoid(-log_snr).sqrt()
        self.noised_x, self.noised_y = signal * x + spread * self.noise_x, signal * y + spread * self.noise_y

    def inputs(self, role: Role) -> tuple[Tensor, Tensor]:
        """Return both blocks as a denoiser in *role* is given them."""
        x = self.x if role == "y|x" else self.noised_x
        y = self.y if role == "x|y" else torch.zeros_like(self.y) if role == "x" else self.noised_y
        return x, y

    def target(self, role: Role) -> Tensor:
        """Return the noise that *role* predicts."""
        return {"x": self.noise_x, "x|y": self.noise_x, "y|x": self.noise_y}.get(
            role, torch.cat([self.noise_x, self.noise_y], dim=1)
        )


class Denoiser(nn.Module):
    """Perceptron on both blocks, the role, and λ as itself and in waves; one output a column."""

    def __init__(self, dims: Sequence[int], hidden: int, layers: int) -> None:
        super().__init__()
        self.ends: dict[Role, slice] = {"y|x": slice(dims[0], None), "xy": slice(None)}
        self.own = slice(dims[0])
        self.waves = math.pi / HALF_LENGTH * torch.arange(1, WAVES + 1, dtype=torch.float32, device="cpu")
        self.roles = torch.eye(len(ROLES), dtype=torch.float32, device="cpu")
        widths = [sum(dims) + len(ROLES) + 1 + 2 * WAVES, *[hidden] * layers, sum(dims)]
        self.net = perceptron(widths, rest=False)

    def forward(self, roles: Sequence[Role], rows: Noised) -> list[Tensor]:
        """Return the predicted noise of each role, from one pass."""
        phase = rows.log_snr * self.waves
        level = torch.cat([rows.log_snr / 6, phase.sin(), phase.cos()], dim=1)
        count = len(level)
        known = [
            torch.cat([*rows.inputs(role), self.roles[ROLES.index(role)].expand(count, -1), level], dim=1)
            for role in roles
        ]
        found = self.net(torch.cat(known)).split(count)
        return [each[:, self.ends.get(role, self.own)] for role, each in zip(roles, found, strict=True)]


def places(count: int) -> Tensor:
    """Return one random place in each of *count* equal parts of (0, 1), in random order: ``(count, 1)``."""
    return ((torch.randperm(count) + torch.rand(count)) / count).clamp(1e-6, 1 - 1e-6).unsqueeze(1)


def noised(x: Tensor, y: Tensor, log_snr: Tensor) -> Noised:
    """Return rows with new noise."""
    return Noised(x, y, log_snr, (torch.randn(x.shape), torch.randn(y.shape)))


def denoising_loss(denoise: Denoise, rows: Noised, roles: Sequence[Role]) -> Tensor:
    """Return the mean over rows of the squared error, summed over columns and *roles*."""
    found = denoise(roles, rows)
    errors = [squared(each - rows.target(role)).mean() for role, each in zip(roles, found, strict=True)]
    return torch.stack(errors).sum()


def losses(
    train: Sequence[Tensor], validation: Sequence[Tensor], schedule: Schedule, roles: Sequence[Role], batch_size: int
) -> tuple[Callable[[Denoiser], Tensor], Callable[[Denoiser], Tensor]]:
    """Return the loss of the next batch and that of the validation rows, whose noise stays the same."""
    batches = Batches(train, batch_size)
    repeats = max(1, VALIDATION_ROWS // len(validation[0]))
    x, y = (block[:VALIDATION_ROWS].repeat(repeats, 1) for block in validation)
    kept = noised(x, y, schedule(places(len(x)))[0])

    def loss(model: Denoiser) -> Tensor:
        x, y = batches()
        return denoising_loss(model, noised(x, y, schedule(places(len(x)))[0]), roles)

    return loss, lambda model: denoising_loss(model, kept, roles)


def integrate(denoise: Denoise, blocks: Sequence[Tensor], schedule: Schedule, integrand: Integrand) -> float:
    """Return ½∫ E[*integrand*] dλ: the mean over rows, and over 32 λ of each from as many parts of the schedule."""
    total, count = 0.0, 0
    with torch.no_grad():
        for part in range(REPORT_POINTS):
            for x, y in zip(*(block.split(CHUNK) for block in blocks), strict=True):
                log_snr, inverse = schedule((part + places(len(x))) / REPORT_POINTS)
                found = integrand(denoise, noised(x, y, log_snr)).double()
                total += float((inverse.squeeze(1).double() * found).sum())
                count += len(x)
    return 0.5 * total / count


def squared(difference: Tensor) -> Tensor:
    """Return the squared length of each row."""
    return difference.square().sum(dim=1)
