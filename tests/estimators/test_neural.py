"""What MINE and InfoNCE promise alike."""

import re

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import get_estimator, get_task  # noqa: E402
from mibench.errors import InputError, SpecError  # noqa: E402

NAMES = ["mine", "infonce"]
ALL = [*NAMES, "nwj", "smile"]
EVERY = ["mine:max_steps=400", "infonce:max_steps=400", "mine:critic=separable,max_steps=400",
         "infonce:critic=joint,batch_size=32,max_steps=200"]  # fmt: skip


def run(spec, blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed))


def sample(n=300, mi=0.5, seed=0, dim=1):
    return get_task(f"gaussian:dim={dim},mi={mi}").sample(n, seed)


@pytest.mark.parametrize("spec", EVERY)
def test_strong_dependence_is_found(spec):
    found = run(spec, sample(n=1000, mi=1.0))
    assert 0.75 < found.nats < 1.2
    assert found.diagnostics["report_size"] == 200


@pytest.mark.parametrize("spec", NAMES)
def test_dependence_that_is_no_correlation_is_found(spec):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (1000, 1))
    y = x**2 + 0.1 * rng.normal(size=(1000, 1))
    assert abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1]) < 0.1
    assert run(f"{spec}:max_steps=400", (x, y)).nats > 0.5


@pytest.mark.parametrize("spec", EVERY)
@pytest.mark.parametrize("n", [300, 1000])
def test_independence_is_near_zero(spec, n):
    assert abs(run(spec, sample(n, mi=0)).nats) < 0.08


@pytest.mark.parametrize("spec", NAMES)
def test_permuting_one_block_takes_the_information_away(spec):
    x, y = sample(n=1000, mi=2)
    shuffled = np.random.default_rng(1).permutation(y)
    spec = f"{spec}:max_steps=400"
    assert run(spec, (x, y)).nats > 1.5
    assert abs(run(spec, (x, shuffled)).nats) < 0.08


@pytest.mark.parametrize("spec", EVERY)
def test_the_seed_alone_decides(spec):
    blocks = sample(n=150)
    short = re.sub("max_steps=[0-9]+", "max_steps=30", spec)
    torch.manual_seed(1)
    first = run(short, blocks)
    torch.manual_seed(2)
    again = run(short, blocks)
    assert first.nats == again.nats
    assert first.curve == again.curve
    assert first.nats != run(short, blocks, seed=1).nats


@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize("spec", ["mine", "infonce", "smile:critic=separable", "infonce:critic=joint,batch_size=32"])
def test_several_samples_at_once_give_what_each_gives_alone(spec, n):
    estimator = get_estimator(f"{spec}{',' if ':' in spec else ':'}max_steps=40,patience=20")
    samples = [sample(n=n, mi=mi, seed=seed) for seed, mi in enumerate([0, 0.5, 2] * 3)]
    together = estimator.estimate_many(samples, [np.random.default_rng(seed) for seed in range(9)])
    alone = [run(estimator.spec, blocks, seed) for seed, blocks in enumerate(samples)]
    assert [found.nats for found in together] == pytest.approx([found.nats for found in alone], abs=1e-5)
    assert [len(found.curve) for found in together] == [len(found.curve) for found in alone]
    assert [found.diagnostics["best_step"] for found in together] == [found.diagnostics["best_step"] for found in alone]


@pytest.mark.parametrize("spec", NAMES)
def test_callers_torch_settings_neither_matter_nor_change(spec):
    blocks = sample(n=150)
    spec = f"{spec}:max_steps=30"
    plain = run(spec, blocks).nats
    state, threads, dtype = torch.get_rng_state(), torch.get_num_threads(), torch.get_default_dtype()
    numpy_state = np.random.get_state()[1].copy()  # noqa: NPY002
    try:
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(2)
        with torch.inference_mode():
            odd = run(spec, blocks).nats
        assert torch.get_num_threads() == 2
    finally:
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)
    assert odd == plain
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


