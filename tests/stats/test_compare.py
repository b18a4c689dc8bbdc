import math

import numpy as np
import pytest

from mibench.stats.compare import compare
from mibench.stats.score import score

NAMES = ("first", "second")


def of(frame, estimator):
    return score(frame[frame["estimator"] == estimator].assign(hardware="cpu"))


def by_level(comparison):
    levels = {}
    for item in comparison.differences:
        levels.setdefault(item.level, []).append(item)
    return levels


def test_there_is_a_difference_for_each_part(make_frame):
    frame = make_frame()
    levels = by_level(compare(of(frame, "sharp"), of(frame, "noisy"), NAMES))
    assert {level: len(items) for level, items in levels.items()} == {"all": 1, "family": 2, "task": 4, "cell": 8}
    assert levels["all"][0].verdict == "better"
    assert levels["all"][0].pairs == 64


def test_the_other_way_round_everything_is_mirrored(make_frame):
    frame = make_frame()
    one = compare(of(frame, "sharp"), of(frame, "noisy"), NAMES)
    other = compare(of(frame, "noisy"), of(frame, "sharp"), NAMES)
    mirror = {"better": "worse", "worse": "better"}
    for left, right in zip(one.differences, other.differences, strict=True):
        assert left.score.mean == pytest.approx(-right.score.mean)
        assert left.verdict == mirror.get(right.verdict, right.verdict)
    assert one.cost.ratio == pytest.approx(1 / other.cost.ratio)


def test_the_same_results_show_no_difference(make_frame):
    frame = make_frame()
    found = compare(of(frame, "sharp"), of(frame, "sharp"), NAMES)
    assert {item.verdict for item in found.differences} == {"no difference shown"}
    assert {item.reason for item in found.differences} == {"identical scores"}


def test_cost_is_a_ratio_of_paired_times(make_frame):
    frame = make_frame({"slow": (0, 0.1, 1.0), "fast": (0, 0.1, 0.25)})
    cost = compare(of(frame, "slow"), of(frame, "fast"), NAMES).cost
    assert cost.low < 4 < cost.high
    assert cost.ratio == pytest.approx(4, rel=0.1)
    assert cost.verdict == "worse"


def test_times_on_other_hardware_are_not_compared(make_frame):
    frame = make_frame()
    cost = compare(of(frame, "sharp"), of(frame, "noisy").assign(hardware="other"), NAMES).cost
    assert (cost.verdict, cost.reason) == ("not comparable", "they ran on different hardware")
    assert math.isnan(cost.ratio)


def test_what_one_does_not_support_is_not_compared_and_said(make_frame):
    frame = make_frame()
    hit = ((frame["estimator"] == "noisy") & (frame["task"] == "gaussian:dim=1,mi=2.0")).to_numpy()
    frame.loc[hit, "status"] = "unsupported"
    levels = by_level(compare(of(frame, "sharp"), of(frame, "noisy"), NAMES))
    task = next(item for item in levels["task"] if item.task == "gaussian:dim=1,mi=2.0")
    assert (task.verdict, task.reason, task.pairs) == ("not comparable", "unsupported by the second", 0)
    assert levels["all"][0].reason == "the second does not support 1 task"
    assert levels["all"][0].pairs == 48


def test_other_versions_of_a_task_are_not_compared(make_frame):
    frame = make_frame()
    frame.loc[((frame["estimator"] == "noisy") & (frame["n"] == 250)).to_numpy(), "task_version"] = "2"
    levels = by_level(compare(of(frame, "sharp"), of(frame, "noisy"), NAMES))
    assert levels["all"][0].pairs == 32
    assert levels["all"][0].reason == "the task's versions differ"


def test_cells_run_for_one_alone_are_counted(make_frame):
    frame = make_frame()
    second = of(frame, "noisy")
    levels = by_level(compare(of(frame, "sharp"), second[second["seed"] < 5], NAMES))
    assert levels["all"][0].reason == "24 cells were run for the first alone"
    assert levels["all"][0].pairs == 40


def test_one_seed_is_not_comparable(make_frame):
    frame = make_frame(seeds=1)
    found = compare(of(frame, "sharp"), of(frame, "noisy"), NAMES)
    assert {item.verdict for item in found.differences} == {"not comparable"}
    assert found.differences[0].reason == "a single seed tells nothing of the spread"


def test_nothing_in_common(make_frame):
    frame = make_frame()
    first, second = of(frame, "sharp"), of(frame, "noisy")
    found = compare(first[first["seed"] < 4], second[second["seed"] >= 4], NAMES)
    assert {item.verdict for item in found.differences} == {"not comparable"}
    assert found.cost.verdict == "not comparable"


def test_failures_count_against_the_one_that_failed(make_frame):
    frame = make_frame()
    hit = frame.index[(frame["estimator"] == "sharp") & (frame["task"] == "gaussian:dim=1,mi=2.0")]
    frame.loc[hit, ["status", "nats"]] = ["crash", np.nan]
    levels = by_level(compare(of(frame, "sharp"), of(frame, "biased"), NAMES))
    task = next(item for item in levels["task"] if item.task == "gaussian:dim=1,mi=2.0")
    assert (task.verdict, task.first_failed, task.second_failed) == ("worse", 16, 0)
