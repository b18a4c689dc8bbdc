"""Putting stores together, in any order and as often as one likes."""

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mibench.attempt import Attempt
from mibench.errors import StoreError

from .database import Store, not_later_than_now
from .interchange import is_jsonl, read_attempts, read_definitions, read_environments, write_jsonl
from .record import Skipped


@dataclass
class Merged:
    """Summary of a merge.

    Attributes:
        added: attempts that the target did not hold.
        known: attempts that it held already, or that several sources hold.
        conflicts: for every cell whose attempts disagree in status or value, what they say. All of them are kept; the
            latest counts.
    """

    added: int = 0
    known: int = 0
    conflicts: list[str] = field(default_factory=list)


def merge(sources: Sequence[str | Path], target: str | Path, skipped: Skipped | None = None) -> Merged:
    """Add to *target*, SQLite or JSONL, every attempt of *sources* that it does not hold.

    Repeating a merge changes nothing. What the target holds already stays. Of several attempts at one cell the last
    finished counts; a time later than now is taken for now.

    Args:
        sources: the stores; a folder of JSONL files is one.
        target: the store they are added to, made where it is missing.
        skipped: notes the entries of the sources that are left out; without it the first bad one is an error.

    Raises:
        StoreError: a source is missing or damaged; the target is then as it was.
    """
    missing = [str(source) for source in sources if not Path(source).exists()]
    if missing:
        raise StoreError(f"store {missing[0]!r} does not exist")
    merged, tally = Merged(), _Tally()
    held = list(read_attempts(target)) if Path(target).is_file() else []
    seen = {tally.identity(attempt) for attempt in held}
    new: list[Attempt] = []
    environments: dict[str, dict[str, Any]] = read_environments(target) if held else {}
    definitions = read_definitions(target) if held else []
    for source in sources:
        definitions += read_definitions(source, skipped)
        environments |= read_environments(source, skipped)
        for attempt in read_attempts(source, skipped):
            identity = tally.identity(attempt)
            if identity in seen:
                merged.known += 1
            else:
                seen.add(identity)
                new.append(attempt)
    merged.added, merged.conflicts = len(new), tally.conflicts()
    if is_jsonl(target):
        write_jsonl(target, [*held, *map(not_later_than_now, new)], environments, definitions)
    else:
        _extend(Path(target), new, environments, definitions)
    return merged


def _extend(
    target: Path,
    attempts: Iterable[Attempt],
    environments: dict[str, dict[str, Any]],
    definitions: Iterable[tuple[str, dict[str, Any]]],
) -> None:
    with Store(target) as store:
        for suite, definition in definitions:
            store.add_definition(suite, definition)
        for description in environments.values():
            store.add_environment(description)
        store.extend(sorted(attempts, key=lambda attempt: attempt.order))


class _Tally:
    """Tells attempts apart and cells whose attempts disagree, in some hundred bytes an attempt."""

    def __init__(self) -> None:
        self._outcomes: dict[str, tuple[str, float | None]] = {}
        self._conflicts: dict[str, str] = {}

    def identity(self, attempt: Attempt) -> bytes:
        self._compare(attempt)
        content = dataclasses.replace(attempt, ordered_at="").to_json()
        return hashlib.blake2b(content.encode(), digest_size=16).digest()

    def _compare(self, attempt: Attempt) -> None:
        outcome = attempt.status, attempt.nats
        first = self._outcomes.setdefault(attempt.key, outcome)
        if repr(first) != repr(outcome):
            cell = f"{attempt.estimator} on {attempt.task}, n = {attempt.n}, seed {attempt.seed}"
            self._conflicts[attempt.key] = f"{cell}: {_shown(first)} and {_shown(outcome)}"

    def conflicts(self) -> list[str]:
        return sorted(self._conflicts.values())


def _shown(outcome: tuple[str, float | None]) -> str:
    status, nats = outcome
    return status if nats is None else f"{status} {nats!r}"
