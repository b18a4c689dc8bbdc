r"""A board as LaTeX tables, to be put into a paper with ``\input`` (packages: booktabs)."""

import re

from ..document import document
from ..model import Board
from ..table import Cell, Column, Table

_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "−": "$-$", "–": "--", "°": r"$^\circ$",
    "†": r"$^\dagger$", "Î": r"$\hat{I}$", "<": "$<$", ">": "$>$", "∝": r"$\propto$", "|": "$|$",
}  # fmt: skip


def render(board: Board) -> str:
    """Return the board at a glance and a table of scores per family, in the booktabs style.

    Best in bold; a degree sign marks ties: what is not significantly different from the best.
    """
    page = document(board)
    parts = [
        f"% {page.title}: {page.opening[-1]}",
        f"% Made by: {' && '.join(page.commands)}",
        "% Needs \\usepackage{booktabs}; wide tables: \\resizebox{\\textwidth}{!}{...} of graphicx",
        _table(page.glance, board.suite),
        *(_table(family.tables[1], board.suite) for family in page.families),
    ]
    return "\n\n".join(parts) + "\n"


def _table(table: Table, suite: str) -> str:
    kinds = "".join("r" if column.kind == "number" else "l" for column in table.columns)
    heads = " & ".join(_head(column) for column in table.columns)
    rows = [
        " & ".join(_entry(entry, column) for entry, column in zip(row, table.columns, strict=True)) + r" \\"
        for row in table.rows
    ]
    lines = [
        r"\begin{table}", r"\centering", rf"\caption{{{escape(f'{table.title} ({suite}). {table.caption}')}}}",
        rf"\label{{tab:{suite}-{table.key}}}", rf"\begin{{tabular}}{{{kinds}}}", r"\toprule", rf"{heads} \\",
        r"\midrule", *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}",
    ]  # fmt: skip
    return "\n".join(lines)


def _head(column: Column) -> str:
    return escape(column.title)


def _entry(entry: Cell, column: Column) -> str:
    text = _minus(escape(entry.text))
    if column.kind in ("estimator", "task"):
        return rf"\texttt{{{text}}}"
    return {"best": rf"\textbf{{{text}}}", "tie": rf"{text}$^\circ$"}.get(entry.mark, text)


def _minus(text: str) -> str:
    """Set a leading minus as one, not as a hyphen."""
    return re.sub(r"(^|[\s\[,])-(?=\d)", r"\1$-$", text)


def escape(text: str) -> str:
    """Escape what LaTeX reads as markup."""
    return "".join(_ESCAPES.get(char, char) for char in text.replace("``", ""))
