"""The docstrings of the packages begin as noun phrases and verbs."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADLESS = re.compile(r"(What|Say|Who|Whose|Which|Where|It|How) ")
FILES = [path for top in ("mibench", "estimators", "tasks") for path in sorted((ROOT / top).rglob("*.py"))]


def docstrings(path):
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, kinds) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text


def test_no_docstring_begins_with_a_headless_clause():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[0]}"
        for path in FILES
        for line, text in docstrings(path)
        if HEADLESS.match(text)
    ]
    assert found == []
