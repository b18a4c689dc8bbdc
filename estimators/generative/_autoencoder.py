"""Pairs of autoencoders that predict one another (cross-predictive)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ._training import perceptron

#: The slope of a unit below 0.
SLOPE = 0.2


class CrossAutoencoder(nn.Module):
    """Encoders x ↦ a and y ↦ b to *latent* columns each, and decoders of x and of y from a and from b."""

    def __init__(self, dims: Sequence[int], latent: int, hidden: int, layers: int) -> None:
        super().__init__()
        inner = [hidden] * layers

        def network(fan_in: int, fan_out: int) -> nn.Sequential:
            net = perceptron([fan_in, *inner, fan_out], lambda: nn.LeakyReLU(SLOPE), rest=False)
            for layer in net:
                if isinstance(layer, nn.Linear):
                    nn.init.xavier_uniform_(layer.weight)
                    nn.init.zeros_(layer.bias)
            return net

        self.encoders = nn.ModuleList(network(dim, latent) for dim in dims)
        self.decoders = nn.ModuleList(network(latent, dim) for _ in dims for dim in dims)

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the latent columns of both blocks, ``(n, latent)`` each."""
        return self.encoders[0](x), self.encoders[1](y)

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum of the mean squared errors of x and y, each predicted from a and from b."""
        blocks = x, y
        errors = [
            (self.decoders[2 * source + target](code) - blocks[target]).square().mean()
            for source, code in enumerate(self.encode(x, y))
            for target in (0, 1)
        ]
        return torch.stack(errors).sum()
