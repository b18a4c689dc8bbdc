"""Samples whose mutual information or total correlation is known, of a kind that the estimator takes."""

import functools
import math
from typing import Literal

import numpy as np

from mibench.estimator import Estimator, Kind
from mibench.streams import stream

from .samples import require, take_kind

#: Rows of a sample whose value is known.
ROWS = 1000
#: Values of the alphabet of the discrete samples.
LETTERS = 8


#: Kinds of both blocks, or of the first and the second.
KnownKind = Kind | Literal["discrete and continuous"]


def known_kind(estimator: Estimator) -> KnownKind:
    """Return the kind of the samples: continuous where the estimator takes it, else discrete, or one of each.

    Raises:
        NotClaimed: it takes mixed blocks only, on which no pair of simple known value is at hand.
    """
    if estimator.get_tags().one_of_each_kind:
        return "discrete and continuous"
    kind = take_kind(estimator)
    require(kind != "mixed", "an estimate on continuous or on discrete blocks")
    return kind


def known_pair(kind: KnownKind, nats: float, seed: int, n: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Draw two blocks of shape ``(n, 1)`` that share *nats*.

    Continuous: standard Gaussians of correlation √(1 − exp(−2I)). Discrete: X uniform on 8 letters and Y = X, but with
    probability ε one of the other letters, so that I = ln 8 − h(ε) − ε·ln 7. One of each: a number uniform on [0, 1]
    is added to Y, which leaves the letter to be read off.
    """
    rng = stream("conformance-known", kind, repr(nats), n, seed)
    if kind == "continuous":
        x, z = rng.standard_normal((2, n, 1))
        return x, math.sqrt(-math.expm1(-2 * nats)) * x + math.exp(-nats) * z
    x, y = _symmetric_channel(rng.integers(LETTERS, size=(n, 1)), _error_rate(nats), rng)
    return (x, y) if kind == "discrete" else (x, y + rng.random((n, 1)))


def _symmetric_channel(x: np.ndarray, error: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    wrong = rng.random(x.shape) < error
    y = (x + wrong * rng.integers(1, LETTERS, size=x.shape)) % LETTERS
    return x.astype(np.float64), y.astype(np.float64)


@functools.cache
def _error_rate(nats: float) -> float:
    """Return the error probability at which the symmetric channel of 8 letters carries *nats*."""
    from scipy.optimize import brentq

    return float(brentq(lambda error: channel_nats(error) - nats, 0.0, 1 - 1 / LETTERS, xtol=1e-14))


def channel_nats(error: float) -> float:
    """Return ln 8 − h(ε) − ε·ln 7, the information of the symmetric channel of 8 letters in nats."""
    from scipy.special import entr

    return float(math.log(LETTERS) - entr(error) - entr(1 - error) - error * math.log(LETTERS - 1))


#: Correlation of any two of the three Gaussian blocks; agreement of a discrete block with their common cause.
_CORRELATION, _ERROR = 0.9, 0.1


def known_triple(kind: KnownKind, seed: int, n: int = ROWS) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], float]:
    """Draw three blocks of shape ``(n, 1)`` and return them with their total correlation in nats.

    Continuous: Gaussians of correlation 0.9, TC = −½ ln((1 − ρ)²(1 + 2ρ)) = 1.788. Discrete: three outputs of the
    symmetric channel of 8 letters with a common uniform input and ε = 0.1; TC by enumeration, 2.653. In both, the
    sum of the pairs, any one pair, and I(X; (Y, Z)) are more than a quarter away.
    """
    rng = stream("conformance-triple", kind, n, seed)
    if kind == "continuous":
        common, own = rng.standard_normal((n, 1)), rng.standard_normal((3, n, 1))
        blocks = math.sqrt(_CORRELATION) * common + math.sqrt(1 - _CORRELATION) * own
        return (blocks[0], blocks[1], blocks[2]), -0.5 * (2 * math.log1p(-_CORRELATION) + math.log1p(2 * _CORRELATION))
    cause = rng.integers(LETTERS, size=(n, 1))
    x, y, z = (_symmetric_channel(cause, _ERROR, rng)[1] for _ in range(3))
    return (x, y, z), triple_nats(_ERROR)


def triple_nats(error: float) -> float:
    """Return the total correlation in nats of three outputs of the symmetric channel with a common uniform input."""
    from scipy.special import entr

    channel = np.full((LETTERS, LETTERS), error / (LETTERS - 1))
    np.fill_diagonal(channel, 1 - error)
    joint = np.einsum("ca,cb,cd->abd", channel, channel, channel) / LETTERS
    return 3 * math.log(LETTERS) - float(entr(joint).sum())
