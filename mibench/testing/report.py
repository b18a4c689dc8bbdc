"""Verdicts as a Markdown table: one row an estimator or task, with every check that does not simply pass."""

from collections.abc import Iterable

from .verdict import Status, Verdict

_COLUMNS: tuple[Status, ...] = ("not applicable", "expected failure", "fail", "unexpected pass", "not installed")


def markdown(verdicts: Iterable[Verdict]) -> str:
    """Return the table, and below it what was found by each that fails."""
    rows: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        rows.setdefault((verdict.kind, verdict.subject), []).append(verdict)
    shown = [status for status in _COLUMNS if any(found.status == status for row in rows.values() for found in row)]
    lines = [_line("subject", "pass", *shown), "|---" * (len(shown) + 2) + "|"]
    for (_, subject), row in rows.items():
        passed = sum(found.status == "pass" for found in row)
        cells = [", ".join(_short(found) for found in row if found.status == status) or "—" for status in shown]
        lines.append(_line(f"`{subject}`", f"{passed} of {len(row)}", *cells))
    notes = [
        f"- `{found.subject}`, {_short(found)} ({found.status}): {found.message}"
        for row in rows.values()
        for found in row
        if found.status not in ("pass", "not applicable")
    ]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _short(verdict: Verdict) -> str:
    return verdict.check.removeprefix("check_").replace("_", " ")
