"""How often the accuracy gate is wrong: false alarms of a whole gate, and the share of planted changes it catches.

The results are real. Neural methods: two of six streams of the estimator on the very same samples (the pool is written
by ``tests/benchmarks/gate_streams.py``). Deterministic methods, of which an unchanged version returns the very same
values: other samples, so that chance alone parts base and head.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from mibench import get_estimator, load_suite
from mibench.cell import lift
from mibench.estimator import check_blocks
from mibench.gates.accuracy.pairs import Pairs
from mibench.gates.accuracy.rule import Rule, judge
from mibench.gates.verdict import Verdict
from mibench.streams import stream

POOL = Path(__file__).parents[2] / "data" / "gate_streams.csv"
DETERMINISTIC = "ksg", "binning", "gaussian"
SEEDS = 20

pytestmark = pytest.mark.slow


def neural_errors():
    """Errors by (estimator, task), of shape ``(seeds, streams)``."""
    table = pd.read_csv(POOL)
    return {
        key: group.pivot(index="seed", columns="stream", values="error").to_numpy()
        for key, group in table.groupby(["estimator", "task"])
    }


def deterministic_errors(samples=300, n=1000):
    """Errors by (estimator, task), of shape ``(samples,)``."""
    errors = {}
    for task in load_suite("ci").build_tasks():
        methods = {name: lift(get_estimator(name), task) for name in DETERMINISTIC}
        for method in methods.values():
            method.prepare()
        for seed in range(samples):
            blocks = check_blocks(*task.sample(n, seed))
            for name, method in methods.items():
                value = method.estimate(*blocks, rng=stream("unused")).nats
                errors.setdefault((name, task.spec), []).append(value - task.truth.nats)
    return {key: np.array(values) for key, values in errors.items()}


@pytest.fixture(scope="module")
def pools():
    return neural_errors(), deterministic_errors()


def draw(pools, rng, inflation=None):
    """Draw the pairs of one gate; *inflation* multiplies the head's errors of the estimators it names."""
    neural, deterministic = pools
    rows = []
    for (name, task), pool in [*neural.items(), *deterministic.items()]:
        if pool.ndim == 2:
            chosen = np.argsort(rng.random(pool.shape), axis=1)[:, :2]
            base, head = np.take_along_axis(pool, chosen, axis=1).T
        else:
            base, head = rng.choice(pool, (2, SEEDS), replace=False)
        rows.append(
            pd.DataFrame(
                {"estimator": name, "task": task, "task_version": "1", "n": 1000, "seed": range(SEEDS),
                 "base_error": base, "head_error": head * (inflation or {}).get(name, 1.0)}
            )
        )  # fmt: skip
    frame = pd.concat(rows, ignore_index=True)
    frame = frame.assign(base_nats=frame["base_error"], head_nats=frame["head_error"], changed=True)
    return Pairs(frame.assign(base_failed=False, head_failed=False), ())


def gate(pools, rng, inflation=None, permutations=9_999):
    seed = int(rng.integers(2**32))
    rule = Rule(sensitivity_ratios=())
    return judge(draw(pools, rng, inflation), lambda spec: False, rule, permutations=permutations, seed=seed)


def false_alarms(pools, gates, permutations=9_999):
    """The number of red gates among *gates* in which nothing changed."""
    rng = np.random.default_rng(2030)
    return sum(gate(pools, rng, permutations=permutations).verdict is Verdict.REGRESSION for _ in range(gates))


def caught(pools, ratio, gates=100, permutations=9_999):
    """The share of gates that are red when one estimator's errors grow by *ratio*, by estimator."""
    rng = np.random.default_rng(2031)
    names = sorted({name for pool in pools for name, _ in pool})
    return {
        name: np.mean(
            [gate(pools, rng, {name: ratio}, permutations).verdict is Verdict.REGRESSION for _ in range(gates)]
        )
        for name in names
    }


def test_no_more_than_one_gate_in_a_hundred_is_a_false_alarm(pools):
    gates = 2_000
    alarms = false_alarms(pools, gates)
    interval = binomtest(alarms, gates).proportion_ci(0.95, method="exact")
    print(
        f"{alarms} of {gates} gates red: {alarms / gates:.2%}, 95 % interval {interval.low:.2%} to {interval.high:.2%}"
    )
    assert interval.low <= 0.01
    assert alarms / gates <= 0.015


def test_half_more_error_is_seen(pools):
    shares = {ratio: caught(pools, ratio) for ratio in (1.25, 1.5)}
    for ratio, by_name in shares.items():
        print(f"+{ratio - 1:.0%}: " + ", ".join(f"{name} {share:.0%}" for name, share in by_name.items()))
    assert np.mean(list(shares[1.5].values())) > np.mean(list(shares[1.25].values()))
    assert all(share >= 0.6 for share in shares[1.5].values())
