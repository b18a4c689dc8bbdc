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
from mibench.gates.accuracy.permutation import SquaredErrors, permutation_test
from mibench.gates.accuracy.power import ErrorTable, Evidence
from mibench.gates.accuracy.rule import AccuracyResult, Rule, decide, judge
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


def deterministic_errors(samples=200, n=1000):
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


def draw(pools, rng, inflations):
    """Draw gates: squared errors by task, of shape ``(seeds, gates × estimators)``, for base and head.

    *inflations* says of each gate by how much the head's errors of which estimator grow.
    """
    merged = {**pools[0], **pools[1]}
    names, tasks = sorted({name for name, _ in merged}), sorted({task for _, task in merged})
    cells = []
    for task in tasks:
        base, head = np.empty((2, SEEDS, len(inflations), len(names)))
        for gate, inflation in enumerate(inflations):
            for column, name in enumerate(names):
                pool = merged[name, task]
                if pool.ndim == 2:
                    chosen = np.argsort(rng.random(pool.shape), axis=1)[:, :2]
                    sides = np.take_along_axis(pool, chosen, axis=1).T
                else:
                    sides = rng.choice(pool, (2, SEEDS), replace=False)
                base[:, gate, column], head[:, gate, column] = sides[0], sides[1] * inflation.get(name, 1.0)
        cells.append(SquaredErrors(*(side.reshape(SEEDS, -1) ** 2 for side in (base, head))))
    return names, tasks, cells


def verdicts(pools, rng, inflations, permutations=9_999, batch=50):
    """The verdicts of gates. Those of a batch share their permutations, each gate's own test is exact all the same."""
    found = []
    for start in range(0, len(inflations), batch):
        names, tasks, cells = draw(pools, rng, inflations[start : start + batch])
        test = permutation_test(cells, rng, permutations)
        nothing = np.empty((0, len(names))), np.empty((0, len(tasks), len(names)))
        for gate in range(len(cells[0].pairs) // len(names)):
            own = slice(gate * len(names), (gate + 1) * len(names))
            table = ErrorTable(
                names, [(task, 1000) for task in tasks],
                [SquaredErrors(cell.base[:, own], cell.head[:, own]) for cell in cells],
            )  # fmt: skip
            evidence = Evidence(
                test.log_ratio[own], test.p[own], test.p_less[own], test.cell_log_ratio[:, own], test.cell_p[:, own],
                test.cell_p_less[:, own], *nothing,
            )  # fmt: skip
            estimators, found_cells, failures = decide(table, evidence, (), [], Rule())
            result = AccuracyResult(Rule(), estimators, found_cells, failures, (), (), permutations)
            found.append(result.verdict)
    return found


def false_alarms(pools, gates, permutations=9_999):
    """The number of red gates among *gates* in which nothing changed."""
    found = verdicts(pools, np.random.default_rng(2030), [{}] * gates, permutations)
    return found.count(Verdict.REGRESSION)


def caught(pools, ratio, gates=100, permutations=9_999):
    """The share of gates that are red when one estimator's errors grow by *ratio*, by estimator."""
    rng = np.random.default_rng(2031)
    names = sorted({name for pool in pools for name, _ in pool})
    return {
        name: verdicts(pools, rng, [{name: ratio}] * gates, permutations).count(Verdict.REGRESSION) / gates
        for name in names
    }


def test_many_gates_at_once_are_judged_as_each_alone(pools):
    """The same errors through the product's own path, with other permutations."""
    inflations = [{}, {"ksg": 1.5}, {"mine": 1.2}, {"infonce": 3.0}]
    names, tasks, cells = draw(pools, np.random.default_rng(5), inflations)
    together = verdicts(pools, np.random.default_rng(5), inflations)
    for gate, verdict in enumerate(together):
        rows = [
            {"estimator": name, "task": task, "task_version": "1", "n": 1000, "seed": seed,
             "base_error": np.sqrt(cell.base[seed, at]), "head_error": np.sqrt(cell.head[seed, at])}
            for task, cell in zip(tasks, cells, strict=True)
            for at, name in enumerate(names, start=gate * len(names))
            for seed in range(SEEDS)
        ]  # fmt: skip
        frame = pd.DataFrame(rows).assign(base_failed=False, head_failed=False, changed=True)
        frame = frame.assign(base_nats=frame["base_error"], head_nats=frame["head_error"])
        alone = judge(Pairs(frame, ()), lambda spec: False, permutations=9_999)
        assert (alone.verdict is Verdict.REGRESSION) == (verdict is Verdict.REGRESSION)


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
