"""Compare the draws and truths of benchmark-mi with those of mibench's tasks; prints CSV."""

import csv
import math
import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from mibench import get_task


def told_apart(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return the share of unseen rows that a classifier assigns to the right sample, and how many deviations from ½."""
    rows = np.vstack([first, second])
    labels = np.repeat([0, 1], [len(first), len(second)])
    order = np.random.default_rng(0).permutation(len(rows))
    train, test = np.array_split(order, 2)
    fitted = HistGradientBoostingClassifier(random_state=0).fit(rows[train], labels[train])
    share = float(np.mean(fitted.predict(rows[test]) == labels[test]))
    return share, (share - 0.5) * 2 * math.sqrt(len(test))


def main(folder: Path) -> None:
    """Print a row for every task."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["task_id", "dim_x", "dim_y", "spec", "benchmark_mi_nats", "mibench_nats", "difference", "method",
                     "told_apart", "z"])  # fmt: skip
    for row in csv.DictReader((folder / "truths.csv").open()):
        theirs = np.load(folder / f"{row['task_id']}.npz")
        task = get_task(f"bmi:{row['task_id']}")
        share, z = told_apart(np.hstack([theirs["x"], theirs["y"]]), np.hstack(task.sample(len(theirs["x"]))))
        nats = float(row["nats"])
        writer.writerow([row["task_id"], row["dim_x"], row["dim_y"], task.spec, f"{nats:.6f}", f"{task.truth.nats:.9f}",
                         f"{task.truth.nats - nats:+.6f}", task.truth.method, f"{share:.4f}", f"{z:+.2f}"])  # fmt: skip
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
