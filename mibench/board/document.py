"""A board as pages: a front page, and one for each family, task and estimator; every renderer lays out these very ones.

A page is a list of sections, a section a list of tables, figures, texts and definitions. A new table is one entry here.
"""

import math
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from mibench.text import file_name

from .figures import FIGURES, curves, truth_of
from .model import Board, Definition, EstimatorEntry, TaskEntry
from .numbers import counted, share
from .table import Table, quoted
from .tables import (
    cost_table,
    estimator_costs,
    estimator_pairs,
    estimator_tasks,
    families_table,
    family_matrix,
    family_table,
    leaderboard_table,
    pair_tables,
    published_table,
    scopes_tables,
    statuses,
    task_detail,
    task_estimators,
    tasks_table,
)
from .tables.cells import IMPUTED, estimator_page, family_page, front_page, task_page


@dataclass(frozen=True)
class Grid:
    """A table on a page, with a field to filter it or without."""

    table: Table
    filter: bool = False
    kind: Literal["grid"] = "grid"


@dataclass(frozen=True)
class Drawing:
    """A figure on a page; ``file`` is the SVG that shows it in Markdown, which leaves it out where there is none."""

    key: str
    title: str
    caption: str
    chart: Callable[[], Any]
    file: str = ""
    kind: Literal["drawing"] = "drawing"


@dataclass(frozen=True)
class Text:
    """Paragraphs of prose, or the points of a list."""

    lines: tuple[str, ...]
    is_list: bool = False
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Commands:
    """Lines for a shell."""

    lines: tuple[str, ...]
    kind: Literal["commands"] = "commands"


@dataclass(frozen=True)
class About:
    """Definition of an estimator or task, as an item of a page."""

    definition: Definition
    kind: Literal["about"] = "about"


@dataclass(frozen=True)
class Links:
    """Names of other pages: title and page."""

    links: tuple[tuple[str, str], ...]
    kind: Literal["links"] = "links"


Item = Grid | Drawing | Text | Commands | About | Links


@dataclass(frozen=True)
class Section:
    """A part of a page under a heading."""

    key: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        name: its path without a suffix, relative to the folder of the boards.
        title: its heading.
        opening: what stands first.
        sections: what follows, in order.
        up: the pages above it: title and name.
        spec: of which estimator or task alone it is.
    """

    name: str
    title: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]
    up: tuple[tuple[str, str], ...] = ()
    spec: str = ""


def opening(board: Board) -> tuple[str, ...]:
    """Return what a board says first: its suite's summary, and its size."""
    made = board.provenance
    samples = ", ".join(f"{n:,}" for n in made.samples)
    ranked = sum(item.is_ranked for item in board.estimators)
    size = (
        f"{counted(ranked, 'ranked estimator')} on {counted(len(board.tasks), 'task')} of "
        f"{counted(len(board.families), 'family', 'families')} at n = {samples}, "
        f"{counted(made.seeds, 'seed')} each. Everything is in nats. Results of {made.last or 'unknown date'}."
    )
    return tuple(text for text in (board.summary, missing_cells(board), size) if text)


#: Names that the opening lists of what is missing; more are counted, and listed under how the board was made.
_MOST_NAMED = 3


def missing_cells(board: Board) -> str:
    """Return which of the suite's cells the board lacks, in words; nothing where it has all."""
    found = board.completeness
    if found.is_complete:
        return ""
    whole = math.floor(1000 * found.present / found.asked) / 10
    parts = [f"Incomplete: {found.present:,} of {found.asked:,} cells of the suite ({whole:g} %)"]
    for words, names in _lists(board):
        parts.append(f"{words} {', '.join(names)}" if len(names) <= _MOST_NAMED else f"{words} ({len(names)})")
    return "; ".join(parts) + "."


def _lists(board: Board) -> list[tuple[str, tuple[str, ...]]]:
    """Return what a board lacks of its suite, as pairs of words and names."""
    found = board.completeness
    lists = (
        ("no results on the tasks", tuple(map(quoted, found.tasks))),
        ("none at n =", tuple(f"{n:,}" for n in found.samples)),
        ("none of the estimators", tuple(map(quoted, found.estimators))),
        ("in part", tuple(f"{quoted(one)} ({present:,} of {asked:,} cells)" for one, present, asked in found.partial)),
    )
    return [(words, names) for words, names in lists if names]


