"""The lines nobody has to estimate anything for, and the one that knows the density."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

from mibench import Block, Task, Truth, register_task
from mibench.board.build import build_board
from mibench.board.selection import Selection
from mibench.registry import get_task


def line(board, name):
    return next(item for item in board.lines if item.name == name)


def test_constants_by_hand(make_attempt, as_frame, environments):
    truths = {"gaussian:dim=1,mi=0.2": 0.2, "gaussian:dim=1,mi=4.0": 4.0, "gaussian:dim=3,mi=1.0": 1.0}
    attempts = [make_attempt("a", t, 100, seed, nats=v, truth_nats=v) for t, v in truths.items() for seed in range(2)]
    board = build_board(Selection("trial", as_frame(attempts)), environments)
    assert line(board, "zero").score == pytest.approx(1)
    constant = line(board, "best constant")
    assert (constant.nats, constant.score) == (0.2, pytest.approx((0 + 0.8 + 0.95) / 3))
    assert line(board, "best blind").score == pytest.approx(0.95 / 3)
    assert constant.families == {"other": pytest.approx(constant.score)}


def test_zero_is_a_line_only_where_nobody_ran_it(make_frame, environments):
    with_zero = build_board(Selection("trial", make_frame()), environments)
    without = build_board(Selection("trial", make_frame(with_zero=False)), environments)
    ran = next(item for item in with_zero.estimators if item.spec == "zero")
    assert [item.name for item in with_zero.lines] == ["best constant", "best blind", "oracle"]
    assert line(without, "zero").score == pytest.approx(ran.standing.score.mean)


def test_a_family_shows_its_own_best_constant(make_frame, environments):
    board = build_board(Selection("trial", make_frame()), environments)
    constant = line(board, "best constant")
    assert constant.families["independence"] == 0
    assert constant.families["gaussian"] == pytest.approx(0.75 / 2)
    assert constant.score <= (0.75 / 2 + 1) / 2


def test_the_shapes_of_a_task_that_is_not_installed_are_not_known(make_frame, environments):
    frame = make_frame(tasks={"nosuch:dim=1": ("f", 1.0), "gaussian:dim=1,mi=2.0": ("f", 2.0)})
    board = build_board(Selection("trial", frame), environments)
    assert "best blind" not in [item.name for item in board.lines]


@pytest.fixture
def known_pair(temporary_classes):
    @register_task("known-pair")
    @dataclass(frozen=True)
    class KnownPair(Task):
        """A Gaussian pair that knows its density."""

        rho: float = 0.8
        family = "gaussian"

        @property
        def blocks(self):
            return Block(1), Block(1)

        @cached_property
        def truth(self):
            return Truth(-0.5 * math.log(1 - self.rho**2), "closed form")

        def draw(self, n, rng):
            x, z = rng.standard_normal((2, n, 1))
            return x, self.rho * x + math.sqrt(1 - self.rho**2) * z

        def pointwise(self, x, y):
            noise = 1 - self.rho**2
            return (self.truth.nats + y**2 / 2 - (y - self.rho * x) ** 2 / (2 * noise))[:, 0]

    return get_task("known-pair")


def of_pair(task, make_attempt, as_frame, version):
    truth = task.truth.nats
    return as_frame([
        make_attempt("a", task.spec, n, seed, nats=truth, truth_nats=truth, family="gaussian", task_version=version)
        for n in (100, 400) for seed in range(5)
    ])  # fmt: skip


def test_the_oracle_scores_the_mean_log_ratio_of_the_cell_s_own_sample(
    known_pair, make_attempt, as_frame, environments
):
    frame = of_pair(known_pair, make_attempt, as_frame, known_pair.full_version)
    board = build_board(Selection("trial", frame), environments)
    truth = known_pair.truth.nats
    errors = [
        abs(np.mean(known_pair.pointwise(*known_pair.sample(n, seed))) - truth) / truth
        for n in (100, 400) for seed in range(5)
    ]  # fmt: skip
    assert line(board, "oracle").score == pytest.approx(np.mean(errors))
    assert 0 < line(board, "oracle").score < 0.2


def test_the_oracle_of_another_version_or_without_a_density_is_left_out(
    known_pair, make_attempt, as_frame, environments
):
    board = build_board(Selection("trial", of_pair(known_pair, make_attempt, as_frame, "0")), environments)
    assert "oracle" not in [item.name for item in board.lines]


def test_a_line_is_never_ranked_and_its_score_is_in_the_table(make_frame, environments):
    from mibench.board.tables import leaderboard_table

    board = build_board(Selection("trial", make_frame()), environments)
    row = leaderboard_table(board).rows[len(board.estimators)]
    assert row[0].text == "–"
    assert row[1].text.startswith("best constant")
    assert float(row[2].text) == pytest.approx(line(board, "best constant").score, abs=0.001)
