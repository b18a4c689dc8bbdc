"""``--plugin FILE.py``: known by its content, and gone without trace where it fails."""

import re
import sys
import textwrap
from pathlib import Path

import pytest

from mibench import get_estimator, load_plugin
from mibench.errors import PluginError, RegistrationError
from mibench.registry import ESTIMATORS, forget, version_of
from mibench.testing import ESTIMATOR_CHECKS, judge


@pytest.fixture
def write(tmp_path):
    def put(content, name="plugin.py"):
        path = tmp_path / name
        path.write_text(content)
        return path

    yield put
    for cls, found in list(ESTIMATORS.registered().values()):
        if found.kind == "file":
            forget(cls.__module__)
            sys.modules.pop(cls.__module__, None)


def test_it_registers_what_it_defines(write, source):
    assert load_plugin(write(source("from-file", 0.75))) == ["from-file"]
    assert get_estimator("from-file").estimate(rng=None).nats == 0.75


def test_its_content_is_its_version(write, source):
    load_plugin(write(source("edited", 1.0)))
    first = version_of(get_estimator("edited"))
    load_plugin(write(source("edited", 2.0)))
    second = version_of(get_estimator("edited"))
    assert first.startswith("1+sha256:")
    assert first != second
    assert get_estimator("edited").estimate(rng=None).nats == 2.0


def test_the_ten_lines_of_the_documentation_keep_their_promises(write):
    page = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text()
    (code,) = re.findall(r"## The ten lines\n\n((?:    .*\n|\n)+)", page)
    assert load_plugin(write(textwrap.dedent(code))) == ["linear"]
    verdicts = [judge(check, get_estimator("linear")) for check in ESTIMATOR_CHECKS]
    assert {verdict.check for verdict in verdicts if verdict.failed} == {"check_docstring", "check_typed_failure"}


def test_loading_it_twice_is_loading_it_once(write, source):
    path = write(source("twice"))
    assert load_plugin(path) == load_plugin(str(path)) == ["twice"]


def test_two_files_of_one_name_are_both_named(write, source):
    load_plugin(write(source("same"), "a.py"))
    with pytest.raises(RegistrationError, match=r"of the file .*b\.py .* already registered by the file .*a\.py"):
        load_plugin(write(source("same", 3.0), "b.py"))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("x = 1", "registers nothing; use @register_estimator or @register_task"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("raise SystemExit", "cannot be loaded: SystemExit"),
        ("def", "cannot be loaded: SyntaxError"),
    ],
)
def test_broken_files_say_why(content, match, write):
    with pytest.raises(PluginError, match=match):
        load_plugin(write(content))


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(PluginError, match=r"is not a file; allowed: the path of a \.py file"):
        load_plugin(tmp_path)


def test_a_file_that_fails_half_way_leaves_nothing(write, source):
    for _ in range(2):
        with pytest.raises(PluginError, match="division by zero"):
            load_plugin(write(source("half") + "\n1 / 0\n"))
    assert "half" not in ESTIMATORS.registered()
