"""``--plugin FILE.py``: known by its content, and gone without trace where it fails."""

import re
import sys
import textwrap
from pathlib import Path

import pytest

from mibench import get_estimator, load_plugin, run
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
            top = cls.__module__.partition(".")[0]
            forget(top)
            for name in [name for name in sys.modules if f"{name}.".startswith(f"{top}.")]:
                del sys.modules[name]


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
    assert {verdict.check for verdict in verdicts if verdict.failed} == {
        "check_docstring",
        "check_typed_failure",
        "check_uncorrelated_dependence",  # it sees linear dependence alone
    }


USER = """
from dataclasses import dataclass
from mibench import Estimate, Estimator, register_estimator
{imports}

@register_estimator("{name}")
@dataclass(frozen=True)
class Method(Estimator):
    def estimate(self, *blocks, rng):
        {late}
        return Estimate({value})
"""


def _user(name, imports="", value="helper.VALUE", late="pass"):
    return USER.format(name=name, imports=imports, value=value, late=late)


@pytest.mark.parametrize(
    ("imports", "value", "late"),
    [
        ("import helper", "helper.VALUE", "pass"),
        ("from helper import VALUE", "VALUE", "pass"),
        ("from .helper import VALUE", "VALUE", "pass"),
        ("from . import helper", "helper.VALUE", "pass"),
        ("", "helper.VALUE", "import helper"),
        ("import outer", "outer.helper.VALUE", "pass"),
        ("import pack.inner", "pack.inner.VALUE", "pass"),
        ("from pack import inner", "inner.VALUE", "pass"),
        ("import pack.inner as inner", "inner.VALUE", "pass"),
    ],
)
def test_it_imports_what_lies_beside_it_and_goes_by_that_too(write, tmp_path, imports, value, late):
    (tmp_path / "pack").mkdir()
    write("", "pack/__init__.py")
    write("import helper\n", "outer.py")
    path = write(_user("beside", imports, value, late))
    versions, before = [], list(sys.path)
    for number in (1.0, 2.0):
        write(f"VALUE = {number}\n", "helper.py")
        write("from helper import VALUE\n", "pack/inner.py")
        load_plugin(path)
        assert get_estimator("beside").estimate(rng=None).nats == number
        versions.append(version_of(get_estimator("beside")))
    assert versions[0] != versions[1]
    assert sys.path == before
    assert not {"helper", "outer", "pack"} & sys.modules.keys()


def test_two_files_have_each_their_own_helper(write, tmp_path):
    for folder, number in (("a", 1.0), ("b", 2.0)):
        (tmp_path / folder).mkdir()
        write(f"VALUE = {number}\n", f"{folder}/helper.py")
        load_plugin(write(_user(f"of-{folder}", late="import helper"), f"{folder}/plugin.py"))
    values = [get_estimator(name).estimate(rng=None).nats for name in ("of-a", "of-b")]
    assert values == [1.0, 2.0]


def test_a_missing_module_of_a_helper_is_named(write):
    write("import no_such_module\n", "helper.py")
    with pytest.raises(PluginError, match="No module named 'no_such_module'"):
        load_plugin(write(_user("broken-helper", "import helper")))


def test_a_sibling_called_like_a_module_of_pythons_hides_nothing(write):
    write("raise RuntimeError\n", "random.py")
    load_plugin(write(_user("hidden", "import random", "float(random.Random(0).random() < 1)")))
    assert get_estimator("hidden").estimate(rng=None).nats == 1.0


def test_it_finds_its_siblings_in_workers_and_runs_anew_after_their_edit(write, tmp_path):
    path = write(_user("in-worker", late="import helper"))
    found = []
    for number in (1.0, 2.0):
        write(f"VALUE = {number}\n", "helper.py")
        frame = run(
            "quick", estimators=["in-worker"], tasks=["gaussian:mi=1"], samples=[20], seeds=1, workers=1,
            plugins=[path], store=tmp_path / "store.sqlite", progress=False,
        )  # fmt: skip
        found += list(zip(frame["status"], frame["nats"], strict=True))
    assert found == [("ok", 1.0), ("ok", 2.0)]


def test_it_travels_to_a_cluster_with_what_it_imports(write, tmp_path, monkeypatch):
    from mibench.runner.config import WorkerConfig
    from mibench.runner.dask.remote import pack, unpack

    write("VALUE = 4.0\n", "helper.py")
    load_plugin(write(_user("travelling", late="import helper")))
    (sent,) = {cls for cls, _ in ESTIMATORS.registered().values() if cls.name == "travelling"}
    config = WorkerConfig.of([sent()], [], [tmp_path / "plugin.py"])
    text = pack(config)
    assert unpack(text) == config  # a worker that sees the same files takes them
    (tmp_path / "helper.py").unlink()
    there = unpack(text)
    ((where, path),) = there.plugins.items()
    assert path != where
    module = sent.__module__
    forget(module)
    del sys.modules[module]
    there.load([f"file:{where}"])
    assert get_estimator("travelling").estimate(rng=None).nats == 4.0


def test_an_edit_during_a_run_is_refused_by_its_workers(write, source):
    """The keys of its cells hold the source it was started with."""
    path = write(source("steady", 1.0))
    load_plugin(path)
    digest = ESTIMATORS.origin("steady").digest
    assert load_plugin(path, digest) == ["steady"]
    write(source("steady", 2.0))
    with pytest.raises(PluginError, match="is not the one that the run was started with; run it again: what is stored"):
        load_plugin(path, digest)


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
