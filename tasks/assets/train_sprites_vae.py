"""Encoders of the task disentanglement: trains 15 β-VAEs on the sprites and writes ``sprites-vae.npz``.

Run ``python tasks/assets/train_sprites_vae.py tasks/assets/sprites-vae.npz``: two minutes of one core; with names
behind it, such as ``c5-0``, only these. Then run ``make_disentanglement.py`` and write both SHA-256 into the class.

An encoder 256-128-64-12 with tanh gives mean and log variance of 6 latents, a mirrored decoder the pixels' logits.
``cC-SEED`` minimises the Bernoulli cross-entropy plus 50·|KL − C| in nats, with C raised linearly from 0 over the first
70 % of the steps (Burgess et al. 2018, arXiv:1804.03599); ``betaB-SEED`` the cross-entropy plus B·KL (Higgins et al.
2017). 3,000 steps of Adam at 1e-3, batches of 256. Means and log variances of all sprites are kept in half precision,
which is what the task's truths are of; the decoder of ``c5-0`` is kept for pictures. ``--check`` trains the named ones
and tells how far they are from what is stored.
"""

import itertools
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from mibench.tasks import _sprites  # type: ignore[import-not-found]

LATENTS, STEPS, BATCH, GAMMA, RAMP, RATE = 6, 3000, 256, 50.0, 0.7, 1e-3
SEEDS = 3
NAMES = [f"{kind}-{seed}" for kind in ("c2", "c5", "c8", "beta1", "beta4") for seed in range(SEEDS)]
#: The one whose decoder is kept.
DRAWN = "c5-0"


def network(*sizes: int) -> nn.Sequential:
    """Return affine layers with tanh between them."""
    layers: list[nn.Module] = []
    for wide, narrow in itertools.pairwise(sizes):
        layers += [nn.Linear(wide, narrow), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def train(name: str) -> dict[str, np.ndarray]:
    """Train one and return what is kept of it, half precision."""
    kind, seed = name.split("-")
    strength = float(kind.removeprefix("beta").removeprefix("c"))
    torch.manual_seed(int(seed))
    torch.set_num_threads(1)
    pixels = torch.tensor(_sprites.load().images / _sprites.FINE**2, dtype=torch.float32)
    encoder = network(pixels.shape[1], 128, 64, 2 * LATENTS)
    decoder = network(LATENTS, 64, 128, pixels.shape[1])
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=RATE)
    for step in range(STEPS):
        batch = pixels[torch.randint(len(pixels), (BATCH,))]
        mean, log_var = encoder(batch).chunk(2, dim=1)
        latent = mean + torch.exp(0.5 * log_var) * torch.randn(BATCH, LATENTS)
        error = nn.functional.binary_cross_entropy_with_logits(decoder(latent), batch, reduction="sum") / BATCH
        kl = 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum() / BATCH
        if kind.startswith("beta"):
            loss = error + strength * kl
        else:
            loss = error + GAMMA * abs(kl - strength * min(1.0, step / (RAMP * STEPS)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        mean_log_var = encoder(pixels).numpy().astype(np.float16)
    print(f"{name}: cross-entropy {error.item():.2f}, KL {kl.item():.3f}", file=sys.stderr, flush=True)
    kept = {name: mean_log_var}
    if name == DRAWN:
        for place, layer in enumerate(layer for layer in decoder if isinstance(layer, nn.Linear)):
            kept[f"decoder-weight-{place}"] = layer.weight.detach().numpy().astype(np.float16)
            kept[f"decoder-bias-{place}"] = layer.bias.detach().numpy().astype(np.float16)
    return kept


def main() -> None:
    """Train and write, or compare."""
    check = "--check" in sys.argv
    path, *names = [text for text in sys.argv[1:] if text != "--check"]
    found: dict[str, np.ndarray] = {}
    for name in names or NAMES:
        start = time.process_time()
        found |= train(name)
        print(f"{name}: {time.process_time() - start:.1f} CPU-s", file=sys.stderr, flush=True)
    if not check:
        np.savez_compressed(Path(path), allow_pickle=False, **found)
        return
    with np.load(path) as stored:
        for name, array in found.items():
            apart = abs(array.astype(float) - stored[name].astype(float)).max()
            print(f"{name}: {'the same' if np.array_equal(array, stored[name]) else f'up to {apart:.3g} apart'}")


if __name__ == "__main__":
    main()
