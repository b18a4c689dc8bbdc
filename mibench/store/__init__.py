"""The store: the append-only collection of attempts, as SQLite, with JSONL in and out."""

from .database import DEFAULT_PATH, Store
from .frame import read_frame
from .interchange import read_attempts, read_definitions, read_environments
from .opening import read_runs
from .record import Skipped

__all__ = [
    "DEFAULT_PATH",
    "Skipped",
    "Store",
    "read_attempts",
    "read_definitions",
    "read_environments",
    "read_frame",
    "read_runs",
]
