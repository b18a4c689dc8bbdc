"""The functions a person calls: estimating on their own data, and running a suite."""

import importlib.util
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .cell import lift_to
from .duplicates import note_duplicates
from .errors import InputError, MissingExtraError
from .estimator import Estimate, Estimator, check_blocks, too_wide
from .registry import get_estimator
from .streams import stream
from .suite import Suite
from .task import Task

if TYPE_CHECKING:
    import pandas as pd


def missing_requirements(estimator: Estimator | type[Estimator]) -> str | None:
    """Say what to install where a module the method needs is missing, or return None; imports nothing."""
    tags = estimator.tags
    absent = [module for module in tags.requires if importlib.util.find_spec(module) is None]
    if not absent:
        return None
    return f"{estimator.name} needs {', '.join(absent)}: pip install '{tags.install or absent[0]}'"


def estimate(*blocks: Any, estimator: str | Estimator = "ksg", seed: int = 0) -> Estimate:
    """Estimate the mutual information of two blocks, or the total correlation of more, in nats.

    Args:
        blocks: arrays of shape ``(n,)`` or ``(n, d)``, the same n in each.
        estimator: a spec string such as ``"ksg:k=3"``, or an estimator. One that takes two blocks only is lifted to
            more by the chain rule; the diagnostics then say so.
        seed: the seed of the method's own random stream.

    Raises:
        InputError: data no method can take (see :func:`mibench.estimator.check_blocks`).
        MissingExtraError: the method needs a package that is not installed; the message says which.

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=2000)
        >>> y = 0.8 * x + 0.6 * rng.normal(size=2000)
        >>> round(estimate(x, y, estimator="gaussian").nats, 1)
        0.5
    """
    method = get_estimator(estimator) if isinstance(estimator, str) else estimator
    missing = missing_requirements(method)
    if missing:
        raise MissingExtraError(missing)
    arrays = check_blocks(*blocks)
    refused = too_wide(method, [array.shape[1] for array in arrays])
    if refused:
        raise InputError(refused)
    method = lift_to(method, len(arrays))
    rng: np.random.Generator = stream("estimate", method.spec, seed)
    found: Estimate = note_duplicates(method.estimate(*arrays, rng=rng), arrays)
    return found


def run(
    suite: str | Path | Suite,
    *,
    estimators: Sequence[str | Estimator] | None = None,
    tasks: Sequence[str | Task] | None = None,
    samples: Sequence[int] | None = None,
    seeds: int | None = None,
    store: str | Path = "mibench.sqlite",
    workers: int | None = None,
    timeout: float | None = None,
    memory: str | None = None,
    plugins: Sequence[str | Path] = (),
    shard: str | None = None,
    scheduler: str | None = None,
    fresh: bool = False,
    progress: bool = True,
) -> "pd.DataFrame":
    """Run a suite and return its attempts, one row a cell, as :func:`mibench.store.read_frame` gives them.

    What the store holds already is not run again. Cells run in worker processes that never import the calling script,
    so that a script needs no main guard.

    Args:
        suite: a suite, its name, or the path of a TOML file.
        estimators: spec strings or objects, in place of the suite's own; likewise *tasks*, *samples* and *seeds*.
        tasks: see *estimators*.
        samples: sample sizes.
        seeds: the number of seeds: 0 … seeds − 1.
        store: the SQLite file the attempts go to.
        workers: how many worker processes; one for every core by default.
        timeout: the wall-clock limit of a cell in seconds.
        memory: the memory limit of a cell, such as ``"2GB"``.
        plugins: plugin files to load first, here and in every worker.
        shard: ``"i/n"``, to run the i-th of n parts.
        scheduler: the address of a dask.distributed scheduler, to run on its workers.
        fresh: whether to run every cell again.
        progress: whether to show the progress on standard error.

    Raises:
        MibenchError: with one line that names the thing, its value and what is allowed.
    """
    from .runner.request import Request, run_request
    from .store import read_frame

    request = Request(
        suite=suite, estimators=estimators, tasks=tasks, samples=samples, seeds=seeds, timeout_s=timeout,
        memory=memory, plugins=plugins, shard=shard,
    )  # fmt: skip
    plan, _ = run_request(
        request, store, lambda notice: warnings.warn(notice, stacklevel=4), workers=workers, scheduler=scheduler,
        fresh=fresh, progress=progress,
    )  # fmt: skip
    frame = read_frame(store)
    wanted = {cell.key.hex() for cell in plan.cells()}
    return frame[frame["key"].isin(wanted)].reset_index(drop=True)
