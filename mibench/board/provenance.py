"""Provenance of a board, read off its attempts: hardware, software, dates and the commands that make it again."""

import shlex
from collections.abc import Mapping
from typing import Any

import pandas as pd

from mibench.grid import Grid

from .definitions import describe_estimator, describe_task
from .model import Provenance


def hardware_class(environment: Mapping[str, Any], device: str = "") -> str:
    """Return the class of hardware on which times can be compared: the CPU's model, and that of the device used."""
    cpu = str(environment.get("cpu", "unknown hardware"))
    return f"{cpu} + {environment.get('gpu', device)}" if device else cpu


def hardware_of(frame: pd.DataFrame, environments: Mapping[str, Mapping[str, Any]]) -> pd.Series:
    """Return the hardware class of every attempt of *frame*."""
    places = frame["environment"].str.cat(frame["device"], sep="\n")
    classes = {}
    for place in places.unique():
        environment, _, device = place.rpartition("\n")
        classes[place] = hardware_class(environments.get(environment, {}), device)
    return places.map(classes)


def provenance(
    scored: pd.DataFrame,
    environments: Mapping[str, Mapping[str, Any]],
    suite: str,
    grid: Grid | None,
    left_out: tuple[str, ...],
) -> Provenance:
    """Describe how the attempts of *scored* were made; *suite* is what ``mibench run`` calls the suite of *grid*."""
    used = [environments[name] for name in sorted(scored["environment"].unique()) if name in environments]
    finished = scored.loc[scored["finished_at"] != "", "finished_at"]
    return Provenance(
        cells=len(scored),
        attempts=int(scored["attempts"].sum()),
        seeds=int(scored["seed"].nunique()),
        samples=tuple(int(n) for n in sorted(scored["n"].unique())),
        first=_day(finished.min()) if len(finished) else "",
        last=_day(finished.max()) if len(finished) else "",
        hardware=tuple(dict.fromkeys(map(_machine, used))) or ("not recorded",),
        software=tuple(dict.fromkeys(map(_software, used))) or ("not recorded",),
        run=_run_command(scored, suite, grid),
        render=f"mibench leaderboard {shlex.quote(suite)} -o leaderboard",
        left_out=left_out,
    )


def _day(moment: str) -> str:
    return moment[:10]


def _machine(environment: Mapping[str, Any]) -> str:
    parts = [hardware_class(environment)]
    if "cores" in environment:
        parts.append(f"{environment['cores']} cores")
    if "memory_gb" in environment:
        parts.append(f"{environment['memory_gb']} GB")
    return ", ".join([*parts, f"{environment.get('system', '')} {environment.get('machine', '')}".strip()])


def _software(environment: Mapping[str, Any]) -> str:
    packages = environment.get("packages", {})
    return ", ".join([f"Python {environment.get('python', '?')}", *(f"{name} {packages[name]}" for name in packages)])


def _run_command(scored: pd.DataFrame, suite: str, grid: Grid | None) -> str:
    """Return the command that makes these cells, with the options by which they differ from the suite's own grid."""
    words = ["mibench", "run", suite]
    if grid is not None:
        ran = {name: sorted(scored[name].unique()) for name in ("estimator", "task", "n")}
        if set(ran["estimator"]) != set(grid.estimators):
            words += _options("-e", [describe_estimator(spec).label for spec in ran["estimator"]])
        if set(ran["task"]) != set(grid.tasks):
            words += _options("-t", [describe_task(spec).label for spec in ran["task"]])
        if set(ran["n"]) != set(grid.samples):
            words += _options("--samples", [str(n) for n in ran["n"]])
        if scored["seed"].max() + 1 != grid.seeds:
            words += ["--seeds", str(scored["seed"].max() + 1)]
    return shlex.join(words)


def _options(name: str, values: list[str]) -> list[str]:
    return [word for value in values for word in (name, value)]
