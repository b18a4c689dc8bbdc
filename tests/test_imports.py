"""Modules import one another in one direction, and the framework imports no plugin."""

import ast
import re
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


def folders():
    """The rows of the table in docs/architecture.md: a folder and the folders of ``mibench/`` that it imports."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_/]+)/` \| .* \|(.*)\|$", page, re.MULTILINE)
    return {folder: set(re.findall(r"`([a-z]+)`", others)) for folder, others in rows}


def test_the_architecture_page_names_every_folder_and_no_other():
    packages = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("mibench", "estimators", "tasks")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and not {"__pycache__", "assets"} & set(path.parts)
    }
    assert set(folders()) == packages


def test_the_architecture_page_says_which_folder_imports_which():
    rooms = {folder.partition("/")[2] for folder in folders() if re.fullmatch("mibench/[a-z]+", folder)}
    found = {room: set() for room in rooms}
    for name in MODULES:
        room = name.split(".")[1] if "." in name else ""
        if room in rooms:
            found[room] |= {to.split(".")[1] for to in imported(name) if to in MODULES and "." in to} & rooms - {room}
    assert found == {room: folders()[f"mibench/{room}"] for room in rooms}


def test_every_file_that_the_pages_for_contributors_name_exists_and_none_is_long():
    for page in (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"):
        named = re.findall(r"`((?:mibench|estimators|tasks|tests)/[a-z0-9_/]+\.py)`", page.read_text(encoding="utf-8"))
        assert named
        assert [name for name in named if not (ROOT / name).is_file()] == []
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES.values()}
    lines |= {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "estimators").rglob("*.py")}
    lines |= {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "tasks").glob("*.py")}
    assert {path.name: count for path, count in lines.items() if count > 400} == {}
