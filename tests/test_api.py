import pkgutil
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

import mibench
from mibench import Estimate, Estimator, Tags, estimate, get_estimator, get_task, register_estimator
from mibench.errors import InputError, MibenchError, MissingExtraError, SpecError, UnknownNameError
from mibench.registry import ESTIMATORS
from mibench.testing import checks_of, judge

METHODS = ["binning", "chain-rule", "gaussian", "ksg", "zero"]


@pytest.fixture(scope="module", autouse=True)
def pair_method():
    """A two-block method that draws random numbers and needs two columns at most."""

    @register_estimator("trial-pair")
    @dataclass(frozen=True)
    class Pair(Estimator):
        tags = Tags(max_blocks=2, deterministic=False)

        def estimate(self, x, y, *, rng):
            return Estimate(x.shape[1] + rng.random())

    yield Pair
    ESTIMATORS.forget(Pair.__module__)


def samples(n=60, dim=1):
    return get_task(f"gaussian:dim={dim},rho=0.5").sample(n)


def test_takes_vectors_lists_and_matrices_alike():
    x, y = samples()
    expected = estimate(x, y, estimator="gaussian").nats
    assert estimate(x[:, 0], y[:, 0].tolist(), estimator="gaussian").nats == expected
    assert estimate(x.astype(np.float32), y.astype(np.float32), estimator="gaussian").nats == pytest.approx(expected)


def test_takes_a_spec_or_an_object():
    x, y = samples()
    assert estimate(x, y).nats == estimate(x, y, estimator=get_estimator("ksg:k=5")).nats
    assert estimate(x, y, estimator="ksg:k=3").nats != estimate(x, y, estimator="ksg:k=4").nats


def test_the_seed_fixes_the_value_and_no_global_state_is_read():
    x, y = samples()
    values = []
    for seed, global_seed in [(0, 1), (0, 2), (1, 1)]:
        np.random.seed(global_seed)  # noqa: NPY002
        values.append(estimate(x, y, estimator="trial-pair", seed=seed).nats)
    assert values[0] == values[1] != values[2]


def test_two_block_methods_are_lifted_by_the_chain_rule():
    blocks = np.random.default_rng(0).normal(size=(4, 30, 2))
    found = estimate(*blocks, estimator="trial-pair")
    assert 2 + 4 + 6 < found.nats < 2 + 4 + 6 + 3
    assert found.diagnostics["chain_rule"] == "trial-pair"
    assert "chain_rule" not in estimate(*blocks[:2], estimator="trial-pair").diagnostics


def test_the_input_is_left_alone():
    x, y = samples(dim=2)
    before = x.copy(), y.copy()
    for name in METHODS:
        estimate(x, y, estimator=name)
    np.testing.assert_array_equal(before, (x, y))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ((np.zeros(5),), r"got 1 block\(s\) of samples; allowed: two or more"),
        ((np.arange(5), np.arange(6)), "the blocks have 5, 6 rows; allowed: the same number in every block"),
        ((np.arange(5), np.zeros((5, 1, 1))), r"block 2 has shape \(5, 1, 1\); allowed: \(n,\) or \(n, d\)"),
        ((np.arange(5), np.zeros((5, 0))), r"block 2 has shape \(5, 0\); allowed: .* with d of at least 1"),
        ((np.arange(3), [1, np.nan, np.inf]), r"block 2 holds nan at row 1, column 0 \(2 value\(s\) not finite"),
        ((np.arange(5), np.full(5, 7)), r"block 2, column 0 is constant \(7\); allowed: columns with at least two"),
        ((np.arange(5), list("abcde")), "block 2 cannot be read as numbers"),
        (([1], [2]), r"the blocks have 1 row\(s\); allowed: at least 2"),
    ],
)
def test_bad_input_is_named(name, blocks, message):
    with pytest.raises(InputError, match=message):
        estimate(*blocks, estimator=name)


def test_too_few_samples_name_n_and_what_is_needed():
    x, y = np.arange(5.0), np.array([3.0, 1, 4, 1, 5])
    with pytest.raises(InputError, match=r"5.*allowed: "):
        estimate(x, y, estimator="ksg:k=5")
    with pytest.raises(InputError, match=r"n is 2 with 2 columns in all; allowed: n of at least 3"):
        estimate(x[:2], y[:2], estimator="gaussian")


def test_unknown_names_and_parameters_offer_the_nearest():
    x, y = samples()
    with pytest.raises(UnknownNameError, match="unknown estimator 'gausian'; did you mean 'gaussian'"):
        estimate(x, y, estimator="gausian")
    with pytest.raises(SpecError, match="binning: unknown parameter 'bin'; did you mean 'bins'"):
        estimate(x, y, estimator="binning:bin=4")


