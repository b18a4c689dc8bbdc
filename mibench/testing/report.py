"""Verdicts as a Markdown table: one row an estimator or task, with all it does not simply keep."""

from collections.abc import Iterable

from .verdict import Status, Verdict

_COLUMNS: tuple[Status, ...] = ("not claimed", "expected failure", "broken", "unexpected pass", "not installed")


def markdown(verdicts: Iterable[Verdict]) -> str:
    """Return the table, and below it what was found wherever a promise is not kept."""
    rows: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        rows.setdefault((verdict.kind, verdict.subject), []).append(verdict)
    shown = [status for status in _COLUMNS if any(found.status == status for row in rows.values() for found in row)]
    lines = [_line("subject", "kept", *shown), "|---" * (len(shown) + 2) + "|"]
    for (_, subject), row in rows.items():
        kept = sum(found.status == "kept" for found in row)
        cells = [", ".join(_short(found) for found in row if found.status == status) or "—" for status in shown]
        lines.append(_line(f"`{subject}`", f"{kept} of {len(row)}", *cells))
    notes = [
        f"- `{found.subject}`, {_short(found)} ({found.status}): {found.message}"
        for row in rows.values()
        for found in row
        if found.status not in ("kept", "not claimed")
    ]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _short(verdict: Verdict) -> str:
    return verdict.check.removeprefix("check_").replace("_", " ")
