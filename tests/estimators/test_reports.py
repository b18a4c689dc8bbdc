import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench.estimators import _reports  # noqa: E402
from mibench.estimators._critics import CRITICS  # noqa: E402
from mibench.estimators._reports import report_donsker_varadhan, report_infonce  # noqa: E402


def setting(kind, blocks=2, rows=17):
    generator = torch.Generator().manual_seed(1)
    critic = CRITICS[kind]([2] * blocks, 8, 2, 1, generator)
    for tensor in critic.parameters():
        tensor.requires_grad_(False).mul_(2)
    return critic, [torch.randn((1, rows, 2), generator=generator) for _ in range(blocks)]


def score(critic, blocks, rows):
    parts = [block[:, [row]] for block, row in zip(blocks, rows, strict=True)]
    return critic.combine(critic.embed(parts)).item()


@pytest.mark.parametrize("kind", CRITICS)
@pytest.mark.parametrize("chunk", [1, 300, 2**21])
def test_all_pairs_report_agrees_with_a_double_loop(kind, chunk, monkeypatch):
    monkeypatch.setattr(_reports, "CHUNK", chunk)
    critic, blocks = setting(kind)
    weights = [math.exp(score(critic, blocks, (i, j))) for i in range(17) for j in range(17) if i != j]
    joint = [score(critic, blocks, (i, i)) for i in range(17)]
    report = report_donsker_varadhan(critic, blocks, np.random.default_rng(0))
    assert report.nats == pytest.approx(np.mean(joint) - math.log(np.mean(weights)), abs=1e-6)
    assert report.effective == pytest.approx(sum(weights) ** 2 / sum(w * w for w in weights), rel=1e-5)
    assert (report.rows, report.pairs) == (17, 17 * 16)


@pytest.mark.parametrize("kind", CRITICS)
@pytest.mark.parametrize("chunk", [1, 300, 2**21])
def test_infonce_report_agrees_with_a_double_loop(kind, chunk, monkeypatch):
    monkeypatch.setattr(_reports, "CHUNK", chunk)
    critic, blocks = setting(kind)
    terms = [
        score(critic, blocks, (i, i)) - math.log(np.mean([math.exp(score(critic, blocks, (i, j))) for j in range(17)]))
        for i in range(17)
    ]
    assert report_infonce(critic, blocks).nats == pytest.approx(np.mean(terms), abs=1e-6)


def test_more_blocks_are_averaged_over_all_shifts_where_there_are_few():
    critic, blocks = setting("joint", blocks=3, rows=5)
    moves = [(a, b) for a in range(1, 5) for b in range(1, 5) if a != b]
    weights = [
        math.exp(score(critic, blocks, (i, (i + a) % 5, (i + b) % 5))) for a, b in moves for i in range(5)
    ]  # fmt: skip
    joint = [score(critic, blocks, (i, i, i)) for i in range(5)]
    report = report_donsker_varadhan(critic, blocks, np.random.default_rng(0))
    assert report.pairs == len(weights)
    assert report.nats == pytest.approx(np.mean(joint) - math.log(np.mean(weights)), abs=1e-6)


def test_more_blocks_are_averaged_over_at_least_64_shifts():
    critic, blocks = setting("joint", blocks=4, rows=40)
    report = report_donsker_varadhan(critic, blocks, np.random.default_rng(0))
    assert report.pairs >= 64 * 40
