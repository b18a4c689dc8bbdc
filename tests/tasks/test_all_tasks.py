"""What every task promises, over every registered task and parameters that reach each of its branches."""

import dataclasses
import math
import pickle

import numpy as np
import pytest

from mibench import Task, get_task, list_tasks
from mibench.registry import TASKS
from mibench.task import MAX_TRUTH_STDERR

UNIFORM = "base=(normal-cdf:base=(gaussian:rho=0.75))"
PLANE = "base=(normal-cdf:base=(gaussian:dim=2,mi=1))"
WIDE = "base=(gaussian:dim=3,mi=1)"
SPECS = {
    "asinh": ["base=(total-correlation:dim=3,kind=student,nu=1)"],
    "half-cube": [WIDE, "base=(gaussian:rho=0)"],
    "marginals": [
        *(f"{UNIFORM},to={to}" for to in ("normal", "exponential", "laplace", "lognormal", "pareto", "cauchy")),
        f"{UNIFORM},to=bimodal",
        f"{UNIFORM},to=pareto,shape=0.5,only=2",
    ],
    "normal-cdf": [WIDE],
    "rotation": [WIDE, "base=(binary-gaussian:dim=2),seed=3,only=2"],
    "spiral": [WIDE, "base=(normal-cdf:base=(gaussian:dim=2,mi=1)),speed=3"],
    "swiss-roll": [f"{UNIFORM},only=1", UNIFORM],
    "wiggly": [WIDE],
    "binary-gaussian": ["noise_var=0.2", "noise_var=10,dim=3", "levels=4,noise_var=0.05"],
    "class-clusters": ["classes=2,dim=1,separation=1", "classes=5,dim=8,separation=2"],
    "dimension-scaling": [
        "dim=5,mode=fixed-mi,mi=1",
        "dim=3,mode=fixed-rho,rho=0.5",
        "dim=6,mode=embedded,mi=2,signal_dims=2",
        "dim=1,mode=embedded,rho=0.5,signal_dims=1",
        "dim=4,mode=embedded,mi=0,signal_dims=1",
    ],
    "clayton": ["theta=2", "theta=1,dim=4"],
    "frank": ["theta=5", "theta=-8", "theta=0"],
    "gaussian-copula": ["rho=0.6", "rho=0.3,dim=3"],
    "gumbel": ["theta=2"],
    "t-copula": ["rho=0,nu=2", "rho=0.5,nu=4,dim=3"],
    "additive-noise": ["noise=laplace,noise_scale=0.3,dim=2", "noise=exponential,noise_scale=0.5"],
    "circle": ["noise=0.2"],
    "cross": ["noise=0.2"],
    "functional-noise": ["function=sine,noise=0.2,frequency=2", "function=step,noise=0.3"],
    "multiplicative-noise": ["noise=gaussian", "noise=lognormal,noise_scale=0.5"],
    "concentric": ["dim_x=3,components=4"],
    "inliers": ["dim=3,rho=0.8,share=0.2"],
    "letters": ["shape=X", "shape=AI"],
    "multivariate-normal": [
        "dim_x=3,dim_y=2,structure=dense,rho=0.4",
        "dim_x=3,dim_y=3,structure=sparse,rho=0.7,pairs=1",
    ],
    "multivariate-student": ["dim_x=2,dim_y=3,nu=2"],
    "two-balls": ["distance=2"],
    "waves": ["components=6"],
    "common-scale": ["count=3,scales=4"],
    "coupling": ["base=(gaussian:dim=4,mi=1)"],
    "gaussian-tree": ["count=4,shape=line,rho=0.5", "count=5,shape=binary,mi=1,width=2"],
    "hidden-structure": ["dim=12,signal_dims=2,mi=1"],
    "parity": ["count=4", "count=3,error=0.1"],
    "spin-chain": ["count=4,flip=0.2"],
    "student-blocks": ["count=3,nu=3"],
    "erasure-channel": ["erasure=0.1,levels=3,dim=2"],
    "gaussian-atoms": ["rho=0.9"],
    "quantised-gaussian": ["bins=4,rho=0.6", "bins=5,rho=0.5,cut=first", "bins=3,rho=0"],
    "random-mixture": ["components=3,number=1", "components=8"],
    "random-table": ["rows=3,columns=5", "rows=4,columns=4,independent=true"],
    "rare-event": ["share=0.1,mi=2,dim=3"],
    "symmetric-channel": ["error=0.2", "levels=5,mi=0.7,dim=2", "mi=0"],
    "uniform-overlap": ["levels=5"],
    "zero-inflated-poisson": ["inflation=0.15"],
    "blobs": [f"{PLANE},side=6", f"{PLANE},side=6,width=1.5,only=2"],
    "digit-label": ["error=0.2"],
    "digit-pairs": ["mi=1.5"],
    "noisy-digits": ["noise=16", "noise=32,about=label"],
    "pattern-channel": ["count=5,noise=6,side=4", "count=16,noise=3,side=4,texture=0.9"],
    "rectangles": ["base=(normal-cdf:base=(gaussian:dim=4,mi=1)),side=6"],
    "disentanglement": [
        "asset=c5-0,pair=tc",
        "asset=beta4-2,pair=xz",
        "asset=c8-1,pair=xz,about=index",
        "asset=c5-0,pair=pair,first=4,second=5",
    ],
    "gaussian-mean": ["rows=2", "rows=20,dim=3"],
    "information-plane": [
        "net=binary,layer=2,epoch=30,pair=ty",
        "net=quantised,layer=5,epoch=3000,pair=xt",
        "net=noisy,layer=3,epoch=0,pair=xt",
        "net=linear,layer=5,epoch=1000,pair=ty",
    ],
    "gaussian": ["rho=-0.7", "dim=4,mi=20", "dim=2,rho=0"],
    "total-correlation": [
        "kind=equicorrelated,dim=4,rho=-0.3",
        "kind=ar1,dim=5,rho=0.8",
        "kind=factor,dim=3",
        "dim=2,kind=rotated-uniform",
        "kind=rotated-uniform,dim=5,angle=20",
        "kind=student,dim=3",
        "kind=ar1,dim=4,rho=0",
    ],
}
ALL = [f"{name}:{parameters}" for name, several in SPECS.items() for parameters in several]

