"""What a person sees of a run: a live table on a terminal, plain lines elsewhere, or nothing."""

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from mibench.attempt import FAILURES, Attempt

if TYPE_CHECKING:
    from rich.table import Table

#: The least time between two plain lines, in seconds.
_LINE_S = 10.0
_REFRESH_PER_S = 4


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
        self._seconds: dict[str, float] = dict.fromkeys(totals, 0.0)

    def __enter__(self) -> "View":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, attempt: Attempt) -> None:
        """Count an attempt."""
        label = self._labels[attempt.estimator]
        self._done[label] += 1
        self._seconds[label] += (attempt.wall_s or 0) + (attempt.sample_s or 0)
        if attempt.status == "timeout":
            self._seconds[label] += attempt.timeout_s or 0
        if attempt.status in FAILURES:
            self._failures[label][attempt.status] += 1

    def say(self, text: str) -> None:
        """Tell the person something."""

    def eta_s(self) -> float | None:
        """Estimate the seconds left: each estimator's mean so far times its cells left, over the workers."""
        if not self._done:
            return None
        overall = sum(self._seconds.values()) / self._done.total()
        left = 0.0
        for label, total in self._totals.items():
            done = self._done[label]
            left += (total - done) * (self._seconds[label] / done if done else overall)
        return left / self._workers


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
        return f"{self._done.total()}/{self._totals.total()} cells{failed}, about {duration(self.eta_s())} left"

    def say(self, text: str) -> None:
        """Print a line."""
        print(f"mibench: {text}", file=sys.stderr, flush=True)


class LiveView(View):
    """A table on the terminal that refreshes itself: progress and failures of each estimator, and the time left."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        from rich.console import Console
        from rich.live import Live

        self._start = time.monotonic()
        self._live = Live(
            get_renderable=self._table,
            console=Console(stderr=True),
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
        self._live.console.print(text, markup=False)

    def _table(self) -> "Table":
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for heading in ("estimator", "", "cells", "failures"):
            table.add_column(heading, justify="right" if heading == "cells" else "left")
        for label, total in self._totals.items():
            done, failures = self._done[label], self._failures[label]
            bar = ProgressBar(total=total, completed=done, width=30)
            table.add_row(Text(label), bar, f"{done}/{total}", f"[red]{_counts(failures)}[/red]" if failures else "")
        done, total = self._done.total(), self._totals.total()
        left = f"{duration(time.monotonic() - self._start)} gone, about {duration(self.eta_s())} left"
        table.add_row("all", ProgressBar(total=total, completed=done, width=30), f"{done}/{total}", left)
        return table


def _counts(failures: Counter[str]) -> str:
    return ", ".join(f"{status} {count}" for status, count in sorted(failures.items()))


def duration(seconds: float | None) -> str:
    """Return a length of time as a person says it: ``8 s``, ``3 min``, ``2 h 05 min``."""
    if seconds is None:
        return "an unknown time"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
