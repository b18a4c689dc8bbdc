"""The committed gallery: it lists the tasks of the suite ``catalogue`` with the truths of today."""

import importlib.util
import json
import math
import zlib
from pathlib import Path

import numpy as np
import pytest

from mibench import get_task, load_suite

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("make_gallery", DOCS / "make_gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tasks():
    return {task.spec: task for task in load_suite("catalogue").build_tasks()}


def test_the_table_lists_exactly_the_tasks_of_the_suite(gallery, tasks):
    assert [row["spec"] for row in gallery.read_rows()] == list(tasks)


def test_the_table_says_of_each_task_what_it_declares_today(gallery, tasks):
    for row in gallery.read_rows():
        today = gallery.describe(tasks[row["spec"]])
        for name in ("truth", "stderr"):
            assert float(row[name]) == pytest.approx(float(today.pop(name)), rel=1e-6, abs=1e-9), row["id"]
        assert {name: row[name] for name in today} == today


def test_the_page_is_made_from_the_table(gallery, tasks):
    made = gallery.page(gallery.read_rows(), tasks, json.loads(gallery.BOARD.read_text(encoding="utf-8")))
    assert (DOCS / "gallery.md").read_text(encoding="utf-8") == made


def test_every_task_has_one_picture_and_they_are_small(gallery, tasks):
    files = {file.name: file.stat().st_size for file in (DOCS / "gallery").glob("*.png")}
    assert set(files) == {gallery.picture_name(spec) for spec in tasks}
    assert sum(files.values()) < 1.5e6


def test_every_mean_of_the_log_density_ratio_is_the_truth(gallery):
    """The largest of 250 normal deviates exceeds 4.2 once in a hundred and fifty times."""
    rows = [row for row in gallery.read_rows() if row["z"]]
    z = np.array([float(row["z"]) for row in rows])
    assert len(rows) > 120
    assert min(int(row["draws"]) for row in rows) >= 20_000
    assert sum(int(row["draws"]) >= 100_000 for row in rows) > 0.95 * len(rows)
    assert sum(int(row["draws"]) >= 1_000_000 for row in rows) > 0.75 * len(rows)
    assert abs(z).max() < 4.2
    constant = [row for row in rows if float(row["mean_stderr"]) <= 1e-12]
    assert max(abs(float(row["mean_less_truth"])) for row in constant) < 1e-9
    assert 0.8 < z[z != 0].std() < 1.2


def test_the_nearest_estimator_is_the_one_of_least_error_that_never_fails(gallery):
    columns = ["estimator", "task", "cells", "ok", "rmse"]
    rows = [
        ["a", "t", 5, 5, 0.2], ["b", "t", 5, 5, 0.1], ["c", "t", 5, 4, 0.01], ["zero", "t", 5, 5, 0.0],
        ["a", "u", 5, 5, 0.1001], ["b", "u", 5, 5, 0.1002], ["a", "v", 5, 5, math.nan],
    ]  # fmt: skip
    estimators = [{"spec": name, "label": name.upper()} for name in ("a", "b", "c", "zero")]
    found = gallery.nearest({"estimators": estimators, "results": {"columns": columns, "rows": rows}})
    assert found == {"t": "`B` 0.1", "u": "`A` `B` 0.1"}


def test_a_picture_shows_where_the_points_are(gallery):
    grey = gallery.picture(get_task("gaussian:dim=1,rho=0.999"))
    off = abs(np.add.outer(range(gallery.CELLS), range(gallery.CELLS)) - gallery.CELLS + 1)
    assert grey[off == 0].mean() < 120
    assert grey[off > 3].mean() > 254


@pytest.mark.parametrize(("spec", "blocks", "width"), [("noisy-digits:noise=16", 2, 30), ("digit-label", 1, 30)])
def test_a_task_of_images_shows_samples(gallery, spec, blocks, width):
    grey = gallery.picture(get_task(spec))
    assert grey.shape == (gallery.CELLS, 3 * blocks * (width + 2) - 2)
    assert (grey[:, :width] == np.kron(grey[::5, :width:5], np.ones((5, 5)))).all(), "pixels of five cells a side"


def test_a_png_holds_the_pixels(gallery):
    grey = np.array([[0, 100], [200, 255]], np.uint8)
    data = gallery.png(grey, zoom=1)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    start = data.index(b"IDAT") + 4
    assert zlib.decompress(data[start : data.index(b"IEND") - 8]) == b"\x00\x00\x64\x00\xc8\xff"


@pytest.mark.slow
@pytest.mark.parametrize("number", range(5))
def test_some_measured_again(gallery, tasks, number):
    row = gallery.read_rows()[:: max(1, len(tasks) // 5)][number]
    again = gallery.measure(tasks[row["spec"]])
    assert [again[name] for name in ("draws", "mean_less_truth")] == [
        row[name] for name in ("draws", "mean_less_truth")
    ]
