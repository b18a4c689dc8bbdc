"""A suite's grid written out, as a run records it."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import MibenchError
from .registry import recorded_estimator, recorded_task
from .spec import Spec, Specified


@dataclass(frozen=True)
class Grid:
    """A suite's cells written out: every estimator on every task at every sample size with every seed.

    Attributes:
        name, version, summary: the suite's.
        tasks, estimators: canonical specs.
        samples: sample sizes.
        seeds: the number of seeds.
        protocol: how a cell is executed, "" for fixed samples.
    """

    name: str
    version: int
    summary: str
    tasks: tuple[str, ...]
    estimators: tuple[str, ...]
    samples: tuple[int, ...]
    seeds: int
    protocol: str = ""

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Grid | None":
        """Return the grid of a stored definition, or None where it is none.

        Definitions of mibench 0.1.0 hold spec strings with grids; they are expanded by what is installed, as far as
        it is.
        """
        try:
            return cls(
                name=str(record["name"]),
                version=int(record.get("version", 1)),
                summary=str(record.get("summary", "")),
                tasks=canonical(record["tasks"], recorded_task),
                estimators=canonical(record["estimators"], recorded_estimator),
                samples=tuple(sorted({int(n) for n in record["samples"]})),
                seeds=int(record["seeds"]),
                protocol=str(record.get("protocol", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def joined(self, other: "Grid") -> "Grid":
        """Return the smallest grid that holds both."""
        return dataclasses.replace(
            self,
            tasks=tuple(dict.fromkeys(self.tasks + other.tasks)),
            estimators=tuple(dict.fromkeys(self.estimators + other.estimators)),
            samples=tuple(sorted({*self.samples, *other.samples})),
            seeds=max(self.seeds, other.seeds),
        )


def recorded_grid(definitions: Iterable[Mapping[str, Any]]) -> Grid | None:
    """Return the grid of the whole suite from the definitions of its runs, oldest first, or None.

    The last run's counts. Runs of mibench 0.1.0 recorded only what was asked of them, which may have been a part:
    of these the smallest grid that holds all.
    """
    whole: Grid | None = None
    parts: Grid | None = None
    for record in definitions:
        if isinstance(record.get("whole"), Mapping):
            whole = Grid.from_record(record["whole"]) or whole
        elif part := Grid.from_record(record):
            parts = part if parts is None else parts.joined(part)
    return whole or parts


def canonical(specs: Iterable[str], build: Callable[[str], Specified]) -> tuple[str, ...]:
    """Return the canonical specs of spec strings that may hold grids, each once; what cannot be built as it stands."""
    return tuple(dict.fromkeys(spec for text in specs for spec in _expanded(text, build)))


def _expanded(text: str, build: Callable[[str], Specified]) -> list[str]:
    try:
        return [build(str(spec)).spec for spec in Spec.parse(text).expand()]
    except MibenchError:
        return [text]
