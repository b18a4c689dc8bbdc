"""JSONL stores: lines that are bounded, parsed and checked against the schema of results, and files that are sorted."""

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from mibench.attempt import Attempt, fields_of
from mibench.errors import StoreError
from mibench.files import is_regular, replacing
from mibench.jsonable import to_json

from . import record
from .record import Skipped, refuse

#: The longest line that is read, in bytes.
MAX_LINE = 16_000_000
#: A gzipped file may unpack to so many bytes whatever its size, and to so many times its size.
_UNPACKED, _RATIO = 64_000_000, 100
_LABELS = fields_of("label")
_ENDINGS = (".jsonl", ".jsonl.gz")


def is_jsonl(path: str | Path) -> bool:
    """Return whether a store is JSONL: a file, gzipped (``.jsonl.gz``) or not, or a folder of such files."""
    return Path(path).name.endswith(_ENDINGS) or Path(path).is_dir()


def _files(path: Path) -> list[Path]:
    """Return the files of a JSONL store: itself, or those of a folder by name."""
    if not path.is_dir():
        return [path]
    found = sorted(item for item in path.iterdir() if item.name.endswith(_ENDINGS) and is_regular(item))
    if not found:
        raise StoreError(f"store {str(path)!r} is a folder without results; allowed: one of .jsonl or .jsonl.gz files")
    return found


def read_records(path: str | Path, skipped: Skipped | None = None) -> Iterator[dict[str, Any]]:
    """Yield the lines of a JSONL store as objects that keep the schema.

    An attempt has a ``key``, an environment a ``description``, and what a run of a suite was asked a ``definition``.

    A folder is read file by file. A torn last line, as a killed writer or a full disk leaves it, is passed over.

    Args:
        path: the file.
        skipped: notes the lines that are left out; without it the first one is an error.

    Raises:
        StoreError: the file is missing or unpacks to far more than its size, or a line is bad; with the line, the
            field, its value and what is allowed.
    """
    known: dict[str, str] = {}
    for file in _files(Path(path)):
        yield from _read_file(file, skipped, known)


def _read_file(path: Path, skipped: Skipped | None, known: dict[str, str]) -> Iterator[dict[str, Any]]:
    for number, line in _lines(path, skipped):
        where = f"{str(path)!r}, line {number}"
        found, reason = _parsed(line)
        if found is None:
            if line is None or line.endswith(b"\n"):
                refuse(f"{where}: {reason}", skipped)
            continue  # without an end it is the torn last one
        fault = _fault(found)
        if fault:
            refuse(f"{where}: {fault}", skipped)
            continue
        for name in _LABELS:
            if name in found:
                found[name] = known.setdefault(found[name], found[name])
        yield found


def _fault(found: dict[str, Any]) -> str | None:
    if "key" not in found and "description" in found:
        return record.environment_fault(found.get("environment"), found["description"])
    if "key" not in found and "definition" in found:
        return record.definition_fault(found.get("suite"), found["definition"])
    return record.fault(found)


def _parsed(line: bytes | None) -> tuple[dict[str, Any] | None, str]:
    """Return the object of a line, or None and what keeps it from being one."""
    if line is None:
        return None, f"it has more than {MAX_LINE} bytes, the most that a line may have"
    try:
        found = json.loads(line.decode())
    except UnicodeDecodeError as error:
        return None, f"it is not UTF-8: {error.reason} at byte {error.start + 1}"
    except (ValueError, RecursionError) as error:
        return None, f"it is no JSON: {str(error)[:200]}; allowed: one JSON object per line"
    return (found, "") if isinstance(found, dict) else (None, "it is no JSON object; allowed: one per line")


def _lines(path: Path, skipped: Skipped | None) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines that are not blank by number; None for one that is too long."""
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            pieces = _pieces(cast("IO[bytes]", file), path)
            for line in pieces:
                number += 1
                if len(line) <= MAX_LINE:
                    if line.strip():
                        yield number, line
                    continue
                while not line.endswith(b"\n"):
                    line = next(pieces, b"\n")
                yield number, None
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, StoreError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        if skipped is None or not number:
            raise StoreError(f"store {str(path)!r} cannot be read: {reason}") from error
        skipped.add(f"{str(path)!r}: what follows line {number} cannot be read: {reason}")


def _pieces(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """Yield lines, those that are too long in pieces; stop where a file unpacks to far more than its size."""
    most = max(_UNPACKED, _RATIO * path.stat().st_size) if path.suffix == ".gz" else None
    taken = 0
    while piece := file.readline(MAX_LINE + 1):
        taken += len(piece)
        if most is not None and taken > most:
            raise StoreError(
                f"store {str(path)!r} unpacks to more than {most} bytes, {_RATIO} times its size or more; "
                "unpack it with gunzip to read it all the same"
            )
        yield piece


@contextmanager
def _writing_text(path: Path) -> Iterator[IO[str]]:
    """Open for writing; gzipped, the bytes depend on the text alone."""
    with path.open("wb") as file:
        binary = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if path.suffix == ".gz" else file
        text = io.TextIOWrapper(binary, encoding="utf-8")
        yield text
        text.close()


def write_jsonl(
    path: str | Path,
    attempts: Iterable[Attempt],
    environments: Mapping[str, Mapping[str, Any]],
    definitions: Iterable[tuple[str, Mapping[str, Any]]] = (),
) -> int:
    """Write a JSONL store: definitions and environments, then attempts sorted by what they are of; return how many.

    Args:
        path: the file.
        attempts: what it holds.
        environments: their descriptions by hash.
        definitions: the name and the definition of the suite of each run, oldest first; of equal ones the last stays.
    """
    ordered = sorted(_order(attempt) for attempt in attempts)
    with replacing(Path(path)) as temporary, _writing_text(temporary) as file:
        for content in _each_once(definitions):
            file.write(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
        for name in sorted(environments):
            content = {"environment": name, "description": to_json(environments[name], nonfinite="text")}
            file.write(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
        for *_, line in ordered:
            file.write(line + "\n")
    return len(ordered)


def _each_once(definitions: Iterable[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for suite, definition in definitions:
        content = {"suite": suite, "definition": to_json(dict(definition), nonfinite="text")}
        found.pop(text := json.dumps(content, sort_keys=True), None)
        found[text] = content
    return list(found.values())


def _order(attempt: Attempt) -> tuple[Any, ...]:
    """Return the sort key of an attempt; its last part is the attempt's line."""
    names = attempt.estimator, attempt.task, attempt.n, attempt.seed, attempt.key
    return (*names, attempt.order, attempt.to_json())
