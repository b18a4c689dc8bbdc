import doctest
import importlib
import pkgutil

import pytest

import mibench


def module_names():
    """Every module of the framework, the estimators and the tasks, under the name it is installed by."""
    return sorted(
        found.name
        for found in pkgutil.walk_packages(mibench.__path__, "mibench.")
        if not found.name.endswith(".__main__")
    ) + sorted(
        found.name
        for package in ("mibench.estimators", "mibench.tasks")
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    )


@pytest.mark.parametrize("name", dict.fromkeys(module_names()))
def test_examples_of(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


@pytest.mark.parametrize("package", ["mibench.estimators", "mibench.tasks"])
def test_every_public_module_has_an_example(package):
    found = [name for name in module_names() if name.startswith(package + ".") and "._" not in name]
    modules = [name for name in found if not hasattr(importlib.import_module(name), "__path__")]
    assert modules
    for name in modules:
        found = doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))
        assert any(case.examples for case in found), f"{name} has no example"
