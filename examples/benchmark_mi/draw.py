"""Draw 5,000 rows from every task of benchmark-mi and note the truths it states; runs in benchmark-mi's environment."""

import csv
import sys
from pathlib import Path

import numpy as np
from bmi.benchmark import task_list
from bmi.benchmark.tasks import mixtures

ROWS, SEED = 5000, 42


def tasks():
    """Yield the 40 tasks of the list and the 13 mixtures of the later benchmark."""
    yield from task_list.BENCHMARK_TASKS_LIST
    sample = 100_000  # what the later benchmark estimates its truths from
    yield mixtures.task_x(0.9, sample)
    yield mixtures.task_ai(sample)
    yield mixtures.task_waves(12, 5.0, 3.0, sample)
    yield mixtures.task_galaxy(0.5, 3.0, sample)
    for dim, components in [(3, 5), (5, 5), (3, 10), (5, 10), (25, 5)]:
        yield mixtures.task_concentric_multinormal(dim, components, sample)
    for share in (0.2, 0.5):
        for dim in (5, 25):
            yield mixtures.task_multinormal_sparse_w_inliers(dim, dim, 2, 2.0, share, sample)


def main(folder: Path) -> None:
    """Write ``ID.npz`` for every task, and ``truths.csv``."""
    folder.mkdir(exist_ok=True)
    with (folder / "truths.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["task_id", "dim_x", "dim_y", "nats"])
        for task in tasks():
            x, y = task.sampler.sample(ROWS, SEED)
            np.savez_compressed(folder / f"{task.id}.npz", x=np.asarray(x), y=np.asarray(y))
            writer.writerow([task.id, task.dim_x, task.dim_y, repr(float(task.mutual_information))])
            print(task.id, float(task.mutual_information), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