every_task = pytest.mark.parametrize("task", [get_task(spec) for spec in ALL], ids=ALL)
#: Those whose columns have mean 0 and signal power 1.
STANDARD = [spec for spec in ALL if spec.split(":")[0] in ("binary-gaussian", "dimension-scaling", "gaussian",
                                                           "total-correlation")]  # fmt: skip
every_standard_task = pytest.mark.parametrize("task", [get_task(spec) for spec in STANDARD], ids=STANDARD)


def built_in_names():
    return [name for name in list_tasks() if TASKS.origin(name).kind == "built-in"]


def equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_every_built_in_task_is_among_those_tested():
    assert sorted(SPECS) == sorted(built_in_names())


@every_task
@pytest.mark.parametrize("n", [1, 2, 257])
def test_a_sample_has_the_declared_shapes_and_is_finite(task, n):
    sample = task.sample(n, seed=0)
    assert [block.shape for block in sample] == [(n, declared.dim) for declared in task.blocks]
    for block in sample:
        assert block.dtype == np.float64
        assert np.isfinite(block).all()


@every_task
def test_a_sample_is_a_function_of_n_and_seed_alone(task):
    first = task.sample(50, seed=3)
    np.random.seed(7)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert equal(first, get_task(task.spec).sample(50, seed=3))
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


@every_task
def test_every_seed_and_every_n_has_a_stream_of_its_own(task):
    continuous = [number for number, block in enumerate(task.blocks) if block.kind == "continuous"]
    samples = [task.sample(40, seed=0), task.sample(40, seed=1), task.sample(41, seed=0), task.sample(41, seed=1)]
    for number in continuous:
        values = np.concatenate([sample[number].ravel() for sample in samples])
        assert len(np.unique(values)) == len(values)


