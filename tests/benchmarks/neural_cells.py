"""CPU seconds of one cell of each neural bound at three sizes, and what a pack of cells saves: a Markdown table.

python tests/benchmarks/neural_cells.py [ESTIMATOR]…
"""

import sys
import time
from typing import Any

import numpy as np

from mibench import Estimator, get_estimator, get_task

NAMES = ["mine", "infonce", "neural:infonce-joint", "nwj", "smile", "tuba", "js", "demi", "f-dime", "i-alpha", "flo",
         "infonce-anchor"]  # fmt: skip
SIZES = [(1000, 1), (5000, 5), (10_000, 20)]
PACK = 4


def cell(estimator: Estimator, n: int, dim: int) -> str:
    """Return the CPU seconds of a cell, and its error in nats."""
    blocks = get_task(f"gaussian:dim={dim},mi=2").sample(n)
    start = time.process_time()
    found = estimator.estimate(*blocks, rng=np.random.default_rng(0))
    return f"{time.process_time() - start:.2f} ({found.nats - 2:+.2f})"


def pack(estimator: Any) -> str:
    """Return the CPU of a pack of cells over that of the cells by themselves."""
    samples = [get_task("gaussian:dim=1,mi=2").sample(1000, seed) for seed in range(PACK)]
    start = time.process_time()
    for seed, blocks in enumerate(samples):
        estimator.estimate(*blocks, rng=np.random.default_rng(seed))
    middle = time.process_time()
    estimator.estimate_many(samples, [np.random.default_rng(seed) for seed in range(PACK)])
    return f"{(time.process_time() - middle) / (middle - start):.2f}"


def main() -> None:
    """Print a row an estimator: seconds and error at each size, and CPU of a pack over that of its cells."""
    print("| estimator |" + "".join(f" n = {n}, d = {d} |" for n, d in SIZES) + f" {PACK} at once, n = 1000 |")
    print("|---|" + "---|" * (len(SIZES) + 1))
    for spec in sys.argv[1:] or NAMES:
        estimator = get_estimator(spec)
        estimator.prepare()
        print("|".join(["", spec, *(cell(estimator, *size) for size in SIZES), pack(estimator), ""]), flush=True)


if __name__ == "__main__":
    main()
