"""Speed of one training step of each critic: scores, loss, gradient, Adam; and of a whole estimate."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator, get_task  # noqa: E402
from mibench.estimators.neural._critics import CRITICS  # noqa: E402
from mibench.estimators.neural._pairing import ShiftedRows, all_pairs, cyclic_shifts  # noqa: E402
from mibench.estimators.neural._training import own_torch  # noqa: E402

ROWS = 128


def scorer_of(name, rows=ROWS):
    return all_pairs if name == "infonce" else ShiftedRows(cyclic_shifts(rows, 2, 4, np.random.default_rng(0)), rows)


@pytest.mark.parametrize("replicates", [1, 5])
@pytest.mark.parametrize("critic", CRITICS)
@pytest.mark.parametrize("objective", ["mine", "infonce"])
def test_training_step(benchmark, objective, critic, replicates):
    benchmark.group = f"training step of {replicates} critic(s), {ROWS} rows, two blocks of 10 dimensions"
    generator = torch.Generator().manual_seed(0)
    network = CRITICS[critic]([10, 10], 64, 2, replicates, generator)
    blocks = [torch.randn((replicates, ROWS, 10), generator=generator) for _ in range(2)]
    target, scorer, memory = get_estimator(objective), scorer_of(objective), {}
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003, fused=True)

    def step():
        optimizer.zero_grad()
        loss = target.loss(*scorer(network, blocks), memory).sum()
        loss.backward()
        optimizer.step()
        return loss.item()

    with own_torch():
        step()
        assert np.isfinite(benchmark(step))


@pytest.mark.parametrize("n", [250, 1000, 4000])
@pytest.mark.parametrize("spec", ["mine", "infonce"])
def test_estimate(benchmark, spec, n):
    benchmark.group = f"neural estimate n={n}, two blocks of 5 dimensions"
    method, blocks = get_estimator(spec), get_task("gaussian:dim=5,mi=1").sample(n)
    method.prepare()
    found = benchmark.pedantic(lambda: method.estimate(*blocks, rng=np.random.default_rng(0)), rounds=3)
    assert found.finite
