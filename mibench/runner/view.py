"""The progress of a run: a live table on a terminal, a line in a notebook, lines now and then elsewhere, or nothing."""

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from mibench.attempt import FAILURES, Attempt
from mibench.text import plain_text

if TYPE_CHECKING:
    from rich.table import Table

#: The least time between two plain lines, and between two states of a notebook's line, in seconds.
_LINE_S, _NOTEBOOK_S = 10.0, 0.5
_REFRESH_PER_S = 4
#: The most characters of a message that are shown.
_MESSAGE = 300


class View:
    """Shows nothing; the base of those that do, and the count of what they show.

    Args:
        totals: the number of cells to run, by estimator's label.
        labels: the estimators' labels by spec.
        workers: how many cells are run at once.
    """

    def __init__(self, totals: Counter[str], labels: dict[str, str], workers: int) -> None:
        self._totals, self._labels, self._workers = totals, labels, workers
        self._done: Counter[str] = Counter()
        self._failures: dict[str, Counter[str]] = {label: Counter() for label in totals}
        self._timed: Counter[str] = Counter()
        self._seconds: dict[str, float] = dict.fromkeys(totals, 0.0)
        self._start = time.monotonic()

    def __enter__(self) -> "View":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, attempt: Attempt) -> None:
        """Count an attempt."""
        label = self._labels[attempt.estimator]
        self._done[label] += 1
        if attempt.status == "unsupported":
            return
        self._timed[label] += 1
        self._seconds[label] += (attempt.wall_s or 0) + (attempt.sample_s or 0)
        if attempt.status == "timeout":
            self._seconds[label] += attempt.timeout_s or 0
        if attempt.status in FAILURES:
            self._failures[label][attempt.status] += 1

    def say(self, text: str) -> None:
        """Tell the person something."""

    def eta_s(self) -> float | None:
        """Estimate the seconds left, by what the cells so far have taken; None before the first.

        A cell takes its estimator's mean (that of all, where it has run none) and what running one takes besides: the
        time that has gone on all workers and was spent in no cell. Cells that are not run (unsupported) do not count.
        """
        if not self._timed:
            return None
        count, spent = self._timed.total(), sum(self._seconds.values())
        besides = max(0.0, (time.monotonic() - self._start) * min(self._workers, count) - spent) / count
        left = 0.0
        for label, total in self._totals.items():
            timed = self._timed[label]
            left += (total - self._done[label]) * (besides + (self._seconds[label] / timed if timed else spent / count))
        return left / self._workers

    def time_left(self) -> str:
        """Return the time left in words."""
        seconds = self.eta_s()
        if seconds is None:
            return "time left not known yet"
        return f"about {duration(max(seconds, 1.0))} left" if self._done.total() < self._totals.total() else "done"


class LineView(View):
    """Prints a line now and then to standard error."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._last = time.monotonic()

    def update(self, attempt: Attempt) -> None:
        """Count an attempt; print the state, failures by status included, now and then."""
        super().update(attempt)
        if time.monotonic() - self._last >= _LINE_S:
            self._last = time.monotonic()
            self.say(self._state())

    def _state(self) -> str:
        total = sum((failures for failures in self._failures.values()), Counter[str]())
        failed = f", {total.total()} failed ({_counts(total)})" if total else ""
        return f"{self._done.total()}/{self._totals.total()} cells{failed}, {self.time_left()}"

    def say(self, text: str) -> None:
        """Print a line."""
        print(f"mibench: {text}", file=sys.stderr, flush=True)


class NotebookView(LineView):
    """One line below a notebook's cell, which is written over as the run goes on."""

    _longest = 0

    def update(self, attempt: Attempt) -> None:
        """Count an attempt; show the state, unless that was done just now."""
        View.update(self, attempt)
        if time.monotonic() - self._last >= _NOTEBOOK_S:
            self._last = time.monotonic()
            self._overwrite(self._state())

    def __exit__(self, *_: object) -> None:
        self._overwrite(self._state())
        print(file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """Print a line of its own."""
        self._overwrite(text)
        print(file=sys.stderr, flush=True)

    def _overwrite(self, text: str) -> None:
        self._longest = max(self._longest, len(text))
        print(f"\rmibench: {text:<{self._longest}}", end="", file=sys.stderr, flush=True)


class LiveView(View):
    """A table on the terminal that refreshes itself: progress and failures of each estimator, and the time left."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(
            get_renderable=self._table,
            console=self._console,
            refresh_per_second=_REFRESH_PER_S,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> "View":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.refresh()
        self._live.stop()

    def say(self, text: str) -> None:
        """Print a line above the table."""
        self._console.print(text, markup=False)

    def _table(self) -> "Table":
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        width = max(5, min(30, self._console.width // 4))
        table = Table(box=None, pad_edge=False)
        for heading in ("estimator", "", "cells", "failures"):
            table.add_column(heading, justify="right" if heading == "cells" else "left")
        for label, total in self._totals.items():
            done, failures = self._done[label], self._failures[label]
            bar = ProgressBar(total=total, completed=done, width=width)
            table.add_row(Text(label), bar, f"{done}/{total}", f"[red]{_counts(failures)}[/red]" if failures else "")
        done, total = self._done.total(), self._totals.total()
        left = f"{duration(time.monotonic() - self._start)} gone, {self.time_left()}"
        table.add_row("all", ProgressBar(total=total, completed=done, width=width), f"{done}/{total}", left)
        return table


def _counts(failures: Counter[str]) -> str:
    return ", ".join(f"{status} {count}" for status, count in sorted(failures.items()))


def choose_view() -> type[View]:
    """Return the view that suits standard error: a terminal, a notebook or anything else."""
    if sys.stderr.isatty():
        return LiveView
    return NotebookView if type(sys.stderr).__module__.startswith("ipykernel.") else LineView


def failure_line(label: str, status: str, count: int, message: str) -> str:
    """Return one line on the failures of one kind: how many, and the first message."""
    first = plain_text(message.strip().partition("\n")[0])
    return f"{label}: {count} {status}" + (f", first: {first[:_MESSAGE]}" if first else "")


def duration(seconds: float) -> str:
    """Return a length of time as a person says it: ``8 s``, ``3 min``, ``2 h 05 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
