"""Modules import one another in one direction, and the framework imports no plugin."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]


def modules():
    found = {}
    for path in (ROOT / "mibench").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported(name):
    """The modules that a module imports anywhere in its text, but for what only type checkers see."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unseen = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in MODULES else base


def circles():
    """The strongly connected sets of more than one module (Tarjan).

    Left out are the public façade ``mibench``, and the kit's list of checks, which one of the checks looks into.
    """
    left_out = {"mibench", "mibench.testing"}
    graph = {name: {to for to in imported(name) if to in MODULES} - {name} - left_out for name in MODULES}
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for to in sorted(graph[node]):
            if to not in index:
                visit(to)
                low[node] = min(low[node], low[to])
            elif to in stack:
                low[node] = min(low[node], index[to])
        if low[node] == index[node]:
            part = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(set(graph) - {"mibench"}):
        if node not in index:
            visit(node)
    return found


def test_no_modules_import_one_another_in_a_circle():
    assert circles() == []


def test_the_framework_imports_no_estimator_and_no_task():
    for name in MODULES:
        bad = [to for to in imported(name) if to.startswith(("mibench.estimators", "mibench.tasks"))]
        assert not bad, f"{name} imports {bad}"
