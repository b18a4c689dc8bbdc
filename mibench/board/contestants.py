"""The two sides of a comparison: stores, estimators, or versions of an estimator, read from results."""

from pathlib import Path

import pandas as pd

from mibench.attempt import DEFAULTS
from mibench.errors import StoreError
from mibench.registry import get_estimator
from mibench.stats.compare import Comparison, compare
from mibench.stats.score import current, score
from mibench.store import read_definitions, read_environments, read_frame

from .definitions import describe_estimator
from .provenance import hardware_of
from .selection import select

_LEFT_OUT = ("diagnostics", "traceback", "output")


def is_store(name: str | Path) -> bool:
    """Return whether *name* is a store's path rather than an estimator's."""
    return Path(name).suffix in (".sqlite", ".jsonl") or Path(name).is_file()


def compare_stores(first: Path, second: Path, suite: str = "") -> list[Comparison]:
    """Compare each estimator that two stores have in common and return the comparisons.

    Raises:
        StoreError: a store that cannot be read, or no estimator in common.
    """
    frames = [current(_read(path, suite)) for path in (first, second)]
    shared = sorted(set(frames[0]["estimator"]) & set(frames[1]["estimator"]))
    if not shared:
        raise StoreError(f"stores {str(first)!r} and {str(second)!r} have no estimator in common")
    found = []
    for spec in shared:
        label = describe_estimator(spec).label
        sides = [score(frame[frame["estimator"] == spec]) for frame in frames]
        found.append(compare(sides[0], sides[1], (f"{label} of {first}", f"{label} of {second}")))
    return found


def compare_estimators(first: str, second: str, store: Path, suite: str = "") -> Comparison:
    """Compare two estimators, or two versions of one (``name@version``), by the results in *store*.

    Raises:
        StoreError: the store cannot be read, or holds no results of one of them.
    """
    frame = _read(store, suite)
    sides = [score(_results_of(frame, text, store)) for text in (first, second)]
    return compare(sides[0], sides[1], (first, second))


def _read(path: Path, suite: str) -> pd.DataFrame:
    frame = read_frame(path, [name for name in DEFAULTS if name not in _LEFT_OUT])
    environments = read_environments(path)
    frame = frame.assign(hardware=hardware_of(frame, environments))
    if suite:
        return select(frame, suite, read_definitions(path)).frame
    fixed = frame[frame["protocol"] == ""]
    return fixed if len(fixed) else frame


def _results_of(frame: pd.DataFrame, text: str, store: Path) -> pd.DataFrame:
    """Return the attempts of an estimator, in the version after ``@`` or else in the latest."""
    name, _, version = text.partition("@")
    spec = name if name in set(frame["estimator"]) else get_estimator(name).spec
    mine = frame[frame["estimator"] == spec]
    if mine.empty:
        raise StoreError(f"store {str(store)!r} holds no results of {spec}; mibench run SUITE -e {name!r} makes some")
    if not version:
        return current(mine)
    base = mine["estimator_version"].str.partition(";")[0]
    if version not in set(base):
        raise StoreError(f"{spec}: version is {version!r}; in {str(store)!r} are: {', '.join(sorted(set(base)))}")
    return current(mine[base == version])
