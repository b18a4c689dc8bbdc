r"""A board as LaTeX tables, to be put into a paper with ``\input`` (packages: booktabs)."""

import re

from mibench.text import file_name, plain_text

from ..document import opening
from ..model import Board
from ..table import NAMES, Cell, Column, Table
from ..tables import families_table, family_matrix, leaderboard_table

_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "−": "$-$", "–": "--", "°": r"$^\circ$",
    "†": r"$^\dagger$", "Î": r"$\hat{I}$", "<": "$<$", ">": "$>$", "∝": r"$\propto$", "|": "$|$", "[": "{[}",
    "]": "{]}", "*": "{*}", "`": r"\textasciigrave{}", '"': "''", "»": r"$\gg$", "�": "?",
}  # fmt: skip


def render(board: Board) -> str:
    """Return the ranking, the scores by family, and those on the tasks of each family, in the booktabs style.

    Best in bold; a degree sign marks ties: what is not significantly different from the best.
    """
    commands = board.provenance.run, board.provenance.render
    parts = [
        f"% Leaderboard: {plain_text(board.suite)}: {plain_text(opening(board)[-1])}",
        f"% Made by: {' && '.join(map(plain_text, commands))}",
        "% Needs \\usepackage{booktabs}; wide tables: \\resizebox{\\textwidth}{!}{...} of graphicx",
        _table(leaderboard_table(board), board.suite),
        _table(families_table(board), board.suite),
        *(_table(family_matrix(board, family), board.suite) for family in board.families),
    ]
    return "\n\n".join(parts) + "\n"


def _table(table: Table, suite: str) -> str:
    kinds = "".join("r" if column.kind == "number" else "l" for column in table.columns)
    heads = " & ".join(escape(column.title) for column in table.columns)
    rows = [
        " & ".join(_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)) + r" \\"
        for row in table.rows
    ]
    lines = [
        r"\begin{table}", r"\centering", rf"\caption{{{escape(f'{table.title} ({suite}). {table.caption}')}}}",
        rf"\label{{tab:{file_name(suite)}-{file_name(table.key)}}}", rf"\begin{{tabular}}{{{kinds}}}", r"\toprule",
        rf"{heads} \\", r"\midrule", *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}",
    ]  # fmt: skip
    return "\n".join(lines)


def _cell(cell: Cell, column: Column) -> str:
    text = _minus(escape(cell.text))
    if column.kind in NAMES:
        note = f" {escape(cell.note)}" if cell.note else ""
        return rf"\texttt{{{text}}}{note}"
    return {"best": rf"\textbf{{{text}}}", "tie": rf"{text}$^\circ$"}.get(cell.mark, text)


def _minus(text: str) -> str:
    """Set a leading minus as one, not as a hyphen."""
    return re.sub(r"(^|[\s,]|\{\[\})-(?=\d)", r"\1$-$", text)


def escape(text: str) -> str:
    """Escape what LaTeX reads as markup, in one line."""
    return "".join(_ESCAPES.get(char, char) for char in plain_text(text.replace("``", "")))
