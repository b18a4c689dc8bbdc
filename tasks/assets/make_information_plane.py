"""Networks of the task information-plane: trains them, keeps their weights at checkpoints, measures the noisy layers.

Run ``python tasks/assets/make_information_plane.py`` (with torch) and write the SHA-256 it prints into
``tasks/_networks.py``; about six minutes on one core. ``--check`` trains anew and compares with the files that are
there; ``--only binary`` (or linear, tanh, noisy) does one of the four.
"""

import argparse
import hashlib
import io
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from mibench.tasks import _networks  # type: ignore[import-not-found]
from mibench.tasks._networks import EPOCHS, LAYERS, WIDTHS  # type: ignore[import-not-found]

HERE = Path(__file__).parent
SEED = 0
#: The inputs that the networks of the 12-bit problem see in training: four fifths; the others test them.
TRAINING, BATCH = 3277, 256
RATES = {"binary": 0.01, "tanh": 0.005}
#: Of the linear chain: plain gradient descent on the expected loss, with weight decay.
CHAIN_RATE, CHAIN_DECAY, CHAIN_START = 0.02, 0.01, 0.7
#: Antithetic pairs of noise ±N for each of the 4,096 inputs.
PAIRS = 40

Net = list[torch.Tensor]
log_sigmoid = torch.nn.functional.logsigmoid


def start(rng: np.random.Generator, gain: float = 1.0, outputs: int = 1) -> Net:
    """Return weights W1, b1, …, and those of a readout: entries of W are N(0, gain²/inputs), biases 0."""
    net: Net = []
    for inputs, units in zip(WIDTHS, (*WIDTHS[1:], outputs), strict=True):
        net.append(torch.tensor(gain * rng.normal(size=(units, inputs)) / math.sqrt(inputs), requires_grad=True))
        net.append(torch.zeros(units, dtype=torch.float64, requires_grad=True))
    return net


def tanh_output(net: Net, signs: torch.Tensor) -> torch.Tensor:
    """Return the log odds of label 1 of each input."""
    for layer in range(LAYERS):
        signs = torch.tanh(signs @ net[2 * layer].T + net[2 * layer + 1])
    return (signs @ net[-2].T + net[-1])[:, 0]


def binary_output(net: Net, signs: torch.Tensor) -> torch.Tensor:
    """Return the log odds of label 1 of each input, summed over all states of all layers: no sampling."""
    states = [torch.tensor(_states(width)) for width in WIDTHS[1:]]
    chance = torch.sigmoid(states[-1] @ net[-2].T + net[-1])[:, 0]
    for layer in reversed(range(LAYERS)):
        before = states[layer - 1] if layer else signs
        field, after = before @ net[2 * layer].T + net[2 * layer + 1], states[layer]
        kernel = torch.exp(log_sigmoid(field) @ (1 + after).T / 2 + log_sigmoid(-field) @ (1 - after).T / 2)
        chance = kernel @ chance
    return torch.log(chance) - torch.log1p(-chance)


def _states(width: int) -> np.ndarray:
    return 2.0 * ((np.arange(1 << width)[:, np.newaxis] >> np.arange(width)) & 1) - 1


def train_on_bits(kind: str) -> Iterator[Net]:
    """Minimise the cross entropy of the labels by Adam in batches; yield the weights at each of the epochs kept."""
    output: Callable[[Net, torch.Tensor], torch.Tensor] = {"tanh": tanh_output, "binary": binary_output}[kind]
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(_networks.BITS))
    seen, unseen = order[:TRAINING], order[TRAINING:]
    net = start(rng)
    signs, labels = torch.tensor(_networks.SIGNS), torch.tensor(_networks.LABELS.astype(np.float64))
    adam = torch.optim.Adam(net, lr=RATES[kind])
    for epoch in range(EPOCHS[-1] + 1):
        if epoch in EPOCHS:
            with torch.no_grad():
                right = (output(net, signs) > 0) == (labels > 0.5)
            shares = (float(right[part].double().mean()) for part in (seen, unseen))
            print(f"{kind}, epoch {epoch}: right " + ", ".join(f"{share:.3f}" for share in shares), flush=True)
            yield net
        rows = rng.permutation(seen)
        for first in range(0, TRAINING, BATCH):
            batch = rows[first : first + BATCH]
            adam.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(output(net, signs[batch]), labels[batch]).backward()
            adam.step()


def train_chain() -> Iterator[Net]:
    """Minimise the expected squared error of the linear chain by gradient descent; an epoch is one step."""
    net = start(np.random.default_rng(SEED), CHAIN_START, outputs=len(_networks.CHAIN_GAINS))
    matrices, targets = net[::2], torch.tensor(_networks.chain_targets())
    descent = torch.optim.SGD(matrices, lr=CHAIN_RATE, weight_decay=CHAIN_DECAY)
    for epoch in range(EPOCHS[-1] + 1):
        signal, noise = torch.eye(WIDTHS[0], dtype=torch.float64), torch.zeros(WIDTHS[0], WIDTHS[0]).double()
        for matrix in matrices[:-1]:
            signal, noise = matrix @ signal, matrix @ noise @ matrix.T
            noise = noise + _networks.CHAIN_NOISE**2 * torch.eye(len(noise))
        loss = ((matrices[-1] @ signal - targets) ** 2).sum() + torch.trace(matrices[-1] @ noise @ matrices[-1].T)
        if epoch in EPOCHS:
            print(f"linear, epoch {epoch}: error {loss.item():.4f} beside the noise", flush=True)
            yield net
        descent.zero_grad()
        (loss / 2).backward()
        descent.step()