def test_a_missing_extra_says_what_to_install():
    @register_estimator("trial-needy")
    @dataclass(frozen=True)
    class Needy(Estimator):
        tags = Tags(max_blocks=2, requires=("no_such_module",), install="no-such-package")

        def estimate(self, *blocks, rng):
            return Estimate(0.0)

    message = "trial-needy needs no_such_module: pip install 'no-such-package'"
    with pytest.raises(MissingExtraError, match=message):
        estimate(*samples(), estimator="trial-needy")
    with pytest.raises(MissingExtraError, match="needs no_such_module"):
        estimate(*samples(), estimator="chain-rule:base=(trial-needy)")


def test_public_names_are_importable_and_listed():
    for name in mibench.__all__:
        assert getattr(mibench, name) is not None
    assert set(mibench.list_estimators()) >= {*METHODS, "mine", "infonce"}
    with pytest.raises(AttributeError, match="module 'mibench' has no attribute 'estimat'"):
        _ = mibench.estimat


def test_no_public_function_hides_a_sub_package():
    modules = {name.partition(".")[2] for _, name, _ in pkgutil.iter_modules(mibench.__path__, "mibench.")}
    assert not modules & set(mibench.__all__)
    code = "import mibench.estimators, mibench.tasks, mibench\nprint(mibench.estimate, mibench.estimators.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("<function estimate")
    assert done.stdout.strip().endswith("mibench.estimators")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two estimators and the reference on two small tasks."""
    store = tmp_path_factory.mktemp("results") / "results.sqlite"
    mibench.run(
        "quick", estimators=["gaussian", "binning", "zero"], tasks=["gaussian:mi=0.5", "gaussian:mi=1"], samples=[100],
        seeds=4, store=store, workers=1, progress=False,
    )  # fmt: skip
    return store


def test_a_board_from_python_is_the_board_of_the_command_line(results, tmp_path):
    board = mibench.leaderboard(store=results, output=tmp_path, formats=["json"])
    assert {item.label for item in board.estimators} == {"gaussian", "binning", "zero"}
    printed = subprocess.run(
        [sys.executable, "-m", "mibench", "leaderboard", "--store", results, "--json"], capture_output=True, check=True
    ).stdout
    assert (tmp_path / "quick.json").read_bytes() == printed
    assert (tmp_path / "index.html").is_file()


def test_a_comparison_from_python(results):
    (found,) = mibench.compare("gaussian", "binning", results)
    back = mibench.compare("binning", "gaussian", results)[0]
    assert found.differences[0].pairs == 8
    assert found.differences[0].score.mean == pytest.approx(-back.differences[0].score.mean)
    assert [item.differences[0].score.mean for item in mibench.compare(results, results)] == [0, 0, 0]
    with pytest.raises(MibenchError, match="allowed: two stores, or two estimators"):
        mibench.compare(results, "gaussian")


def test_a_gate_from_python(results, tmp_path):
    accepted = mibench.gate(tmp_path / "baseline.jsonl", head=results, accept=True)
    assert accepted.data["lines_changed"] == 24
    assert mibench.gate(tmp_path / "baseline.jsonl", head=results).verdict == "pass"
    with pytest.raises(MibenchError, match="nothing given; allowed: one of baseline, runtime, benchmark_json"):
        mibench.gate()
    with pytest.raises(MibenchError, match="seeds given; allowed beside head: none of suite, estimators"):
        mibench.gate(tmp_path / "baseline.jsonl", head=results, seeds=3)
    with pytest.raises(MibenchError, match="exact given; allowed beside runtime"):
        mibench.gate(runtime=("python", "python"), exact=True)


def test_a_curve_from_python_says_what_cannot_learn():
    with pytest.raises(InputError, match="gaussian"):
        mibench.curve("gaussian:mi=1", "gaussian")
    with pytest.raises(SpecError, match="estimator is missing"):
        mibench.curve("gaussian:mi=1")


def test_tab_completion_offers_every_public_name_and_loads_nothing():
    code = (
        "import sys, mibench; names = set(dir(mibench)); "
        "assert set(mibench.__all__) <= names and '__version__' in names; "
        "assert not {'pandas', 'torch', 'numba', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_no_estimate_is_refused_as_a_run_refuses_it():
    @register_estimator("trial-float")
    @dataclass(frozen=True)
    class Floating(Estimator):
        def estimate(self, *blocks, rng):
            return 0.5

    try:
        with pytest.raises(TypeError, match=r"trial-float.estimate returned 0.5 \(float\); allowed: an Estimate"):
            estimate(*samples(), estimator="trial-float")
        verdicts = [judge(check, Floating()) for check in checks_of(Floating())]
        messages = {verdict.message for verdict in verdicts if verdict.failed}
        assert any("allowed: an Estimate" in message for message in messages)
        assert not any("has no attribute" in message for message in messages)
    finally:
        ESTIMATORS.forget(Floating.__module__)


def test_a_run_from_python_says_why_cells_failed(tmp_path, capfd):
    mibench.run(
        "quick", estimators=["subprocess:command=no-such-program"], tasks=["gaussian:mi=0.5"], samples=[20], seeds=2,
        store=tmp_path / "store.sqlite", workers=1,
    )  # fmt: skip
    assert "2 error, first: " in capfd.readouterr().err
