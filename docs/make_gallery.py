"""The gallery of the suite ``catalogue``: measurements, pictures and the page that shows them.

``python docs/make_gallery.py`` measures every task and writes ``catalogue.csv``, draws ``gallery/*.png`` and writes
``gallery.md``; ``--page`` writes the page alone from what was measured.
"""

import argparse
import csv
import hashlib
import json
import math
import re
import time
import tracemalloc
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from mibench import Task, get_task, load_suite
from mibench.aliases import aliases
from mibench.docstring import Docstring
from mibench.picture import png
from mibench.streams import stream

HERE = Path(__file__).parent
COLUMNS = (
    "id", "spec", "family", "dims", "kinds", "tags", "truth", "stderr", "method",
    "draws", "mean_less_truth", "mean_stderr", "z", "draw_cpu_s", "draw_mb",
)  # fmt: skip
#: The published board of the suite, from which the page takes who is nearest the truth of each task.
BOARD = HERE.parent / "leaderboard" / "catalogue.json"
#: Points a picture is made of, and its cells a side.
POINTS, CELLS = 20_000, 40
#: Rows and columns of a handwritten digit.
DIGIT = (8, 6)


def _runs(values: list[str]) -> str:
    """Write four times 1 as ``4×1``, else the values one by one."""
    return f"{len(values)}×{values[0]}" if len(values) > 2 and len(set(values)) == 1 else ", ".join(values)


def describe(task: Task) -> dict[str, str]:
    """Return what a task declares, as the columns of the table."""
    return {
        "id": task.label,
        "spec": task.spec,
        "family": task.board_family,
        "dims": _runs([str(block.dim) for block in task.blocks]),
        "kinds": _runs([block.kind for block in task.blocks]),
        "tags": " ".join(sorted(task.tags)),
        "truth": f"{task.truth.nats:.8g}",
        "stderr": f"{task.truth.stderr:.2g}",
        "method": task.truth.method,
    }


