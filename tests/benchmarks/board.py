"""The time of building a board of 40 estimators × 120 tasks × 3 sample sizes × 5 seeds, step by step.

Run it with ``python tests/benchmarks/board.py``; the numbers are made up, but the tasks are real ones.
"""

import sys
import time

import numpy as np
import pandas as pd

from mibench import get_task
from mibench.board.build import build_board
from mibench.board.render.json_csv import render_json
from mibench.board.selection import Selection

ESTIMATORS, TASKS, SAMPLES, SEEDS = 40, 120, (250, 1000, 4000), 5


def make_tasks(count: int) -> list[str]:
    """Return *count* canonical specs of four families, a third of them of many blocks."""
    specs = []
    for index in range(count):
        strength, place = 0.1 * (1 + index), index // 4
        specs.append(
            (
                f"gaussian:dim={1 + place % 5},mi={strength}",
                f"dimension-scaling:dim={2 + place % 10},mode=fixed-mi,mi={strength}",
                f"binary-gaussian:noise_var={0.05 * (1 + index)}",
                f"total-correlation:dim={3 + place % 3},kind=equicorrelated,rho={0.9 / (1 + index / 40):.6f}",
            )[index % 4]
        )
    return [get_task(spec).spec for spec in specs]


def make_frame(estimators: int, tasks: list[str]) -> pd.DataFrame:
    """Return attempts of estimators of growing error; every fifth does not take many blocks."""
    rng = np.random.default_rng(0)
    cells = pd.MultiIndex.from_product(
        [range(estimators), tasks, SAMPLES, range(SEEDS)], names=["number", "task", "n", "seed"]
    ).to_frame(index=False)
    built = {spec: get_task(spec) for spec in tasks}
    truth = cells["task"].map({spec: task.truth.nats for spec, task in built.items()}).astype(float)
    spread = (0.02 + 0.01 * cells["number"]) * np.maximum(truth, 0.1) * np.sqrt(1000 / cells["n"])
    refused = (cells["number"] % 5 == 4) & cells["task"].str.startswith("total-correlation")
    cost = 1e-5 * (1 + cells["number"]) * cells["n"] * rng.lognormal(0, 0.1, len(cells))
    return cells.assign(
        estimator="made-up:level=" + cells["number"].astype(str).str.zfill(2),
        key=[f"{index:064x}" for index in range(len(cells))],
        suite="big", family=cells["task"].map({spec: task.board_family for spec, task in built.items()}),
        status=np.where(refused, "unsupported", "ok"), truth_nats=truth, truth_stderr=0.0,
        nats=np.where(refused, np.nan, truth + spread * rng.standard_normal(len(cells))), stderr=spread,
        cpu_s=cost, wall_s=cost, setup_s=0.0, sample_s=0.0, peak_mb=10.0, estimator_version="1",
        task_version=cells["task"].map({spec: task.full_version for spec, task in built.items()}),
        environment="e1", device="", protocol="", finished_at="2026-01-01T00:00:00Z", curve=None, attempts=1,
    )  # fmt: skip


def main() -> None:
    """Print the time of each step and the size of the JSON."""
    frame = make_frame(ESTIMATORS, make_tasks(TASKS))
    print(f"{len(frame):,} cells of {frame['estimator'].nunique()} estimators on {frame['task'].nunique()} tasks")
    start, cpu = time.perf_counter(), time.process_time()
    board = build_board(Selection("big", frame), {})
    print(f"build   {time.perf_counter() - start:6.1f} s wall, {time.process_time() - cpu:6.1f} s CPU")
    print(
        f"        {len(board.scopes)} scopes, lines: " + ", ".join(f"{one.name} {one.score:.3f}" for one in board.lines)
    )
    start = time.process_time()
    text = render_json(board)
    print(f"JSON    {time.process_time() - start:6.1f} s CPU, {len(text) / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