@every_task
def test_samples_of_different_seeds_are_uncorrelated(task):
    for first, second in zip(task.sample(2000, seed=10), task.sample(2000, seed=11), strict=True):
        for a, b in zip(first.T, second.T, strict=True):
            assert abs(np.corrcoef(_scores(a), _scores(b))[0, 1]) < 5 / math.sqrt(2000)


@every_task
def test_the_rows_of_a_sample_are_independent(task):
    for block in task.sample(4000, seed=12):
        for column in map(_scores, block.T):
            assert abs(np.mean(column[1:] * column[:-1])) < 5 / math.sqrt(4000)


def _scores(column):
    """The ranks of a column about their mean, as standard scores."""
    from scipy.stats import rankdata

    ranks = rankdata(column)
    return (ranks - ranks.mean()) / ranks.std()


@every_task
def test_the_kind_of_every_block_is_true_of_its_values(task):
    for declared, block in zip(task.blocks, task.sample(3000, seed=2), strict=True):
        for column in block.T:
            distinct = len(np.unique(column))
            if declared.kind == "continuous":
                assert distinct == len(column)
            elif declared.kind == "mixed":
                assert 300 < distinct < len(column) - 300
            else:
                assert distinct < 300


@every_standard_task
def test_every_column_is_centred(task):
    for block in task.sample(20_000, seed=1):
        assert (np.abs(block.mean(axis=0)) < 5 * block.std(axis=0) / math.sqrt(20_000)).all()


@every_standard_task
def test_columns_have_unit_variance_but_for_added_noise_and_heavy_tails(task):
    signal_power = {"binary-gaussian": [1, 1 + getattr(task, "noise_var", 0)]}.get(task.name, [1] * len(task.blocks))
    if getattr(task, "kind", "") == "student":
        signal_power = [task.nu / (task.nu - 2)] * task.dim
    for power, block in zip(signal_power, task.sample(40_000, seed=5), strict=True):
        assert block.var(axis=0) == pytest.approx(power, rel=0.08)


@every_task
def test_the_truth_is_a_finite_number_of_at_least_zero_and_says_how_it_is_known(task):
    truth = task.truth
    assert math.isfinite(truth.nats)
    assert truth.nats >= 0
    assert truth.reference
    assert truth.stderr <= MAX_TRUTH_STDERR * task.scale
    assert truth.stderr == 0 or truth.method == "Monte Carlo"
    assert task.scale == max(truth.nats, 0.1)


@every_task
def test_the_family_on_boards_is_independence_exactly_where_the_truth_is_zero(task):
    assert (task.board_family == "independence") == (task.truth.nats == 0)
    assert task.family


@every_task
def test_a_task_is_rebuilt_from_its_spec_and_from_its_pickle(task):
    _ = task.truth, task.sample(5), task.label
    for copy in (get_task(task.spec), get_task(task.label), pickle.loads(pickle.dumps(task))):
        assert copy == task
        assert copy.spec == task.spec
        assert copy.truth == task.truth
        assert equal(copy.sample(20, seed=9), task.sample(20, seed=9))


@every_task
def test_a_task_is_a_hashable_value_that_cannot_be_changed(task):
    assert hash(get_task(task.spec)) == hash(task)
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.dim = 3


@every_task
def test_fields_of_the_right_value_but_another_number_type_are_the_same_task(task):
    fields = {field.name: getattr(task, field.name) for field in dataclasses.fields(task)}
    as_floats = {key: float(value) if type(value) is int else value for key, value in fields.items()}
    texts = {key: f"({value.spec})" if isinstance(value, Task) else value for key, value in as_floats.items()}
    text = ",".join(
        f"{key}={str(value).lower() if type(value) is bool else value}"
        for key, value in texts.items()
        if value is not None
    )
    assert get_task(f"{task.name}:{text}").spec == task.spec


def test_different_tasks_have_different_specs_and_samples():
    tasks = [get_task(spec) for spec in ALL]
    assert len({task.spec for task in tasks}) == len(tasks)
    firsts = [task.sample(40)[-1].tobytes() for task in tasks]
    assert len(set(firsts)) == len(tasks)
