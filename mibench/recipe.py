"""Recipes: learning curves with every setting fixed, bundled as TOML."""

import importlib.resources
import tomllib
from dataclasses import dataclass

from .errors import UnknownNameError, did_you_mean


@dataclass(frozen=True)
class Recipe:
    """A learning curve that can be drawn again.

    Attributes:
        name: what ``mibench curve`` calls it.
        summary: one sentence on what it shows.
        task, estimator: spec strings.
        seeds: the number of seeds; they are 0 … seeds − 1.
    """

    name: str
    summary: str
    task: str
    estimator: str
    seeds: int


def list_recipes() -> list[str]:
    """Return the names of the bundled recipes."""
    files = importlib.resources.files("mibench.recipes").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_recipe(name: str) -> Recipe:
    """Load a bundled recipe.

    Raises:
        UnknownNameError: no such recipe; with the nearest names.
    """
    if name not in list_recipes():
        raise UnknownNameError(f"unknown recipe {name!r}{did_you_mean(name, list_recipes())}")
    file = importlib.resources.files("mibench.recipes") / f"{name}.toml"
    return Recipe(name=name, **tomllib.loads(file.read_text(encoding="utf-8")))