def packed(checkpoints: Iterator[Net]) -> bytes:
    """Return a file of arrays ``w1``, ``b1``, …, one row an epoch, as float32; the readout is ``w6``, ``b6``."""
    kept = [[part.detach().numpy().astype(np.float32) for part in net] for net in checkpoints]
    arrays = {f"{'wb'[at % 2]}{at // 2 + 1}": np.stack([net[at] for net in kept]) for at in range(len(kept[0]))}
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # uncompressed: the bytes depend on nothing but the weights
    return file.getvalue()


def noisy_truths(arrays: dict[str, np.ndarray]) -> str:
    """Return the table of I(X; T) and I(T; Y) of every noisy layer at every epoch."""
    draws = 2 * PAIRS * len(_networks.BITS)
    lines = [
        "# Made by make_information_plane.py: Monte Carlo by input, with antithetic noise and control variates; nats.",
        f"seed = {SEED}", f"noise = {_networks.READING_NOISE}",
        f"pairs = {PAIRS}  # of each input", f"draws = {draws}  # in each layer at each epoch",
    ]  # fmt: skip
    for epoch in EPOCHS:
        weights = _networks.unpack(arrays, epoch)
        for layer in range(1, LAYERS + 1):
            (xt, xt_stderr), (ty, ty_stderr) = estimate(weights.activations(layer), [SEED, epoch, layer])
            lines += ["", "[[truths]]", f"epoch = {epoch}", f"layer = {layer}", f"xt = {xt:.6f}"]
            lines += [f"xt_stderr = {xt_stderr:.6f}", f"ty = {ty:.6f}", f"ty_stderr = {ty_stderr:.6f}"]
            print(*lines[-6:], flush=True)
    return "\n".join(lines) + "\n"


def estimate(centres: np.ndarray, seed: list[int]) -> list[tuple[float, float]]:
    """Return I(X; T) and I(T; Y) for T = centre + s·N, each with its standard error.

    With Δ = c_i − c_j, ln p(t|j) − ln p(t|i) = −‖Δ‖²/2s² − N·Δ/s, which is at most ‖N‖²/2: no exponential overflows.
    Exponents are taken in single precision, which errs by 1e-5 where they count. The products N_k·N_l − δ_kl, whose
    expectation is 0, are control variates.
    """
    rng, count, half = np.random.default_rng(seed), len(centres), len(centres) // 2
    centres = centres[np.argsort(_networks.LABELS, kind="stable")] / _networks.READING_NOISE
    noise = rng.standard_normal((PAIRS, *centres.shape))
    values = np.zeros((2, PAIRS, count))
    for rows in np.array_split(np.arange(count), 32):
        own = centres[rows]
        base = own @ centres.T - ((centres**2).sum(axis=1) + (own**2).sum(axis=1, keepdims=True)) / 2
        for pair in range(PAIRS):
            slopes = noise[pair, rows] @ centres.T - (noise[pair, rows] * own).sum(axis=1, keepdims=True)
            for exponents in (base + slopes, base - slopes):
                terms = np.exp(exponents.astype(np.float32))
                halves = np.stack([part.sum(axis=1) for part in (terms[:, :half], terms[:, half:])]).astype(np.float64)
                values[0, pair, rows] += (math.log(count) - np.log(halves.sum(axis=0))) / 2
                own_half = halves[(rows >= half).astype(int), np.arange(len(rows))]
                values[1, pair, rows] += (math.log(2) + np.log(own_half / halves.sum(axis=0))) / 2
    first, second = np.triu_indices(centres.shape[1])
    controls = noise[..., first] * noise[..., second] - (first == second)
    return [_mean_and_stderr(each, controls) for each in values]


def _mean_and_stderr(values: np.ndarray, controls: np.ndarray) -> tuple[float, float]:
    """Return the mean over pairs and inputs, ``(pairs, inputs)``, less the controls fitted to what varies by pair."""
    moved, known = values - values.mean(axis=0), controls - controls.mean(axis=0)
    slopes = np.linalg.lstsq(known.reshape(-1, known.shape[-1]), moved.ravel(), rcond=None)[0]
    left = values - controls @ slopes
    return float(left.mean()), math.sqrt(left.var(axis=0, ddof=1).sum() / len(left)) / left.shape[1]


def main() -> None:
    """Write the files, or compare with them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="train anew and compare, write nothing")
    parser.add_argument("--only", choices=["binary", "linear", "tanh", "noisy"], help="one of the four")
    options = parser.parse_args()
    torch.set_num_threads(1)
    makers = {
        "information-plane-binary.npz": lambda: packed(train_on_bits("binary")),
        "information-plane-linear.npz": lambda: packed(train_chain()),
        "information-plane-tanh.npz": lambda: packed(train_on_bits("tanh")),
        "information-plane-noisy.toml": lambda: noisy_truths(
            dict(np.load(HERE / "information-plane-tanh.npz"))
        ).encode(),
    }
    for name, make in makers.items():
        if options.only and options.only not in name:
            continue
        began = time.process_time()
        content = make()
        seconds = time.process_time() - began
        if options.check:
            same = content == (HERE / name).read_bytes()
            print(f"{name}: {'the same' if same else 'other'} bytes, {seconds:.0f} CPU-s")
        else:
            (HERE / name).write_bytes(content)
            print(f"{name}: {len(content)} bytes, {seconds:.0f} CPU-s, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
