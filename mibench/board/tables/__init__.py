"""The tables of a board, written out once: every renderer lays out these very cells."""

from .cost import cost_table
from .failures import statuses
from .families import family_tables
from .leaderboard import leaderboard_table
from .pairs import pair_tables
from .tasks import samples_needed, task_detail, truths

__all__ = [
    "cost_table", "family_tables", "leaderboard_table", "pair_tables", "samples_needed", "statuses", "task_detail",
    "truths",
]  # fmt: skip