def pages(board: Board) -> Iterator[Page]:
    """Yield the pages of a board, the front page first."""
    yield front(board)
    up = (("All boards", ""), (board.suite, front_page(board)))
    for family in board.families:
        yield _family(board, family, up)
    for task in board.tasks:
        yield _task(board, task, up)
    for item in board.estimators:
        yield _estimator(board, item, up)


def front(board: Board) -> Page:
    """Return the front page: the ranking first, then what it is made of."""
    made = board.provenance
    figures = tuple(
        Drawing(item.key, item.title, item.caption, lambda item=item: item.chart(board), f"{item.key}.svg")  # type: ignore[misc]
        for item in FIGURES
        if item.shown_if(board)
    )
    families = tuple((name, family_page(board, name)) for name in board.families)
    sections = (
        Section("leaderboard", "Leaderboard", (Grid(leaderboard_table(board), filter=True),)),
        Section("scopes", "Ranks by sample size and kind of task", tuple(map(Grid, scopes_tables(board)))),
        Section("families", "Families", (Links(families), Grid(families_table(board)))),
        Section("figures", "Figures", (Text((_LEGENDS,)), *figures)),
        Section("tasks", "Tasks", (Grid(tasks_table(board), filter=True),)),
        Section("comparisons", "Comparisons", tuple(Grid(table, filter=True) for table in pair_tables(board))),
        Section("published", "Published values", (Grid(published_table(board)),) if board.published else ()),
        Section("cost", "Cost", (Grid(cost_table(board)),)),
        Section("failures", "Failures", (Grid(statuses(board)),)),
        Section("made", "How it was made", (Text(_made(board), is_list=True), Commands((made.run, made.render)))),
        Section("method", "How to read it", (Text(_METHOD, is_list=True),)),
    )
    shown = tuple(section for section in sections if section.items)
    return Page(front_page(board), f"Leaderboard: {board.suite}", opening(board), shown, (("All boards", ""),))


def _family(board: Board, family: str, up: tuple[tuple[str, str], ...]) -> Page:
    tables = (family_table(board, family), family_matrix(board, family))
    section = Section("results", "Results", tuple(Grid(table, filter=True) for table in tables))
    words = (f"The family {quoted(family)} of the board {quoted(board.suite)}. Everything is in nats.",)
    return Page(family_page(board, family), f"Family {family}", words, (section,), up)


def _task(board: Board, task: TaskEntry, up: tuple[tuple[str, str], ...]) -> Page:
    about = (
        f"Full specification: {quoted(task.spec)}, version {quoted(task.version)}.",
        f"Truth: {task.truth:.6g} nats ({task.truth_method}). {task.truth_reference}".strip(),
    )
    sections = (
        Section("about", "Definition", (About(task.definition), Text(about))),
        Section("results", "Results", (Grid(task_estimators(board, task), filter=True),)),
        Section("detail", "By sample size", (Grid(task_detail(board, task.spec), filter=True),)),
    )
    words = (f"A task of the family {quoted(task.family)}: {task.blocks or 'not installed here'}.",)
    up = (*up, (task.family, family_page(board, task.family)))
    return Page(task_page(board, task.spec), task.label, words, sections, up, task.spec)


def _estimator(board: Board, item: EstimatorEntry, up: tuple[tuple[str, str], ...]) -> Page:
    about = (f"Full specification: {quoted(item.spec)}, version {quoted(item.version)}.",)
    figures: tuple[Drawing, ...] = (Drawing("truth", "Estimate against truth", _TRUTH, lambda: truth_of(board, item)),)
    if item.curves:
        figures += (Drawing("curves", "Learning curves", _CURVES, lambda: curves(board, item)),)
    sections = (
        Section("about", "Definition", (About(item.definition), Text(about))),
        Section("results", "Results", (Grid(estimator_tasks(board, item), filter=True),)),
        Section("figures", "Figures", figures),
        Section("comparisons", "Compared with the others", (Grid(estimator_pairs(board, item), filter=True),)),
        Section("cost", "Cost", (Grid(estimator_costs(board, item)),)),
    )
    return Page(estimator_page(board, item.spec), item.label, (_place(item),), sections, up, item.spec)


def _place(item: EstimatorEntry) -> str:
    """Return a sentence on the rank and the failures of an estimator."""
    standing = item.standing
    if standing.best is None:
        place = f"Not ranked: {quoted(standing.unranked)}"
    elif standing.best == standing.worst:
        place = f"Rank {standing.best}"
    else:
        place = f"Rank {standing.best}–{standing.worst}"
    return f"{place}. Failures: {share(item.overall.failed, item.overall.cells)}."


