"""Critics: networks that score how well one row of each block fits together.

A critic first *embeds* every block by itself, ``(R, n, d)`` → ``(R, n, k)``, and then *combines* embedded rows into
scores, ``(R, n)``; so rows are paired anew without passing through the first half again. The leading axis holds R
independent replicates (the folds of cross-fitting), trained side by side in one batched product; none touches another.

Layers start as torch's own do, weights and biases uniform on ±1/√fan_in, drawn from a generator that is handed in.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

#: Optimizers round the numbers that fill a vector register and those left over differently; so that a replicate's never
#: depend on how many there are, each holds a multiple of these (widths of hidden layers must be one as well).
LANES = 16


class Critic(Protocol):
    """Protocol of a critic, as training and reporting need it."""

    def parameters(self) -> list[Tensor]:
        """Every tensor that is learnt; the first axis is the replicate."""

    def embed(self, blocks: Sequence[Tensor]) -> list[Tensor]:
        """Embed each block, ``(R, n, d_b)`` → ``(R, n, k)``."""

    def combine(self, embedded: Sequence[Tensor]) -> Tensor:
        """Score row i of the first block with row i of the others: ``(R, n)``."""

    def matrix(self, left: Tensor, right: Tensor) -> Tensor:
        """Score every row of one embedded block with every row of another: ``(R, n, n')``."""


class _Linear:
    """x ↦ xW + b for each replicate, started uniformly on ±1/√fan_in."""

    def __init__(self, replicates: int, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        def start(*shape: int) -> Tensor:
            tensor = torch.empty(shape, dtype=torch.float32, device="cpu")
            return tensor.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator).requires_grad_()

        self.weight = start(replicates, fan_in, fan_out)
        self.bias = start(replicates, 1, fan_out if fan_out > 1 else LANES)  # of one output, the first is used

    def __call__(self, x: Tensor) -> Tensor:
        if self.weight.shape[2] == 1:  # the product's rounding would depend on the number of replicates
            return (x * self.weight.transpose(1, 2)).sum(dim=2, keepdim=True) + self.bias[:, :, :1]
        return torch.baddbmm(self.bias, x, self.weight)


class _Perceptron:
    """Linear layers of the given widths with a ReLU between each two."""

    def __init__(self, replicates: int, widths: Sequence[int], generator: torch.Generator) -> None:
        self.layers = [_Linear(replicates, fan_in, fan_out, generator) for fan_in, fan_out in pairwise(widths)]

    def parameters(self) -> list[Tensor]:
        return [tensor for layer in self.layers for tensor in (layer.weight, layer.bias)]

    def __call__(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = torch.relu_(layer(x))
        return self.layers[-1](x)


class JointCritic:
    """T(z₁, …, z_m) = g(ReLU(Σ_b (z_b W_b + c_b))): a perceptron on the joined blocks.

    Each block enters the first layer by its own linear map; g holds the other ``layers − 1`` hidden layers and a linear
    output. A matrix of n² scores costs n² passes through g.
    """

    def __init__(
        self, dims: Sequence[int], hidden: int, layers: int, replicates: int, generator: torch.Generator
    ) -> None:
        self.entries = [_Linear(replicates, dim, hidden, generator) for dim in dims]
        self.head = _Perceptron(replicates, [hidden] * layers + [1], generator)

    def parameters(self) -> list[Tensor]:
        """Every tensor that is learnt."""
        entries = [tensor for entry in self.entries for tensor in (entry.weight, entry.bias)]
        return entries + self.head.parameters()

    def embed(self, blocks: Sequence[Tensor]) -> list[Tensor]:
        """Map each block linearly: ``(R, n, d_b)`` → ``(R, n, hidden)``."""
        return [entry(block) for entry, block in zip(self.entries, blocks, strict=True)]

    def combine(self, embedded: Sequence[Tensor]) -> Tensor:
        """Sum, ReLU, the other layers: ``(R, n)``."""
        return self.head(torch.relu(sum(embedded[1:], start=embedded[0]))).squeeze(-1)

    def matrix(self, left: Tensor, right: Tensor) -> Tensor:
        """Score every pair of rows: ``(R, n, n')``."""
        pairs = torch.relu_(left.unsqueeze(2) + right.unsqueeze(1))
        replicates, rows, columns, width = pairs.shape
        return self.head(pairs.view(replicates, rows * columns, width)).view(replicates, rows, columns)


class SeparableCritic:
    """T(z₁, …, z_m) = Σ_k Π_b f_b(z_b)_k: the product of one perceptron a block; for two blocks ⟨f(x), g(y)⟩.

    Each f_b has ``layers`` hidden layers and ``hidden`` outputs. A matrix of n² scores costs 2n passes and one product.
    """

    def __init__(
        self, dims: Sequence[int], hidden: int, layers: int, replicates: int, generator: torch.Generator
    ) -> None:
        self.encoders = [_Perceptron(replicates, [dim] + [hidden] * (layers + 1), generator) for dim in dims]

    def parameters(self) -> list[Tensor]:
        """Every tensor that is learnt."""
        return [tensor for encoder in self.encoders for tensor in encoder.parameters()]

    def embed(self, blocks: Sequence[Tensor]) -> list[Tensor]:
        """Encode each block: ``(R, n, d_b)`` → ``(R, n, hidden)``."""
        return [encoder(block) for encoder, block in zip(self.encoders, blocks, strict=True)]

    def combine(self, embedded: Sequence[Tensor]) -> Tensor:
        """Multiply and sum: ``(R, n)``."""
        product = embedded[0]
        for other in embedded[1:]:
            product = product * other
        return product.sum(dim=-1)

    def matrix(self, left: Tensor, right: Tensor) -> Tensor:
        """All inner products: ``(R, n, n')``."""
        return torch.bmm(left, right.transpose(1, 2))


class WithBaseline:
    """T(z₁, …, z_m) − b(z_m): a critic less a perceptron of the last block, or of the block *of*."""

    def __init__(self, critic: Critic, baseline: _Perceptron, of: int = -1) -> None:
        self.critic, self.baseline, self.of = critic, baseline, of

    def parameters(self) -> list[Tensor]:
        """Every tensor that is learnt."""
        return self.critic.parameters() + self.baseline.parameters()

    def embed(self, blocks: Sequence[Tensor]) -> list[Tensor]:
        """Embed each block; that of the baseline has its value as the last number."""
        embedded = list(self.critic.embed(blocks))
        embedded[self.of] = torch.cat([embedded[self.of], self.baseline(blocks[self.of])], dim=-1)
        return embedded

    def combine(self, embedded: Sequence[Tensor]) -> Tensor:
        """Score row i of the first block with row i of the others: ``(R, n)``."""
        bare, value = self._split(embedded)
        return self.critic.combine(bare) - value

    def matrix(self, left: Tensor, right: Tensor) -> Tensor:
        """Score every pair of rows of two blocks: ``(R, n, n')``."""
        bare, value = self._split((left, right))
        return self.critic.matrix(*bare) - (value.unsqueeze(2) if self.of == 0 else value.unsqueeze(1))

    def _split(self, embedded: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        bare = list(embedded)
        bare[self.of] = embedded[self.of][..., :-1]
        return bare, embedded[self.of][..., -1]


class TwoHeads:
    """Two critics of the same rows: the first scores pairs, the second joint rows as well."""

    def __init__(self, first: Critic, second: Critic) -> None:
        self.heads = first, second

    def parameters(self) -> list[Tensor]:
        """Every tensor that is learnt."""
        return self.heads[0].parameters() + self.heads[1].parameters()

    def embed(self, blocks: Sequence[Tensor]) -> list[Tensor]:
        """Embed each block by both critics, one behind the other, in halves of equal width."""
        pairs = zip(*(head.embed(blocks) for head in self.heads), strict=True)
        return [torch.cat(pair, dim=-1) for pair in pairs]

    def combine(self, embedded: Sequence[Tensor]) -> Tensor:
        """Score row i of the first block with row i of the others by the first critic: ``(R, n)``."""
        return self.heads[0].combine([block.chunk(2, dim=-1)[0] for block in embedded])

    def second(self, embedded: Sequence[Tensor]) -> Tensor:
        """Do so by the second critic: ``(R, n)``."""
        return self.heads[1].combine([block.chunk(2, dim=-1)[1] for block in embedded])

    def matrix(self, left: Tensor, right: Tensor) -> Tensor:
        """Score every pair of rows by the first critic: ``(R, n, n')``."""
        return self.heads[0].matrix(left.chunk(2, dim=-1)[0], right.chunk(2, dim=-1)[0])


def with_baseline(
    critic: Critic, dims: Sequence[int], hidden: int, of: int, replicates: int, generator: torch.Generator
) -> WithBaseline:
    """Return *critic* less a perceptron of one hidden layer of the block *of*."""
    return WithBaseline(critic, _Perceptron(replicates, [dims[of], hidden, 1], generator), of)


CRITICS: dict[str, type[JointCritic] | type[SeparableCritic]] = {"joint": JointCritic, "separable": SeparableCritic}
