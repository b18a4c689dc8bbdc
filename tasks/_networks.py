"""Networks of layers 12-10-7-5-4-3 at checkpoints of their training, and the 12-bit problem that they learn."""

import io
import types
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from scipy.special import expit

import mibench.assets

#: Inputs, then the units of each hidden layer.
WIDTHS = (12, 10, 7, 5, 4, 3)
LAYERS = len(WIDTHS) - 1
#: The epochs after which the weights were kept.
EPOCHS = (0, 1, 3, 10, 30, 100, 300, 1000, 3000)
#: The steps of a quantised activation.
LEVELS = 256
#: The standard deviation of the noise that a layer of the tanh network is read through.
READING_NOISE = 0.2
#: The standard deviation of the noise in each layer of the linear chain, and the gains of its three targets.
CHAIN_NOISE = 0.3
CHAIN_GAINS = (3.0, 1.5, 0.75)

Trained = Literal["binary", "linear", "tanh"]
#: The frozen files, with their SHA-256: weights of the three trainings, and the truths that took Monte Carlo.
ASSETS = types.MappingProxyType(
    {
        "information-plane-binary.npz": "4f04adc43d9dff00c2f33189eb36b2a89fbe4fb10c63c1cb69705cf977f286b7",
        "information-plane-linear.npz": "3d449a8e417505fd558b03dba2095df858b03f6e0437cacfb4a16cca7b433ac1",
        "information-plane-tanh.npz": "5ca1e310c87125beadb4349f09cf1312845a1fffcec422ff52b1a77cba237445",
        "information-plane-noisy.toml": "c62cd473d9282e2d99da56f4372273f306cc4689a0c1afe151d97de90e822ac6",
    }
)


def all_bits() -> np.ndarray:
    """Return all 4,096 inputs, shape ``(4096, 12)``, 0 and 1; row i holds the binary digits of i, the lowest first."""
    return (np.arange(1 << WIDTHS[0])[:, np.newaxis] >> np.arange(WIDTHS[0])) & 1


def label_of(bits: np.ndarray) -> np.ndarray:
    """Return the label, 0 or 1, of each row of 12 bits, shape ``(n,)``.

    With the bits on a circle as signs s_i = ±1, it is 1 where Σ_i (2·s_i + 2·s_i·s_{i+2} + 2·s_i·s_{i+3} +
    s_i·s_{i+1}·s_{i+2}) > −2. Turning or mirroring the circle leaves it as it is, and exactly half of all inputs have
    label 1. A linear rule gets 69 % of the labels right.
    """
    s = 2 * bits.astype(np.int64) - 1
    one, two, three = (np.roll(s, -step, axis=1) for step in (1, 2, 3))
    labels: np.ndarray = ((2 * s + 2 * s * two + 2 * s * three + s * one * two).sum(axis=1) > -2).astype(np.int64)
    return labels


BITS = all_bits()
SIGNS = 2.0 * BITS - 1
LABELS = label_of(BITS)


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a network at one checkpoint.

    Attributes:
        matrices: W_l of each layer, shape ``(units, inputs)``.
        biases: b_l of each layer, shape ``(units,)``.
    """

    matrices: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def field(self, layer: int, values: np.ndarray) -> np.ndarray:
        """Return W_l·t + b_l for each row t of *values*, the output of the layer before; layers count from 1."""
        return values @ self.matrices[layer - 1].T + self.biases[layer - 1]

    def activations(self, layer: int) -> np.ndarray:
        """Return the outputs of a layer of the tanh network, shape ``(4096, units)``, one row an input."""
        values = SIGNS
        for number in range(1, layer + 1):
            values = tanh(self.field(number, values))
        return values

    def codes(self, layer: int) -> np.ndarray:
        """Return the steps, 0 to 255, of the outputs of a layer whose activations, and those before it, are quantised.

        The interval from −1 to 1 is cut into equal steps, and each layer passes on the middles of its steps.
        """
        values = SIGNS
        for number in range(1, layer + 1):
            steps = np.minimum(np.floor((tanh(self.field(number, values)) + 1) * (LEVELS / 2)), LEVELS - 1)
            values = middles(steps)
        return steps.astype(np.uint8)


def tanh(values: np.ndarray) -> np.ndarray:
    """Return tanh, by a logistic function that rounds alike on every processor."""
    result: np.ndarray = 2 * expit(2 * values) - 1
    return result


def middles(steps: np.ndarray) -> np.ndarray:
    """Return the middles of the steps of a quantised activation, odd multiples of 1/256."""
    values: np.ndarray = (2 * steps.astype(np.float64) + 1) / LEVELS - 1
    return values


@cache
def load(net: Trained, epoch: int) -> Weights:
    """Return the weights of a training at one of :data:`EPOCHS`, from the frozen file."""
    name = f"information-plane-{net}.npz"
    return unpack(np.load(io.BytesIO(mibench.assets.load(name, ASSETS[name]))), epoch)


def unpack(arrays: "dict[str, np.ndarray] | np.lib.npyio.NpzFile", epoch: int) -> Weights:
    """Return the weights at one of :data:`EPOCHS` of the arrays ``w1`` … ``b5``, each of one row an epoch."""
    at = EPOCHS.index(epoch)
    rows = {key: arrays[key][at].astype(np.float64) for kind in "wb" for key in _names(kind)}
    return Weights(tuple(rows[key] for key in _names("w")), tuple(rows[key] for key in _names("b")))


def _names(kind: str) -> list[str]:
    return [f"{kind}{layer}" for layer in range(1, LAYERS + 1)]


def chain_targets() -> np.ndarray:
    """Return A of the linear chain's targets Y = A·X + N(0, 1), shape ``(3, 12)``: gains times cosines on the circle.

    Row k is √(1/6)·cos(2πk·i/12) over the places i, a unit vector, times the gain; the rows are orthogonal.
    """
    waves = np.cos(2 * np.pi * np.outer((1, 2, 3), np.arange(WIDTHS[0])) / WIDTHS[0]) / np.sqrt(WIDTHS[0] / 2)
    targets: np.ndarray = np.array(CHAIN_GAINS)[:, np.newaxis] * waves
    return targets
