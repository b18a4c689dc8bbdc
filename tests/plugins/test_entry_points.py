"""Installed packages: loaded lazily, named with their versions, and kept apart from one another."""

import sys

import pytest

from mibench import get_estimator, get_task, list_estimators, list_suites, load_suite
from mibench.cell import make_cell
from mibench.cli.main import main
from mibench.errors import PluginError, RegistrationError, SuiteError
from mibench.registry import ESTIMATORS, origin_of, version_of
from mibench.suite import suite_origin


def test_a_name_is_known_before_its_module_is_imported(install, source):
    install("lazy-mi", estimators={"lazy": "lazy_mi"}, lazy_mi=source("lazy", 0.25))
    assert "lazy" in list_estimators()
    assert "lazy_mi" not in sys.modules
    assert get_estimator("lazy").estimate(rng=None).nats == 0.25
    assert "lazy_mi" in sys.modules


def test_the_release_goes_into_the_key(install, source):
    install("kept-mi", "2.5", estimators={"kept": "kept_mi"}, kept_mi=source("kept"))
    method, task = get_estimator("kept"), get_task("gaussian:mi=1")
    assert str(origin_of(method)) == "the package kept-mi 2.5"
    assert version_of(method) == "1+kept-mi-2.5"
    assert make_cell(method, task, 100, 0).estimator_version == "1+kept-mi-2.5"


def test_an_editable_install_is_known_by_its_source(install, source):
    install("dev-mi", estimators={"dev": "dev_mi"}, editable=True, dev_mi=source("dev"))
    version = version_of(get_estimator("dev"))
    assert version.startswith("1+dev-mi-1.0+sha256:")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("", "the module sad_mi registers no estimator of that name"),
        ("def", "SyntaxError: invalid syntax"),
    ],
)
def test_a_broken_plugin_is_one_warning_and_info_says_why(content, reason, install, capsys):
    install("sad-mi", estimators={"sad": "sad_mi"}, sad_mi=content)
    with pytest.raises(SystemExit) as stopped:
        main(["list", "estimators"])
    listed = capsys.readouterr()
    assert not stopped.value.code
    assert "ksg" in listed.out
    (warning,) = listed.err.splitlines()
    assert warning.startswith("mibench: warning: estimator 'sad' of the package sad-mi 1.0 cannot be loaded: ")
    assert reason in warning
    with pytest.raises(SystemExit) as stopped:
        main(["info", "sad"])
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err


def test_what_a_plugin_registered_before_it_failed_is_forgotten(install, source):
    install("half-mi", estimators={"half": "half_mi"}, half_mi=source("half") + "\n1 / 0\n")
    for _ in range(2):
        with pytest.raises(PluginError, match="division by zero"):
            get_estimator("half")
    assert "half" not in ESTIMATORS.registered()


def test_two_packages_of_one_name_are_both_named(install, source):
    install("first-mi", "1.1", estimators={"same": "first_mi"}, first_mi=source("same"))
    install("second-mi", "2.2", estimators={"same": "second_mi"}, second_mi=source("same"))
    with pytest.raises(RegistrationError, match=r"the package first-mi 1.1 .* and the package second-mi 2.2"):
        get_estimator("same")
    assert get_estimator("zero").spec == "zero"


def test_a_package_cannot_take_a_name_of_mibench(install, source):
    install("bold-mi", estimators={"zero": "bold_mi"}, bold_mi=source("zero"))
    with pytest.raises(RegistrationError, match=r"mibench itself .* and the package bold-mi 1.0"):
        get_estimator("zero")


def test_a_class_without_an_entry_point_is_an_error(install, source):
    content = source("told") + source("untold").replace("class Method", "class Other")
    install("shy-mi", estimators={"told": "shy_mi"}, shy_mi=content)
    with pytest.raises(
        PluginError, match=r"'untold' of the package shy-mi 1.0 has no entry point; add untold = \"shy_mi\""
    ):
        get_estimator("told")


SUITE = 'tasks = ["gaussian:mi=1"]\nestimators = ["zero"]\nsamples = [10]\nseeds = 1\n'


def test_a_package_brings_suites(install):
    site = install("grid-mi", suites={"grid": "grid_mi"})
    (site / "grid_mi").mkdir()
    (site / "grid_mi" / "__init__.py").touch()
    (site / "grid_mi" / "grid.toml").write_text(SUITE)
    assert "grid" in list_suites()
    assert load_suite("grid").name == "grid"
    assert str(suite_origin("grid")) == "the package grid-mi 1.0"
    sys.modules.pop("grid_mi")


def test_a_suite_of_a_taken_name_is_an_error_of_that_suite_alone(install):
    install("grid-mi", suites={"quick": "grid_mi"}, grid_mi="")
    with pytest.raises(SuiteError, match=r"'quick' is registered by mibench itself and the package grid-mi 1.0"):
        load_suite("quick")
    assert load_suite("standard").name == "standard"


def test_a_suite_whose_package_is_broken_says_so(install):
    install("grid-mi", suites={"grid": "grid_mi"}, grid_mi="1 / 0")
    with pytest.raises(SuiteError, match="'grid' of grid_mi cannot be loaded: division by zero"):
        load_suite("grid")
