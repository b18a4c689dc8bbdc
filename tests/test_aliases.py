import subprocess
import sys

import pytest

from mibench import aliases, get_estimator, get_task
from mibench.aliases import families
from mibench.cell import make_cell
from mibench.describe import find
from mibench.errors import PluginError, RegistrationError, SpecError, UnknownNameError
from mibench.grammar import Spec
from mibench.suite import parse_suite
from mibench.testing import find_subjects

FILE = """
[tasks]
"1" = "gaussian:rho=0.75"
"of-1" = "ours:1"
"self-1" = "ours:self-2"
"self-2" = "ours:self-1"

[estimators]
"few-3" = "ksg:k=3"
"""


@pytest.fixture
def ours(install):
    aliases._read.cache_clear()
    install("oursuite", {"ours.toml": FILE}, {"mibench.aliases": {"ours": "oursuite"}})
    yield
    aliases._read.cache_clear()


def test_an_alias_is_the_thing_it_stands_for():
    task = get_task("bmi:1v1-normal-0.75")
    assert task == get_task("gaussian:rho=0.75")
    assert (task.spec, task.label) == ("gaussian:dim=1,rho=0.75", "gaussian:rho=0.75")


def test_an_alias_makes_the_cell_of_its_thing():
    ksg = get_estimator("ksg")
    assert make_cell(ksg, get_task("bmi:1v1-normal-0.75"), 100, 0) == make_cell(
        ksg, get_task("gaussian:rho=0.75"), 100, 0
    )


def test_an_installed_package_brings_aliases_of_both_kinds(ours):
    assert {"bmi", "ours"} <= set(families())
    assert get_estimator("ours:few-3") == get_estimator("ksg:k=3")
    assert get_task("ours:of-1") == get_task("gaussian:rho=0.75")


def test_parameters_given_with_an_alias_replace_its_own(ours):
    assert get_task("ours:1,dim=3").spec == "gaussian:dim=3,rho=0.75"
    assert get_estimator("ours:few-3,k=4,algorithm=2").spec == get_estimator("ksg:k=4,algorithm=2").spec


def test_an_alias_stands_in_a_nested_spec_a_grid_and_a_suite(ours):
    assert get_estimator("chain-rule:base=(ours:few-3)").base == get_estimator("ksg:k=3")
    suite = {
        "tasks": ["ours:1,dim=[1,2]", "gaussian:rho=0.75"],
        "estimators": ["ours:few-3"],
        "samples": [9],
        "seeds": 1,
    }
    built = parse_suite(suite)
    assert [task.spec for task in built.build_tasks()] == ["gaussian:dim=1,rho=0.75", "gaussian:dim=2,rho=0.75"]
    assert [item.spec for item in built.build_estimators()] == [get_estimator("ksg:k=3").spec]


@pytest.mark.parametrize(
    ("spec", "error", "match"),
    [
        ("bmi:1v1-normal-0.57", UnknownNameError, "unknown task 'bmi:1v1-normal-0.57'; did you mean '1v1-normal-0.75'"),
        ("bim:1v1-normal-0.75", UnknownNameError, "unknown aliases 'bim'; did you mean 'bmi'"),
        ("ours:self-1", SpecError, "stands for itself: ours:self-1 → ours:self-2 → ours:self-1"),
        ("gaussian:mi", SpecError, "expected '=' at position 12"),
        ("ours:1,width=3", SpecError, "gaussian: unknown parameter 'width'"),
    ],
)
def test_what_is_no_alias_is_answered_in_one_line(ours, spec, error, match):
    with pytest.raises(error, match=match) as caught:
        get_task(spec)
    assert "\n" not in str(caught.value)


def test_an_estimators_alias_is_no_tasks(ours):
    with pytest.raises(UnknownNameError, match="unknown estimator 'ours:1'"):
        get_estimator("ours:1")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[tasks", "cannot be read"),
        ('[suites]\n"a-1" = "b"', "hold an entry 'suites'; allowed: estimators, tasks"),
        ('[tasks]\n"a-1" = 3', "'a-1' is no alias"),
        ("tasks = 3", "'tasks' is no alias"),
    ],
)
def test_a_broken_file_of_aliases_is_refused(install, text, match):
    aliases._read.cache_clear()
    install("broken", {"odd.toml": text}, {"mibench.aliases": {"odd": "broken"}})
    with pytest.raises(PluginError, match=match):
        get_task("odd:a-1")


def test_a_family_that_two_bring_is_refused(install):
    aliases._read.cache_clear()
    install("second", {"bmi.toml": FILE}, {"mibench.aliases": {"bmi": "second"}})
    with pytest.raises(RegistrationError, match="brought by mibench itself and the package second"):
        get_task("bmi:1v1-normal-0.75")
    aliases._read.cache_clear()


@pytest.mark.parametrize("text", ["a:1v1-x-0.5", "a:1v1-x-0.5,k=3", "b:base=(a:x-1)", "b:base=(a:x-1,k=2),m=[1,2]"])
def test_aliases_are_written_as_they_are_read(text):
    assert str(Spec.parse(text)) == text


@pytest.mark.parametrize("family", ["bmi"])
@pytest.mark.parametrize("kind", ["task", "estimator"])
def test_every_bundled_alias_builds_something(family, kind):
    get = {"task": get_task, "estimator": get_estimator}[kind]
    for name in aliases.aliases(kind, family):
        assert get(f"{family}:{name}").spec


def test_no_file_is_read_before_an_alias_is_asked_for():
    code = (
        "import mibench, mibench.aliases as a; mibench.get_task('gaussian:mi=1'); print(a._read.cache_info().currsize)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0\n"


def test_an_alias_is_shown_and_checked_as_what_it_stands_for():
    (record,), errors = find("bmi:1v1-normal-0.75")
    assert (record["kind"], record["spec"], errors) == ("task", "gaussian:dim=1,rho=0.75", [])
    assert find_subjects("bmi:1v1-normal-0.75") == [get_task("gaussian:rho=0.75")]
    for look in (find, find_subjects):
        with pytest.raises(UnknownNameError, match=r"did you mean '1v1-normal-0\.75'"):
            look("bmi:1v1-normal-0.57")
