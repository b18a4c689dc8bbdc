"""The information plane of a network: points of its layers by epoch, the truth and estimates."""

import math
from dataclasses import dataclass
from typing import Any

from .jsonable import to_json

#: The name of what is known, among the estimators.
TRUTH = "truth"


@dataclass(frozen=True)
class Point:
    """A layer at one epoch: two amounts of information in nats, NaN where no estimate came about.

    Attributes:
        layer, epoch: which.
        xt: I(X; T), of the input.
        ty: I(T; Y), of the target.
    """

    layer: int
    epoch: int
    xt: float
    ty: float


@dataclass(frozen=True)
class Trace:
    """One estimator's means over the seeds at every layer and epoch, or the truth.

    Attributes:
        label: the estimator, or ``truth``.
        points: layer by layer, epoch by epoch.
        failures: the message of each estimate that did not come about.
    """

    label: str
    points: tuple[Point, ...]
    failures: tuple[str, ...] = ()

    def of_layer(self, layer: int) -> tuple[Point, ...]:
        """Return the points of one layer, by epoch."""
        return tuple(point for point in self.points if point.layer == layer)


@dataclass(frozen=True)
class Plane:
    """The plane of one network.

    Attributes:
        net: its name.
        n, seeds: rows of a sample, and samples of each layer and epoch.
        truth: what is known.
        traces: one an estimator.
    """

    net: str
    n: int
    seeds: int
    truth: Trace
    traces: tuple[Trace, ...] = ()

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers that are shown."""
        return tuple(dict.fromkeys(point.layer for point in self.truth.points))

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs that are shown."""
        return tuple(dict.fromkeys(point.epoch for point in self.truth.points))

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"plane-{self.net}"

    def errors(self, trace: Trace, layer: int, pair: str) -> list[float]:
        """Return estimate less truth at each epoch of a layer where there is an estimate, for ``xt`` or ``ty``."""
        found = zip(trace.of_layer(layer), self.truth.of_layer(layer), strict=True)
        errors = [getattr(own, pair) - getattr(known, pair) for own, known in found]
        return [error for error in errors if math.isfinite(error)]

    def to_record(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        record: dict[str, Any] = to_json(self)
        return record
