"""The examples of docs/tasks.md work as they stand there."""

import textwrap
from pathlib import Path

import pytest

from mibench import get_task, load_plugin

PAGE = Path(__file__).parents[1] / "docs" / "tasks.md"


def example(heading):
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("    ") or not line]
    return textwrap.dedent("\n".join(lines))


@pytest.mark.parametrize(
    ("heading", "spec", "nats"), [("A base", "disagreement:p=0.1", 0.368064), ("A map", "gaussian:mi=1 » cube", 1.0)]
)
def test_an_example_is_a_task(temporary_classes, tmp_path, heading, spec, nats):
    file = tmp_path / "plugin.py"
    file.write_text(example(heading), encoding="utf-8")
    load_plugin(file)
    task = get_task(spec)
    ratios = task.pointwise(*task.sample(20_000))
    assert task.truth.nats == pytest.approx(nats, abs=1e-6)
    assert ratios.mean() == pytest.approx(nats, abs=0.03)


def test_every_map_is_in_the_table():
    page = PAGE.read_text(encoding="utf-8")
    for name in ("half-cube", "asinh", "wiggly", "normal-cdf", "marginals", "rotation", "spiral", "swiss-roll"):
        assert f"`{name}`" in page
