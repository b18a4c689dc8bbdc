"""The committed baseline: attempts without times and environment, so that its diff shows changed numbers alone."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mibench.attempt import COLUMNS, DEFAULTS, Attempt
from mibench.errors import MeasurementError, StoreError
from mibench.store import read_attempts
from mibench.store.interchange import is_jsonl, write_jsonl

from .pairs import PAIR, SAME

#: Fields that say nothing of a value, or differ from run to run and from machine to machine.
_LEFT_OUT: dict[str, Any] = {name: DEFAULTS[name] for name, column in COLUMNS.items() if column.local}


def release_file(baseline: Path) -> Path:
    """Return the file beside a baseline that holds the last release's values: ``ci.release.jsonl`` of ``ci.jsonl``."""
    return baseline.with_name(f"{baseline.stem}.release{baseline.suffix}")


def accept(baseline: Path, head: Path, keep_others: bool, release: bool = False) -> int:
    """Write the attempts in *head* as the new baseline, sorted JSONL, and return the number of lines that changed.

    A line is left as it was where the same cell (by key) has the same value but for rounding. Of each cell the latest
    attempt is kept, without times, environment and output.

    A file of release values stands beside the baseline, so that many small accepted changes stay visible as one: it is
    made of the first baseline (of the old one, where a baseline has none yet), and replaced with *release* alone.

    Args:
        baseline: a ``.jsonl`` file, there or not.
        head: the store that takes its place.
        keep_others: whether cells that *head* did not measure stay, as they do when only a part was run.
        release: whether the new baseline becomes the release's values too.

    Raises:
        StoreError: the baseline is no ``.jsonl``, or a file cannot be read or written.
        MeasurementError: the head holds no result.
    """
    if not is_jsonl(baseline):
        raise StoreError(f"baseline {str(baseline)!r} cannot be written; allowed with --accept: a .jsonl file")
    old = _by_pair(read_attempts(baseline)) if baseline.exists() else {}
    new = {pair: _kept(old.get(pair), attempt) for pair, attempt in _by_pair(read_attempts(head)).items()}
    if all(attempt.status == "unsupported" for attempt in new.values()):
        raise MeasurementError(f"nothing measured: {str(head)!r} holds no result")
    written = {**old, **new} if keep_others else new
    baseline.parent.mkdir(parents=True, exist_ok=True)
    reference = written if release or not old else old
    if release or not release_file(baseline).exists():
        write_jsonl(release_file(baseline), reference.values(), {})
    write_jsonl(baseline, written.values(), {})
    return sum(old.get(pair) != written.get(pair) for pair in old.keys() | written.keys())


def _by_pair(attempts: Iterable[Attempt]) -> dict[tuple[object, ...], Attempt]:
    ordered = sorted(attempts, key=lambda attempt: attempt.order)
    return {tuple(getattr(attempt, name) for name in PAIR): attempt for attempt in ordered}


def _kept(old: Attempt | None, attempt: Attempt) -> Attempt:
    new = dataclasses.replace(attempt, **_LEFT_OUT)
    if old is None or (old.key, old.status) != (new.key, new.status):
        return new
    if old.nats is None or new.nats is None:
        return old if old.nats == new.nats else new
    return old if abs(old.nats - new.nats) <= SAME else new
