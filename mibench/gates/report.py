"""The report of a gate: verdict, tables and notes, as Markdown for a pull request or as JSON."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mibench.errors import StoreError
from mibench.files import write_text
from mibench.jsonable import to_json

from .verdict import Verdict

_SIGN = {
    Verdict.IMPROVED: "🟢",
    Verdict.PASS: "✅",
    Verdict.REGRESSION: "❌",
    Verdict.INCONCLUSIVE: "❔",
    Verdict.ERROR: "⚠️",
}


@dataclass(frozen=True)
class Table:
    """A titled table of texts, with each row's verdict; a ``folded`` one is for Markdown, closed."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    verdicts: tuple[Verdict, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Report:
    """The outcome of a gate, ready to print.

    Attributes:
        gate: ``accuracy``, ``runtime`` or ``benchmarks``.
        verdict: of the whole gate.
        summary: one sentence that says what was compared and found.
        tables: what it rests on.
        notes: lines below the tables.
        data: everything, for JSON.
    """

    gate: str
    verdict: Verdict
    summary: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the verdict, the summary and the data as JSON; what is no finite number is null."""
        content = {"gate": self.gate, "verdict": self.verdict, "summary": self.summary, **self.data}
        return json.dumps(to_json(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def to_markdown(self) -> str:
        """Return a comment for a pull request: the verdict, then the tables, the long ones folded."""
        parts = [f"### {_SIGN[self.verdict]} mibench {self.gate} gate: {self.verdict}", self.summary]
        for table in self.tables:
            text = _markdown_table(table)
            folded = f"<details><summary>{table.title} ({len(table.rows)})</summary>\n\n{text}\n\n</details>"
            parts.append(folded if table.folded else f"**{table.title}**\n\n{text}")
        parts += [f"- {note}" for note in self.notes]
        return "\n\n".join(parts) + "\n"

    def write(self, path: Path) -> None:
        """Write it to a ``.md`` or ``.json`` file."""
        check_output(path)
        write_text(path, self.to_markdown() if path.suffix == ".md" else self.to_json())


def check_output(path: Path) -> None:
    """Raise :class:`~mibench.errors.StoreError` where a report cannot be written to a file of this name."""
    if path.suffix not in (".md", ".json"):
        raise StoreError(f"output is {str(path)!r}; allowed: a file that ends in .md or .json")
    if not path.parent.is_dir():
        raise StoreError(f"output is {str(path)!r}; allowed: a file in a folder that exists")


def _markdown_table(table: Table) -> str:
    rows = [
        (_SIGN[verdict] + " " + row[0], *row[1:]) for verdict, row in zip(table.verdicts, table.rows, strict=True)
    ] or table.rows
    lines = [table.columns, tuple("---" for _ in table.columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


def with_former_names(item: Any, **former: str) -> dict[str, Any]:
    """Return a dataclass's fields as a dictionary, some of them under a former name as well: ``former="field"``."""
    fields = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    return {**fields, **{name: fields[field] for name, field in former.items()}}


def percent(ratio: float) -> str:
    """Return a ratio as a change: ``+25.0 %``."""
    return f"{100 * (ratio - 1):+.1f} %" if math.isfinite(ratio) else "–"


def optional(value: float | None, form: str) -> str:
    """Format a number, or return a dash for None and NaN."""
    return "–" if value is None or math.isnan(value) else format(value, form)
