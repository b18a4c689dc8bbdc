import dataclasses
import functools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mibench import get_task, list_estimators, list_suites, list_tasks, load_suite
from mibench.aliases import aliases, families
from mibench.errors import MibenchError, SuiteError, UnknownNameError
from mibench.registry import ESTIMATORS, TASKS
from mibench.stats.reference import blind_scores, suite_constants, task_weights
from mibench.suite import Suite, parse_memory, parse_suite, suite_origin

BUNDLED = [
    "catalogue", "ci", "dimension-scaling", "information-plane", "ladder", "neural", "quick", "runtime", "standard",
]  # fmt: skip
FAMILIES = {"channel", "gaussian", "dimension-scaling", "total-correlation", "independence"}
CONTENT = {"tasks": ["gaussian:mi=[1,2]"], "estimators": ["zero"], "samples": [100], "seeds": 2}


@functools.cache
def tasks_of(name):
    """The tasks of a suite, built once: some truths are integrals."""
    return load_suite(name).build_tasks()


def write(text, name="mine.toml"):
    Path(name).write_text(text, encoding="utf-8")
    return Path(name)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_suite_builds_all_it_names(name):
    suite = load_suite(name)
    assert suite.name == name
    assert suite.summary.endswith(".")
    assert suite.build_estimators()
    assert suite.build_tasks()
    assert "zero" in [estimator.spec for estimator in suite.build_estimators()]
    assert suite_origin(name).kind == "built-in"


@pytest.mark.parametrize(("name", "least"), [("quick", 2), ("standard", 4), ("ci", 1)])
def test_the_boards_suites_hold_several_tasks_of_every_family(name, least):
    families = Counter(task.board_family for task in tasks_of(name))
    assert set(families) >= FAMILIES
    assert min(families.values()) >= least


def test_the_plane_has_every_network_at_its_beginning_and_its_end():
    tasks = tasks_of("information-plane")
    assert len(tasks) == 48
    assert {task.net for task in tasks} == {"binary", "linear", "noisy", "quantised"}
    assert {task.board_family for task in tasks} == {"information-plane"}


def test_most_families_of_the_standard_suite_hold_five_tasks():
    families = Counter(task.board_family for task in tasks_of("standard"))
    assert sum(count >= 5 for count in families.values()) > len(families) / 2


def test_the_quick_suite_runs_every_built_in_method_at_its_defaults():
    own = {"zero", "ksg", "binning", "gaussian", "mine", "infonce", "chain-rule"}
    assert own <= {name for name in list_estimators() if ESTIMATORS.origin(name).kind == "built-in"}
    assert {estimator.label for estimator in load_suite("quick").build_estimators()} == own


def test_the_bundled_suites_are_listed():
    assert set(BUNDLED) <= set(list_suites())


def test_a_suite_is_read_from_a_file_and_named_after_it():
    path = write('tasks = ["gaussian:mi=1"]\nestimators = ["zero"]\nsamples = [50, 100]\nseeds = 3\nmemory = "512MB"\n')
    suite = load_suite(path)
    assert suite == load_suite("mine.toml")
    assert suite == Suite("mine", "", ("gaussian:mi=1",), ("zero",), (50, 100), 3, memory_mb=512.0)


def test_grids_are_expanded_and_what_is_named_twice_is_built_once():
    suite = parse_suite({**CONTENT, "tasks": ["gaussian:mi=[1,2]", "gaussian:mi=1.0", "gaussian:dim=[1,2],mi=2"]})
    assert [task.spec for task in suite.build_tasks()] == [
        "gaussian:dim=1,mi=1.0", "gaussian:dim=1,mi=2.0", "gaussian:dim=2,mi=2.0",
    ]  # fmt: skip


