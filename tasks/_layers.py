"""Layers of networks as channels: what each says of the input and of the target, exactly or by stored Monte Carlo."""

import math
import tomllib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Literal

import numpy as np
from scipy.special import expit, log_expit, xlogy

import mibench.assets
from mibench import Block, Truth
from mibench.errors import InputError

from . import _networks
from ._networks import ASSETS, BITS, LABELS, SIGNS, WIDTHS

Pair = Literal["xt", "ty"]
_COUNT = len(BITS)
_ROWS = 1000
_TABLE = "information-plane-noisy.toml"


@dataclass(frozen=True)
class Layer(ABC):
    """A layer T of a network at one epoch, with input X and target Y.

    Args:
        layer: its number, from 1.
        epoch: one of the epochs whose weights were kept.
    """

    layer: int
    epoch: int

    @property
    def width(self) -> int:
        """The number of units."""
        return WIDTHS[self.layer]

    @property
    @abstractmethod
    def blocks(self) -> tuple[Block, Block, Block]:
        """X, T and Y."""

    @abstractmethod
    def truth(self, pair: Pair) -> Truth:
        """Return I(X; T) or I(T; Y)."""

    @abstractmethod
    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw X, T and Y: each of shape ``(n, d)``."""

    @abstractmethod
    def ratio(self, pair: Pair, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return ln p(t|x) − ln p(t), or ln p(t|y) − ln p(t), of each row: shape ``(n,)``."""


class BitsLayer(Layer):
    """A layer of a network on the 12-bit problem: X is uniform on the 4,096 inputs, Y their label."""

    kind: Literal["continuous", "discrete"] = "discrete"

    @property
    def blocks(self) -> tuple[Block, Block, Block]:
        """12 bits, the units, and the label."""
        return Block(WIDTHS[0], "discrete"), Block(self.width, self.kind), Block(1, "discrete")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw an input and what the layer says of it."""
        number = rng.integers(_COUNT, size=n)
        return BITS[number].astype(float), self.read(number, rng), LABELS[number, np.newaxis].astype(float)

    @abstractmethod
    def read(self, number: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the outputs of the units for inputs of these numbers, shape ``(n, units)``."""


