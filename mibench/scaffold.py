"""New packages from templates: texts in which ``$name`` and the like stand for what was asked for."""

import errno
import importlib.resources
import string
from pathlib import Path

from .errors import RegistrationError
from .registry import NAME, list_estimators


def write_package(kind: str, name: str, folder: Path) -> list[Path]:
    """Write the package of a new *kind* called *name* into *folder* and return the paths of its files.

    Raises:
        RegistrationError: the name is not lower-case words joined by hyphens, or is taken.
        OSError: the folder exists and is not empty, or cannot be written.
    """
    if not NAME.fullmatch(name):
        raise RegistrationError(f"the name is {name!r}; allowed: lower-case words joined by hyphens")
    if name in list_estimators():
        raise RegistrationError(f"{kind} {name!r} exists already (see mibench info {name}); choose another name")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(errno.EEXIST, "exists and is not an empty folder; nothing was written", str(folder))
    words = {
        "name": name,
        "package": f"mibench-{name}",
        "module": f"mibench_{name.replace('-', '_')}",
        "cls": "".join(word.capitalize() for word in name.split("-")),
    }
    targets = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        "module.py": f"{words['module']}.py",
        "test.py": f"tests/test_{words['module']}.py",
    }
    templates = importlib.resources.files("mibench.templates") / kind
    written = []
    for source, target in targets.items():
        text = string.Template((templates / f"{source}.txt").read_text(encoding="utf-8")).substitute(words)
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