def test_replacing_keeps_what_is_none():
    suite = parse_suite(CONTENT)
    assert suite.replace(seeds=5, samples=None) == dataclasses.replace(suite, seeds=5)
    with pytest.raises(SuiteError, match="seeds is 0; allowed: at least 1"):
        suite.replace(seeds=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": 0}, "seeds is 0; allowed: at least 1"),
        ({"seeds": 1.5}, "seeds is 1.5; allowed: a whole number"),
        ({"seeds": True}, "seeds is True; allowed: a whole number"),
        ({"samples": []}, "samples is empty; allowed: at least one"),
        ({"samples": [1]}, "samples is 1; allowed: at least 2"),
        ({"samples": [100, 100]}, r"samples is \[100, 100\]; allowed: each size once"),
        ({"samples": 100}, "samples is 100; allowed: a list of whole numbers"),
        ({"samples": ["100"]}, r"samples is \['100'\]; allowed: a list of whole numbers"),
        ({"tasks": []}, "tasks is empty"),
        ({"tasks": "gaussian"}, "tasks is 'gaussian'; allowed: a list of spec strings"),
        ({"estimators": [3]}, r"estimators is \[3\]; allowed: a list of spec strings"),
        ({"timeout_s": 0}, "timeout_s is 0; allowed: more than 0"),
        ({"timeout_s": float("nan")}, "timeout_s is nan; allowed: more than 0"),
        ({"timeout_s": "long"}, "timeout_s is 'long'; allowed: a number of seconds"),
        ({"memory": 2000}, 'memory is 2000; allowed: a size such as "2GB"'),
        ({"memory": "2 parsecs"}, "memory is '2 parsecs'; allowed: a size such as 512MB or 2GB"),
        ({"sample": [10]}, "unknown entry 'sample'; did you mean 'samples'"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_naming_it(change, message):
    with pytest.raises(SuiteError, match=message) as caught:
        parse_suite({**CONTENT, **change}, default_name="mine", where="mine.toml")
    assert "mine" in str(caught.value)


@pytest.mark.parametrize("missing", ["tasks", "estimators", "samples", "seeds"])
def test_an_entry_that_is_missing_is_named(missing):
    content = {key: value for key, value in CONTENT.items() if key != missing}
    with pytest.raises(SuiteError, match=f"{missing} missing; a suite needs"):
        parse_suite(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tasks": ["gausian:mi=1"]}, "unknown task 'gausian'; did you mean 'gaussian'"),
        ({"tasks": ["gaussian:mi="]}, "expected a value"),
        ({"estimators": ["zeroo"]}, "unknown estimator 'zeroo'; did you mean 'zero'"),
        ({"estimators": ["ksg:k=0"]}, "ksg: k is 0"),
    ],
)
def test_a_spec_that_cannot_be_built_is_refused(change, message):
    suite = parse_suite({**CONTENT, **change})
    with pytest.raises(MibenchError, match=message):
        _ = suite.build_estimators(), suite.build_tasks()


def test_files_that_cannot_be_read_are_refused():
    with pytest.raises(SuiteError, match=r"suite file 'absent.toml' cannot be read"):
        load_suite("absent.toml")
    with pytest.raises(SuiteError, match=r"suite file 'mine.toml' is not valid TOML: .*line 1"):
        load_suite(write("seeds = = 3"))
    Path("bytes.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(SuiteError, match=r"suite file 'bytes.toml' cannot be read"):
        load_suite("bytes.toml")
    Path("folder.toml").mkdir()
    with pytest.raises(SuiteError, match=r"suite file 'folder.toml' cannot be read"):
        load_suite("folder.toml")


def test_an_unknown_suite_is_answered_with_the_nearest_names():
    with pytest.raises(UnknownNameError, match=r"unknown suite 'quik'; did you mean 'quick'\? \(or the path"):
        load_suite("quik")


@pytest.mark.parametrize(
    ("text", "megabytes"), [("2GB", 2000), ("512MB", 512), ("1.5 gb", 1500), ("1TB", 1e6), ("1000KB", 1)]
)
def test_sizes_are_read_in_decimal_units(text, megabytes):
    assert parse_memory(text) == megabytes


@pytest.mark.parametrize("text", ["", "GB", "2", "-1GB", "0MB", "infGB", "nanGB", "2GiB"])
def test_sizes_that_are_none_are_refused(text):
    with pytest.raises(SuiteError, match=r"memory is .*; allowed: a size such as 512MB or 2GB"):
        parse_memory(text)


SUITE = 'tasks = ["gaussian:mi=1"]\nestimators = ["zero"]\nsamples = [50]\nseeds = 1\n'


def test_an_installed_package_brings_suites(install):
    install("suitebox", {"boxed.toml": SUITE}, {"mibench.suites": {"boxed": "suitebox"}})
    assert "boxed" in list_suites()
    assert load_suite("boxed").samples == (50,)
    assert str(suite_origin("boxed")) == "the package suitebox 1.0"


def test_a_suite_that_two_bring_is_refused_naming_both(install):
    install("suiterival", {"quick.toml": SUITE}, {"mibench.suites": {"quick": "suiterival"}})
    with pytest.raises(SuiteError, match=r"'quick' is registered by mibench itself and the package suiterival 1\.0"):
        load_suite("quick")


def test_a_promised_suite_whose_package_is_broken_or_lacks_the_file_is_refused(install):
    install("suitegap", {}, {"mibench.suites": {"absent": "suitegap", "lost": "suitegap.nowhere"}})
    with pytest.raises(SuiteError, match=r"absent\.toml' cannot be read"):
        load_suite("absent")
    with pytest.raises(SuiteError, match=r"suite 'lost' of suitegap\.nowhere cannot be loaded"):
        load_suite("lost")


#: Suites whose boards rank estimators; ``ci`` is for the gate, which compares versions pair by pair, and ``runtime``
#: for cost alone.
BOARDS = ["quick", "standard", "dimension-scaling"]


def constants(name):
    return suite_constants({task.spec: (task.board_family, task.truth.nats) for task in tasks_of(name)})


@pytest.mark.parametrize("name", BOARDS)
def test_no_constant_scores_well_on_a_board_or_in_a_family_of_it(name):
    """In ``independence`` every truth is 0, so that the constant 0 is right: there is nothing to refuse."""
    found = {family: constant.score for family, constant in constants(name).items() if family != "independence"}
    assert min(found.values()) >= 0.5, found


@pytest.mark.parametrize("name", ["bmi-2023", "bmi-v2"])
def test_suites_of_another_benchmark_are_as_they_are_published(name):
    """Their truths lie close together: a constant scores well, which their boards show as a line."""
    assert constants(name)[""].score < 0.5


#: Linear maps leave a Gaussian Gaussian; the others bend it.
GAUSSIAN_BASES = ("gaussian:", "dimension-scaling:", "multivariate-normal:", "hidden-structure:", "gaussian-tree:")
GAUSSIAN_KINDS = ("kind=equicorrelated", "kind=factor", "kind=ar1")


def jointly_gaussian(task):
    while task.name == "rotation":
        task = task.base
    return task.spec.startswith(GAUSSIAN_BASES) or any(kind in task.spec for kind in GAUSSIAN_KINDS)


def test_what_is_jointly_gaussian():
    found = {spec: jointly_gaussian(get_task(spec)) for spec in (
        "gaussian:mi=1", "gaussian:dim=2,mi=1 » rotation", "gaussian:mi=1 » asinh", "letters:shape=X",
        "total-correlation:dim=3,kind=ar1,rho=0.5", "total-correlation:dim=3,kind=student,nu=1",
        "gaussian-copula:rho=0.5", "hidden-structure:dim=9,signal_dims=1,mi=1 » coupling",
    )}  # fmt: skip
    assert list(found.values()) == [True, True, False, False, True, False, False, False]


def test_at_most_a_quarter_of_the_standard_board_is_jointly_gaussian():
    tasks = tasks_of("standard")
    weights = task_weights([task.board_family for task in tasks])
    assert 0 < weights @ np.array([jointly_gaussian(task) for task in tasks], float) <= 0.25


#: What follows from blocks, and what is special about a distribution.
TAGS = {
    "continuous", "discrete", "mixed", "many-block", "high-dimensional",
    "heavy-tailed", "tail-dependent", "manifold", "low-rank", "image",
}  # fmt: skip


def test_the_standard_board_has_many_families_and_every_tag():
    suite, tasks = load_suite("standard"), tasks_of("standard")
    assert len(tasks) >= 60
    assert len({task.board_family for task in tasks}) >= 10
    assert {tag for task in tasks for tag in task.tags} >= TAGS
    assert (suite.samples, suite.seeds) == ((500, 5000), 5)


def test_the_standard_board_holds_independence_of_every_kind_and_high_information_in_1_5_and_20_dimensions():
    tasks = tasks_of("standard")
    nothing = [task for task in tasks if task.truth.nats == 0]
    assert {tag for task in nothing for tag in task.tags} >= TAGS - {"tail-dependent", "manifold"}
    assert {task.family for task in nothing} >= {"copula", "discrete-table", "quantised", "many-blocks", "gaussian"}
    bent = [task for task in tasks if task.family == "gaussian" and not jointly_gaussian(task)]
    assert {task.blocks[0].dim for task in bent if 2 <= task.truth.nats <= 10} >= {1, 5, 20}
    assert max(task.truth.nats for task in bent) == 10


def test_the_catalogue_holds_every_task_every_alias_and_the_standard_board():
    tasks = tasks_of("catalogue")
    specs = {task.spec for task in tasks}
    assert len(specs) >= 120
    names = set()
    for task in tasks:
        while task is not None:
            names.add(task.name)
            task = getattr(task, "base", None)
    assert names == {name for name in list_tasks() if TASKS.origin(name).kind == "built-in"}
    aliased = (get_task(f"{family}:{name}") for family in families() for name in aliases("task", family))
    assert {task.spec for task in aliased} <= specs
    assert {task.spec for task in tasks_of("standard")} <= specs


@pytest.mark.parametrize("name", list_suites())
def test_every_task_of_a_suite_has_a_truth_and_a_sample(name):
    for task in tasks_of(name):
        assert task.truth.nats >= 0
        assert len(task.sample(20)) == len(task.blocks)


@pytest.mark.parametrize("name", BOARDS)
def test_who_sees_the_shapes_alone_gains_little(name):
    tasks = tasks_of(name)
    weights = task_weights([task.board_family for task in tasks])
    shapes = [tuple((block.dim, block.kind) for block in task.blocks) for task in tasks]
    scores = blind_scores(np.array([task.truth.nats for task in tasks]), weights, shapes)
    assert weights @ scores >= 0.45


def test_the_version_is_read_and_kept_through_replacing():
    suite = parse_suite({**CONTENT, "version": 4})
    assert (suite.version, suite.replace(seeds=1).version, parse_suite(CONTENT).version) == (4, 4, 1)
    with pytest.raises(SuiteError, match="version is 0; allowed: at least 1"):
        parse_suite({**CONTENT, "version": 0})


def test_a_replaced_suite_knows_the_whole():
    suite = parse_suite({**CONTENT, "tasks": ["gaussian:mi=[1,2]"]})
    part = suite.replace(tasks=("gaussian:mi=2",)).replace(seeds=1)
    assert part.whole == suite
    definition = part.definition()
    assert definition["tasks"] == ("gaussian:dim=1,mi=2.0",)
    assert definition["whole"]["tasks"] == ("gaussian:dim=1,mi=1.0", "gaussian:dim=1,mi=2.0")
    assert suite.definition()["whole"]["seeds"] == 2