class BinaryLayer(BitsLayer):
    """A layer of units that are 1 with probability σ(W·s + b) and else 0, s = ±1 being the states before them."""

    def truth(self, pair: Pair) -> Truth:
        """By the products of all transition kernels."""
        nats = binary_information(self.epoch)[self.layer - 1][("xt", "ty").index(pair)]
        return Truth(nats, "exact enumeration", "sum over 4,096 inputs and all states of the layers")

    def read(self, number: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw layer after layer, unit by unit."""
        weights, signs = _networks.load("binary", self.epoch), SIGNS[number]
        for layer in range(1, self.layer + 1):
            field = weights.field(layer, signs)
            signs = 2.0 * (rng.random(field.shape) < expit(field)) - 1
        return (signs + 1) / 2

    def ratio(self, pair: Pair, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """From the table of p(t|x)."""
        given, total = _kernels(self.epoch, self.layer)
        states = (second if pair == "xt" else first).astype(np.int64) @ (1 << np.arange(self.width))
        if pair == "xt":
            found = given[_number(first), states]
        else:
            found = _by_label(given, LABELS)[second[:, 0].astype(np.int64), states]
        ratios: np.ndarray = np.log(found) - np.log(total[states])
        return ratios


@cache
def binary_information(epoch: int) -> tuple[tuple[float, float], ...]:
    """Return I(X; T_l) and I(T_l; Y) of each layer of the binary network."""
    return tuple(channel_information(_networks.load("binary", epoch), LABELS))


def channel_information(weights: _networks.Weights, labels: np.ndarray) -> list[tuple[float, float]]:
    """Return I(X; T_l) and I(T_l; Y) in nats of each layer of stochastic binary units.

    p(t_l|x) = Σ p(t_l|t_{l−1})·p(t_{l−1}|x), over all 2^10 states of the first layer and so on.

    Args:
        weights: of the layers.
        labels: 0 or 1 for each of the inputs, as many of the one as of the other.
    """
    given, found = np.eye(1), []
    for layer in range(1, len(weights.matrices) + 1):
        given = kernel(weights, layer) if layer == 1 else given @ kernel(weights, layer)
        total = given.mean(axis=0)
        entropy = -xlogy(total, total).sum()
        by_label = _by_label(given, labels)
        known = [float(entropy + xlogy(each, each).sum(axis=1).mean()) for each in (given, by_label)]
        found.append((known[0], known[1]))
    return found


def kernel(weights: _networks.Weights, layer: int) -> np.ndarray:
    """Return p(t_l|t_{l−1}), or p(t_1|x), of all states: shape ``(states before, 2^units)``, the lowest bit first."""
    matrix = weights.matrices[layer - 1]
    before, after = (signs_of(size) for size in matrix.shape[::-1])
    field = weights.field(layer, before)
    logs = log_expit(field) @ (1 + after).T / 2 + log_expit(-field) @ (1 - after).T / 2
    chances: np.ndarray = np.exp(logs)
    return chances


def signs_of(units: int) -> np.ndarray:
    """Return all states of some units as signs, shape ``(2^units, units)``, the lowest bit first."""
    return 2.0 * ((np.arange(1 << units)[:, np.newaxis] >> np.arange(units)) & 1) - 1


@lru_cache(maxsize=4)
def _kernels(epoch: int, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """Return p(t|x), shape ``(4096, states)``, and p(t)."""
    weights = _networks.load("binary", epoch)
    given = kernel(weights, 1)
    for number in range(2, layer + 1):
        given = given @ kernel(weights, number)
    return given, given.mean(axis=0)


def _by_label(given: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return p(t|y), shape ``(2, states)``."""
    return np.stack([given[labels == label].mean(axis=0) for label in (0, 1)])


def _number(bits: np.ndarray) -> np.ndarray:
    """Return the numbers of inputs."""
    numbers: np.ndarray = bits.astype(np.int64) @ (1 << np.arange(WIDTHS[0]))
    return numbers


class QuantisedLayer(BitsLayer):
    """A layer of the tanh network with activations of 256 steps, a function of the input: I(X; T) = H(T)."""

    @cached_property
    def _states(self) -> tuple[np.ndarray, np.ndarray]:
        """The state of the layer at each input, shape ``(4096,)``, and how many inputs of each label have it."""
        codes = _networks.load("tanh", self.epoch).codes(self.layer)
        states = np.unique(codes, axis=0, return_inverse=True)[1].ravel()
        counts = np.stack([np.bincount(states[label == LABELS], minlength=states.max() + 1) for label in (0, 1)])
        return states, counts

    def truth(self, pair: Pair) -> Truth:
        """H(T) = ln N − Σ_t c_t·ln c_t/N, or H(Y) − H(Y|T), from the counts c of inputs that have each state.

        States of one input, or of one label, add exactly 0, so that no layer seems to say more than the one before.
        """
        _, counts = self._states
        states = counts.sum(axis=0)
        lost = xlogy(states, states)
        whole = math.log(_COUNT)
        if pair == "ty":
            lost = lost - xlogy(counts, counts).sum(axis=0)
            whole = math.log(2)
        return Truth(whole - math.fsum(lost) / _COUNT, "exact enumeration", "sum over 4,096 inputs")

    def read(self, number: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the middles of the steps."""
        return _networks.middles(_networks.load("tanh", self.epoch).codes(self.layer)[number])

    def ratio(self, pair: Pair, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """−ln p(t), and −∞ where t is not the state of x; or ln p(t|y) − ln p(t)."""
        states, counts = self._states
        middles = _networks.middles(_networks.load("tanh", self.epoch).codes(self.layer))
        known = {row.tobytes(): state for row, state in zip(middles, states, strict=True)}
        rows = np.ascontiguousarray(second if pair == "xt" else first)
        found = np.array([known.get(row.tobytes(), -1) for row in rows])
        if (found < 0).any():
            raise InputError(f"row {int(np.argmin(found))} is no state of the layer")
        logs = np.log(counts.sum(axis=0) / _COUNT)[found]
        with np.errstate(divide="ignore"):
            if pair == "xt":
                ratios: np.ndarray = np.where(states[_number(first)] == found, 0.0, -np.inf) - logs
            else:
                ratios = np.log(2 * counts / _COUNT)[second[:, 0].astype(np.int64), found] - logs
        return ratios


class NoisyLayer(BitsLayer):
    """A layer of the tanh network read through Gaussian noise: a mixture of 4,096 Gaussians about its outputs."""

    kind = "continuous"

    def truth(self, pair: Pair) -> Truth:
        """From the table, with its standard error."""
        row = _noisy_truths()[self.epoch, self.layer]
        return Truth(row[pair], "Monte Carlo", f"{_TABLE}: 327,680 draws", row[f"{pair}_stderr"])

    @cached_property
    def centres(self) -> np.ndarray:
        """The outputs without noise, shape ``(4096, units)``."""
        return _networks.load("tanh", self.epoch).activations(self.layer)

    def read(self, number: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Add the noise."""
        return self.centres[number] + _networks.READING_NOISE * rng.standard_normal((len(number), self.width))

    def ratio(self, pair: Pair, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Cost O(n·4096·units)."""
        parts = [
            self._ratios(pair, first[start : start + _ROWS], second[start : start + _ROWS])
            for start in range(0, len(first), _ROWS)
        ]
        return np.concatenate(parts)

    def _ratios(self, pair: Pair, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        values = second if pair == "xt" else first
        scores = (2 * values @ self.centres.T - (self.centres**2).sum(axis=1)) / (2 * _networks.READING_NOISE**2)
        total = _log_mean(scores)
        if pair == "xt":
            return scores[np.arange(len(values)), _number(first)] - total
        by_label = np.stack([_log_mean(scores[:, label == LABELS]) for label in (0, 1)])
        ratios: np.ndarray = by_label[second[:, 0].astype(np.int64), np.arange(len(values))] - total
        return ratios


@cache
def _noisy_truths() -> dict[tuple[int, int], dict[str, float]]:
    table = tomllib.loads(mibench.assets.load(_TABLE, ASSETS[_TABLE]).decode())
    return {(row["epoch"], row["layer"]): row for row in table["truths"]}


def _log_mean(scores: np.ndarray) -> np.ndarray:
    """Return the logarithm of the mean of exp(score) of each row."""
    top = scores.max(axis=1)
    logs: np.ndarray = top + np.log(np.exp(scores - top[:, np.newaxis]).mean(axis=1))
    return logs


class LinearLayer(Layer):
    """A layer T = W·T′ + 0.3·N of a chain of linear layers; X is Gaussian, Y = A·X + N."""

    @property
    def blocks(self) -> tuple[Block, Block, Block]:
        """12 inputs, the units, and 3 targets, all continuous."""
        return Block(WIDTHS[0]), Block(self.width), Block(len(_networks.CHAIN_GAINS))

    @cached_property
    def covariance(self) -> np.ndarray:
        """The covariance of X, T and Y, one after the other."""
        signal, noise = np.eye(WIDTHS[0]), np.zeros((WIDTHS[0], WIDTHS[0]))
        for matrix in _networks.load("linear", self.epoch).matrices[: self.layer]:
            signal, noise = matrix @ signal, matrix @ noise @ matrix.T
            noise = noise + _networks.CHAIN_NOISE**2 * np.eye(len(matrix))
        targets = _networks.chain_targets()
        maps = np.vstack([np.eye(WIDTHS[0]), signal, targets])
        whole: np.ndarray = maps @ maps.T
        whole[self._place(1), self._place(1)] += noise
        whole[self._place(2), self._place(2)] += np.eye(len(targets))
        return whole

    def _place(self, block: int) -> slice:
        ends = np.cumsum([0, WIDTHS[0], self.width, len(_networks.CHAIN_GAINS)])
        return slice(int(ends[block]), int(ends[block + 1]))

    def _joint(self, pair: Pair) -> tuple[np.ndarray, int]:
        """Return the covariance of the pair, and the columns of its first block."""
        kept, first = (slice(0, self._place(1).stop), 0) if pair == "xt" else (slice(self._place(1).start, None), 1)
        return self.covariance[kept, kept], self._place(first).stop - self._place(first).start

    def truth(self, pair: Pair) -> Truth:
        """½·(ln det Σ_1 + ln det Σ_2 − ln det Σ) of the pair's covariance Σ."""
        joint, size = self._joint(pair)
        parts = [np.linalg.slogdet(part)[1] for part in (joint[:size, :size], joint[size:, size:], joint)]
        return Truth(max(float(parts[0] + parts[1] - parts[2]) / 2, 0.0), "closed form", "Cover & Thomas 2006, 8.5")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw layer after layer."""
        x = rng.standard_normal((n, WIDTHS[0]))
        values, targets = x, _networks.chain_targets()
        for matrix in _networks.load("linear", self.epoch).matrices[: self.layer]:
            values = values @ matrix.T + _networks.CHAIN_NOISE * rng.standard_normal((n, len(matrix)))
        return x, values, x @ targets.T + rng.standard_normal((n, len(targets)))

    def ratio(self, pair: Pair, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """By the three Gaussian densities."""
        joint, size = self._joint(pair)
        forms = [
            np.einsum("ij,ij->i", rows, np.linalg.solve(part, rows.T).T)
            for rows, part in (
                (first, joint[:size, :size]),
                (second, joint[size:, size:]),
                (np.hstack([first, second]), joint),
            )
        ]
        ratios: np.ndarray = self.truth(pair).nats + (forms[0] + forms[1] - forms[2]) / 2
        return ratios