@dataclass(frozen=True)
class IndexEntry:
    """Entry of the index for one board: its name, opening words, ranks, front page and files."""

    suite: str
    opening: tuple[str, ...]
    ranks: Table
    page: str
    files: tuple[str, ...]


INDEX_CAPTION = (
    "Estimators of mutual information and total correlation, scored on tasks of known truth. The score is an error "
    "between 0 and 1: lower is better. A rank is a range where the results leave it open."
)
#: Ranks that the index shows of a board.
_INDEX_ROWS = 12


def index_entry(board: Board, files: tuple[str, ...] = ()) -> IndexEntry:
    """Return the board's entry in the index; its ranks are the first rows and columns: rank, estimator, score."""
    whole = leaderboard_table(board)
    rows = tuple(row[:3] for row in whole.rows[:_INDEX_ROWS])
    more = len(whole.rows) - len(rows)
    ranks = Table("ranks", board.suite, f"And {more} more." if more else "", whole.columns[:3], rows)
    return IndexEntry(board.suite, opening(board), ranks, front_page(board), files)


def depth(page: Page) -> str:
    """Return the way from a page up to the folder of the boards: ``""``, ``"../"`` and so on."""
    return "../" * page.name.count(posixpath.sep)


def suite_file(board: Board) -> str:
    """Return the name of a board's files without a suffix."""
    return file_name(board.suite)


def _made(board: Board) -> tuple[str, ...]:
    made = board.provenance
    days = made.first if made.first == made.last else f"{made.first} to {made.last}"
    again = f" in {made.attempts:,} attempts" if made.attempts != made.cells else ""
    version = "" if board.version is None else f", version {board.version}"
    return (
        f"Suite: {quoted(board.suite)}{version}, {made.cells:,} cells{again}; {made.seeds} seeds",
        f"Date: {days or 'not recorded'}",
        *(f"Hardware: {machine}, one thread per estimate" for machine in made.hardware),
        *(f"Software: {versions}" for versions in made.software),
        *(f"Left out: {reason}" for reason in made.left_out),
        *(f"Incomplete: {words} {', '.join(names)}" for words, names in _lists(board) if len(names) > _MOST_NAMED),
    )


_LEGENDS = (
    "Each estimator has one colour and shape on every board. In the interactive page, click a name in a legend to "
    "bring it out, shift-click for more; double-click to undo."
)
_TRUTH = "Mean estimate at the largest n with its 95 % interval; on the dashed line it equals the truth."
_CURVES = "Its first seed at the largest n on each task; the dashed line is the truth."

_METHOD = (
    "The score of a cell is min(|Î − I| / max(I, 0.1 nat), 1); it is averaged over seeds, sample sizes, tasks and "
    "families, with equal weights at each level.",
    "The range of ranks of one of E estimators is from 1 + the number significantly better to E − the number "
    "significantly worse, by paired differences seed by seed and Holm's correction over all pairs, at 5 %.",
    "A rank holds on suites like this one where the tests over tasks as well leave no place outside of it and 95 % of "
    "1,000 resamplings of the tasks within their families keep the place.",
    "The mean absolute bias is taken over tasks and sample sizes, so that biases of opposite sign do not cancel; with "
    "m seeds it is above 0 by about SD/√m for an estimator without any. Where bias has a sign its average keeps it. SD "
    "and RMSE are averaged through their squares.",
    "All estimators get identical data, seed by seed; a task's samples never depend on the estimator.",
    "Configurations are fixed before scoring: nothing is tuned against the truth.",
    "Values are raw: an estimate is never clipped at 0 and never capped.",
    f"Nothing is dropped. {IMPUTED} What an estimator declares it cannot take is unsupported, not a failure.",
    "Only estimators that have every cell of a scope have a score and a rank there; others are compared on common "
    "tasks, and ranked in the scopes they take as a whole.",
    "An estimator that gives another's values, value for value, on at least half of its tasks has no rank of its own.",
    "Reference lines are never ranked: the constant 0, the best constant and the best blind estimator in hindsight, "
    "and the oracle, which knows the density.",
    "This suite: seeds are random, tasks fixed; a stratified t interval with Satterthwaite's degrees of freedom. "
    "This alone ranks.",
    "Suites like it: tasks are random as well; a t interval on task means, their variance pooled within families, "
    "given where every family has at least two tasks and eight degrees of freedom are left in all. It takes the tasks "
    "of all families to spread alike, and errs where one family's spread is several times the others'.",
)
