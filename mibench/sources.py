"""Local source files: those a Python file depends on by its import statements, and the digest of all of them.

A file is *local* where no release vouches for it: outside Python's own library, the folders of installed packages, and
mibench itself. Import statements are read, never run, so the digest of a file is known before anything of it is loaded
and is the same in every process.
"""

import ast
import functools
import hashlib
import importlib.util
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

_INSTALLED_FOLDERS = {"site-packages", "dist-packages"}


@functools.cache
def _library_folders() -> tuple[Path, ...]:
    """Return the folders of Python's own library, and mibench's three."""
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    found = [Path(folder).resolve() for folder in folders if folder]
    for package in ("mibench", "mibench.estimators", "mibench.tasks"):
        spec = importlib.util.find_spec(package)
        found += [Path(place).resolve() for place in (spec.submodule_search_locations or () if spec else ())]
    return tuple(found)


@functools.cache
def is_local(path: Path) -> bool:
    """Return whether no release vouches for the file *path*."""
    if _INSTALLED_FOLDERS & set(path.parts):
        return False
    return not any(path.is_relative_to(folder) for folder in _library_folders())


def source_digest(file: Path) -> str:
    """Return the SHA-256 of *file* and of every local file it imports, directly or through others.

    Raises:
        OSError: *file* cannot be read.
    """
    file = file.resolve()
    content = file.read_bytes()
    others = local_imports(file) - {file}
    digest = hashlib.sha256(content)
    for label, path in sorted((_label(path, file.parent), path) for path in others):
        digest.update(b"\0" + label.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _label(path: Path, folder: Path) -> str:
    """Return the path below *folder*, or the name alone, so that the digest does not depend on where a folder lies."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def local_imports(file: Path) -> set[Path]:
    """Return the local files that *file* needs, itself included; what cannot be found or parsed ends the search."""
    found: set[Path] = set()
    waiting = [file.resolve()]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported_files(path, file.resolve().parent)
    return found


def _imported_files(file: Path, root: Path) -> Iterator[Path]:
    """Yield the local files that the import statements of *file* name; absolute names are looked up in *root* first."""
    try:
        tree = ast.parse(file.read_bytes()) if file.suffix == ".py" else ast.Module([], [])
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _module_files(alias.name, _search_folders(alias.name, root))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            folders = [str(_ancestor(file, node.level))] if node.level else _search_folders(base, root)
            for alias in node.names:
                yield from _module_files(f"{base}.{alias.name}" if base else alias.name, folders)


def _ancestor(file: Path, level: int) -> Path:
    return file.parents[min(level, len(file.parents)) - 1]


def _search_folders(name: str, root: Path) -> Sequence[str] | None:
    """Return the folder a name is looked up in: *root* where a sibling there has it, None for the usual path."""
    return [str(root)] if is_sibling(name.partition(".")[0], root) else None


def is_sibling(top: str, folder: Path) -> bool:
    """Return whether ``import top`` in a file of *folder* means the module or package of that name beside it.

    As when Python runs a script, a sibling goes before an installed package; but not before Python's own modules or
    mibench, nor where the usual import finds that very file.
    """
    if top in sys.stdlib_module_names or top == "mibench":
        return False
    own, usual = PathFinder.find_spec(top, [str(folder)]), _usual_spec(top)
    if own is None:
        return False
    return usual is None if own.origin is None else _file_of(own) != _file_of(usual)


def _usual_spec(top: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None


def _file_of(spec: ModuleSpec | None) -> Path | None:
    return Path(spec.origin).resolve() if spec is not None and spec.has_location and spec.origin else None


def _module_files(name: str, folders: Sequence[str] | None) -> Iterator[Path]:
    """Yield the local files of the module *name* and of the packages around it, as far as its parts are modules."""
    full = ""
    for part in name.split("."):
        full = f"{full}.{part}" if full else part
        spec = _usual_spec(part) if folders is None else PathFinder.find_spec(full, list(folders))
        if spec is None:
            return
        file = _file_of(spec)
        if file is not None:
            if not is_local(file):
                return
            yield file
        folders = list(spec.submodule_search_locations or ())
