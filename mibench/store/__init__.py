"""The store: the append-only collection of attempts, as SQLite, with JSONL in and out."""

from .database import DEFAULT_PATH, Store, read_runs
from .frame import read_environments, read_frame
from .interchange import read_attempts

__all__ = ["DEFAULT_PATH", "Store", "read_attempts", "read_environments", "read_frame", "read_runs"]
