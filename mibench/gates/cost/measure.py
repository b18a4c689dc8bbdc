"""The measuring script that each of the two interpreters of a runtime gate runs.

The gate hands this very file to both interpreters, so that both sides are measured by the same code, whichever mibench
each has installed; it uses nothing else of this package. It reads a plan, one JSON object, from standard input::

    {"plugins": [path, …], "least_s": 0.05, "cells": [{"estimator": spec, "task": spec, "n": 1000, "seed": 0}, …]}

and writes JSON lines: one on the installation, then one a cell, ``{"cell": index, …}`` with ``seconds`` (CPU time of
one ``estimate``), ``work`` (its counters) and ``data`` (a digest of the samples), or ``error``, or ``unsupported``.
"""

import gc
import hashlib
import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

#: Integer diagnostics that count work, the same on every machine: ``gradient_steps``, ``distance_evaluations``, …
COUNTER = re.compile(r"\w+_(steps|evaluations)")

_BATCHES = 5
_MOST_LOOPS = 1_000_000


def main() -> None:
    """Measure the plan's cells; what estimators print goes to standard error."""
    plan = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)

        def say(record: dict[str, Any]) -> None:
            out.write(json.dumps(record) + "\n")
            out.flush()

        import mibench

        say({"mibench": mibench.__version__, "folder": str(Path(mibench.__file__).parent), "python": sys.executable})
        for path in plan["plugins"]:
            mibench.load_plugin(path)
        for index, cell in enumerate(plan["cells"]):
            try:
                say({"cell": index, **measure(cell, plan["least_s"])})
            except Exception as error:
                say({"cell": index, "error": f"{type(error).__name__}: {error}"})


def measure(cell: Mapping[str, Any], least_s: float) -> dict[str, Any]:
    """Return the CPU seconds of one ``estimate`` on a cell's own data, its work counters and the data's digest."""
    from mibench import get_estimator, get_task
    from mibench.cell import lift, unsupported
    from mibench.estimator import check_blocks
    from mibench.registry import version_of
    from mibench.streams import estimator_stream

    estimator, task = get_estimator(cell["estimator"]), get_task(cell["task"])
    refused = unsupported(estimator, task)
    if refused:
        return {"unsupported": refused}
    n, seed = cell["n"], cell["seed"]
    blocks = check_blocks(*task.sample(n, seed))
    lifted = lift(estimator, task)
    lifted.prepare()

    def once(rng: Any) -> Any:
        return lifted.estimate(*blocks, rng=rng)

    def stream() -> Any:
        return estimator_stream(estimator.spec, task.spec, version_of(task), n, seed)

    diagnostics = once(stream()).diagnostics
    digest = hashlib.sha256(b"".join(block.tobytes() for block in blocks)).hexdigest()
    return {"seconds": cpu_per_call(once, stream, least_s), "work": counters(diagnostics), "data": digest[:16]}


def counters(diagnostics: Any) -> dict[str, int]:
    """Return the work counters among *diagnostics*, summed over nested ones (the terms of a chain rule)."""
    found: dict[str, int] = {}
    for name, value in diagnostics.items():
        if isinstance(value, int) and COUNTER.fullmatch(str(name)):
            found[name] = found.get(name, 0) + value
        for nested in value if isinstance(value, list | tuple) else [value]:
            for key, count in counters(nested).items() if isinstance(nested, Mapping) else ():
                found[key] = found.get(key, 0) + count
    return found


def cpu_per_call(call: Callable[[Any], Any], stream: Callable[[], Any], least_s: float) -> float:
    """Return the smallest CPU time per call over batches that take *least_s* or more in all.

    A batch repeats the call until it takes a fifth of *least_s*, and starts each time from the same random stream.
    """
    loops, spent = 1, 0.0
    gc.collect()
    gc.disable()
    try:
        while (taken := _batch(call, stream(), loops)) < least_s / _BATCHES and loops < _MOST_LOOPS:
            loops = max(2 * loops, int(loops * least_s / _BATCHES / max(taken, 1e-9)))
        best = taken
        spent += taken
        while spent < least_s:
            taken = _batch(call, stream(), loops)
            best, spent = min(best, taken), spent + taken
    finally:
        gc.enable()
    return best / loops


def _batch(call: Callable[[Any], Any], rng: Any, loops: int) -> float:
    start = _cpu_seconds()
    for _ in range(loops):
        call(rng)
    return _cpu_seconds() - start


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
