"""The tables of a board, written out once: every renderer lays out these very cells."""

from .cost import cost_table, estimator_costs
from .failures import statuses
from .families import families_table, family_matrix, family_table
from .leaderboard import leaderboard_table
from .pairs import estimator_pairs, pair_tables
from .published import published_table
from .scopes import scopes_tables
from .tasks import estimator_tasks, task_detail, task_estimators, tasks_table

__all__ = [
    "cost_table", "estimator_costs", "estimator_pairs", "estimator_tasks", "families_table", "family_matrix",
    "family_table", "leaderboard_table", "pair_tables", "published_table",
    "scopes_tables", "statuses", "task_detail", "task_estimators", "tasks_table",
]  # fmt: skip
