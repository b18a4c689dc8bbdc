"""The public functions: every command of the command line, from Python."""

import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .block import Block, as_blocks
from .cell import lift_to, too_wide
from .duplicates import note_duplicates
from .errors import InputError, MibenchError, MissingExtraError
from .estimator import Estimate, Estimator
from .estimator import missing_requirements as missing_requirements
from .plugin import load_plugin
from .protocol.outcome import check_estimate
from .registry import get_estimator
from .streams import stream
from .suite import Suite
from .task import Task

if TYPE_CHECKING:
    import pandas as pd

    from .board.model import Board
    from .curves import LearningCurve
    from .gates.report import Report
    from .stats.compare import Comparison


def estimate(*blocks: Any, estimator: str | Estimator = "ksg", seed: int = 0) -> Estimate:
    """Estimate the mutual information of two blocks, or the total correlation of more, in nats.

    Args:
        blocks: arrays of shape ``(n,)`` or ``(n, d)``, the same n in each.
        estimator: a spec string such as ``"ksg:k=3"``, or an estimator. One that takes two blocks only is lifted to
            more by the chain rule; the diagnostics then say so.
        seed: the seed of the estimator's own random stream.

    Raises:
        InputError: data no estimator can take (see :func:`mibench.block.as_blocks`).
        MissingExtraError: the estimator needs a package that is not installed; the message says which.
        TypeError: the estimator returned something else than an :class:`Estimate`.

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=2000)
        >>> y = 0.8 * x + 0.6 * rng.normal(size=2000)
        >>> round(estimate(x, y, estimator="gaussian").nats, 1)
        0.5
    """
    chosen = get_estimator(estimator) if isinstance(estimator, str) else estimator
    missing = chosen.missing()
    if missing:
        raise MissingExtraError(missing)
    arrays = as_blocks(*blocks)
    refused = too_wide(chosen, [Block(array.shape[1]) for array in arrays])
    if refused:
        raise InputError(refused)
    lifted = lift_to(chosen, len(arrays))
    rng: np.random.Generator = stream("estimate", lifted.spec, seed)
    found: Estimate = note_duplicates(check_estimate(lifted, lifted.estimate(*arrays, rng=rng)), arrays)
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
    device: str = "cpu",
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
        progress: whether to show the progress, and the first message of each kind of failure, on standard error.
        device: ``"cuda"`` to run there the estimators that can; results are reused whatever device they ran on.

    Raises:
        MibenchError: with one line that names the thing, its value and what is allowed.
    """
    from .runner.request import Request, run_request
    from .store import read_frame

    request = Request(
        suite=suite, estimators=estimators, tasks=tasks, samples=samples, seeds=seeds, timeout_s=timeout,
        memory=memory, plugins=plugins, shard=shard, device=device,
    )  # fmt: skip
    plan, summary = run_request(
        request, store, lambda notice: warnings.warn(notice, stacklevel=4), workers=workers, scheduler=scheduler,
        fresh=fresh, progress=progress,
    )  # fmt: skip
    if progress:
        for line in summary.failure_lines({item.spec: item.label for item in plan.estimators}):
            print(f"mibench: {line}", file=sys.stderr)
    frame = read_frame(store)
    wanted = {cell.key.hex() for cell in plan.cells()}
    return frame[frame["key"].isin(wanted)].reset_index(drop=True)


def leaderboard(
    suite: str | None = None,
    store: str | Path = "mibench.sqlite",
    output: str | Path | None = None,
    *,
    formats: Sequence[str] | None = None,
    plugins: Sequence[str | Path] = (),
    skip_bad: bool = False,
) -> "Board":
    """Rank the estimators of a suite by the results in a store and return the board.

    Args:
        suite: the name of a suite or the path of its TOML file; None for the only one in the store.
        store: the results, an SQLite store or a JSONL file.
        output: a folder to write the board and its index to.
        formats: the formats to write, of md, html, tex, csv and json; all by default.
        plugins: plugin files to load first.
        skip_bad: whether to leave out what is damaged or malformed in the results, with a warning, instead of raising.

    Raises:
        StoreError: a store that is missing or damaged, or holds no results.
        UnknownNameError: no suite of that name.
        MibenchError: a format there is not, or several suites where *suite* is None.

    Example:
        >>> board = mibench.leaderboard("quick", store="results.jsonl", output="leaderboard")  # doctest: +SKIP
        >>> [entry.label for entry in board.estimators if entry.is_ranked]  # doctest: +SKIP
        ['gaussian', 'mine', 'ksg', 'infonce', 'binning']
    """
    from .board import write
    from .board.assemble import boards_in
    from .store import Skipped

    _load(plugins)
    forms = list(formats or write.FORMATS)
    write.check_formats(forms)
    skipped = Skipped() if skip_bad else None
    found = boards_in(Path(store), suite or "", skipped)
    if skipped and skipped.count:
        warnings.warn(" ".join(skipped.lines()), stacklevel=2)
    if len(found) > 1:
        names = ", ".join(board.suite for board, _ in found)
        raise MibenchError(f"suite is None and {str(store)!r} holds results of several; allowed: one of {names}")
    board, keys = found[0]
    if output is not None:
        write.write_all(board, Path(output), forms, Path(store), keys, skip_bad)
        write.write_index(Path(output))
    return board


def compare(
    first: str | Path,
    second: str | Path,
    store: str | Path = "mibench.sqlite",
    *,
    suite: str = "",
    plugins: Sequence[str | Path] = (),
) -> "list[Comparison]":
    """Compare two estimators, two versions of one, or two stores, paired seed by seed; return the comparisons.

    There is one comparison of two estimators, and one for each estimator that two stores have in common. A difference
    is the first's score minus the second's: a negative one favours the first.

    Args:
        first: an estimator, such as ``"ksg:k=3"`` or, in a version, ``"ksg@1"``; or a store.
        second: another of the same kind.
        store: the results of two estimators.
        suite: only the cells of this suite.
        plugins: plugin files to load first.

    Raises:
        StoreError: a store that is missing or damaged, or holds no results of the two.
        MibenchError: a store and an estimator.

    Example:
        >>> found = mibench.compare("ksg", "binning", store="results.jsonl")  # doctest: +SKIP
        >>> found[0].differences[0].verdict  # doctest: +SKIP
        'better'
    """
    from .board.contestants import compare_estimators, compare_stores, is_store

    _load(plugins)
    stores = [is_store(item) for item in (first, second)]
    if any(stores) and not all(stores):
        raise MibenchError(f"A is {str(first)!r} and B is {str(second)!r}; allowed: two stores, or two estimators")
    if all(stores):
        return compare_stores(Path(first), Path(second), suite)
    return [compare_estimators(str(first), str(second), Path(store), suite)]


def curve(
    task: str | Task,
    estimator: str | Estimator | None = None,
    *,
    seeds: int | None = None,
    steps: int | None = None,
    output: str | Path | None = None,
    plugins: Sequence[str | Path] = (),
    track: "Callable[[range], Iterable[int]]" = iter,
) -> "LearningCurve":
    """Train an estimator on fresh draws of a task and return its learning curve beside the true value.

    Args:
        task: a task, its spec string, or the name of a suite such as ``"article"``, which also names the estimator.
        estimator: an estimator that learns, or its spec string.
        seeds: how many trainings, with seeds 0 … seeds − 1; by default the suite's number, or one.
        steps: gradient steps; by default the estimator's own number.
        output: a folder to draw the curve to, as SVG and HTML.
        plugins: plugin files to load first.
        track: wraps the seeds, to show progress.

    Raises:
        UnknownNameError: no task or suite of that name.
        SpecError: no estimator given, for a task.
        InputError: the estimator learns no curve, or takes fewer blocks than the task has.
        MissingExtraError: a package is missing; the message says which.

    Example:
        >>> found = mibench.curve("gaussian:mi=1", "mine", steps=500)  # doctest: +SKIP
        >>> found.truth_nats, len(found.runs[0].curve)  # doctest: +SKIP
        (1.0, 500)
    """
    from .curve_view import save_chart
    from .curves import train

    _load(plugins)
    found = train(task, estimator, seeds, steps, track)
    if output is not None:
        save_chart(found, Path(output) / found.name)
    return found


def gate(
    baseline: str | Path | None = None,
    *,
    head: str | Path | None = None,
    runtime: "tuple[str | Path, str | Path] | None" = None,
    benchmark_json: "tuple[str | Path, str | Path] | None" = None,
    suite: str | None = None,
    estimators: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    samples: Sequence[int] | None = None,
    seeds: int | None = None,
    plugins: Sequence[str | Path] = (),
    workers: int | None = None,
    tolerance: float | None = None,
    min_change: float = 0.01,
    exact: bool = False,
    accept: bool = False,
    release: bool = False,
    tell: "Callable[[str], None]" = lambda line: None,
) -> "Report":
    """Compare accuracy or cost with a base and return the report: pass, regression, inconclusive or error.

    One of *baseline*, *runtime* and *benchmark_json* says which gate (see docs/gate.md).

    Args:
        baseline: results to compare accuracy with: a file, or a folder of ``SUITE.jsonl``.
        head: results to judge; by default the suite is run.
        runtime: two Python interpreters, each with mibench installed, whose cost is compared.
        benchmark_json: two files of pytest-benchmark, whose cost is compared.
        suite: the suite to run, by name or TOML file; by default ``ci``.
        estimators: only these of it; likewise *tasks*, *samples*, and *seeds* 0 … seeds − 1.
        tasks: see *estimators*.
        samples: see *estimators*.
        seeds: see *estimators*.
        plugins: plugin files to load first.
        workers: processes that measure accuracy.
        tolerance: a smaller change is no regression: by default 0.10 of error, 0.15 of cost.
        min_change: nor is a smaller change of RMSE, in nats.
        exact: whether any changed value of a deterministic estimator is a regression.
        accept: whether to write what was measured as the new baseline.
        release: whether it becomes the last release's values as well, which drift is measured from.
        tell: called with lines of progress.

    Raises:
        StoreError: a baseline or result file that is missing or damaged.
        MeasurementError: nothing could be measured.
        MibenchError: arguments that do not go together.

    Example:
        >>> mibench.gate("baseline.jsonl", head="results.jsonl").verdict  # doctest: +SKIP
        <Verdict.PASS: 'pass'>
    """
    from .gates.run import Selection, gate_accuracy, gate_benchmarks, gate_runtime

    given = {"baseline": baseline, "runtime": runtime, "benchmark_json": benchmark_json}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        raise MibenchError(f"{' and '.join(named) or 'nothing'} given; allowed: one of {', '.join(given)}")
    grid = {"suite": suite, "estimators": estimators, "tasks": tasks, "samples": samples, "seeds": seeds}
    accuracy = {"head": head, "exact": exact, "accept": accept, "release": release, "workers": workers}
    if baseline is None:
        _refuse(accuracy, named[0])
    if head is not None:
        _refuse(grid, "head")
    if benchmark_json is not None:
        _refuse({**grid, "plugins": plugins}, "benchmark_json")
    _load(plugins)
    limits = {} if tolerance is None else {"tolerance": tolerance}
    if benchmark_json is not None:
        return gate_benchmarks(Path(benchmark_json[0]), Path(benchmark_json[1]), **limits)
    selection = Selection(suite or "ci", estimators, tasks, samples, seeds, tuple(Path(path) for path in plugins))
    if runtime is not None:
        return gate_runtime(Path(runtime[0]), Path(runtime[1]), selection, tell, **limits)
    assert baseline is not None
    results = None if head is None else Path(head)
    return gate_accuracy(
        Path(baseline), results, selection, accept=accept, release=release, workers=workers, tell=tell,
        min_change=min_change, exact=exact, **limits,
    )  # fmt: skip


def _refuse(arguments: Mapping[str, Any], beside: str) -> None:
    given = [name for name, value in arguments.items() if value]
    if given:
        raise MibenchError(f"{', '.join(given)} given; allowed beside {beside}: none of {', '.join(arguments)}")


def _load(plugins: Sequence[str | Path]) -> None:
    for path in plugins:
        load_plugin(path)