@pytest.mark.parametrize("spec", NAMES)
def test_blocks_are_left_as_they_were(spec):
    blocks = sample(n=100)
    before = [block.copy() for block in blocks]
    for block in blocks:
        block.flags.writeable = False
    run(f"{spec}:max_steps=5", blocks)
    assert all(np.array_equal(a, b) for a, b in zip(before, blocks, strict=True))


@pytest.mark.parametrize("spec", NAMES)
def test_location_and_scale_of_a_column_do_not_matter(spec):
    x, y = sample(n=200)
    spec = f"{spec}:max_steps=50"
    assert run(spec, (1000 * x - 7, 0.01 * y)).nats == pytest.approx(run(spec, (x, y)).nats, abs=1e-3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("spec", ALL)
@pytest.mark.parametrize("scaling", ["standard", "normal-scores"])
@pytest.mark.parametrize("factor", [2.0**-1000, 2.0**1000, 1e-300, 1e300])
def test_columns_of_extreme_scale_give_the_value_of_the_unscaled(spec, scaling, factor):
    x, y = sample(n=200)
    spec = f"{spec}:max_steps=30,scaling={scaling}"
    plain, scaled = run(spec, (x, y)).nats, run(spec, (factor * x, y / factor)).nats
    exact = scaling == "normal-scores" or np.frexp(factor)[0] == 0.5
    assert scaled == plain if exact else scaled == pytest.approx(plain, abs=1e-3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("spec", NAMES)
def test_values_beyond_what_a_critic_holds_are_refused_but_by_ranks(spec):
    x, y = sample(n=200)
    y[7] = 1e300
    for scaling in ("none", "standard"):
        with pytest.raises(InputError, match=f"columns of scaling={scaling}; allowed: at most 1e\\+15"):
            run(f"{spec}:max_steps=30,scaling={scaling}", (1e300 * x if scaling == "none" else x, y))
    assert run(f"{spec}:max_steps=30,scaling=normal-scores", (x, y)).finite


@pytest.mark.parametrize("spec", ALL)
@pytest.mark.parametrize("mapped", [np.exp, lambda x: x**3 + x])
def test_normal_scores_do_not_see_an_increasing_map_of_a_column(spec, mapped):
    x, y = sample(n=200)
    spec = f"{spec}:max_steps=30,scaling=normal-scores"
    assert run(spec, (mapped(x), y)).nats == run(spec, (x, y)).nats


@pytest.mark.parametrize("spec", NAMES)
@pytest.mark.parametrize(("old", "new"), [("true", "standard"), ("false", "none")])
def test_the_older_parameter_standardize_still_says_how_to_scale(spec, old, new):
    assert get_estimator(f"{spec}:standardize={old}") == get_estimator(f"{spec}:scaling={new}")
    assert "standardize" not in get_estimator(f"{spec}:standardize={old}").spec


@pytest.mark.parametrize("name", ALL)
def test_a_cheap_and_a_patient_training_have_names(name):
    fast, default, thorough = (get_estimator(spec) for spec in (f"neural:{name}-fast", name, f"neural:{name}-thorough"))
    assert fast.name == thorough.name == name
    assert fast.patience < default.patience < thorough.patience
    assert fast.max_steps <= default.max_steps < thorough.max_steps


@pytest.mark.parametrize("spec", NAMES)
def test_a_column_that_is_constant_in_some_training_part_does_no_harm(spec):
    x, y = sample(n=100)
    x[:, 0] = 0
    x[3] = 1
    assert run(f"{spec}:max_steps=30", (x, y)).finite


def student(n, dim, nu, seed):
    rng = np.random.default_rng(seed)
    return np.hsplit(rng.standard_normal((n, 2 * dim)) / np.sqrt(rng.chisquare(nu, (n, 1)) / nu), 2)


def lognormal(n, sigma, rho, seed):
    return np.hsplit(
        np.exp(sigma * np.random.default_rng(seed).multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)), 2
    )


@pytest.mark.parametrize("spec", ALL)
def test_heavy_tails_are_measured(spec):
    spec = f"{spec}:max_steps=300"
    assert run(spec, student(1000, 1, 1, 0)).nats == pytest.approx(0.224, abs=0.15)
    assert run(spec, lognormal(1000, 2, 0.8, 0)).nats == pytest.approx(0.511, abs=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("spec", ALL)
def test_no_seed_of_heavy_tails_gives_a_negative_value(spec):
    for seed in range(10):
        found = [student(5000, 3, 2, seed)] if seed < 3 else []
        for blocks in [*found, student(1000, 1, 1, seed), lognormal(1000, 2, 0.8, seed)]:
            assert run(spec, blocks, seed).nats > 0


@pytest.mark.slow
@pytest.mark.parametrize("spec", NAMES)
def test_a_report_that_hangs_on_a_few_rows_carries_a_warning(spec):
    for seed in range(10):
        found = run(f"{spec}:scaling=standard", lognormal(1000, 2, 0.8, seed))
        assert found.nats > -0.5 or "hangs on about" in found.diagnostics["warning"]


@pytest.mark.parametrize("spec", NAMES)
def test_a_discrete_block_keeps_its_levels(spec):
    rng = np.random.default_rng(0)
    x = rng.choice(4, size=(1000, 1), p=[0.6, 0.25, 0.1, 0.05]).astype(float)
    y = np.where(rng.random((1000, 1)) < 0.2, rng.integers(4, size=(1000, 1)), x)
    joint = np.histogram2d(x[:, 0], y[:, 0], bins=4)[0] / 1000
    plug_in = np.nansum(joint * np.log(joint / np.outer(joint.sum(axis=1), joint.sum(axis=0))))
    assert run(f"{spec}:max_steps=300", (x, y)).nats == pytest.approx(plug_in, abs=0.15)


@pytest.mark.parametrize("spec", NAMES)
def test_too_few_rows_are_refused(spec):
    with pytest.raises(InputError, match=r"n is 9; allowed: at least 10"):
        run(spec, sample(n=9))
    assert run(f"{spec}:max_steps=5", sample(n=10)).finite


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("hidden=0", "hidden is 0; allowed: 1 or more"),
        ("layers=0", "layers is 0; allowed: 1 or more"),
        ("batch_size=1", "batch_size is 1; allowed: 2 or more"),
        ("max_steps=0", "max_steps is 0; allowed: 1 or more"),
        ("patience=0", "patience is 0; allowed: 1 or more"),
        ("learning_rate=0", "learning_rate is 0.0; allowed: a finite number of more than 0"),
        ("averaging=1", "averaging is 1.0; allowed: at least 0 and less than 1"),
        ("scaling=log", "allowed: standard or normal-scores or none"),
        ("critic=deep", "allowed: joint or separable"),
    ],
)
def test_parameters_out_of_range_are_refused(name, setting, message):
    with pytest.raises(SpecError, match=message):
        get_estimator(f"{name}:{setting}")


@pytest.mark.parametrize("spec", NAMES)
def test_work_is_counted(spec):
    found = run(f"{spec}:max_steps=20", sample(n=100)).diagnostics
    assert found["gradient_steps"] == 5 * 20
    assert 0 <= found["best_step"] <= 20


@pytest.mark.parametrize("spec", NAMES)
def test_learning_curve_sees_only_fresh_draws(spec):
    asked = []

    def sampler(n):
        asked.append(n)
        return list(np.random.default_rng(len(asked)).normal(size=(2, n, 1)))

    method = get_estimator(f"{spec}:batch_size=16")
    found = method.learning_curve(sampler, steps=10, rng=np.random.default_rng(0))
    assert asked == [2048] + [16] * 10  # rows to scale by, then one batch a step
    assert [step for step, _ in found.curve] == list(range(1, 11))
    assert found.nats == found.curve[-1][1]
