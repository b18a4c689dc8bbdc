"""Write the pool of real results that the accuracy gate's simulations draw from.

Neural methods on the tasks of the suite ``ci``, each sample with several streams of the estimator's own: results that
differ by nothing but chance. Takes about ten CPU-minutes::

    python tests/benchmarks/gate_streams.py tests/data/gate_streams.csv
"""

import csv
import sys
from pathlib import Path

from mibench import get_estimator, load_suite
from mibench.cell import lift
from mibench.estimator import check_blocks
from mibench.streams import stream

ESTIMATORS = "mine:max_steps=60", "infonce:max_steps=60"
N, SEEDS, STREAMS = 1000, 20, 6


def main(path: Path) -> None:
    """Write one line a result: estimator, task, seed, stream, error in nats."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["estimator", "task", "seed", "stream", "error"])
        for task in load_suite("ci").build_tasks():
            for name in ESTIMATORS:
                estimator = lift(get_estimator(name), task)
                estimator.prepare()
                for seed in range(SEEDS):
                    blocks = check_blocks(*task.sample(N, seed))
                    for number in range(STREAMS):
                        rng = stream("gate simulation", name, task.spec, seed, number)
                        error = estimator.estimate(*blocks, rng=rng).nats - task.truth.nats
                        table.writerow([name, task.spec, seed, number, f"{error:.6f}"])
                file.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
