from dataclasses import dataclass

import numpy as np
import pytest

from mibench import Block, Task, Transformed, Truth, get_estimator, get_task, register_task
from mibench.cell import make_cell
from mibench.errors import SpecError


@pytest.fixture
def doubled(temporary_classes):
    """Each block beside itself, times a factor."""

    @register_task("doubled")
    @dataclass(frozen=True)
    class Doubled(Transformed):
        factor: float = 2.0

        traits = frozenset({"manifold"})

        def image_dim(self, dim):
            return 2 * dim

        def forward(self, block, number):
            return np.hstack([block, self.factor * (number + 1) * block])

        def inverse(self, block, number):
            return block[:, : block.shape[1] // 2]

    @register_task("pointed")
    @dataclass(frozen=True)
    class Pointed(Task):
        dim: int = 1
        family = "points"
        traits = frozenset({"heavy-tailed"})

        @property
        def blocks(self):
            return Block(self.dim), Block(self.dim, "discrete")

        @property
        def truth(self):
            return Truth(0.5, "closed form", "here")

        def draw(self, n, rng):
            return rng.normal(size=(n, self.dim)), rng.integers(2, size=(n, self.dim))

        def pointwise(self, x, y):
            return x[:, 0] + y[:, 0]


def test_everything_but_the_blocks_is_the_bases(doubled):
    base, task = get_task("pointed:dim=3"), get_task("doubled:base=(pointed:dim=3)")
    assert task.blocks == (Block(6), Block(6, "discrete"))
    assert (task.truth, task.family, task.board_family, task.dim) == (base.truth, "points", "points", 3)
    assert task.tags == {"heavy-tailed", "manifold", "mixed"}


def test_its_samples_are_the_images_of_the_bases_from_the_same_stream(doubled):
    task = get_task("doubled:base=(pointed:dim=3),factor=5")
    x, y = task.base.draw(20, np.random.default_rng(3))
    u, v = task.draw(20, np.random.default_rng(3))
    assert np.array_equal(u, np.hstack([x, 5 * x]))
    assert np.array_equal(v, np.hstack([y, 10 * y]))
    assert np.array_equal(task.pointwise(u, v), task.base.pointwise(x, y))


def test_one_block_alone_can_be_mapped(doubled):
    task = get_task("doubled:base=(pointed),only=2")
    assert task.blocks == (Block(1), Block(2, "discrete"))
    x, y = task.base.draw(9, np.random.default_rng(3))
    u, v = task.draw(9, np.random.default_rng(3))
    assert np.array_equal(u, x)
    assert np.array_equal(v, np.hstack([y, 4 * y]))
    assert np.array_equal(task.pointwise(u, v), task.base.pointwise(x, y))
    with pytest.raises(SpecError, match="only is 3; allowed: from 1 to 2, or none"):
        get_task("doubled:base=(pointed),only=3")


def test_labels_of_maps_of_maps_read_from_the_base_on(doubled):
    task = get_task("doubled:base=(doubled:base=(pointed:dim=3),only=1),factor=3")
    assert task.label == "pointed:dim=3 » doubled:only=1 » doubled:factor=3.0"
    assert task.dim == 3
    assert get_task(task.spec) == get_task(task.label) == task


def test_the_version_of_the_base_is_in_the_key(doubled):
    task = get_task("doubled:base=(pointed)")
    assert task.full_version.endswith(f"({task.base.full_version})")
    assert make_cell(get_estimator("zero"), task, 9, 0).task_version == task.full_version
