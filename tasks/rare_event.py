"""Information that sits in few rows."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mibench import Block, Task, Truth, register_task

#: The least spread that float64 resolves on the unit circle to one part in 10⁵.
_LEAST_LOG_WIDTH = math.log(1e-10)


@register_task("rare-event")
@dataclass(frozen=True)
class RareEvent(Task):
    """I(X; Y) = q·ln(p/V + 1 − p) + (1 − q)·ln(1 − p) nats, q = p + (1 − p)·V: few rows in which Y follows X closely.

    X and Y, continuous, have shape ``(n, dim)``, uniform on the unit cube. With probability p a row is an event, and
    Y − X, modulo 1, is uniform on [0, δ) in every column; otherwise Y is independent of X. V = δ^dim is the volume that
    an event leaves. All of the information is in the events: at I = 10 nats and p = 0.05, fifty rows in a thousand
    carry 200 nats each.

    Args:
        share: the probability p of an event, between 0 and 1.
        mi: the mutual information in nats; δ then solves the equation and must be at least 1e-10.
        dim: the columns of X and of Y.

    References:
        T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed., Wiley, 2006, section 8.5.
        DOI 10.1002/047174882X

    Example:
        >>> from mibench import get_task
        >>> get_task("rare-event:share=0.05,mi=10,dim=20").truth.nats
        10.0
    """

    share: float
    mi: float
    dim: int = 1

    family = "rare-event"

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError(f"share is {self.share}; allowed: more than 0 and less than 1")
        if self.dim < 1:
            raise ValueError(f"dim is {self.dim}; allowed: 1 or more")
        most = event_nats(self.share, self.dim * _LEAST_LOG_WIDTH)
        if not 0 < self.mi <= most:
            raise ValueError(f"mi is {self.mi}; allowed: more than 0 and at most {most:.4g} at this share and dim")

    @property
    def expected_failures(self) -> dict[str, str]:  # type: ignore[override]
        """Expected failure of nearest neighbours where an event carries 4 nats or more."""
        if self.dim > 1 or self.mi > 1.5 or self.mi < 4 * self.share:
            return {}
        return {"check_agreement": "20,000 rows hold too few events for nearest neighbours: that is its point"}

    @property
    def blocks(self) -> tuple[Block, ...]:
        """X and Y, continuous, of dimension ``dim``."""
        return Block(self.dim), Block(self.dim)

    @cached_property
    def _log_volume(self) -> float:
        from scipy.optimize import brentq

        least = self.dim * _LEAST_LOG_WIDTH
        return float(brentq(lambda volume: event_nats(self.share, volume) - self.mi, least, 0.0, xtol=1e-13))

    @cached_property
    def truth(self) -> Truth:
        """``mi`` as given."""
        return Truth(self.mi, "closed form", "Cover & Thomas 2006, section 8.5, DOI 10.1002/047174882X")

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw X uniform; Y is X plus a small number modulo 1 in events, and uniform elsewhere."""
        x, y = rng.random((2, n, self.dim))
        width = math.exp(self._log_volume / self.dim)
        near = (x + width * rng.random((n, self.dim))) % 1.0
        return x, np.where(rng.random((n, 1)) < self.share, near, y)

    def pointwise(self, *blocks: np.ndarray) -> np.ndarray:
        """Return ln(p/V + 1 − p) where Y follows X in all columns, and ln(1 − p) elsewhere, shape ``(n,)``."""
        x, y = blocks
        follows = np.all((y - x) % 1.0 < math.exp(self._log_volume / self.dim), axis=1)
        return np.where(follows, *_ratios(self.share, self._log_volume))


def _ratios(share: float, log_volume: float) -> tuple[float, float]:
    """Return the log density ratio in an event's volume and elsewhere, in nats."""
    rest = math.log1p(-share)
    return float(np.logaddexp(math.log(share) - log_volume, rest)), rest


def event_nats(share: float, log_volume: float) -> float:
    """Return the mutual information in nats of events of volume exp(*log_volume*)."""
    inside, outside = _ratios(share, log_volume)
    weight = share + (1 - share) * math.exp(log_volume)
    return weight * inside + (1 - weight) * outside
