"""A board as a document: which tables and words stand on it and in which order, for every renderer alike."""

from dataclasses import dataclass

from .figures import FIGURES, Figure
from .model import Board, EstimatorEntry, TaskEntry
from .table import Table
from .tables import (
    cost_table,
    family_tables,
    leaderboard_table,
    pair_tables,
    samples_needed,
    statuses,
    task_detail,
    truths,
)
from .tables.cells import IMPUTED


@dataclass(frozen=True)
class FamilySection:
    """A family's name and tables."""

    name: str
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class TaskSection:
    """A task with the table of all results on it."""

    entry: TaskEntry
    detail: Table

    @property
    def label(self) -> str:
        """The task's label."""
        return self.entry.label


@dataclass(frozen=True)
class Document:
    """The parts of a page in order."""

    title: str
    opening: tuple[str, ...]
    glance: Table
    figures: tuple[Figure, ...]
    families: tuple[FamilySection, ...]
    truths: Table
    tasks: tuple[TaskSection, ...]
    comparisons: tuple[Table, ...]
    estimators: tuple[EstimatorEntry, ...]
    made: tuple[str, ...]
    commands: tuple[str, ...]
    method: tuple[str, ...]


@dataclass(frozen=True)
class IndexEntry:
    """What the index says of one board: its opening words, its ranks and its files."""

    suite: str
    opening: tuple[str, ...]
    ranks: Table
    files: tuple[str, ...]


INDEX_CAPTION = (
    "Estimators of mutual information and total correlation, scored on tasks of known truth. The score is an error "
    "between 0 and 1: lower is better. A rank is a range where the results leave it open."
)


def index_entry(board: Board, files: tuple[str, ...] = ()) -> IndexEntry:
    """The board's entry in the index; its ranks are the first columns of the board: rank, estimator, score."""
    whole = leaderboard_table(board)
    ranks = Table("ranks", board.suite, "", whole.columns[:3], tuple(row[:3] for row in whole.rows))
    return IndexEntry(board.suite, _opening(board), ranks, files)


def _opening(board: Board) -> tuple[str, ...]:
    return tuple(text for text in (board.summary, _size(board)) if text)


def document(board: Board) -> Document:
    """Lay a board out."""
    made = board.provenance
    return Document(
        title=f"Leaderboard: {board.suite}",
        opening=_opening(board),
        glance=leaderboard_table(board),
        figures=tuple(item for item in FIGURES if item.shown_if(board)),
        families=tuple(FamilySection(name, family_tables(board, name)) for name in board.families),
        truths=truths(board),
        tasks=tuple(TaskSection(task, task_detail(board, task.spec)) for task in board.tasks),
        comparisons=(*pair_tables(board), samples_needed(board), cost_table(board), statuses(board)),
        estimators=board.estimators,
        made=_made(board),
        commands=(made.run, made.render),
        method=_METHOD,
    )


def _size(board: Board) -> str:
    made = board.provenance
    samples = ", ".join(f"{n:,}" for n in made.samples)
    ranked = sum(item.is_ranked for item in board.estimators)
    return (
        f"{ranked} ranked estimators on {len(board.tasks)} tasks of {len(board.families)} families at n = {samples}, "
        f"{made.seeds} seeds each. Everything is in nats. Results of {made.last or 'unknown date'}."
    )


def _made(board: Board) -> tuple[str, ...]:
    made = board.provenance
    days = made.first if made.first == made.last else f"{made.first} to {made.last}"
    again = f" in {made.attempts:,} attempts" if made.attempts != made.cells else ""
    return (
        f"Suite: {board.suite}, {made.cells:,} cells{again}; {made.seeds} seeds",
        f"Date: {days or 'not recorded'}",
        *(f"Hardware: {machine}, one thread per estimate" for machine in made.hardware),
        *(f"Software: {versions}" for versions in made.software),
        *(f"Left out: {reason}" for reason in made.left_out),
    )


_METHOD = (
    "The score of a cell is min(|Î − I| / max(I, 0.1 nat), 1); it is averaged over seeds, sample sizes, tasks and "
    "families, with equal weights at each level.",
    "The range of ranks of one of E estimators is from 1 + the number significantly better to E − the number "
    "significantly worse, by paired differences seed by seed and Holm's correction over all pairs, at 5 %.",
    "Averages of bias keep its sign, so that biases of opposite sign cancel; SD and RMSE are averaged through their "
    "squares.",
    "All estimators get identical data, seed by seed; a task's samples never depend on the estimator.",
    "Configurations are fixed before scoring: nothing is tuned against the truth.",
    "Values are raw: an estimate is never clipped at 0 and never capped.",
    f"Nothing is dropped. {IMPUTED} What a method declares it cannot take is unsupported, not a failure.",
    "Only estimators that support every task are ranked; others are listed below with their scores on what they "
    "support and compared on common tasks.",
    "zero is the constant 0, a reference line that is never ranked.",
    "This suite: seeds are random, tasks fixed; a stratified t interval with Satterthwaite's degrees of freedom. "
    "This alone ranks.",
    "Suites like it: tasks are random as well; a t interval on task means, their variance pooled within families, "
    "given where every family has at least two tasks and eight degrees of freedom are left in all. It takes the tasks "
    "of all families to spread alike, and errs where one family's spread is several times the others'.",
)
