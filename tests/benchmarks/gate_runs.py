"""Run the runtime gate for real, again and again: one version against itself, and against one that is slower.

Each gate starts 42 processes or more, and takes one to two minutes on a quiet machine::

    python tests/benchmarks/gate_runs.py --same 20 --slower 1.3 --slower 2 --gates 10

The slower version makes every ``estimate`` of the same plugin do more of the same work.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from mibench.gates.cost.interpreters import CostCell, Pair, RuntimeResult, compare_runtimes
from mibench.gates.verdict import Verdict

PLUGIN = """
import os
from dataclasses import dataclass
from mibench import Estimator, get_estimator, register_estimator

TIMES = round(10 * float(os.environ.get("SLOWDOWN", "1")))

@register_estimator("repeated")
@dataclass(frozen=True)
class Repeated(Estimator):
    base: Estimator

    def prepare(self):
        self.base.prepare()

    def estimate(self, *blocks, rng):
        for _ in range(TIMES):
            found = self.base.estimate(*blocks, rng=rng)
        return found
"""
ESTIMATORS = "ksg", "binning", "gaussian"


def cells(estimators: Sequence[str]) -> list[CostCell]:
    """Return four cells for each estimator."""
    return [
        CostCell(f"repeated:base=({estimator})", task, n)
        for estimator in estimators
        for task in ("gaussian:dim=1,mi=1", "gaussian:dim=5,mi=1")
        for n in (250, 1000)
    ]


def interpreter(folder: Path, slowdown: float) -> Path:
    """Return an interpreter in which the plugin does *slowdown* times the work."""
    path = folder / f"python-{slowdown}"
    path.write_text(f'#!/bin/sh\nSLOWDOWN={slowdown} exec {sys.executable} "$@"\n')
    path.chmod(0o755)
    return path


def gates(folder: Path, estimators: Sequence[str], slowdown: float, count: int) -> Sequence[RuntimeResult]:
    """Run *count* gates and print a line for each."""
    plugin = folder / "repeated.py"
    plugin.write_text(PLUGIN)
    pair = Pair(interpreter(folder, 1.0), interpreter(folder, slowdown), [plugin])
    results = []
    for number in range(1, count + 1):
        start = time.monotonic()
        result = compare_runtimes(pair, cells(estimators))
        red = sum(item.verdict is Verdict.REGRESSION for item in result.costs)
        flagged = sum(item.confirmed_bound is not None for item in result.costs)
        noise = sorted(item.noise for item in result.costs)[len(result.costs) // 2] - 1
        print(
            f"×{slowdown:g} gate {number}: {result.verdict}, of {len(result.costs)} cells {flagged} flagged {red} red, "
            f"median noise floor {noise:.1%}; {time.monotonic() - start:.0f} s, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        results.append(result)
    return results


def summarize(results: Sequence[RuntimeResult], slowdown: float) -> None:
    """Print the share of gates and of cells that were red."""
    verdicts = [item.verdict for result in results for item in result.costs]
    red = sum(result.verdict is Verdict.REGRESSION for result in results)
    print(
        f"×{slowdown:g}: {red} of {len(results)} gates red, "
        f"{verdicts.count(Verdict.REGRESSION)} of {len(verdicts)} cells red, {verdicts.count(Verdict.INCONCLUSIVE)} "
        "inconclusive"
    )


def main() -> None:
    """Run the gates that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--same", type=int, default=20, help="gates of one version against itself")
    parser.add_argument("--slower", type=float, action="append", default=[], help="a planted slow-down; repeatable")
    parser.add_argument("--gates", type=int, default=10, help="gates of each slow-down")
    parser.add_argument("-e", dest="estimators", action="append", help="an estimator; repeatable")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for slowdown, count in [(1.0, options.same), *((slowdown, options.gates) for slowdown in options.slower)]:
            if count:
                summarize(gates(Path(folder), options.estimators or ESTIMATORS, slowdown, count), slowdown)


if __name__ == "__main__":
    main()