def measure(task: Task) -> dict[str, str]:
    """Return the mean of the log density ratio over many draws less the truth, and what 10,000 draws cost.

    There are a million, or 100,000 of more than 20 columns, or 20,000 of more than 100; and 100,000 of disentanglement,
    whose density is a mixture of 1,536.
    """
    columns = sum(block.dim for block in task.blocks)
    few = columns > 20 or task.family == "disentanglement"
    draws = 1_000_000 if not few else 100_000 if columns <= 100 else 20_000
    rows, rng = max(1000, min(draws, 1_000_000 // columns)), stream("gallery", task.spec)
    total = square = done = 0.0
    if task.pointwise(*task.draw(2, stream("gallery", "first"))) is None:
        draws = 0
    while done < draws:
        ratios = task.pointwise(*task.draw(int(min(rows, draws - done)), rng))
        moved = ratios - task.truth.nats
        total, square, done = total + moved.sum(), square + (moved**2).sum(), done + len(moved)
    found = {"draws": str(int(done)), "mean_less_truth": "", "mean_stderr": "", "z": ""}
    if done:
        mean = total / done
        stderr = float(np.sqrt(max(square / done - mean**2, 0.0) / done))
        #: Where the ratio is the same in every row there is rounding alone.
        z = mean / stderr if stderr > 1e-12 else 0.0
        found.update(mean_less_truth=f"{mean:.3g}", mean_stderr=f"{stderr:.3g}", z=f"{z:.2f}")
    start = time.process_time()
    task.draw(10_000, stream("gallery", "timed"))
    seconds = time.process_time() - start
    tracemalloc.start()
    task.draw(10_000, stream("gallery", "timed"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {**found, "draw_cpu_s": f"{seconds:.3f}", "draw_mb": f"{peak / 1e6:.1f}"}


def picture_name(spec: str) -> str:
    """Return the file name of a task's picture, which depends on its spec alone."""
    return f"{re.sub('[^a-z]+', '-', spec.split(':')[0])}-{hashlib.sha256(spec.encode()).hexdigest()[:8]}.png"


def _counts(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how many points fall into each cell, y upwards; the outer hundredth of each variable is left out."""
    edges = []
    for values in (x, y):
        low, high = np.quantile(values, [0.005, 0.995])
        margin = 0.04 * (high - low) or 0.5
        edges.append(np.linspace(low - margin, high + margin, CELLS + 1))
    return np.histogram2d(x, y, bins=edges)[0].T[::-1]


def _images(task: Task) -> list[np.ndarray]:
    """Return three samples of each block that is a picture, as panels, ``(CELLS, width)`` each."""
    panels = []
    for block in task.draw(3, stream("gallery", "images", task.spec)):
        side = math.isqrt(block.shape[1])
        shape = DIGIT if block.shape[1] == math.prod(DIGIT) else (side, side)
        if side < 4 or math.prod(shape) != block.shape[1]:
            continue
        low, high = block.min(), block.max()
        for row in block:
            grey = np.rint(255 * (high - row) / (high - low or 1)).reshape(shape)
            grown = np.kron(grey, np.ones((max(CELLS // shape[0], 1),) * 2))[:CELLS]
            panels.append(np.pad(grown, ((0, CELLS - len(grown)), (0, 0)), constant_values=255))
    return panels


def picture(task: Task) -> np.ndarray:
    """Return grey values, ``(CELLS, width)``: the first columns of two blocks, then two columns of the first block.

    Of tasks of images, three samples of each block that is one.
    """
    if "image" in task.tags and (images := _images(task)):
        line = np.full((CELLS, 2), 160.0)
        return np.hstack([part for image in images for part in (image, line)][:-1]).astype(np.uint8)
    blocks = task.draw(POINTS, stream("gallery", "picture", task.spec))
    wide = next((block for block in blocks if block.shape[1] > 1), None)
    pairs = [(blocks[0][:, 0], blocks[1][:, 0])] + ([] if wide is None else [(wide[:, 0], wide[:, 1])])
    panels = []
    for x, y in pairs:
        counts = np.log1p(_counts(x, y))
        panels += [255 - np.rint(255 * counts / counts.max()), np.full((CELLS, 2), 160.0)]
    return np.hstack(panels[:-1]).astype(np.uint8)


def base_of(task: Task) -> Task:
    """Return the distribution at the bottom of a chain of maps."""
    while isinstance(getattr(task, "base", None), Task):
        task = task.base  # type: ignore[attr-defined]
    return task


def nearest(board: dict[str, Any]) -> dict[str, str]:
    """Return for every task the estimator of least RMSE among those without a failure, and that error in nats.

    A reference line wins nothing; where several share the least error to two digits, all are named.
    """
    labels = {item["spec"]: item["label"] for item in board["estimators"]}
    errors: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for row in board["results"]["rows"]:
        cell = dict(zip(board["results"]["columns"], row, strict=True))
        if cell["ok"] == cell["cells"] and cell["estimator"] != "zero" and math.isfinite(float(cell["rmse"] or "nan")):
            errors[cell["task"]].append((float(f"{cell['rmse']:.2g}"), labels[cell["estimator"]]))
    found = {}
    for spec, entries in errors.items():
        least = min(entries)[0]
        found[spec] = " ".join(f"`{label}`" for error, label in sorted(entries) if error == least) + f" {least:.2g}"
    return found


def page(rows: list[dict[str, str]], tasks: dict[str, Task], board: dict[str, Any]) -> str:
    """Return the page: one section a family, one row a task."""
    winners = nearest(board)
    names: dict[str, list[str]] = defaultdict(list)
    for name, spec in aliases("task", "bmi").items():
        names[get_task(spec).spec].append(f"bmi:{name}")
    families: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        families[row["family"]].append(row)
    lines = [
        "# The tasks of the suite `catalogue`", "",
        f"{len(rows)} tasks in {len(families)} families. Written by `docs/make_gallery.py`; the numbers are in "
        "[catalogue.csv](catalogue.csv).", "",
        "A picture shows 20,000 draws: the first columns of the first two blocks and, where a block has several "
        "columns, two columns of it; dark is frequent, on a logarithmic scale, and the outer hundredth is left out. "
        "Of images there are three samples. "
        "Truths are in nats. The mean of the log density ratio over a million draws (100,000 of more than 20 columns "
        "and of disentanglement, 20,000 of more than 100) "
        "is a second derivation of each; z is its difference from the truth in standard "
        "errors. Nearest is the estimator of least RMSE in nats at n = 2000, of those on the board "
        "[catalogue](../leaderboard/catalogue.md); where that error is near the truth itself, nobody succeeds.", "",
    ]  # fmt: skip
    for family, members in sorted(families.items()):
        lines += [f"## {family}", ""]
        bases = {base_of(tasks[row["spec"]]).name: base_of(tasks[row["spec"]]) for row in members}
        for name, base in sorted(bases.items()):
            lines.append(f"- `{name}`: {Docstring.of(type(base)).summary}")
        lines += ["", "| | task | blocks | truth | second derivation less truth | z | nearest | source | tags |",
                  "|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
        for row in members:
            task = tasks[row["spec"]]
            also = "".join(f"<br>`{name}`" for name in names[row["spec"]])
            stderr = "" if row["stderr"] == "0" else f" ± {row['stderr']}"
            cells = [
                f"![](gallery/{picture_name(row['spec'])})",
                f"`{row['id']}`{also}",
                f"{row['dims']} ({row['kinds']})",
                f"{float(row['truth']):.6g}{stderr}, {row['method']}",
                f"{row['mean_less_truth']} ± {row['mean_stderr']}",
                row["z"],
                winners.get(row["spec"], ""),
                task.truth.reference,
                row["tags"].replace(" ", ", "),
            ]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def read_rows(path: Path = HERE / "catalogue.csv") -> list[dict[str, str]]:
    """Return the rows of the table as it was measured."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(rows: list[dict[str, str]], path: Path = HERE / "catalogue.csv") -> None:
    """Write the table; after every task, so that ``--new`` goes on where a run was cut off."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Measure, draw and write; with ``--page`` write the page alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true", help="the page alone, from catalogue.csv")
    parser.add_argument("--pictures", action="store_true", help="the pictures and the page, from catalogue.csv")
    parser.add_argument("--new", action="store_true", help="measure and draw only tasks that catalogue.csv lacks")
    options = parser.parse_args()
    tasks = {task.spec: task for task in load_suite("catalogue").build_tasks()}
    known = {row["spec"]: row for row in read_rows()} if options.page or options.new or options.pictures else {}
    (HERE / "gallery").mkdir(exist_ok=True)
    for spec, task in tasks.items():
        if options.pictures or (spec not in known and not options.page):
            (HERE / "gallery" / picture_name(spec)).write_bytes(png(picture(task)))
        if spec not in known and not options.page:
            known[spec] = measure(task)
            print(known[spec]["z"], task.label, flush=True)
            write_rows([{**known[own], **describe(tasks[own])} for own in tasks if own in known])
    rows = [{**known[spec], **describe(task)} for spec, task in tasks.items() if spec in known]
    write_rows(rows)
    for file in set((HERE / "gallery").glob("*.png")) - {HERE / "gallery" / picture_name(spec) for spec in tasks}:
        file.unlink()
    (HERE / "gallery.md").write_text(page(rows, tasks, json.loads(BOARD.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
